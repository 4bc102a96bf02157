//! The check at a start: the chain of every journal, one run at a time, while calls are served.

use std::time::Duration;

use super::Runs;
use crate::{
    error::Error,
    store::{StoreError, Tx, journal, runs},
};

/// Ids that are read at once.
const IDS_MAX: i64 = 500;
/// Rest after each run, so that calls have the disk and the processors.
const PAUSE: Duration = Duration::from_millis(1);

/// What a check found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Runs that were looked at.
    pub runs: u64,
    /// Those of them that are damaged; each is named in the log, and refused when it is asked for.
    pub damaged: u64,
}

impl Runs {
    /// Verifies the journal of every run and names the damaged ones in the log.
    pub async fn check(&self) -> Result<Checked, Error> {
        let (mut checked, mut after) = (Checked::default(), String::new());
        loop {
            let from = after.clone();
            let ids = self.store.read(move |tx| runs::ids(tx, &from, IDS_MAX)).await?;
            let Some(last) = ids.last() else { return Ok(checked) };
            after.clone_from(last);
            for id in ids {
                checked.runs += 1;
                checked.damaged += u64::from(self.is_damaged(id).await?);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn is_damaged(&self, id: String) -> Result<bool, Error> {
        let run = id.clone();
        match self.store.read(move |tx| verify(tx, &run)).await {
            Ok(()) => Ok(false),
            Err(StoreError::Corrupt { table, what }) => {
                tracing::error!(
                    run = id,
                    table,
                    what,
                    "a run is damaged and is refused; the others are served. \
                     Restore the database from a backup to have it back"
                );
                Ok(true)
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// Verifies one run as it is now; one that is gone has no damage.
fn verify(tx: &mut dyn Tx, id: &str) -> Result<(), StoreError> {
    let Some(run) = runs::get(tx, id)? else { return Ok(()) };
    journal::verify_run(&run, &journal::load(tx, id)?)
}
