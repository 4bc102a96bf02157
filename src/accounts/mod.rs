//! Accounts and the keys that open them.

mod known;

use std::sync::Arc;

use crate::{
    clock::{Clock, new_id},
    error::Error,
    keys::{Family, Key},
    runs::Account,
    store::{self, Store, Tx},
};
use known::Known;

/// The account of a server without sign-in.
const LOCAL: &str = "local";
/// Characters a name may have.
const NAME_MAX: usize = 60;
/// A key's last use is recorded at most this often, in microseconds: it is for people, and each
/// record costs a write.
const TOUCH_EVERY: i64 = 3_600_000_000;

/// Accounts and their keys.
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

    /// Makes a key for the account of this name, and the account when there is none.
    pub async fn create_key(
        &self,
        account: &str,
        name: &str,
        family: Family,
    ) -> Result<Key, Error> {
        let (account, name) = (account.trim(), name.trim());
        for (field, text) in [("account", account), ("name", name)] {
            let length = text.chars().count();
            if length == 0 || length > NAME_MAX || text.chars().any(char::is_control) {
                let problem = format!("must be 1 to {NAME_MAX} printable characters");
                return Err(Error::invalid_field(field, &problem));
            }
        }
        let (fresh, key) = (self.fresh(account), Key::mint(family));
        let (name, hash, shown) = (name.to_owned(), key.hash(), key.shown().to_owned());
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let account = store::accounts::ensure(tx, &fresh)?;
                let row = store::keys::Key {
                    id: new_id(now).to_string(),
                    account_id: account.id,
                    name: name.clone(),
                    prefix: shown.clone(),
                    family,
                    created_at: now.as_microsecond(),
                    last_used_at: None,
                    revoked_at: None,
                };
                store::keys::insert(tx, &row, &hash)
            })
            .await?;
        Ok(key)
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

    /// The account that a key opens; none when it is unknown or revoked.
    ///
    /// A key that another process revoked may open it for a second more.
    pub async fn holder(&self, key: &Key) -> Result<Option<Arc<Account>>, Error> {
        let (hash, now) = (key.hash(), self.clock.now().as_microsecond());
        let seen = match self.known.find(&hash, now) {
            Ok(holder) => return Ok(Some(holder)),
            Err(not_seen) => not_seen,
        };
        let found = self.store.read(move |tx| store::keys::find_by_hash(tx, &hash)).await?;
        let Some((key, account)) = found.filter(|(key, _)| key.revoked_at.is_none()) else {
            return Ok(None);
        };
        if key.last_used_at.is_none_or(|at| now - at > TOUCH_EVERY) {
            let (account_id, key_id) = (account.id.clone(), key.id.clone());
            let touch = move |tx: &mut dyn Tx| store::keys::touch(tx, &account_id, &key_id, now);
            // A store that cannot write for now must not turn readers away.
            if let Err(error) = self.store.write(touch).await {
                tracing::warn!(%error, "the use of a key was not recorded");
            }
        }
        let holder = Arc::new(Account {
            id: account.id,
            name: account.name,
            key_id: key.id,
            key_name: key.name,
            family: key.family,
        });
        self.known.keep(seen, hash, &holder, now);
        Ok(Some(holder))
    }

    /// Revokes a key of an account for good: when this answers, the key opens nothing here.
    pub async fn revoke_key(&self, account_id: &str, key_id: &str) -> Result<bool, Error> {
        let (account_id, key_id) = (account_id.to_owned(), key_id.to_owned());
        let now = self.clock.now().as_microsecond();
        let revoked =
            self.store.write(move |tx| store::keys::revoke(tx, &account_id, &key_id, now)).await;
        // Also after an error: whether a failed commit reached the disk is unknown.
        self.known.forget();
        Ok(revoked?)
    }

    fn fresh(&self, name: &str) -> store::accounts::Account {
        let now = self.clock.now();
        store::accounts::Account {
            id: new_id(now).to_string(),
            name: name.to_owned(),
            plan: "free".into(),
            created_at: now.as_microsecond(),
        }
    }
}
