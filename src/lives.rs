//! States that replay rebuilds, in memory as long as they are in use or lately were.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use uuid::Uuid;

/// States of one kind that stay in memory at the same time: more than a machine of this size
/// serves, for who touches one more than fit, all in turn, finds each of them just gone.
const LIVES_MAX: usize = 32_768;
/// Bytes that they may take together: what grows with a state is counted.
const LIVES_BYTES_MAX: usize = 640 << 20;
/// How long one stays in memory after its last call.
const IDLE_MICROS_MAX: i64 = 15 * 60 * 1_000_000;

/// What is held, and how much of it.
pub(crate) trait Weighed {
    /// About how many bytes it takes.
    fn bytes(&self) -> usize;
}

/// A place for one state: empty until it is loaded. Its lock is the queue of those who want it.
pub(crate) type Slot<T> = Arc<tokio::sync::Mutex<Option<T>>>;

struct Place<T> {
    slot: Slot<T>,
    used_at: i64,
    /// What it took when it was last asked for.
    bytes: usize,
}

struct Places<T> {
    by_id: HashMap<Uuid, Place<T>>,
    /// The sum over all places.
    bytes: usize,
}

/// Every state of one kind that is in memory.
pub(crate) struct Lives<T> {
    places: Mutex<Places<T>>,
}

impl<T> Default for Lives<T> {
    fn default() -> Self {
        Self { places: Mutex::new(Places { by_id: HashMap::new(), bytes: 0 }) }
    }
}

impl<T: Weighed> Lives<T> {
    /// The place of a state.
    pub(crate) fn slot(&self, id: Uuid, now: Timestamp) -> Slot<T> {
        let mut places = self.places();
        if let Some(slot) = places.find(id, now.as_microsecond()) {
            return slot;
        }
        places.insert(id, Slot::default(), now.as_microsecond())
    }

    /// Puts a fresh state into its place.
    pub(crate) fn insert(&self, id: Uuid, live: T, now: Timestamp) {
        let slot = Arc::new(tokio::sync::Mutex::new(Some(live)));
        self.places().insert(id, slot, now.as_microsecond());
    }

    /// Drops the states that lie idle; answers how many stay.
    pub(crate) fn drop_idle(&self, now: Timestamp) -> usize {
        let since = now.as_microsecond() - IDLE_MICROS_MAX;
        let mut places = self.places();
        let idle = places.unused().filter(|(used_at, _)| *used_at < since);
        let idle: Vec<Uuid> = idle.map(|(_, id)| id).collect();
        for id in idle {
            places.remove(id);
        }
        places.by_id.len()
    }

    /// Gives up the place of a state that could not be loaded.
    pub(crate) fn forget(&self, id: Uuid) {
        self.places().remove(id);
    }

    fn places(&self) -> MutexGuard<'_, Places<T>> {
        // What panics elsewhere leaves the map whole, and the sum is only an estimate.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Weighed> Places<T> {
    /// A place that is there, weighed anew if nobody is using it.
    fn find(&mut self, id: Uuid, now: i64) -> Option<Slot<T>> {
        let place = self.by_id.get_mut(&id)?;
        place.used_at = now;
        if let Ok(state) = place.slot.try_lock() {
            let bytes = state.as_ref().map_or(0, Weighed::bytes);
            self.bytes = self.bytes - place.bytes + bytes;
            place.bytes = bytes;
        }
        let slot = Arc::clone(&place.slot);
        if self.bytes > LIVES_BYTES_MAX {
            self.make_room();
        }
        Some(slot)
    }

    fn insert(&mut self, id: Uuid, slot: Slot<T>, now: i64) -> Slot<T> {
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

    /// The states that nobody is using, and since when.
    fn unused(&self) -> impl Iterator<Item = (i64, Uuid)> {
        let unused = self.by_id.iter().filter(|(_, place)| Arc::strong_count(&place.slot) == 1);
        unused.map(|(id, place)| (place.used_at, *id))
    }

    /// Drops the longest unused states, an eighth of what is allowed. One in use stays.
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

    impl Weighed for () {
        fn bytes(&self) -> usize {
            0
        }
    }

    #[test]
    fn the_longest_unused_leave_first_and_one_in_use_stays() {
        let lives = Lives::<()>::default();
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
    fn those_that_take_too_much_memory_leave_before_they_are_too_many() {
        let lives = Lives::<()>::default();
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
    fn an_idle_one_leaves() {
        let lives = Lives::<()>::default();
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
