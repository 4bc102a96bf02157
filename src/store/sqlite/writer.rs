//! The one thread that writes, and its group commit.
//!
//! Callers put units of work into a bounded queue. The thread takes what is queued, runs each unit
//! inside its own savepoint of one transaction, commits once, and only then answers all of them:
//!
//! ```text
//! queue ──▶ BEGIN IMMEDIATE ─▶ SAVEPOINT, unit, RELEASE (or ROLLBACK TO) ─▶ … ─▶ COMMIT ─▶ answers
//! ```
//!
//! - Writers that come back as one crowd share one COMMIT: the thread waits a moment for as many as
//!   came lately. A crowd that is late once is not forgotten at once: what is waited for shrinks by
//!   a quarter a batch. A lone writer never waits, but for a few moments after a crowd has gone.
//! - A unit that fails rolls back alone. Its error too is answered after the COMMIT: it may rest on
//!   what an earlier unit of the batch wrote.
//! - When the COMMIT fails every caller of the batch gets that error.
//! - After a failed fsync the thread refuses everything (see [`super::is_failed_sync`]); the
//!   process is expected to stop and start again.

use super::open::checkpoint;
use super::tx::SqliteTx;
use super::{fault, is_failed_sync};
use crate::faults::{self, Bug, Point};
use crate::store::error::StoreError;
use crate::store::panics;
use crate::store::stats::Counters;
use crate::store::tx::Tx;
use rusqlite::Connection;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;
use tokio::sync::watch;

/// Units of work that may wait for the writer; further ones are refused.
pub(crate) const QUEUE_MAX: usize = 1024;
/// Units of work that share one COMMIT at most.
pub(crate) const BATCH_MAX: usize = 256;
/// How long a batch waits for the next unit of a crowd.
const CROWD_GAP_MAX: Duration = Duration::from_millis(4);
/// How often a batch waits so; a few milliseconds in all where there is a crowd.
const CROWD_WAITS_MAX: usize = 32;
/// The log goes into the database file after this many committed units.
const CHECKPOINT_UNITS: u64 = 256;

/// A unit of work and the way to its caller.
pub(crate) trait Job: Send {
    /// Does the work inside a savepoint.
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError>;
    /// Tells the caller how it ended, after the COMMIT.
    fn finish(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// A closure as a [`Job`].
pub(crate) struct Unit<F, T, R> {
    pub(crate) work: F,
    pub(crate) done: Option<T>,
    pub(crate) reply: R,
}

impl<F, T, R> Job for Unit<F, T, R>
where
    F: Fn(&mut dyn Tx) -> Result<T, StoreError> + Send,
    T: Send,
    R: FnOnce(Result<T, StoreError>) + Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        self.done = Some((self.work)(tx)?);
        Ok(())
    }

    fn finish(self: Box<Self>, outcome: Result<(), StoreError>) {
        let unit = *self;
        let done = unit.done.ok_or_else(|| StoreError::internal("a unit without a result"));
        (unit.reply)(outcome.and(done));
    }
}

/// The way to the thread.
pub(crate) struct Writer {
    queue: Mutex<Option<SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    id: ThreadId,
    failure: watch::Receiver<Option<String>>,
    counters: Arc<Counters>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(crate) fn start(conn: Connection) -> Result<Self, StoreError> {
        let (sender, queue) = sync_channel(QUEUE_MAX);
        let (failed, failure) = watch::channel(None);
        let counters = Arc::new(Counters::default());
        let work = Work { conn, failed, counters: Arc::clone(&counters), unsaved: 0, crowd: 1 };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work.run(&queue))
            .map_err(|e| StoreError::Unavailable(format!("cannot start the writer: {e}")))?;
        let id = thread.thread().id();
        let (queue, thread) = (Mutex::new(Some(sender)), Mutex::new(Some(thread)));
        Ok(Self { queue, thread, id, failure, counters })
    }

    /// Queues a unit of work, or refuses when too many wait.
    pub(crate) fn try_submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        self.sender()?.try_send(job).map_err(|e| match e {
            TrySendError::Full(_) => StoreError::unavailable("too many writes are waiting"),
            TrySendError::Disconnected(_) => stopped(),
        })
    }

    /// Queues a unit of work, waiting for a place.
    pub(crate) fn submit(&self, job: Box<dyn Job>) -> Result<(), StoreError> {
        if thread::current().id() == self.id {
            return Err(StoreError::internal("a unit of work waits for another one"));
        }
        self.sender()?.send(job).map_err(|_| stopped())
    }

    fn sender(&self) -> Result<SyncSender<Box<dyn Job>>, StoreError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.clone().ok_or_else(|| StoreError::unavailable("the store is closed"))
    }

    /// Takes no further work and waits until what is queued is done and checkpointed.
    pub(crate) fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|_| thread::current().id() != self.id)
            && thread.join().is_err()
        {
            tracing::error!("the writer thread panicked");
        }
    }

    /// Why the thread refuses all work, once it does.
    pub(crate) fn failure(&self) -> watch::Receiver<Option<String>> {
        self.failure.clone()
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }
}

/// The answer when the thread is gone.
pub(crate) fn stopped() -> StoreError {
    StoreError::unavailable("the writer has stopped")
}

/// What the thread owns.
struct Work {
    conn: Connection,
    failed: watch::Sender<Option<String>>,
    counters: Arc<Counters>,
    /// Units committed since the last checkpoint.
    unsaved: u64,
    /// Units that the next batch may count on: those whose writers are answered now and come back,
    /// and those that came meanwhile; or nearly as many as the last one counted on.
    crowd: usize,
}

