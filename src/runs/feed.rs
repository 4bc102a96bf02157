//! Who watches a run hears of every command, from memory: nobody asks the store again and again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;
use uuid::Uuid;

/// Watches at the same time, of all runs.
const WATCHES_MAX: usize = 256;
/// The same of one run.
const WATCHES_OF_RUN_MAX: usize = 8;

/// Everybody who watches a run.
#[derive(Default)]
pub(super) struct Feed(Mutex<Watched>);

#[derive(Default)]
struct Watched {
    /// The number of a run's last command.
    by_run: HashMap<Uuid, watch::Sender<i64>>,
    closed: bool,
}

/// One who watches a run.
#[derive(Debug)]
pub struct Watch {
    last: watch::Receiver<i64>,
}

impl Watch {
    /// The number of the last command, once there is another; nothing when the server ends.
    pub async fn next(&mut self) -> Option<i64> {
        self.last.changed().await.ok()?;
        Some(*self.last.borrow_and_update())
    }
}

impl Feed {
    /// Begins to watch a run whose last command is `seq`; nothing when there are too many.
    pub(super) fn watch(&self, run: Uuid, seq: i64) -> Option<Watch> {
        let mut watched = self.watched();
        watched.by_run.retain(|_, run| run.receiver_count() > 0);
        let all: usize = watched.by_run.values().map(watch::Sender::receiver_count).sum();
        if watched.closed || all >= WATCHES_MAX {
            return None;
        }
        let sender = watched.by_run.entry(run).or_insert_with(|| watch::Sender::new(seq));
        (sender.receiver_count() < WATCHES_OF_RUN_MAX).then(|| Watch { last: sender.subscribe() })
    }

    /// Tells everybody who watches a run that a command was appended.
    pub(super) fn tell(&self, run: Uuid, seq: i64) {
        if let Some(sender) = self.watched().by_run.get(&run) {
            sender.send_replace(seq);
        }
    }

    /// Ends every watch.
    pub(super) fn close(&self) {
        let mut watched = self.watched();
        watched.closed = true;
        watched.by_run.clear();
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        // Each change is one statement: a panic elsewhere leaves the map whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_watches_hears_the_last_command_and_the_end() {
        let feed = Feed::default();
        let (run, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut watch = feed.watch(run, 4).unwrap();
        feed.tell(other, 9);
        feed.tell(run, 5);
        feed.tell(run, 6);
        assert_eq!(watch.next().await, Some(6));
        feed.close();
        assert_eq!(watch.next().await, None);
        assert!(feed.watch(run, 6).is_none());
    }

    #[test]
    fn watches_are_bounded_and_those_that_ended_make_room() {
        let feed = Feed::default();
        let run = Uuid::from_u128;
        let mut all: Vec<Watch> =
            (0..WATCHES_OF_RUN_MAX).map(|_| feed.watch(run(0), 1).unwrap()).collect();
        assert!(feed.watch(run(0), 1).is_none(), "too many of this run");
        for n in 1.. {
            match feed.watch(run(n), 1) {
                Some(watch) => all.push(watch),
                None => break,
            }
        }
        assert_eq!(all.len(), WATCHES_MAX);
        drop(all.pop());
        assert!(feed.watch(run(7_000), 1).is_some());
        all.clear();
        drop(feed.watch(run(0), 1).unwrap());
        assert_eq!(feed.watched().by_run.len(), 1, "nobody is left behind");
    }
}
