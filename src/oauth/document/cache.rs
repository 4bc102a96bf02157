//! What was fetched, and what failed: one entry per address, a bounded number of them.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex as Turn, MutexGuard as Held};

use super::{DocumentError, DocumentId};
use crate::oauth::client::ClientMetadata;

/// Documents that are remembered, with those that are being fetched.
pub const DOCUMENTS_MAX: usize = 256;
/// Seconds for which a failure is told again before the next attempt.
pub const FAILURE_PAUSE: i64 = 30;
/// Seconds from its fetching for which a document serves while its server does not answer, so that
/// a client's outage is not ours.
pub const OUTAGE_MAX: i64 = 2 * 24 * 60 * 60;

/// What is known of an address.
#[derive(Debug)]
pub(super) struct Kept {
    /// The client, or why there is none.
    pub(super) outcome: Result<Arc<ClientMetadata>, DocumentError>,
    /// When this has to be found out again.
    pub(super) until: Timestamp,
    /// When the document was fetched.
    fetched: Timestamp,
}

impl Kept {
    /// What is known after another attempt, with a document's lifetime in seconds.
    pub(super) fn next(
        before: Option<Self>,
        outcome: Result<(ClientMetadata, i64), DocumentError>,
        now: Timestamp,
    ) -> Self {
        let failure = match outcome {
            Ok((client, lifetime)) => {
                let until = after(now, lifetime);
                return Self { outcome: Ok(Arc::new(client)), until, fetched: now };
            }
            Err(failure) => failure,
        };
        let until = after(now, FAILURE_PAUSE);
        let serves = |it: &Self| it.outcome.is_ok() && after(it.fetched, OUTAGE_MAX) > now;
        match before.filter(|it| failure.is_passing() && serves(it)) {
            Some(before) => Self { until, ..before },
            None => Self { outcome: Err(failure), until, fetched: now },
        }
    }
}

fn after(start: Timestamp, seconds: i64) -> Timestamp {
    start.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// An address that was asked for.
#[derive(Default)]
pub(super) struct Entry {
    used: AtomicI64,
    kept: Turn<Option<Kept>>,
}

impl Entry {
    /// What is known, once nobody else is finding out.
    pub(super) async fn kept(&self) -> Held<'_, Option<Kept>> {
        self.kept.lock().await
    }

    /// Who leaves first: failures, then what was not asked for longest.
    fn worth(&self) -> (bool, i64) {
        let serves =
            |kept: Held<'_, Option<Kept>>| kept.as_ref().is_some_and(|it| it.outcome.is_ok());
        (self.kept.try_lock().is_ok_and(serves), self.used.load(Ordering::Relaxed))
    }
}

/// The entries by address.
#[derive(Default)]
pub(super) struct Cache {
    entries: Mutex<HashMap<DocumentId, Arc<Entry>>>,
}

impl Cache {
    /// The entry of an address. It stays while somebody holds it; when all are held, there is no
    /// room.
    pub(super) fn entry(
        &self,
        id: &DocumentId,
        now: Timestamp,
    ) -> Result<Arc<Entry>, DocumentError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if !entries.contains_key(id) && entries.len() >= DOCUMENTS_MAX {
            let idle = entries.iter().filter(|(_, entry)| Arc::strong_count(entry) == 1);
            let least = idle.min_by_key(|(_, entry)| entry.worth()).map(|(id, _)| id.clone());
            entries.remove(&least.ok_or(DocumentError::Busy)?);
        }
        let entry = entries.entry(id.clone()).or_default();
        entry.used.store(now.as_microsecond(), Ordering::Relaxed);
        Ok(entry.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn id(number: usize) -> DocumentId {
        DocumentId::parse(&format!("https://client.example/{number}")).unwrap()
    }

    fn client() -> ClientMetadata {
        ClientMetadata::read(br#"{"redirect_uris":["http://localhost/"]}"#).unwrap()
    }

    #[test]
    fn a_document_outlives_an_outage_but_not_its_removal() {
        let fetched = || Some(Kept::next(None, Ok((client(), 600)), at(0)));
        assert_eq!(fetched().unwrap().until, at(600));
        let out = Kept::next(fetched(), Err(DocumentError::Status(503)), at(600));
        assert_eq!((out.outcome.is_ok(), out.until), (true, at(600 + FAILURE_PAUSE)));
        let out = Kept::next(Some(out), Err(DocumentError::TooSlow), at(OUTAGE_MAX));
        assert_eq!(out.outcome, Err(DocumentError::TooSlow));
        for gone in [DocumentError::Status(404), DocumentError::NotPublic, DocumentError::Secret] {
            let kept = Kept::next(fetched(), Err(gone.clone()), at(600));
            assert_eq!((kept.outcome, kept.until), (Err(gone), at(600 + FAILURE_PAUSE)));
        }
        let back = Kept::next(Some(out), Ok((client(), 600)), at(OUTAGE_MAX + 60));
        assert_eq!((back.outcome.is_ok(), back.until), (true, at(OUTAGE_MAX + 660)));
    }

    #[tokio::test]
    async fn failures_make_room_first_then_the_longest_unused() {
        let cache = Cache::default();
        let keep = async |number: usize, outcome| {
            let second = i64::try_from(number).unwrap();
            let entry = cache.entry(&id(number), at(second)).unwrap();
            *entry.kept().await = Some(Kept::next(None, outcome, at(second)));
        };
        let has = |number| cache.entries.lock().unwrap().contains_key(&id(number));
        for number in 0..DOCUMENTS_MAX - 1 {
            keep(number, Ok((client(), 600))).await;
        }
        keep(900, Err(DocumentError::TooLarge)).await;
        keep(901, Ok((client(), 600))).await;
        assert!(!has(900) && has(0) && has(901));
        cache.entry(&id(0), at(1_000)).unwrap();
        keep(902, Ok((client(), 600))).await;
        assert!(has(0) && !has(1) && has(902));
        assert_eq!(cache.entries.lock().unwrap().len(), DOCUMENTS_MAX);
    }

    #[test]
    fn what_is_being_fetched_keeps_its_place() {
        let cache = Cache::default();
        let held: Vec<_> =
            (0..DOCUMENTS_MAX).map(|it| cache.entry(&id(it), at(0)).unwrap()).collect();
        assert_eq!(cache.entry(&id(900), at(0)).err(), Some(DocumentError::Busy));
        assert!(Arc::ptr_eq(&cache.entry(&id(5), at(0)).unwrap(), &held[5]));
        drop(held);
        assert!(cache.entry(&id(900), at(0)).is_ok());
    }
}
