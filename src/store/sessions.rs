//! Browsers that are signed in: only the SHA-256 of a cookie is stored.

use super::accounts::{self, Account};
use super::error::StoreError;
use super::tx::{Digest, Row, Tx, query_opt};

/// A row of `sessions`, without the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The id, which opens nothing.
    pub id: String,
    /// Whose it is.
    pub account_id: String,
    /// When it began.
    pub created_at: i64,
    /// When it ends by itself.
    pub expires_at: i64,
}

impl Session {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            account_id: row.text("account_id")?,
            created_at: row.int("created_at")?,
            expires_at: row.int("expires_at")?,
        })
    }
}

/// Keeps a new session under the hash of its cookie.
pub fn insert(tx: &mut dyn Tx, session: &Session, hash: &Digest) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO sessions (id, hash, account_id, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            (&session.id).into(),
            hash.into(),
            (&session.account_id).into(),
            session.created_at.into(),
            session.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// The session of this cookie and its account; an expired one is found too.
pub fn find(tx: &mut dyn Tx, hash: &Digest) -> Result<Option<(Session, Account)>, StoreError> {
    let row = query_opt(
        tx,
        "/* by hash */ SELECT id, account_id, created_at, expires_at FROM sessions \
         WHERE hash = $1",
        &[hash.into()],
    )?;
    let Some(session) = row.as_ref().map(Session::from_row).transpose()? else { return Ok(None) };
    let account = accounts::by_id(tx, &session.account_id)?
        .ok_or_else(|| StoreError::corrupt("sessions", "a row has no account"))?;
    Ok(Some((session, account)))
}

/// Whether an account has this session and it has not ended.
pub fn stands(tx: &mut dyn Tx, account_id: &str, id: &str, now: i64) -> Result<bool, StoreError> {
    let row = query_opt(
        tx,
        "SELECT 1 FROM sessions WHERE account_id = $1 AND id = $2 AND expires_at > $3",
        &[account_id.into(), id.into(), now.into()],
    )?;
    Ok(row.is_some())
}

/// The sessions of an account that have not ended, oldest first.
pub fn list(tx: &mut dyn Tx, account_id: &str, now: i64) -> Result<Vec<Session>, StoreError> {
    let rows = tx.query(
        "SELECT id, account_id, created_at, expires_at FROM sessions \
         WHERE account_id = $1 AND expires_at > $2 ORDER BY created_at, id",
        &[account_id.into(), now.into()],
    )?;
    rows.iter().map(Session::from_row).collect()
}

/// Ends a session; false when the account has no such one.
pub fn end(tx: &mut dyn Tx, account_id: &str, id: &str) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "DELETE FROM sessions WHERE account_id = $1 AND id = $2",
        &[account_id.into(), id.into()],
    )?;
    Ok(changed == 1)
}

/// Forgets sessions that ended before this instant.
pub fn sweep(tx: &mut dyn Tx, now: i64) -> Result<u64, StoreError> {
    tx.exec("/* upkeep */ DELETE FROM sessions WHERE expires_at <= $1", &[now.into()])
}

/// Whether a sweep would forget one.
pub fn is_due(tx: &mut dyn Tx, now: i64) -> Result<bool, StoreError> {
    let row = query_opt(
        tx,
        "/* upkeep */ SELECT id FROM sessions WHERE expires_at <= $1 LIMIT 1",
        &[now.into()],
    )?;
    Ok(row.is_some())
}