impl Work {
    fn run(mut self, queue: &Receiver<Box<dyn Job>>) {
        let mut waiting = VecDeque::new();
        while let Ok(first) = queue.recv() {
            waiting.push_back(first);
            waiting.extend(queue.try_iter().take(BATCH_MAX - 1));
            while !waiting.is_empty() {
                self.batch(&mut waiting, queue);
            }
            if self.unsaved >= CHECKPOINT_UNITS {
                self.checkpoint(false);
            }
        }
        self.checkpoint(true);
    }

    /// One transaction: the units in `waiting`, and those that arrive while they run.
    fn batch(&mut self, waiting: &mut VecDeque<Box<dyn Job>>, queue: &Receiver<Box<dyn Job>>) {
        if let Err(error) = self.begin() {
            waiting.drain(..).for_each(|job| job.finish(Err(error.clone())));
            return;
        }
        let mut ran: Vec<(Box<dyn Job>, Result<(), StoreError>)> = Vec::new();
        let mut lost = None;
        let mut waits = 0;
        while lost.is_none() && ran.len() < BATCH_MAX {
            let mut next = waiting.pop_front().or_else(|| queue.try_recv().ok());
            if next.is_none() && ran.len() < self.crowd && waits < CROWD_WAITS_MAX {
                waits += 1;
                next = queue.recv_timeout(CROWD_GAP_MAX).ok();
            }
            let Some(mut job) = next else { break };
            let result = self.unit(job.as_mut());
            if self.conn.is_autocommit() {
                let why = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
                lost = Some(StoreError::Unavailable(format!("the transaction was lost: {why}")));
            }
            ran.push((job, result));
        }
        let done = ran.iter().filter(|(_, result)| result.is_ok()).count();
        let failed = ran.len() - done;
        if faults::seeded(Bug::ReplyBeforeCommit) && lost.is_none() {
            ran.drain(..).for_each(|(job, result)| job.finish(result));
        }
        faults::point(Point::BeforeCommit);
        let outcome = lost.map_or_else(|| self.commit(), Err);
        faults::point(Point::AfterCommit);
        self.counters.batch(done, failed, outcome.is_ok());
        self.unsaved += u64::try_from(done).unwrap_or(0);
        waiting.extend(queue.try_iter().take(BATCH_MAX.saturating_sub(waiting.len())));
        self.crowd = (ran.len() + waiting.len()).max(self.crowd * 3 / 4);
        for (job, result) in ran {
            job.finish(outcome.clone().and(result));
        }
    }

    fn begin(&self) -> Result<(), StoreError> {
        if let Some(why) = self.failed.borrow().as_ref() {
            return Err(StoreError::Unavailable(format!("{why}; restart the server")));
        }
        self.control("BEGIN IMMEDIATE").map_err(|e| fault(&e))
    }

    /// Runs one unit in its savepoint. On an error SQLite itself may have ended the transaction;
    /// the caller looks.
    fn unit(&self, job: &mut dyn Job) -> Result<(), StoreError> {
        self.control("SAVEPOINT unit").map_err(|e| fault(&e))?;
        let mut tx = SqliteTx::new(&self.conn);
        let result = panics::caught(|| job.run(&mut tx));
        if tx.sync_failed {
            self.fail("a sync to disk failed in a unit of work");
        }
        if self.conn.is_autocommit() {
            return result.and(Err(StoreError::internal("a unit ended the transaction")));
        }
        let ended = match &result {
            Ok(()) => self.control("RELEASE unit"),
            Err(_) => self.control("ROLLBACK TO unit").and_then(|()| self.control("RELEASE unit")),
        };
        if let Err(e) = ended {
            self.rollback();
            return Err(fault(&e));
        }
        result
    }

    fn commit(&self) -> Result<(), StoreError> {
        let Err(e) = self.control("COMMIT") else { return Ok(()) };
        if faults::seeded(Bug::IgnoreFailedCommit) {
            self.rollback();
            return Ok(());
        }
        if is_failed_sync(&e) {
            self.fail("the log could not be synced to disk");
        }
        self.rollback();
        Err(match fault(&e) {
            StoreError::Unavailable(why) => {
                StoreError::Unavailable(format!("the commit failed: {why}"))
            }
            other => StoreError::Internal(format!("the commit failed: {other}")),
        })
    }

    fn rollback(&self) {
        if self.conn.is_autocommit() {
            return;
        }
        if let Err(e) = self.control("ROLLBACK") {
            self.fail(&format!("a transaction can not be ended: {e}"));
        }
    }

    fn checkpoint(&mut self, last: bool) {
        if self.failed.borrow().is_some() {
            return;
        }
        match checkpoint(&self.conn, last) {
            Ok(complete) => self.counters.checkpoint(complete),
            Err((_, true)) => self.fail("the database could not be synced to disk"),
            Err((error, false)) => {
                tracing::warn!(%error, "a checkpoint failed, the next one retries");
            }
        }
        self.unsaved = 0;
    }

    fn control(&self, sql: &'static str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.raw_execute().map(|_| ())
    }

    fn fail(&self, why: &str) {
        if faults::seeded(Bug::GoOnAfterFailedSync) {
            return;
        }
        tracing::error!(why, "the store takes no further writes");
        self.failed.send_replace(Some(why.to_owned()));
    }
}
