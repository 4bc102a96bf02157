//! Calls that wait for somebody: they may take longer than others, and the server's end is theirs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::watch;

/// How much longer than others a call may take: the call asks, its door listens.
#[derive(Debug, Clone, Default)]
pub struct Patience(Arc<AtomicU64>);

impl Patience {
    /// Asks for so much more time in all.
    pub fn ask(&self, more: Duration) {
        self.0.store(u64::try_from(more.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    /// What was asked for.
    pub fn asked(&self) -> Duration {
        Duration::from_millis(self.0.load(Relaxed))
    }
}

/// Whether the server is about to end.
#[derive(Debug, Default)]
pub struct Ending(watch::Sender<bool>);

impl Ending {
    /// It is, from now on.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Resolves when it is.
    pub async fn begun(&self) {
        // The sender is here, so it cannot be gone.
        let _ = self.0.subscribe().wait_for(|begun| *begun).await;
    }
}
