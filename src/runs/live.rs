//! Runs in memory. An idle run leaves it; the next call replays its journal.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use sim::Run;
use uuid::Uuid;

use super::{
    Meta, Seat,
    replay::{Unreplayable, replay},
    seat,
};
use crate::{
    error::Error,
    faults::{self, Bug},
    scenarios::{Catalog, Entry},
    store::{chain::Head, journal::Entry as JournalEntry, runs::Run as RunRow},
};

/// Runs that stay in memory at the same time.
const LIVES_MAX: usize = 10_000;
/// How long a run stays in memory after its last call.
const IDLE_MICROS_MAX: i64 = 15 * 60 * 1_000_000;

/// A run in memory, and the end of its journal.
pub(super) struct Live {
    pub(super) seat: Seat,
    pub(super) head: Head,
}

impl Live {
    pub(super) fn new(row: &RunRow, entry: Arc<Entry>, run: Run) -> Result<Self, Error> {
        Ok(Self { seat: Seat::new(Meta::of(row)?, entry, run), head: row.head })
    }

    /// The run of a stored row and its journal, whose chain was verified.
    pub(super) fn replayed(
        catalog: &Catalog,
        row: &RunRow,
        journal: &[JournalEntry],
    ) -> Result<Self, Error> {
        let origin = &row.origin;
        let seat = replay(catalog, row, journal).map_err(|why| match why {
            Unreplayable::Scenario { slug, version } | Unreplayable::Edited { slug, version } => {
                Error::scenario_changed(&slug, version)
            }
            Unreplayable::Event(seq) => Error::corrupt_run(&origin.id, seq),
            Unreplayable::Row(why) => why,
        })?;
        let at = journal.last().map_or(origin.created_at, |line| line.at);
        let same = seat::derived(&seat.run, at) == row.derived && row.last_activity_at == at;
        if !same && !faults::seeded(Bug::NoBooksCheck) {
            return Err(Error::other_books(&origin.id));
        }
        Ok(Self { seat, head: row.head })
    }
}

/// A place for one run's state: empty until it is loaded. Its lock is the run's queue.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Live>>>;

struct Place {
    slot: Slot,
    used_at: i64,
}

/// Every run in memory.
#[derive(Default)]
pub(super) struct Lives {
    places: Mutex<HashMap<Uuid, Place>>,
}

impl Lives {
    /// The place of a run.
    pub(super) fn slot(&self, id: Uuid, now: Timestamp) -> Slot {
        let now = now.as_microsecond();
        let mut places = self.places();
        if !places.contains_key(&id) {
            make_room(&mut places);
        }
        let place =
            places.entry(id).or_insert_with(|| Place { slot: Slot::default(), used_at: now });
        place.used_at = now;
        Arc::clone(&place.slot)
    }

    /// Puts a fresh run into its place.
    pub(super) fn insert(&self, live: Live, now: Timestamp) {
        let (id, now) = (live.seat.meta.id, now.as_microsecond());
        let mut places = self.places();
        make_room(&mut places);
        let slot = Arc::new(tokio::sync::Mutex::new(Some(live)));
        places.insert(id, Place { slot, used_at: now });
    }

    /// Drops the runs that lie idle; answers how many stay.
    pub(super) fn drop_idle(&self, now: Timestamp) -> usize {
        let since = now.as_microsecond() - IDLE_MICROS_MAX;
        let mut places = self.places();
        places.retain(|_, place| in_use(place) || place.used_at >= since);
        places.len()
    }

    /// Gives up the place of a run that could not be loaded.
    pub(super) fn forget(&self, id: Uuid) {
        self.places().remove(&id);
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Uuid, Place>> {
        // A place is inserted or removed in one statement: a panic elsewhere leaves the map whole.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn in_use(place: &Place) -> bool {
    Arc::strong_count(&place.slot) > 1
}

/// Drops the longest unused runs when there are too many. A run in use stays.
fn make_room(places: &mut HashMap<Uuid, Place>) {
    if places.len() < LIVES_MAX {
        return;
    }
    let mut unused: Vec<(i64, Uuid)> =
        places.iter().filter(|(_, it)| !in_use(it)).map(|(id, it)| (it.used_at, *id)).collect();
    unused.sort_unstable();
    for (_, id) in unused.into_iter().take(LIVES_MAX / 8) {
        places.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_leave_first_and_a_run_in_use_stays() {
        let lives = Lives::default();
        let at = |seconds: usize| Timestamp::from_second(i64::try_from(seconds).unwrap()).unwrap();
        let id = |n: usize| Uuid::from_u128(n as u128);
        let in_use = lives.slot(id(0), at(0));
        for n in 1..=LIVES_MAX {
            // Close together in time, so that none of them is idle.
            drop(lives.slot(id(n), at(n / 1_000)));
        }
        let places = lives.places();
        assert!(places.len() < LIVES_MAX);
        assert!(places.contains_key(&id(0)) && Arc::strong_count(&in_use) == 2);
        assert!(!places.contains_key(&id(1)) && places.contains_key(&id(LIVES_MAX)));
    }

    #[test]
    fn an_idle_run_leaves() {
        let lives = Lives::default();
        let id = Uuid::from_u128;
        drop(lives.slot(id(1), Timestamp::UNIX_EPOCH));
        let in_use = lives.slot(id(2), Timestamp::UNIX_EPOCH);
        let later = Timestamp::from_microsecond(IDLE_MICROS_MAX + 1).unwrap();
        drop(lives.slot(id(3), later));
        assert_eq!(lives.drop_idle(later), 2);
        assert!(!lives.places().contains_key(&id(1)));
        drop(in_use);
        assert_eq!(lives.drop_idle(later), 1);
    }
}
