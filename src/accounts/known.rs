//! Keys that were looked up a moment ago, so that a busy one costs no read of the store per call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{caller::Account, store::Digest};

/// How long a key is known before the store is asked again, in microseconds: so much longer does
/// a key open that another process revoked.
const KNOWN_FOR: i64 = 1_000_000;
/// Keys known at the same time.
const KEYS_MAX: usize = 10_000;

/// The holders of good keys, by the keys' hashes.
#[derive(Default)]
pub(super) struct Known {
    holders: Mutex<Holders>,
}

#[derive(Default)]
struct Holders {
    by_hash: HashMap<Digest, (Arc<Account>, i64)>,
    /// How often everything was forgotten.
    age: u64,
}

/// What was known before the store was asked: an answer of the store that is older than a
/// revocation is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Before(u64);

impl Known {
    /// The holder of a key that was looked up less than a second ago.
    pub(super) fn find(&self, hash: &Digest, now: i64) -> Result<Arc<Account>, Before> {
        let holders = self.holders();
        match holders.by_hash.get(hash) {
            // A clock that went back makes nothing younger.
            Some((holder, at)) if (*at..*at + KNOWN_FOR).contains(&now) => Ok(Arc::clone(holder)),
            _ => Err(Before(holders.age)),
        }
    }

    /// Keeps what the store said, unless a key was revoked since it was asked.
    pub(super) fn keep(&self, before: Before, hash: Digest, holder: &Arc<Account>, now: i64) {
        let mut holders = self.holders();
        if before != Before(holders.age) {
            return;
        }
        if holders.by_hash.len() >= KEYS_MAX {
            holders.by_hash.clear();
        }
        holders.by_hash.insert(hash, (Arc::clone(holder), now));
    }

    /// Forgets every key: one was revoked.
    pub(super) fn forget(&self) {
        let mut holders = self.holders();
        holders.age += 1;
        holders.by_hash.clear();
    }

    fn holders(&self) -> MutexGuard<'_, Holders> {
        // Each change is one statement: a panic elsewhere leaves the map whole.
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{caller::Credential, keys::Family, plan::Plan};

    const NOW: i64 = 5_000_000;

    fn holder() -> Arc<Account> {
        let text = || "x".to_owned();
        let (id, name, family) = (text(), text(), Family::Benchmark);
        let credential = Credential::Key { id, name, family };
        Arc::new(Account { id: text(), name: text(), plan: Plan::Free, credential })
    }

    #[test]
    fn a_key_is_known_for_a_second_and_never_by_a_clock_that_went_back() {
        let (known, hash) = (Known::default(), [1; 32]);
        let before = known.find(&hash, NOW).unwrap_err();
        known.keep(before, hash, &holder(), NOW);
        assert!(known.find(&hash, NOW).is_ok());
        assert!(known.find(&hash, NOW + KNOWN_FOR - 1).is_ok());
        assert!(known.find(&hash, NOW + KNOWN_FOR).is_err());
        assert!(known.find(&hash, NOW - 1).is_err());
        assert!(known.find(&[2; 32], NOW).is_err());
    }

    #[test]
    fn what_the_store_said_before_a_revocation_is_not_kept() {
        let (known, hash) = (Known::default(), [1; 32]);
        let before = known.find(&hash, NOW).unwrap_err();
        known.forget();
        known.keep(before, hash, &holder(), NOW);
        assert!(known.find(&hash, NOW).is_err());
    }

    #[test]
    fn the_keys_are_bounded() {
        let known = Known::default();
        let (before, holder) = (Before(0), holder());
        for number in 0..=KEYS_MAX {
            let mut hash = [0; 32];
            hash[..8].copy_from_slice(&number.to_be_bytes());
            known.keep(before, hash, &holder, NOW);
        }
        assert_eq!(known.holders().by_hash.len(), 1);
    }
}
