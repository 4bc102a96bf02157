//! Keys of an account: made, listed, named, revoked.

use super::{Accounts, Event, checked, lives, note, plan_of};
use crate::{
    clock::new_id,
    error::Error,
    keys::{Family, Key, Kind},
    plan::Plan,
    store::{self, StoreError, Tx, accounts::Account, keys::Key as KeyRow},
};

/// API keys that an account may have at the same time.
const KEYS_MAX: usize = 100;

/// A key that was just made: the one time it is seen.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The secret.
    pub key: Key,
    /// What may be seen again.
    pub row: KeyRow,
}

impl Accounts {
    /// Makes a key for the account of this name, and the account when there is none. That one is
    /// the operator's own, who alone gets here: it has no limit of runs.
    pub async fn create_key(
        &self,
        account: &str,
        name: &str,
        family: Family,
    ) -> Result<Key, Error> {
        let fresh = self.fresh(checked("account", account)?, Plan::Unlimited);
        let account = self.store.write(move |tx| store::accounts::ensure(tx, &fresh)).await?;
        self.add_key(&account.id, name, family).await.map(|new| new.key)
    }

    /// Makes a key for an account.
    pub async fn add_key(
        &self,
        account_id: &str,
        name: &str,
        family: Family,
    ) -> Result<NewKey, Error> {
        self.add_key_with(account_id, name, family, |_, _| Ok(Ok(()))).await
    }

    /// The same with something else in the same unit of work, which is told the key's id; when that
    /// is refused there is no key.
    pub async fn add_key_with<F>(
        &self,
        account_id: &str,
        name: &str,
        family: Family,
        also: F,
    ) -> Result<NewKey, Error>
    where
        F: Fn(&mut dyn Tx, &str) -> Result<Result<(), Error>, StoreError> + Send + 'static,
    {
        let (now, key) = (self.clock.now(), Key::mint(Kind::Key(family)));
        let field = match family {
            Family::Benchmark => "name",
            Family::Bot => "label",
        };
        let row = KeyRow {
            id: new_id(now).to_string(),
            account_id: account_id.to_owned(),
            name: checked(field, name)?.to_owned(),
            prefix: key.shown().to_owned(),
            family,
            created_at: now.as_microsecond(),
            last_used_at: None,
            revoked_at: None,
        };
        let (kept, hash) = (row.clone(), key.hash());
        let made = self.store.write(move |tx| {
            let account = store::accounts::by_id(tx, &kept.account_id)?.filter(lives);
            let Some(account) = account else { return Ok(Err(Error::no_such_account())) };
            let open = |it: &&KeyRow| it.family == family && it.revoked_at.is_none();
            let keys = store::keys::list(tx, &kept.account_id)?;
            if let Some(refused) = refusal(&account, family, keys.iter().filter(open).count())? {
                return Ok(Err(refused));
            }
            if let Err(refused) = also(tx, &kept.id)? {
                return Ok(Err(refused));
            }
            store::keys::insert(tx, &kept, &hash)?;
            note(tx, now, &kept.account_id, Event::KeyCreated, &kept.id)?;
            Ok(Ok(()))
        });
        made.await??;
        Ok(NewKey { key, row })
    }

    /// The keys of an account that open something, oldest first.
    pub async fn keys(&self, account_id: &str, family: Family) -> Result<Vec<KeyRow>, Error> {
        let account_id = account_id.to_owned();
        let keys = self.store.read(move |tx| store::keys::list(tx, &account_id)).await?;
        Ok(keys.into_iter().filter(|it| it.family == family && it.revoked_at.is_none()).collect())
    }

    /// Gives a key another name.
    pub async fn rename_key(
        &self,
        account_id: &str,
        family: Family,
        id: &str,
        name: &str,
    ) -> Result<(), Error> {
        let name = checked("name", name)?.to_owned();
        let (account_id, id, now) = (account_id.to_owned(), id.to_owned(), self.clock.now());
        let renamed = self.store.write(move |tx| {
            let renamed = store::keys::rename(tx, &account_id, family, &id, &name)?;
            if renamed {
                note(tx, now, &account_id, Event::KeyRenamed, &id)?;
            }
            Ok(renamed)
        });
        let renamed = renamed.await?;
        self.forget();
        if renamed { Ok(()) } else { Err(Error::no_such_key()) }
    }

    /// Revokes a key of an account for good: when this answers, the key opens nothing here.
    pub async fn revoke_key(
        &self,
        account_id: &str,
        family: Family,
        key_id: &str,
    ) -> Result<bool, Error> {
        let (account_id, key_id) = (account_id.to_owned(), key_id.to_owned());
        let now = self.clock.now();
        let revoked = self.store.write(move |tx| {
            let at = now.as_microsecond();
            let there = store::keys::revoke(tx, &account_id, family, &key_id, at)?;
            if there {
                note(tx, now, &account_id, Event::KeyRevoked, &key_id)?;
            }
            Ok(there)
        });
        let revoked = revoked.await;
        // Also after an error: whether a failed commit reached the disk is unknown.
        self.forget();
        Ok(revoked?)
    }
}

/// Why an account that has so many keys of a family gets no other.
fn refusal(account: &Account, family: Family, count: usize) -> Result<Option<Error>, StoreError> {
    let refusal = match family {
        Family::Benchmark => (count >= KEYS_MAX).then(|| Error::too_many_keys(KEYS_MAX)),
        Family::Bot => {
            let plan = plan_of(account)?;
            let max = plan.bot_keys_max();
            let full = count >= max as usize;
            full.then(|| Error::too_many_bot_keys(plan.shown(), max, &larger_plans(plan)))
        }
    };
    Ok(refusal)
}

/// The plans that have more bot keys than this one, each with their number.
fn larger_plans(plan: Plan) -> String {
    let larger = |it: &Plan| it.bot_keys_max() > plan.bot_keys_max();
    let mut told: Vec<String> = Plan::ALL
        .into_iter()
        .filter(larger)
        .map(|it| format!("{} has {}", it.shown(), it.bot_keys_max()))
        .collect();
    told.dedup();
    told.join(", ")
}
