//! Counters of the writer, for the metrics page and for tests of the group commit.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the writer did since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Units of work that were committed.
    pub units: u64,
    /// Units of work that rolled back alone, or with a batch that failed.
    pub failed: u64,
    /// Transactions that wrote something: one sync to disk each.
    pub commits: u64,
    /// Transactions that could not be committed.
    pub commits_failed: u64,
    /// The most units that shared one transaction.
    pub batch_max: u64,
    /// Times the log was written into the database file.
    pub checkpoints: u64,
    /// Checkpoints that a reader kept from finishing.
    pub checkpoints_partial: u64,
}

/// [`Stats`] while they move.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    units: AtomicU64,
    failed: AtomicU64,
    commits: AtomicU64,
    commits_failed: AtomicU64,
    batch_max: AtomicU64,
    checkpoints: AtomicU64,
    checkpoints_partial: AtomicU64,
}

impl Counters {
    pub(crate) fn batch(&self, done: usize, failed: usize, committed: bool) {
        let (done, failed) = (to_u64(done), to_u64(failed));
        if committed {
            self.units.fetch_add(done, Relaxed);
            self.failed.fetch_add(failed, Relaxed);
            self.commits.fetch_add(u64::from(done > 0), Relaxed);
            self.batch_max.fetch_max(done, Relaxed);
        } else {
            self.failed.fetch_add(done + failed, Relaxed);
            self.commits_failed.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn checkpoint(&self, complete: bool) {
        let counter = if complete { &self.checkpoints } else { &self.checkpoints_partial };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            units: self.units.load(Relaxed),
            failed: self.failed.load(Relaxed),
            commits: self.commits.load(Relaxed),
            commits_failed: self.commits_failed.load(Relaxed),
            batch_max: self.batch_max.load(Relaxed),
            checkpoints: self.checkpoints.load(Relaxed),
            checkpoints_partial: self.checkpoints_partial.load(Relaxed),
        }
    }
}

fn to_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
