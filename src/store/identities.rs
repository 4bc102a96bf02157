//! Who is behind an account, as a provider knows them.

use super::accounts::{self, Account};
use super::error::StoreError;
use super::tx::{Row, Tx, query_opt};

/// A row of `identities`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The address that names the provider for good.
    pub issuer: String,
    /// The person's unchanging id there.
    pub subject: String,
    /// The account.
    pub account_id: String,
    /// What the provider calls the person.
    pub shown: String,
    /// When they came first.
    pub created_at: i64,
}

impl Identity {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            issuer: row.text("issuer")?,
            subject: row.text("subject")?,
            account_id: row.text("account_id")?,
            shown: row.text("shown")?,
            created_at: row.int("created_at")?,
        })
    }
}

/// The account of this person; the given one is made for a person who comes first.
pub fn ensure(
    tx: &mut dyn Tx,
    identity: &Identity,
    fresh: &Account,
) -> Result<Account, StoreError> {
    let row = query_opt(
        tx,
        "/* by identity */ SELECT issuer, subject, account_id, shown, created_at \
         FROM identities WHERE issuer = $1 AND subject = $2",
        &[(&identity.issuer).into(), (&identity.subject).into()],
    )?;
    if let Some(known) = row.as_ref().map(Identity::from_row).transpose()? {
        return accounts::by_id(tx, &known.account_id)?
            .ok_or_else(|| StoreError::corrupt("identities", "a row has no account"));
    }
    accounts::create(tx, fresh)?;
    tx.exec(
        "INSERT INTO identities (issuer, subject, account_id, shown, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            (&identity.issuer).into(),
            (&identity.subject).into(),
            (&fresh.id).into(),
            (&identity.shown).into(),
            identity.created_at.into(),
        ],
    )?;
    Ok(fresh.clone())
}

/// The identities of an account, oldest first.
pub fn list(tx: &mut dyn Tx, account_id: &str) -> Result<Vec<Identity>, StoreError> {
    let rows = tx.query(
        "SELECT issuer, subject, account_id, shown, created_at FROM identities \
         WHERE account_id = $1 ORDER BY created_at, issuer",
        &[account_id.into()],
    )?;
    rows.iter().map(Identity::from_row).collect()
}
