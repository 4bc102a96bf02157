//! Names of paper accounts and their orders: UUIDs that follow from what they name, so that a
//! replay gives the same names.

use uuid::Uuid;

/// The name of the paper account of an account in a season of a market.
pub fn account(account_id: &str, market: &str, season: u32) -> Uuid {
    // A name of the first part's own namespace, so that no choice of the others repeats it.
    let owner = Uuid::new_v5(&Uuid::NAMESPACE_OID, account_id.as_bytes());
    Uuid::new_v5(&owner, format!("paper {season} {market}").as_bytes())
}

/// The name of an order of a paper account.
pub fn order(paper: Uuid, number: u32) -> Uuid {
    Uuid::new_v5(&paper, format!("order {number}").as_bytes())
}
