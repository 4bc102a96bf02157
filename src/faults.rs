//! Test builds only (`--features faults`): points where the process dies, and seeded bugs.
//!
//! Every promise of the journal has a test in `tests/faults`, and a test that never failed proves
//! nothing: each has a bug here that it must catch. Without the feature both functions are
//! constants and leave no trace in the program.
//!
//! - `BOTTRADE_FAIL=after_commit:3` ends the process the third time it passes that point.
//! - `BOTTRADE_BUG=sync_normal` makes the program wrong in that way; several are given as `a,b`.

/// A place between two system calls where a crash must do no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// The units of a batch ran, none is on the disk.
    BeforeCommit,
    /// The batch is on the disk, nobody knows.
    AfterCommit,
    /// The run knows, its caller does not.
    BeforeAnswer,
}

/// A way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// The answer kept for retries is written in a transaction of its own.
    SplitIdempotency,
    /// Callers are answered before the COMMIT.
    ReplyBeforeCommit,
    /// `synchronous=NORMAL`.
    SyncNormal,
    /// A failed COMMIT is answered as done.
    IgnoreFailedCommit,
    /// The writer goes on after a failed sync.
    GoOnAfterFailedSync,
    /// The chain of a journal is not looked at.
    NoChainCheck,
    /// What a journal replays to is not compared with what was kept.
    NoBooksCheck,
    /// Seals of rows are not looked at.
    NoSealCheck,
    /// A replay forgets what clients call their orders.
    ForgetOrderNames,
    /// Each statement of a schema step commits alone.
    MigrateInPieces,
}

/// Ends the process here, if a test asked for it.
#[cfg(not(feature = "faults"))]
pub(crate) const fn point(_: Point) {}

/// Whether the program shall be wrong in this way.
#[cfg(not(feature = "faults"))]
pub(crate) const fn seeded(_: Bug) -> bool {
    false
}

#[cfg(feature = "faults")]
pub(crate) use armed::{point, seeded};

#[cfg(feature = "faults")]
mod armed {
    use super::{Bug, Point};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::time::Duration;

    static BUG: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("BOTTRADE_BUG").ok());
    static FAIL: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let asked = std::env::var("BOTTRADE_FAIL").ok()?;
        let (name, time) = asked.split_once(':')?;
        Some((name.to_owned(), time.parse().ok()?))
    });
    static PASSED: AtomicU64 = AtomicU64::new(0);

    pub(crate) fn point(here: Point) {
        let Some((name, time)) = FAIL.as_ref() else { return };
        if *name == snake(&format!("{here:?}")) && PASSED.fetch_add(1, Relaxed) + 1 == *time {
            // What was said before gets out.
            std::thread::sleep(Duration::from_millis(50));
            std::process::abort();
        }
    }

    pub(crate) fn seeded(bug: Bug) -> bool {
        let Some(names) = BUG.as_ref() else { return false };
        let bug = snake(&format!("{bug:?}"));
        names.split(',').any(|name| name == bug)
    }

    /// `AfterCommit` as `after_commit`.
    fn snake(name: &str) -> String {
        let mut words = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !words.is_empty() {
                words.push('_');
            }
            words.push(letter.to_ascii_lowercase());
        }
        words
    }
}
