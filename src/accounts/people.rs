//! The people behind accounts: who comes by an identity, and who wants to be forgotten.

use super::{Accounts, Event, LOCAL, lives, note};
use crate::{
    error::Error,
    plan::Plan,
    store::{
        self, StoreError, Tx, accounts::Account as AccountRow, erasure, grants::Grant,
        identities::Identity,
    },
};

/// Somebody, as a provider knows them.
///
/// Two people are the same when `issuer` and `subject` are: ids of providers are settings, and a
/// name or an email address can pass to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The id of the provider in this server's settings, such as `github`.
    pub provider: String,
    /// The address that names the provider for good.
    pub issuer: String,
    /// The provider's own name for the person, which never changes: 1 to 255 characters.
    pub subject: String,
    /// A login or a name to greet them by: 1 to 60 characters, not unique.
    pub shown: String,
    /// An email address that the provider says it has verified.
    pub email: Option<String>,
}

impl Accounts {
    /// The account of a person; made for one who comes first. Gives its id.
    pub async fn of_person(&self, person: &Person) -> Result<String, Error> {
        let (person, fresh, now) = (person.clone(), self.fresh("", Plan::Free), self.now());
        let account = self.store.write(move |tx| {
            let identity = Identity {
                issuer: person.issuer.clone(),
                subject: person.subject.clone(),
                account_id: fresh.id.clone(),
                shown: person.shown.clone(),
                created_at: now,
            };
            let name = free_name(tx, &person)?;
            store::identities::ensure(tx, &identity, &AccountRow { name, ..fresh.clone() })
        });
        Ok(account.await?.id)
    }

    /// The account of a server without sign-in, if it is there. Gives its id.
    pub async fn local(&self) -> Result<Option<String>, Error> {
        let found = self.store.read(|tx| store::accounts::by_name(tx, LOCAL)).await?;
        Ok(found.filter(lives).map(|it| it.id))
    }

    /// The accounts that are there, oldest first: for the operator.
    pub async fn list(&self) -> Result<Vec<AccountRow>, Error> {
        let all = self.store.read(store::accounts::list).await?;
        Ok(all.into_iter().filter(lives).collect())
    }

    /// The account of this name or id.
    pub async fn find(&self, asked: &str) -> Result<AccountRow, Error> {
        let asked = asked.trim().to_owned();
        let found = self.store.read(move |tx| {
            Ok(store::accounts::by_name(tx, &asked)?.or(store::accounts::by_id(tx, &asked)?))
        });
        found.await?.filter(lives).ok_or_else(Error::no_such_account)
    }

    /// Who is behind an account, oldest first.
    pub async fn identities(&self, account_id: &str) -> Result<Vec<Identity>, Error> {
        let account_id = account_id.to_owned();
        Ok(self.store.read(move |tx| store::identities::list(tx, &account_id)).await?)
    }

    /// Puts an account on a plan.
    pub async fn set_plan(&self, account_id: &str, plan: Plan) -> Result<(), Error> {
        let (account_id, now) = (account_id.to_owned(), self.clock.now());
        let put = self.store.write(move |tx| {
            let there = store::accounts::set_plan(tx, &account_id, plan.name())?;
            if there {
                note(tx, now, &account_id, Event::PlanSet, plan.name())?;
            }
            Ok(there)
        });
        let put = put.await;
        self.forget();
        if put? { Ok(()) } else { Err(Error::no_such_account()) }
    }

    /// Gives an account another handle, which nobody else has; false when somebody does.
    pub async fn set_handle(&self, account_id: &str, handle: &str) -> Result<bool, Error> {
        let (account_id, handle, now) =
            (account_id.to_owned(), handle.to_owned(), self.clock.now());
        let set = self.store.write(move |tx| {
            let free = !handle.eq_ignore_ascii_case(erasure::NOBODY)
                && store::accounts::set_handle(tx, &account_id, &handle)?;
            if free {
                note(tx, now, &account_id, Event::HandleSet, &handle)?;
            }
            Ok(free)
        });
        Ok(set.await?)
    }

    /// What clients were allowed, oldest first.
    pub async fn grants(&self, account_id: &str) -> Result<Vec<Grant>, Error> {
        let (account_id, now) = (account_id.to_owned(), self.now());
        Ok(self.store.read(move |tx| store::grants::list(tx, &account_id, now)).await?)
    }

    /// Takes back what a client was allowed: when this answers, its tokens open nothing here.
    pub async fn revoke_grant(&self, account_id: &str, id: &str) -> Result<bool, Error> {
        let (account_id, id, now) = (account_id.to_owned(), id.to_owned(), self.clock.now());
        let revoked = self.store.write(move |tx| {
            let there = store::grants::revoke(tx, &account_id, &id, now.as_microsecond())?;
            if there {
                note(tx, now, &account_id, Event::GrantRevoked, &id)?;
            }
            Ok(there)
        });
        let revoked = revoked.await;
        self.forget();
        Ok(revoked?)
    }

    /// What happened to the credentials of an account, newest first.
    pub async fn events(
        &self,
        account_id: &str,
        limit: i64,
    ) -> Result<Vec<store::audit::Event>, Error> {
        let account_id = account_id.to_owned();
        Ok(self.store.read(move |tx| store::audit::list(tx, &account_id, limit)).await?)
    }

    /// Erases an account: identities, keys, handle, private runs. What was published stays, under
    /// nobody's name.
    pub async fn erase(&self, account_id: &str) -> Result<bool, Error> {
        let (account_id, now) = (account_id.to_owned(), self.clock.now());
        let erased = self.store.write(move |tx| {
            let erased = erasure::erase(tx, &account_id, now.as_microsecond())?;
            if erased {
                note(tx, now, &account_id, Event::AccountErased, "")?;
            }
            Ok(erased)
        });
        let erased = erased.await;
        self.forget();
        Ok(erased?)
    }

    /// Forgets sessions, tickets and tokens that ended; writes nothing when none has.
    pub async fn upkeep(&self) -> Result<(), Error> {
        let now = self.now();
        let due = self.store.read(move |tx| {
            Ok(store::sessions::is_due(tx, now)?
                || store::tickets::is_due(tx, now)?
                || store::grants::is_due(tx, now)?)
        });
        if !due.await? {
            return Ok(());
        }
        let swept = self.store.write(move |tx| {
            store::sessions::sweep(tx, now)?;
            store::tickets::sweep(tx, now)?;
            store::grants::sweep(tx, now)?;
            Ok(())
        });
        Ok(swept.await?)
    }
}

/// A name for the account of a person: what the provider calls them, and more where that is taken.
fn free_name(tx: &mut dyn Tx, person: &Person) -> Result<String, StoreError> {
    let short = format!("{}@{}", person.shown, person.provider);
    Ok(match store::accounts::by_name(tx, &short)? {
        None => short,
        Some(_) => format!("{short}#{}", person.subject),
    })
}
