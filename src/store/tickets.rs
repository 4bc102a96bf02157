//! Things that are good once and not for long: a sign-in under way, a link, a code. Only the
//! SHA-256 of what opens one is stored.

use super::error::StoreError;
use super::tx::{Digest, Row, Tx, query_opt};

/// A row of `tickets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// What it is good for.
    pub purpose: String,
    /// What it carries.
    pub body: String,
    /// When it is good no more.
    pub expires_at: i64,
    /// When it was used.
    pub used_at: Option<i64>,
}

impl Ticket {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            purpose: row.text("purpose")?,
            body: row.text("body")?,
            expires_at: row.int("expires_at")?,
            used_at: row.opt_int("used_at")?,
        })
    }
}

/// Keeps a new ticket under its hash.
pub fn insert(tx: &mut dyn Tx, hash: &Digest, ticket: &Ticket) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO tickets (hash, purpose, body, expires_at, used_at) \
         VALUES ($1, $2, $3, $4, $5)",
        &[
            hash.into(),
            (&ticket.purpose).into(),
            (&ticket.body).into(),
            ticket.expires_at.into(),
            ticket.used_at.into(),
        ],
    )?;
    Ok(())
}

/// A ticket that is there, used or not.
pub fn find(
    tx: &mut dyn Tx,
    purpose: &str,
    hash: &Digest,
    now: i64,
) -> Result<Option<Ticket>, StoreError> {
    let row = query_opt(
        tx,
        "SELECT purpose, body, expires_at, used_at FROM tickets \
         WHERE hash = $1 AND purpose = $2 AND expires_at > $3",
        &[hash.into(), purpose.into(), now.into()],
    )?;
    row.as_ref().map(Ticket::from_row).transpose()
}

/// Uses a ticket; false when it was used before, or is not there: of two that try, one succeeds.
pub fn take(tx: &mut dyn Tx, purpose: &str, hash: &Digest, now: i64) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "UPDATE tickets SET used_at = $3 \
         WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
        &[hash.into(), purpose.into(), now.into()],
    )?;
    Ok(changed == 1)
}

/// Replaces what a ticket carries.
pub fn put(tx: &mut dyn Tx, hash: &Digest, body: &str) -> Result<(), StoreError> {
    tx.exec("UPDATE tickets SET body = $2 WHERE hash = $1", &[hash.into(), body.into()])?;
    Ok(())
}

/// Forgets tickets that are good no more.
pub fn sweep(tx: &mut dyn Tx, now: i64) -> Result<u64, StoreError> {
    tx.exec("DELETE FROM tickets WHERE expires_at <= $1", &[now.into()])
}

/// Whether a sweep would forget one.
pub fn is_due(tx: &mut dyn Tx, now: i64) -> Result<bool, StoreError> {
    let row =
        query_opt(tx, "SELECT purpose FROM tickets WHERE expires_at <= $1 LIMIT 1", &[now.into()])?;
    Ok(row.is_some())
}
