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

/// Runs that stay in memory at the same time: more than a machine of this size serves, for who
/// steps one run more than fit, all in turn, finds each of them just gone.
const LIVES_MAX: usize = 32_768;
/// Bytes that their states may take together: what grows with a run is counted, bar by bar.
const LIVES_BYTES_MAX: usize = 640 << 20;
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

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        let run = &self.seat.run;
        size_of::<Self>() + size_of_val(run.samples()) + size_of_val(run.fills())
    }
}

/// A place for one run's state: empty until it is loaded. Its lock is the run's queue.
pub(super) type Slot = Arc<tokio::sync::Mutex<Option<Live>>>;

struct Place {
    slot: Slot,
    used_at: i64,
    /// What it took when it was last asked for.
    bytes: usize,
}

#[derive(Default)]
struct Places {
    by_id: HashMap<Uuid, Place>,
    /// The sum over all places.
    bytes: usize,
}

/// Every run in memory.
#[derive(Default)]
pub(super) struct Lives {
    places: Mutex<Places>,
}

impl Lives {
    /// The place of a run.
    pub(super) fn slot(&self, id: Uuid, now: Timestamp) -> Slot {
        let mut places = self.places();
        if let Some(slot) = places.find(id, now.as_microsecond()) {
            return slot;
        }
        places.insert(id, Slot::default(), now.as_microsecond())
    }

    /// Puts a fresh run into its place.
    pub(super) fn insert(&self, live: Live, now: Timestamp) {
        let id = live.seat.meta.id;
        let slot = Arc::new(tokio::sync::Mutex::new(Some(live)));
        self.places().insert(id, slot, now.as_microsecond());
    }

    /// Drops the runs that lie idle; answers how many stay.
    pub(super) fn drop_idle(&self, now: Timestamp) -> usize {
        let since = now.as_microsecond() - IDLE_MICROS_MAX;
        let mut places = self.places();
        let idle = places.unused().filter(|(used_at, _)| *used_at < since);
        let idle: Vec<Uuid> = idle.map(|(_, id)| id).collect();
        for id in idle {
            places.remove(id);
        }
        places.by_id.len()
    }

    /// Gives up the place of a run that could not be loaded.
    pub(super) fn forget(&self, id: Uuid) {
        self.places().remove(id);
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // What panics elsewhere leaves the map whole, and the sum is only an estimate.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    /// A place that is there, weighed anew if nobody is using it.
    fn find(&mut self, id: Uuid, now: i64) -> Option<Slot> {
        let place = self.by_id.get_mut(&id)?;
        place.used_at = now;
        if let Ok(state) = place.slot.try_lock() {
            let bytes = state.as_ref().map_or(0, Live::bytes);
            self.bytes = self.bytes - place.bytes + bytes;
            place.bytes = bytes;
        }
        let slot = Arc::clone(&place.slot);
        if self.bytes > LIVES_BYTES_MAX {
            self.make_room();
        }
        Some(slot)
    }

    fn insert(&mut self, id: Uuid, slot: Slot, now: i64) -> Slot {
        if self.by_id.len() >= LIVES_MAX {
            self.make_room();
        }
        self.remove(id);
        self.by_id.insert(id, Place { slot: Arc::clone(&slot), used_at: now, bytes: 0 });
        slot
    }

    fn remove(&mut self, id: Uuid) {
        self.bytes -= self.by_id.remove(&id).map_or(0, |place| place.bytes);
    }

    /// The runs that nobody is using, and since when.
    fn unused(&self) -> impl Iterator<Item = (i64, Uuid)> {
        let unused = self.by_id.iter().filter(|(_, place)| Arc::strong_count(&place.slot) == 1);
        unused.map(|(id, place)| (place.used_at, *id))
    }

    /// Drops the longest unused runs, an eighth of what is allowed. A run in use stays.
    fn make_room(&mut self) {
        let mut unused: Vec<(i64, Uuid)> = self.unused().collect();
        unused.sort_unstable();
        for (_, id) in unused {
            let few = self.by_id.len() <= LIVES_MAX - LIVES_MAX / 8;
            if few && self.bytes <= LIVES_BYTES_MAX - LIVES_BYTES_MAX / 8 {
                return;
            }
            self.remove(id);
        }
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
        assert!(places.by_id.len() < LIVES_MAX);
        assert!(places.by_id.contains_key(&id(0)) && Arc::strong_count(&in_use) == 2);
        assert!(!places.by_id.contains_key(&id(1)) && places.by_id.contains_key(&id(LIVES_MAX)));
    }

    #[test]
    fn runs_that_take_too_much_memory_leave_before_they_are_too_many() {
        let lives = Lives::default();
        let id = Uuid::from_u128;
        for n in 0..8 {
            drop(lives.slot(id(n), Timestamp::from_second(n.try_into().unwrap()).unwrap()));
            let mut places = lives.places();
            places.by_id.get_mut(&id(n)).unwrap().bytes = LIVES_BYTES_MAX / 6;
            places.bytes += LIVES_BYTES_MAX / 6;
        }
        // The one that is asked for is weighed anew, and empty.
        drop(lives.slot(id(7), Timestamp::from_second(8).unwrap()));
        let places = lives.places();
        assert!(!places.by_id.contains_key(&id(0)) && places.by_id.contains_key(&id(6)));
        assert!(places.bytes <= LIVES_BYTES_MAX);
        assert_eq!(places.bytes, places.by_id.values().map(|it| it.bytes).sum::<usize>());
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
        assert!(!lives.places().by_id.contains_key(&id(1)));
        drop(in_use);
        assert_eq!(lives.drop_idle(later), 1);
    }
}
