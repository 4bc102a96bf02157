//! The page of a run: who may open it, and the private link by which its owner lets others in.

use super::{Head, Runs, Seat, Watch, parse_id};
use crate::{
    accounts::{Event, note},
    caller::Account,
    error::Error,
    keys::{Key, Kind},
    store::{links, runs},
};

/// Who opens the page of a run.
#[derive(Debug, Default)]
pub struct Visitor {
    /// The account of a browser that is signed in.
    pub account: Option<String>,
    /// The private link that was followed.
    pub link: Option<Key>,
}

/// As whom somebody sees a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// It is published: everybody's.
    Public,
    /// Its owner's.
    Owner {
        /// Whether there is a private link.
        linked: bool,
    },
    /// Those of somebody with the private link.
    Guest,
}

/// A run that somebody may look at.
pub struct Visit<'a> {
    /// The run.
    pub seat: &'a Seat,
    /// As whom.
    pub eyes: Eyes,
    /// The last link of its journal.
    pub head: Head,
    /// How many runs its account has started on its scenario.
    pub started: u32,
}

/// What the store says to a visitor.
struct Admitted {
    eyes: Eyes,
    head: Head,
    active: bool,
    started: i64,
}

impl Runs {
    /// Looks at a run as its page does: everybody at a published one, at another its owner and who
    /// has its private link. To everybody else it does not exist.
    pub async fn visit<T>(
        &self,
        visitor: &Visitor,
        run_id: &str,
        view: impl FnOnce(&Visit) -> T,
    ) -> Result<T, Error> {
        // Asked first, so that strangers cannot fill the memory with runs that are not theirs.
        let Admitted { eyes, started, .. } = self.admit(visitor, run_id).await?;
        let slot = self.lives.slot(parse_id(run_id)?, self.clock.now());
        let mut state = slot.lock().await;
        let live = self.live(&mut state, run_id).await?;
        let started = u32::try_from(started).unwrap_or(u32::MAX);
        Ok(view(&Visit { seat: &live.seat, eyes, head: live.head, started }))
    }

    /// Watches a run with the number of its last command; nothing when it has ended.
    pub async fn watch(
        &self,
        visitor: &Visitor,
        run_id: &str,
    ) -> Result<Option<(i64, Watch)>, Error> {
        let id = parse_id(run_id)?;
        // Before the store is asked, so that no command falls between the two.
        let watch = self.feed.watch(id, 0);
        let admitted = self.admit(visitor, run_id).await?;
        if !admitted.active {
            return Ok(None);
        }
        let watch = watch.ok_or_else(Error::too_many_watch)?;
        Ok(Some((admitted.head.seq, watch)))
    }

    async fn admit(&self, visitor: &Visitor, run_id: &str) -> Result<Admitted, Error> {
        let id = parse_id(run_id)?.to_string();
        let account = visitor.account.clone();
        let hash = visitor.link.as_ref().filter(|it| it.kind() == Kind::Link).map(Key::hash);
        let admitted = self.store.read(move |tx| {
            let Some(row) = runs::get(tx, &id)? else { return Ok(None) };
            let origin = &row.origin;
            let eyes = if row.published_at.is_some() {
                Eyes::Public
            } else if account.as_ref() == Some(&origin.account_id) {
                Eyes::Owner { linked: links::is_there(tx, &id)? }
            } else if let Some(hash) = &hash
                && links::opens(tx, &id, hash)?
            {
                Eyes::Guest
            } else {
                return Ok(None);
            };
            let started = runs::started(tx, &origin.account_id, &origin.scenario_slug)?;
            let active = row.derived.status == runs::RunStatus::Active;
            Ok(Some(Admitted { eyes, head: row.head, active, started }))
        });
        admitted.await?.ok_or_else(Error::no_such_run)
    }

    /// A fresh private link to a run of this account; the one before opens nothing any more.
    pub async fn link(&self, account: &Account, run_id: &str) -> Result<Key, Error> {
        let (account, id) = (account.id.clone(), parse_id(run_id)?.to_string());
        let (key, now) = (Key::mint(Kind::Link), self.clock.now());
        let hash = key.hash();
        let made = self.store.write(move |tx| {
            let made = links::put(tx, &account, &id, &hash, now.as_microsecond())?;
            if made {
                note(tx, now, &account, Event::LinkCreated, &id)?;
            }
            Ok(made)
        });
        if made.await? { Ok(key) } else { Err(Error::no_such_run()) }
    }

    /// Takes the private link to a run of this account back.
    pub async fn unlink(&self, account: &Account, run_id: &str) -> Result<(), Error> {
        let (account, id) = (account.id.clone(), parse_id(run_id)?.to_string());
        let now = self.clock.now();
        let removed = self.store.write(move |tx| {
            if links::remove(tx, &account, &id)? {
                note(tx, now, &account, Event::LinkRemoved, &id)?;
            }
            Ok(())
        });
        Ok(removed.await?)
    }
}
