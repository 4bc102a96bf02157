//! API keys: only their SHA-256 is stored, and the few characters that are shown in lists.

use super::accounts::Account;
use super::error::StoreError;
use super::tx::{Digest, Row, Tx, query_opt};

/// The contract a key opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// `/api/v1` and `/mcp`.
    Benchmark,
    /// The bot API.
    Bot,
}

impl Family {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Benchmark => "benchmark",
            Self::Bot => "bot",
        }
    }

    /// Reads the word in the database.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Benchmark, Self::Bot].into_iter().find(|family| family.as_str() == word)
    }
}

/// A row of `api_keys`, without the hash: nobody needs it back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The id.
    pub id: String,
    /// The owner.
    pub account_id: String,
    /// What the owner calls it.
    pub name: String,
    /// The first characters of the key, to tell keys apart.
    pub prefix: String,
    /// The contract it opens.
    pub family: Family,
    /// When it was made.
    pub created_at: i64,
    /// When it was last used, as far as it was noted.
    pub last_used_at: Option<i64>,
    /// When it was revoked. A revoked key opens nothing.
    pub revoked_at: Option<i64>,
}

impl Key {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let family = Family::parse(&row.text("family")?);
        Ok(Self {
            id: row.text("id")?,
            account_id: row.text("account_id")?,
            name: row.text("name")?,
            prefix: row.text("prefix")?,
            family: family.ok_or_else(|| row.corrupt("family", "benchmark or bot"))?,
            created_at: row.int("created_at")?,
            last_used_at: row.opt_int("last_used_at")?,
            revoked_at: row.opt_int("revoked_at")?,
        })
    }
}

/// Stores a new key under its hash.
pub fn insert(tx: &mut dyn Tx, key: &Key, hash: &Digest) -> Result<(), StoreError> {
    let changed = tx.exec(
        "INSERT INTO api_keys (id, account_id, name, prefix, hash, family, created_at, \
         last_used_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT DO NOTHING",
        &[
            (&key.id).into(),
            (&key.account_id).into(),
            (&key.name).into(),
            (&key.prefix).into(),
            hash.into(),
            key.family.as_str().into(),
            key.created_at.into(),
            key.last_used_at.into(),
            key.revoked_at.into(),
        ],
    )?;
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::conflict("this key is stored already"))
}

/// The key with this hash and its account. A revoked key is found too: the caller looks at
/// [`Key::revoked_at`] and can say so.
pub fn find_by_hash(tx: &mut dyn Tx, hash: &Digest) -> Result<Option<(Key, Account)>, StoreError> {
    let key = query_opt(
        tx,
        "/* by hash */ SELECT id, account_id, name, prefix, family, created_at, last_used_at, \
         revoked_at FROM api_keys WHERE hash = $1",
        &[hash.into()],
    )?;
    let Some(key) = key.as_ref().map(Key::from_row).transpose()? else {
        return Ok(None);
    };
    let account = super::accounts::by_id(tx, &key.account_id)?.ok_or_else(|| {
        StoreError::corrupt("api_keys", format!("row {:?} has no account", key.id))
    })?;
    Ok(Some((key, account)))
}

/// Notes that a key was used. Time never goes back; callers note a busy key once in a while, not
/// on every call.
pub fn touch(tx: &mut dyn Tx, account_id: &str, key_id: &str, at: i64) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE api_keys SET last_used_at = $3 WHERE account_id = $1 AND id = $2 \
         AND (last_used_at IS NULL OR last_used_at < $3)",
        &[account_id.into(), key_id.into(), at.into()],
    )?;
    Ok(())
}

/// The keys of an account, oldest first, revoked ones included.
pub fn list(tx: &mut dyn Tx, account_id: &str) -> Result<Vec<Key>, StoreError> {
    let rows = tx.query(
        "SELECT id, account_id, name, prefix, family, created_at, last_used_at, revoked_at \
         FROM api_keys WHERE account_id = $1 ORDER BY created_at, id",
        &[account_id.into()],
    )?;
    rows.iter().map(Key::from_row).collect()
}

/// Gives a key of a family another name; false when the account has no such key.
pub fn rename(
    tx: &mut dyn Tx,
    account_id: &str,
    family: Family,
    key_id: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "UPDATE api_keys SET name = $4 WHERE account_id = $1 AND family = $2 AND id = $3 \
         AND revoked_at IS NULL",
        &[account_id.into(), family.as_str().into(), key_id.into(), name.into()],
    )?;
    Ok(changed == 1)
}

/// Revokes a key of a family for good; false when the account has no such key. The first time
/// counts.
pub fn revoke(
    tx: &mut dyn Tx,
    account_id: &str,
    family: Family,
    key_id: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $4) \
         WHERE account_id = $1 AND family = $2 AND id = $3",
        &[account_id.into(), family.as_str().into(), key_id.into(), at.into()],
    )?;
    Ok(changed == 1)
}
