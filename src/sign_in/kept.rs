//! A document of a provider that is fetched at need and kept for a while.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::error::SignInError;
use crate::clock::Clock;

/// Seconds for which a document is believed: so much longer does a key count that its provider
/// withdrew.
const KEPT_FOR: i64 = 3600;
/// Seconds before a document is fetched again because something is missing in it: tokens with
/// made-up keys must not make us a hammer.
const RENEWED_AFTER: i64 = 30;
/// Seconds for which a failure is answered without asking: people who wait for a provider that
/// is silent wait once, not one after the other.
const FAILED_FOR: i64 = 5;

/// The last attempt, and when it ended.
type Attempt<T> = (Timestamp, Result<Arc<T>, SignInError>);

/// A document, fetched by one caller at a time while the others wait for it.
pub(super) struct Kept<T> {
    last: Mutex<Option<Attempt<T>>>,
}

impl<T> Kept<T> {
    pub(super) fn new() -> Self {
        Self { last: Mutex::new(None) }
    }

    /// The document, fetched when there is none or only an old one.
    pub(super) async fn get(
        &self,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<T, SignInError>>,
    ) -> Result<Arc<T>, SignInError> {
        self.younger_than(KEPT_FOR, clock, fetch).await
    }

    /// The same when something is missing in the one that [`Kept::get`] gave.
    pub(super) async fn renewed(
        &self,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<T, SignInError>>,
    ) -> Result<Arc<T>, SignInError> {
        self.younger_than(RENEWED_AFTER, clock, fetch).await
    }

    async fn younger_than(
        &self,
        seconds: i64,
        clock: &dyn Clock,
        fetch: impl Future<Output = Result<T, SignInError>>,
    ) -> Result<Arc<T>, SignInError> {
        let mut last = self.last.lock().await;
        if let Some((at, outcome)) = &*last {
            let good_for = if outcome.is_ok() { seconds } else { FAILED_FOR };
            // A clock that went back makes nothing younger.
            if (0..good_for).contains(&(clock.now().as_second() - at.as_second())) {
                return outcome.clone();
            }
        }
        let outcome = fetch.await.map(Arc::new);
        *last = Some((clock.now(), outcome.clone()));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TestClock;

    #[tokio::test]
    async fn a_document_is_fetched_when_it_is_missing_old_or_wanting() {
        let clock = TestClock::at("2030-01-01T00:00:00Z".parse().unwrap());
        let kept = Kept::new();
        let get = async |number: i32| *kept.get(&*clock, async { Ok(number) }).await.unwrap();
        let renewed =
            async |number: i32| *kept.renewed(&*clock, async { Ok(number) }).await.unwrap();
        assert_eq!((get(1).await, get(2).await, renewed(3).await), (1, 1, 1));
        clock.advance(RENEWED_AFTER);
        assert_eq!((get(4).await, renewed(5).await, renewed(6).await), (1, 5, 5));
        clock.advance(KEPT_FOR);
        assert_eq!(get(7).await, 7);
        clock.advance(-1);
        assert_eq!(get(8).await, 8);
    }

    #[tokio::test]
    async fn a_failure_is_repeated_for_a_moment_only() {
        let clock = TestClock::at("2030-01-01T00:00:00Z".parse().unwrap());
        let kept = Kept::new();
        let failed = Err(SignInError::NoCode);
        assert_eq!(kept.get(&*clock, async { failed.clone() }).await, failed.map(Arc::new));
        assert!(kept.get(&*clock, async { Ok(1) }).await.is_err());
        clock.advance(FAILED_FOR);
        assert_eq!(kept.get(&*clock, async { Ok(2) }).await, Ok(Arc::new(2)));
    }
}
