//! Accounts: who they are, and everything that opens them.

mod audit;
mod export;
mod keys;
mod known;
mod mcp_sessions;
mod people;
mod sessions;
mod tickets;

use std::sync::Arc;

use crate::{
    caller::{Account, Credential, Scopes},
    clock::Clock,
    error::Error,
    keys::{Family, Key, Kind},
    plan::Plan,
    store::{self, Store, StoreError, Tx, accounts::Account as AccountRow},
};
use known::Known;

pub use audit::{Event, note};
pub use keys::NewKey;
pub use mcp_sessions::{MCP_SESSION_IDLE, MCP_SESSION_MICROS};
pub use people::Person;
pub use sessions::{SESSION_SECONDS, Session};
pub use store::sessions::Session as SessionRow;

/// The account of a server without sign-in.
pub const LOCAL: &str = "local";
/// Characters a name may have.
const NAME_MAX: usize = 60;
/// A credential's last use is recorded at most this often, in microseconds: it is for people, and
/// each record costs a write.
const TOUCH_EVERY: i64 = 3_600_000_000;

/// Accounts and what opens them.
pub struct Accounts {
    store: Store,
    clock: Arc<dyn Clock>,
    known: Known,
}

impl Accounts {
    /// The accounts of a store.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, known: Known::default() }
    }

    /// Whether there is no account yet.
    pub async fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.store.read(store::accounts::list).await?.is_empty())
    }

    /// The key of the account `local`, if there is no account yet.
    pub async fn create_first(&self) -> Result<Option<Key>, Error> {
        if !self.is_empty().await? {
            return Ok(None);
        }
        self.create_key(LOCAL, "first key", Family::Benchmark).await.map(Some)
    }

    /// The account that a key, an access token or the id of an MCP session opens; none when it is
    /// unknown, expired or revoked.
    ///
    /// What another process revoked may open it for a second more.
    pub async fn holder(&self, key: &Key) -> Result<Option<Arc<Account>>, Error> {
        let (hash, now) = (key.hash(), self.now());
        let seen = match self.known.find(&hash, now) {
            Ok(holder) => return Ok(Some(holder).filter(|it| is_good(it, now))),
            Err(not_seen) => not_seen,
        };
        let found = match key.kind() {
            Kind::Key(_) => self.of_key(hash, now).await?,
            Kind::Access => self.of_token(hash, now).await?,
            Kind::McpSession => self.of_mcp_session(hash, now).await?,
            Kind::Refresh | Kind::Code | Kind::Session | Kind::Ticket | Kind::Link => None,
        };
        let Some(holder) = found.map(Arc::new).filter(|it| is_good(it, now)) else {
            return Ok(None);
        };
        self.known.keep(seen, hash, &holder, now);
        Ok(Some(holder))
    }

    async fn of_key(&self, hash: store::Digest, now: i64) -> Result<Option<Account>, Error> {
        let found = self.store.read(move |tx| store::keys::find_by_hash(tx, &hash)).await?;
        let open = |it: &(store::keys::Key, AccountRow)| it.0.revoked_at.is_none() && lives(&it.1);
        let Some((key, account)) = found.filter(open) else { return Ok(None) };
        if is_stale(key.last_used_at, now) {
            let (account_id, key_id) = (account.id.clone(), key.id.clone());
            self.touch(move |tx| store::keys::touch(tx, &account_id, &key_id, now)).await;
        }
        let credential = Credential::Key { id: key.id, name: key.name, family: key.family };
        seen(account, credential).map(Some)
    }

    async fn of_token(&self, hash: store::Digest, now: i64) -> Result<Option<Account>, Error> {
        use store::grants::{Found, Kind};
        let found = self.store.read(move |tx| store::grants::find(tx, &hash)).await?;
        let open = |(token, grant, account): &Found| {
            token.kind == Kind::Access && grant.revoked_at.is_none() && lives(account)
        };
        let Some((token, grant, account)) = found.filter(open) else { return Ok(None) };
        if is_stale(grant.last_used_at, now) {
            let (account_id, grant_id) = (account.id.clone(), grant.id.clone());
            self.touch(move |tx| store::grants::touch(tx, &account_id, &grant_id, now)).await;
        }
        let scopes = Scopes::parse(&token.scope)
            .map_err(|word| Error::internal(format!("a token has the scope {word}")))?;
        let credential = Credential::Grant {
            id: grant.id,
            client: grant.client_name,
            scopes,
            resource: grant.resource,
            expires_at: token.expires_at.min(grant.expires_at),
        };
        seen(account, credential).map(Some)
    }

    /// A store that cannot write for now must not turn readers away.
    async fn touch<F>(&self, note: F)
    where
        F: Fn(&mut dyn Tx) -> Result<(), StoreError> + Send + 'static,
    {
        if let Err(error) = self.store.write(note).await {
            tracing::warn!(%error, "the use of a credential was not recorded");
        }
    }

    /// Forgets what was looked up: something was revoked.
    pub fn forget(&self) {
        self.known.forget();
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }

    fn fresh(&self, name: &str, plan: Plan) -> AccountRow {
        let now = self.clock.now();
        AccountRow {
            id: crate::clock::new_id(now).to_string(),
            name: name.to_owned(),
            plan: plan.name().into(),
            handle: None,
            created_at: now.as_microsecond(),
            deleted_at: None,
        }
    }
}

/// An account, as this credential opens it.
fn seen(account: AccountRow, credential: Credential) -> Result<Account, Error> {
    let plan = plan_of(&account)?;
    Ok(Account { id: account.id, name: account.name, plan, credential })
}

fn plan_of(account: &AccountRow) -> Result<Plan, StoreError> {
    account.plan_as(Plan::parse)
}

fn lives(account: &AccountRow) -> bool {
    account.deleted_at.is_none()
}

/// Whether a credential that was looked up is still good.
fn is_good(account: &Account, now: i64) -> bool {
    match account.credential {
        Credential::Grant { expires_at, .. } => now < expires_at,
        Credential::Key { .. } | Credential::Session { .. } | Credential::KeyToken { .. } => true,
    }
}

fn is_stale(noted: Option<i64>, now: i64) -> bool {
    noted.is_none_or(|at| now - at > TOUCH_EVERY)
}

/// Checks a name that a person chose.
fn checked<'a>(field: &str, text: &'a str) -> Result<&'a str, Error> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 || length > NAME_MAX || text.chars().any(char::is_control) {
        let problem = format!("must be 1 to {NAME_MAX} printable characters");
        return Err(Error::invalid_field(field, &problem));
    }
    Ok(text)
}
