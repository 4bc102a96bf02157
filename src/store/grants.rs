//! What people allowed clients, and the tokens that follow from it.

use super::accounts::{self, Account};
use super::error::StoreError;
use super::tx::{Digest, Row, Tx, query_opt};

/// A row of `grants`: the family of all its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The id, which opens nothing.
    pub id: String,
    /// Who allowed it.
    pub account_id: String,
    /// The client.
    pub client_id: String,
    /// What it calls itself.
    pub client_name: String,
    /// The scopes, parted by blanks.
    pub scope: String,
    /// For which resource.
    pub resource: String,
    /// When it was allowed.
    pub created_at: i64,
    /// When a token of it was last used, as far as it was noted.
    pub last_used_at: Option<i64>,
    /// When it ends by itself.
    pub expires_at: i64,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
}

impl Grant {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text("id")?,
            account_id: row.text("account_id")?,
            client_id: row.text("client_id")?,
            client_name: row.text("client_name")?,
            scope: row.text("scope")?,
            resource: row.text("resource")?,
            created_at: row.int("created_at")?,
            last_used_at: row.opt_int("last_used_at")?,
            expires_at: row.int("expires_at")?,
            revoked_at: row.opt_int("revoked_at")?,
        })
    }
}

/// What a token opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The resource.
    Access,
    /// New tokens.
    Refresh,
}

impl Kind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// A row of `tokens`, without the hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its family.
    pub grant_id: String,
    /// What it opens.
    pub kind: Kind,
    /// Its scopes, parted by blanks.
    pub scope: String,
    /// When it was made.
    pub created_at: i64,
    /// When it is good no more.
    pub expires_at: i64,
    /// When a refresh token was used.
    pub used_at: Option<i64>,
    /// From what its successors follow.
    pub salt: Option<Vec<u8>>,
}

impl Token {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let kind = match row.text("kind")?.as_str() {
            "access" => Kind::Access,
            "refresh" => Kind::Refresh,
            _ => return Err(row.corrupt("kind", "access or refresh")),
        };
        Ok(Self {
            grant_id: row.text("grant_id")?,
            kind,
            scope: row.text("scope")?,
            created_at: row.int("created_at")?,
            expires_at: row.int("expires_at")?,
            used_at: row.opt_int("used_at")?,
            salt: row.opt_blob("salt")?,
        })
    }
}

/// Keeps a new grant.
pub fn insert(tx: &mut dyn Tx, grant: &Grant) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO grants (id, account_id, client_id, client_name, scope, resource, \
         created_at, last_used_at, expires_at, revoked_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            (&grant.id).into(),
            (&grant.account_id).into(),
            (&grant.client_id).into(),
            (&grant.client_name).into(),
            (&grant.scope).into(),
            (&grant.resource).into(),
            grant.created_at.into(),
            grant.last_used_at.into(),
            grant.expires_at.into(),
            grant.revoked_at.into(),
        ],
    )?;
    Ok(())
}

/// Keeps a new token under its hash.
pub fn insert_token(tx: &mut dyn Tx, token: &Token, hash: &Digest) -> Result<(), StoreError> {
    tx.exec(
        "/* by grant */ INSERT INTO tokens (hash, grant_id, kind, scope, created_at, expires_at, \
         used_at, salt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            hash.into(),
            (&token.grant_id).into(),
            token.kind.as_str().into(),
            (&token.scope).into(),
            token.created_at.into(),
            token.expires_at.into(),
            token.used_at.into(),
            token.salt.clone().into(),
        ],
    )?;
    Ok(())
}

/// What a token leads to. Expired and revoked ones are found too: the caller looks.
pub type Found = (Token, Grant, Account);

/// The token with this hash, its grant and its account.
pub fn find(tx: &mut dyn Tx, hash: &Digest) -> Result<Option<Found>, StoreError> {
    let row = query_opt(
        tx,
        "/* by hash */ SELECT grant_id, kind, scope, created_at, expires_at, used_at, salt \
         FROM tokens WHERE hash = $1",
        &[hash.into()],
    )?;
    let Some(token) = row.as_ref().map(Token::from_row).transpose()? else { return Ok(None) };
    let row = query_opt(
        tx,
        "/* by hash */ SELECT id, account_id, client_id, client_name, scope, resource, \
         created_at, last_used_at, expires_at, revoked_at FROM grants WHERE id = $1",
        &[(&token.grant_id).into()],
    )?;
    let grant = row.as_ref().map(Grant::from_row).transpose()?;
    let grant = grant.ok_or_else(|| StoreError::corrupt("tokens", "a row has no grant"))?;
    let account = accounts::by_id(tx, &grant.account_id)?
        .ok_or_else(|| StoreError::corrupt("grants", "a row has no account"))?;
    Ok(Some((token, grant, account)))
}

