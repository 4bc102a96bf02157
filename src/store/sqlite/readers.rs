//! The connections that read, each read in one snapshot.

use super::fault;
use super::tx::SqliteTx;
use crate::store::error::StoreError;
use crate::store::panics;
use crate::store::tx::Tx;
use rusqlite::Connection;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A small pool of read-only connections.
#[derive(Debug)]
pub(crate) struct Readers {
    pool: Mutex<Pool>,
    returned: Condvar,
    seats: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

#[derive(Debug)]
struct Pool {
    idle: Vec<Connection>,
    open: bool,
}

/// The right to run a read; given back on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    _seat: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
}

impl Readers {
    /// `waiting_max` reads may wait for one of the connections, further ones are refused.
    pub(crate) fn new(idle: Vec<Connection>, waiting_max: usize) -> Self {
        let connections = idle.len();
        Self {
            pool: Mutex::new(Pool { idle, open: true }),
            returned: Condvar::new(),
            seats: Arc::new(Semaphore::new(connections + waiting_max)),
            running: Arc::new(Semaphore::new(connections)),
        }
    }

    /// Waits, without holding a thread, until a connection is free.
    pub(crate) async fn admit(&self) -> Result<Permit, StoreError> {
        let seat = Arc::clone(&self.seats)
            .try_acquire_owned()
            .map_err(|_| StoreError::unavailable("too many reads are waiting"))?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|e| StoreError::internal(e.to_string()))?;
        Ok(Permit { _seat: seat, _running: running })
    }

    /// Runs one read on this thread.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let conn = Loan { readers: self, conn: Some(self.take()?) };
        let conn = conn.conn.as_ref().ok_or_else(|| StoreError::internal("a lost connection"))?;
        let snapshot = conn.unchecked_transaction().map_err(|e| fault(&e))?;
        panics::caught(|| work(&mut SqliteTx::new(&snapshot)))
    }

    /// Closes the idle connections and refuses further reads.
    pub(crate) fn close(&self) {
        let mut pool = self.lock();
        pool.open = false;
        pool.idle.clear();
        drop(pool);
        self.returned.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let pool = self.lock();
        let mut pool = self
            .returned
            .wait_while(pool, |pool| pool.open && pool.idle.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        pool.idle.pop().ok_or_else(|| StoreError::unavailable("the store is closed"))
    }
}

/// A connection on loan, given back on drop.
struct Loan<'a> {
    readers: &'a Readers,
    conn: Option<Connection>,
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.lock();
        if pool.open {
            pool.idle.extend(self.conn.take());
        }
        drop(pool);
        self.readers.returned.notify_one();
    }
}
