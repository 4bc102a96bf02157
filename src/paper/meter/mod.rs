//! How much an account calls the bot API, and how much it may.
//!
//! Three windows count: requests and orders of the minute, the same on every plan, and calls of the
//! month, by plan. Minutes and months are those of UTC. What is refused for want of room in one is
//! counted in none.
//!
//! The counts of an account are in memory and change under one lock, so they are exact whoever
//! calls at the same time and through whichever door. No answer leaves before the count of its call
//! is on the disk: a command takes it into its own unit of work ([`Metered::write`]), every other
//! call has one for it ([`Metered::keep`]). What is written is the newest count, never the one that
//! a call saw, so no unit takes a count back, in whichever order they commit.
//!
//! A clock that is set back by a minute opens no window anew: the newest one goes on. One that is
//! set back further was wrong before and is believed now, so that it locks nobody out.

#[cfg(test)]
mod tests;
mod window;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::OnceCell;

use crate::{
    clock::Clock,
    error::Error,
    plan::Plan,
    store::{
        Store, StoreError, Tx,
        usage::{self, Usage},
    },
};
pub use window::{ORDERS_A_MINUTE, REQUESTS_A_MINUTE, Standing};
use window::{Windows, at};

/// Accounts whose counts are in memory. When there are more, those are forgotten whose counts are
/// on the disk and that nobody asks for.
const ACCOUNTS_MAX: usize = 1 << 16;

/// What a call counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request.
    Request,
    /// A request that places an order.
    Order,
}

/// A call that was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Why.
    pub error: Error,
    /// Where the account stands, if that is known.
    pub standing: Option<Standing>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { error, standing: None }
    }
}

/// Calls of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calls {
    /// Those that were made.
    pub used: u32,
    /// Those that the plan has.
    pub limit: u32,
}

/// Counts the calls of all accounts.
pub struct Meter {
    store: Store,
    clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<Box<str>, Slot>>,
}

/// An account's place: its counts are read from the store by whoever asks first.
type Slot = Arc<OnceCell<Arc<Account>>>;

/// An account that called.
struct Account {
    id: Box<str>,
    counts: Mutex<Counts>,
}

struct Counts {
    usage: Usage,
    /// Goes up with every change of `usage`.
    version: u64,
    /// The version that is known to be on the disk.
    durable: u64,
}

impl Meter {
    /// What this store has counted so far goes on.
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, accounts: Mutex::default() }
    }

    /// Counts a call, if there is room for it in every window.
    pub async fn begin(
        &self,
        account_id: &str,
        plan: Plan,
        kind: Kind,
    ) -> Result<Metered, Refused> {
        let account = self.account(account_id).await?;
        let (version, standing) = {
            let mut counts = account.counts();
            // The time is asked under the lock, so that no count is of an older one.
            let now = self.clock.now();
            let usage = at(&counts.usage, now);
            if let Some(error) = Windows::of(&usage, plan).refusal(kind, now) {
                let standing = Some(Windows::of(&usage, plan).standing(kind));
                return Err(Refused { error, standing });
            }
            counts.usage = Usage {
                month_calls: usage.month_calls + 1,
                minute_calls: usage.minute_calls + 1,
                minute_orders: usage.minute_orders + i64::from(kind == Kind::Order),
                ..usage
            };
            counts.version += 1;
            (counts.version, Windows::of(&counts.usage, plan).standing(kind))
        };
        let written = Arc::default();
        Ok(Metered { store: self.store.clone(), account, version, written, standing })
    }

    /// The calls of this month; asking counts nothing.
    pub async fn calls(&self, account_id: &str, plan: Plan) -> Result<Calls, Error> {
        let account = self.account(account_id).await?;
        let usage = at(&account.counts().usage, self.clock.now());
        let used = u32::try_from(usage.month_calls).unwrap_or(u32::MAX);
        Ok(Calls { used, limit: plan.calls_a_month() })
    }

    async fn account(&self, account_id: &str) -> Result<Arc<Account>, Error> {
        let slot = self.slot(account_id);
        let read = async || {
            let asked = account_id.to_owned();
            let kept = self.store.read(move |tx| usage::get(tx, &asked)).await?;
            let counts = Counts { usage: kept.unwrap_or_default(), version: 0, durable: 0 };
            Ok::<_, Error>(Arc::new(Account { id: account_id.into(), counts: counts.into() }))
        };
        slot.get_or_try_init(read).await.cloned()
    }

    fn slot(&self, account_id: &str) -> Slot {
        // Each change is one statement: a panic elsewhere leaves the map whole.
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = accounts.get(account_id) {
            return Arc::clone(slot);
        }
        if accounts.len() >= ACCOUNTS_MAX {
            accounts.retain(|_, slot| is_needed(slot));
        }
        let slot = Slot::default();
        accounts.insert(account_id.into(), Arc::clone(&slot));
        slot
    }
}

/// Whether somebody asks for an account, or the disk does not know yet what it counted. Nobody
/// begins to ask while the map is locked.
fn is_needed(slot: &Slot) -> bool {
    let busy = |account: &Arc<Account>| {
        let counts = account.counts();
        Arc::strong_count(account) > 1 || counts.durable < counts.version
    };
    Arc::strong_count(slot) > 1 || slot.get().is_some_and(busy)
}

impl Account {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Nothing panics between two changes.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that was counted; clones are the same call.
#[derive(Clone)]
pub struct Metered {
    store: Store,
    account: Arc<Account>,
    /// The first version of the counts that has this call.
    version: u64,
    /// The version that [`Metered::write`] wrote.
    written: Arc<AtomicU64>,
    standing: Standing,
}

impl Metered {
    /// Writes the count as part of a unit of work. When that is on the disk, [`Metered::kept`] says
    /// so.
    pub fn write(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let (usage, version) = {
            let counts = self.account.counts();
            (counts.usage, counts.version)
        };
        usage::put(tx, &self.account.id, &usage)?;
        self.written.fetch_max(version, Ordering::SeqCst);
        Ok(())
    }

    /// What was written is on the disk. Who forgets to say it has it written twice.
    pub fn kept(&self) {
        let mut counts = self.account.counts();
        counts.durable = counts.durable.max(self.written.load(Ordering::SeqCst));
    }

    /// Sees to it that the count is on the disk: by a unit of work of its own, unless one that
    /// covers it was committed already.
    pub async fn keep(&self) -> Result<(), Error> {
        if self.account.counts().durable >= self.version {
            return Ok(());
        }
        let count = self.clone();
        self.store.write(move |tx| count.write(tx)).await?;
        self.kept();
        Ok(())
    }

    /// Where the account stood right after this call.
    pub fn standing(&self) -> Standing {
        self.standing
    }
}
