//! What goes when an account goes, and what stays.
//!
//! Identities, sessions, grants, keys' names and hashes, answers kept for retries, counts of calls,
//! private links, checkouts, paper accounts and all of its runs that were not published go. The
//! published ones stay, their scores under [`NOBODY`]; of the others the hashes of their journals
//! stay, so that a file exported before can still be told from a forged one. The name that Stripe
//! has for the account stays until what it pays for is ended there, which `billing` does.

use super::error::StoreError;
use super::tx::{Tx, Val};
use super::{chain, scores};

/// The name on a leaderboard of a run whose account is gone.
pub const NOBODY: &str = "deleted";

/// Everything in the order that references ask for. Each names the account as `$1`.
const STEPS: &[&str] = &[
    "DELETE FROM identities WHERE account_id = $1",
    "DELETE FROM sessions WHERE account_id = $1",
    "/* by grant */ DELETE FROM tokens WHERE grant_id IN \
     (SELECT id FROM grants WHERE account_id = $1)",
    "DELETE FROM grants WHERE account_id = $1",
    "DELETE FROM idempotency WHERE run_id IN (SELECT id FROM runs WHERE account_id = $1)",
    "DELETE FROM run_links WHERE run_id IN (SELECT id FROM runs WHERE account_id = $1)",
    "INSERT INTO erased_journal (run_id, seq, hash) SELECT run_id, seq, hash FROM journal \
     WHERE run_id IN (SELECT id FROM runs WHERE account_id = $1 AND published_at IS NULL)",
    "DELETE FROM journal WHERE run_id IN \
     (SELECT id FROM runs WHERE account_id = $1 AND published_at IS NULL)",
    "DELETE FROM runs WHERE account_id = $1 AND published_at IS NULL",
    "INSERT INTO erased_journal (run_id, seq, hash) SELECT paper_id, seq, hash \
     FROM paper_journal \
     WHERE paper_id IN (SELECT id FROM paper_accounts WHERE account_id = $1)",
    "DELETE FROM paper_journal WHERE paper_id IN \
     (SELECT id FROM paper_accounts WHERE account_id = $1)",
    "DELETE FROM paper_accounts WHERE account_id = $1",
    "DELETE FROM api_keys WHERE account_id = $1 AND NOT EXISTS \
     (SELECT 1 FROM runs WHERE runs.account_id = $1 AND runs.key_id = api_keys.id)",
    "DELETE FROM bot_usage WHERE account_id = $1",
    "DELETE FROM checkouts WHERE account_id = $1",
    "DELETE FROM audit WHERE account_id = $1",
];

/// Erases an account; false when there is none, or it is gone already.
pub fn erase(tx: &mut dyn Tx, account_id: &str, now: i64) -> Result<bool, StoreError> {
    let gone = tx.exec(
        "UPDATE accounts SET name = $3, handle = NULL, plan = 'free', deleted_at = $2 \
         WHERE id = $1 AND deleted_at IS NULL",
        &[account_id.into(), now.into(), format!("{NOBODY} {account_id}").into()],
    )?;
    if gone == 0 {
        return Ok(false);
    }
    let account: [Val; 1] = [account_id.into()];
    for step in STEPS {
        tx.exec(step, &account)?;
    }
    forget_keys(tx, account_id, now)?;
    scores::rename(tx, account_id, NOBODY)?;
    Ok(true)
}

/// The keys that published runs refer to keep their ids and nothing else.
fn forget_keys(tx: &mut dyn Tx, account_id: &str, now: i64) -> Result<(), StoreError> {
    let rows = tx.query("SELECT id FROM api_keys WHERE account_id = $1", &[account_id.into()])?;
    for row in rows {
        let id = row.text("id")?;
        // No key has this hash: it is of a text that no key looks like.
        let nothing = chain::sha256(format!("erased {id}").as_bytes());
        tx.exec(
            "UPDATE api_keys SET name = '', prefix = '', hash = $3, last_used_at = NULL, \
             revoked_at = COALESCE(revoked_at, $4) WHERE account_id = $1 AND id = $2",
            &[account_id.into(), id.into(), (&nothing).into(), now.into()],
        )?;
    }
    Ok(())
}
