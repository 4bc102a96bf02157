//! The durable store: what must survive a crash, in rows and units of work.
//!
//! - [`Store`] runs closures: [`Store::write`] for a unit of work that is all or nothing and on the
//!   disk when it answers, [`Store::read`] for a read of one snapshot.
//! - The nouns, one file each, are typed rows and functions over [`Tx`]: [`accounts`] with
//!   [`identities`], [`keys`], [`sessions`], [`clients`], [`grants`], [`tickets`] and their
//!   [`audit`]; [`scenarios`], [`runs`], [`journal`] with its [`chain`], [`idempotency`],
//!   [`scores`], [`links`]; [`paper`] accounts, the [`feed`] they trade and [`usage`] of the bot
//!   API; [`billing`]; and [`erasure`] of an account.
//! - The engine is SQLite, behind the two methods of [`Tx`]; the SQL of the nouns is written so
//!   that Postgres runs it too.
//!
//! No clock here: every time is passed in, in microseconds since 1970.
//!
//! Who may see a row: every statement on a tenant's table names `account_id`, or says in a leading
//! comment why it does not (`/* public */`, `/* by run */` and `/* by paper account */` after the
//! owner was checked, `/* by hash */` for a presented secret, `/* by identity */` at a sign-in,
//! `/* by stripe */` for what Stripe names,
//! `/* by grant */`, `/* upkeep */`). A test reads the sources for it.

pub mod accounts;
pub mod audit;
pub mod backup;
pub mod billing;
pub mod chain;
pub mod check;
pub mod clients;
pub mod erasure;
mod error;
pub mod feed;
pub mod grants;
pub mod idempotency;
pub mod identities;
pub mod journal;
pub mod keys;
pub mod links;
mod migrations;
mod panics;
pub mod paper;
pub mod runs;
pub mod scenarios;
pub mod scores;
mod seal;
pub mod sessions;
mod sqlite;
mod stats;
pub mod tickets;
mod tx;
pub mod usage;

#[cfg(test)]
mod tests;

pub use error::StoreError;
pub use stats::Stats;
pub use tx::{Digest, Row, Tx, Val};

use migrations::MIGRATIONS;
use sqlite::open::{self, Settings};
use sqlite::readers::Readers;
use sqlite::scratch::Scratch;
use sqlite::writer::{Unit, Writer, stopped};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tokio::sync::oneshot;

/// Connections that read at the same time.
const READERS: usize = 4;
/// Reads that may wait for a connection; further ones are refused.
const READS_WAITING_MAX: usize = 1024;
/// How long a write waits for another process that writes.
const BUSY_MAX: Duration = Duration::from_secs(5);

/// The store. Clones share it; it closes with the last one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    readers: Arc<Readers>,
    writer: Writer,
    _scratch: Option<Scratch>,
}

impl Store {
    /// Opens the database file at `path`, making it and bringing its schema up to date.
    ///
    /// Several processes may have one file open; a write waits for another's up to five seconds.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path.as_ref(), Settings { busy: BUSY_MAX, durable: true }, None)
    }

    /// A store of its own that is gone with its last clone: real SQLite on a temporary file,
    /// without the syncs.
    pub fn in_memory() -> Result<Self, StoreError> {
        let scratch = Scratch::new()?;
        let path = scratch.folder().join("bottrade.db");
        Self::open_with(&path, Settings { busy: BUSY_MAX, durable: false }, Some(scratch))
    }

    fn open_with(
        path: &Path,
        settings: Settings,
        scratch: Option<Scratch>,
    ) -> Result<Self, StoreError> {
        // An absolute path survives a change of folder and is never read as a URI.
        let path = &std::path::absolute(path)
            .map_err(|e| StoreError::Unavailable(format!("{}: {e}", path.display())))?;
        let writer = Writer::start(open::writer(path, settings, MIGRATIONS)?)?;
        let connections: Result<Vec<_>, _> =
            (0..READERS).map(|_| open::reader(path, settings)).collect();
        let readers = Arc::new(Readers::new(connections?, READS_WAITING_MAX));
        Ok(Self { inner: Arc::new(Inner { readers, writer, _scratch: scratch }) })
    }

    /// Runs a unit of work: all of it or nothing, on the disk when this answers `Ok`.
    ///
    /// Units run one at a time and share a COMMIT with others that are waiting, so a unit is short
    /// and does no work that could be done before it. It is `Fn` because an engine may have to run
    /// it again. Dropping the future does not stop a unit that is queued.
    pub async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        // A caller that went away does not need its answer.
        let reply = move |outcome| drop(sender.send(outcome));
        self.inner.writer.try_submit(Box::new(Unit { work, done: None, reply }))?;
        answer.await.map_err(|_| stopped())?
    }

    /// [`Store::write`] for a caller that is not async (the command line).
    pub fn write_blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let (sender, answer) = sync_channel(1);
        let reply = move |outcome| drop(sender.send(outcome));
        self.inner.writer.submit(Box::new(Unit { work, done: None, reply }))?;
        answer.recv().map_err(|_| stopped())?
    }

    /// Runs a read in one snapshot of what is committed, on a blocking thread.
    pub async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Tx) -> Result<T, StoreError> + Send + 'static,
    {
        let readers = Arc::clone(&self.inner.readers);
        let permit = readers.admit().await?;
        let read = move || {
            let answer = readers.run(work);
            drop(permit);
            answer
        };
        tokio::task::spawn_blocking(read).await.map_err(|e| StoreError::internal(e.to_string()))?
    }

    /// [`Store::read`] on this thread.
    pub fn read_blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        F: FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
    {
        self.inner.readers.run(work)
    }

    /// What the writer did since the store was opened.
    pub fn stats(&self) -> Stats {
        self.inner.writer.counters().stats()
    }

    /// Why the store refuses every write, once it does (after a failed sync to disk).
    pub fn failure(&self) -> Option<String> {
        self.inner.writer.failure().borrow().clone()
    }

    /// Waits until the store refuses every write, and says why. The process should then stop: what
    /// the disk really holds is known after a restart.
    pub async fn failed(&self) -> String {
        let mut failure = self.inner.writer.failure();
        match failure.wait_for(Option::is_some).await.map(|why| why.clone()) {
            Ok(Some(why)) => why,
            // The store was closed in order, so this never happens.
            _ => std::future::pending().await,
        }
    }

    /// Takes no further work, finishes what is queued, writes the log into the database file and
    /// closes it. Dropping the last clone does the same, on the thread that drops it.
    pub async fn close(&self) {
        let store = self.clone();
        if tokio::task::spawn_blocking(move || store.close_blocking()).await.is_err() {
            tracing::error!("closing the store panicked");
        }
    }

    /// [`Store::close`] for a caller that is not async.
    pub fn close_blocking(&self) {
        self.inner.readers.close();
        self.inner.writer.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.readers.close();
        self.writer.close();
    }
}
