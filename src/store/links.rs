//! Private links of runs, at most one each. Only the SHA-256 of what opens one is stored.

use super::error::StoreError;
use super::tx::{Digest, Tx, query_opt};

/// Gives a run of an account this link instead of the one it had; false when the account has no
/// such run.
pub fn put(
    tx: &mut dyn Tx,
    account_id: &str,
    run_id: &str,
    hash: &Digest,
    now: i64,
) -> Result<bool, StoreError> {
    remove(tx, account_id, run_id)?;
    let made = tx.exec(
        "INSERT INTO run_links (run_id, hash, created_at) \
         SELECT id, $3, $4 FROM runs WHERE id = $2 AND account_id = $1",
        &[account_id.into(), run_id.into(), hash.into(), now.into()],
    )?;
    Ok(made == 1)
}

/// Takes the link of a run of an account away; false when it has none.
pub fn remove(tx: &mut dyn Tx, account_id: &str, run_id: &str) -> Result<bool, StoreError> {
    let gone = tx.exec(
        "DELETE FROM run_links WHERE run_id IN \
         (SELECT id FROM runs WHERE id = $2 AND account_id = $1)",
        &[account_id.into(), run_id.into()],
    )?;
    Ok(gone == 1)
}

/// Whether a run has a link. The caller has checked whose it is.
pub fn is_there(tx: &mut dyn Tx, run_id: &str) -> Result<bool, StoreError> {
    let found = query_opt(
        tx,
        "/* by run */ SELECT run_id FROM run_links WHERE run_id = $1",
        &[run_id.into()],
    )?;
    Ok(found.is_some())
}

/// Whether this opens the run; whose account it is does not matter.
pub fn opens(tx: &mut dyn Tx, run_id: &str, hash: &Digest) -> Result<bool, StoreError> {
    let found = query_opt(
        tx,
        "/* by hash */ SELECT run_id FROM run_links WHERE run_id = $1 AND hash = $2",
        &[run_id.into(), hash.into()],
    )?;
    Ok(found.is_some())
}