/// Uses a refresh token and keeps the salt of its successors; false when it was used before: of
/// two that try, one succeeds.
pub fn use_refresh(
    tx: &mut dyn Tx,
    hash: &Digest,
    now: i64,
    salt: &[u8],
) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "/* by hash */ UPDATE tokens SET used_at = $2, salt = $3 \
         WHERE hash = $1 AND kind = 'refresh' AND used_at IS NULL",
        &[hash.into(), now.into(), salt.to_vec().into()],
    )?;
    Ok(changed == 1)
}

/// Forgets the salts of refresh tokens that were used before this instant.
pub fn forget_salts(tx: &mut dyn Tx, grant_id: &str, before: i64) -> Result<(), StoreError> {
    tx.exec(
        "/* by grant */ UPDATE tokens SET salt = NULL \
         WHERE grant_id = $1 AND used_at < $2 AND salt IS NOT NULL",
        &[grant_id.into(), before.into()],
    )?;
    Ok(())
}

/// Whether an account has this grant and it is good.
pub fn stands(tx: &mut dyn Tx, account_id: &str, id: &str, now: i64) -> Result<bool, StoreError> {
    let row = query_opt(
        tx,
        "SELECT 1 FROM grants WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL \
         AND expires_at > $3",
        &[account_id.into(), id.into(), now.into()],
    )?;
    Ok(row.is_some())
}

/// The grants of an account that are good, oldest first.
pub fn list(tx: &mut dyn Tx, account_id: &str, now: i64) -> Result<Vec<Grant>, StoreError> {
    let rows = tx.query(
        "SELECT id, account_id, client_id, client_name, scope, resource, created_at, \
         last_used_at, expires_at, revoked_at FROM grants WHERE account_id = $1 \
         AND revoked_at IS NULL AND expires_at > $2 ORDER BY created_at, id",
        &[account_id.into(), now.into()],
    )?;
    rows.iter().map(Grant::from_row).collect()
}

/// Revokes a grant and with it all its tokens; false when the account has no such one that is
/// good.
pub fn revoke(tx: &mut dyn Tx, account_id: &str, id: &str, now: i64) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "UPDATE grants SET revoked_at = $3 \
         WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL",
        &[account_id.into(), id.into(), now.into()],
    )?;
    Ok(changed == 1)
}

/// Notes that a token of a grant was used. Time never goes back.
pub fn touch(tx: &mut dyn Tx, account_id: &str, id: &str, at: i64) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE grants SET last_used_at = $3 WHERE account_id = $1 AND id = $2 \
         AND (last_used_at IS NULL OR last_used_at < $3)",
        &[account_id.into(), id.into(), at.into()],
    )?;
    Ok(())
}

/// Puts the end of a grant with one token off, but never past its age; gives its end, if the grant
/// is good.
pub fn put_off(
    tx: &mut dyn Tx,
    account_id: &str,
    id: &str,
    until: i64,
    age_max: i64,
) -> Result<Option<i64>, StoreError> {
    let row = query_opt(
        tx,
        "SELECT created_at FROM grants \
         WHERE account_id = $1 AND id = $2 AND revoked_at IS NULL",
        &[account_id.into(), id.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let end = until.min(row.int("created_at")? + age_max);
    tx.exec(
        "UPDATE grants SET expires_at = $3 WHERE account_id = $1 AND id = $2 AND expires_at < $3",
        &[account_id.into(), id.into(), end.into()],
    )?;
    tx.exec(
        "/* by grant */ UPDATE tokens SET expires_at = $2 WHERE grant_id = $1 AND expires_at < $2",
        &[id.into(), end.into()],
    )?;
    Ok(Some(end))
}

/// Forgets tokens that expired before this instant.
pub fn sweep(tx: &mut dyn Tx, before: i64) -> Result<u64, StoreError> {
    tx.exec("/* upkeep */ DELETE FROM tokens WHERE expires_at < $1", &[before.into()])
}

/// Whether a sweep would forget one.
pub fn is_due(tx: &mut dyn Tx, before: i64) -> Result<bool, StoreError> {
    let row = query_opt(
        tx,
        "/* upkeep */ SELECT kind FROM tokens WHERE expires_at < $1 LIMIT 1",
        &[before.into()],
    )?;
    Ok(row.is_some())
}
