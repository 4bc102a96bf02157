//! OAuth clients that registered themselves.

use super::error::StoreError;
use super::tx::{Digest, Row, Tx, query_one, query_opt};

/// A row of `oauth_clients`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The id that it was given.
    pub id: String,
    /// What it said of itself, as JSON.
    pub metadata: String,
    /// When it registered first.
    pub created_at: i64,
    /// When it was last seen.
    pub last_used_at: i64,
}

impl Client {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            metadata: row.text("metadata")?,
            created_at: row.int("created_at")?,
            last_used_at: row.int("last_used_at")?,
        })
    }
}

/// The client that registered the same before, or this one.
pub fn ensure(tx: &mut dyn Tx, client: &Client, digest: &Digest) -> Result<Client, StoreError> {
    tx.exec(
        "INSERT INTO oauth_clients (id, digest, metadata, created_at, last_used_at) \
         VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (digest) DO UPDATE SET last_used_at = excluded.last_used_at",
        &[
            (&client.id).into(),
            digest.into(),
            (&client.metadata).into(),
            client.created_at.into(),
            client.last_used_at.into(),
        ],
    )?;
    let row = query_one(
        tx,
        "SELECT id, metadata, created_at, last_used_at FROM oauth_clients WHERE digest = $1",
        &[digest.into()],
    )?;
    Client::from_row(&row)
}

/// The client with this id.
pub fn get(tx: &mut dyn Tx, id: &str) -> Result<Option<Client>, StoreError> {
    let row = query_opt(
        tx,
        "SELECT id, metadata, created_at, last_used_at FROM oauth_clients WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(Client::from_row).transpose()
}

/// How many there are.
pub fn count(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    query_one(tx, "SELECT COUNT(*) AS clients FROM oauth_clients", &[])?.int("clients")
}

/// Forgets clients that were not seen since, unless somebody allowed them something.
pub fn sweep(tx: &mut dyn Tx, before: i64, now: i64) -> Result<u64, StoreError> {
    tx.exec(
        "/* upkeep */ DELETE FROM oauth_clients WHERE last_used_at < $1 AND NOT EXISTS (\
         SELECT 1 FROM grants WHERE grants.client_id = oauth_clients.id \
         AND grants.revoked_at IS NULL AND grants.expires_at > $2)",
        &[before.into(), now.into()],
    )
}

/// Whether a sweep would forget one.
pub fn is_due(tx: &mut dyn Tx, before: i64, now: i64) -> Result<bool, StoreError> {
    let row = query_opt(
        tx,
        "/* upkeep */ SELECT id FROM oauth_clients WHERE last_used_at < $1 AND NOT EXISTS (\
         SELECT 1 FROM grants WHERE grants.client_id = oauth_clients.id \
         AND grants.revoked_at IS NULL AND grants.expires_at > $2) LIMIT 1",
        &[before.into(), now.into()],
    )?;
    Ok(row.is_some())
}
