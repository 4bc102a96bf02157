//! What time does to runs: idle ones are abandoned, answers kept for retries are forgotten.

use sim::{Command, Status};

use super::{Runs, Turn, parse_id};
use crate::{
    error::Error,
    store::{idempotency, runs},
};

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// How long a run may lie idle.
const IDLE_MICROS_MAX: i64 = 5 * DAY_MICROS;
/// How long the answer of a call is kept for a repeated one.
const ANSWER_MICROS_MAX: i64 = DAY_MICROS;
/// Rows that one unit of upkeep touches, so that it does not hold up calls.
const ROWS_MAX: i64 = 500;

impl Runs {
    /// Abandons what lies idle and forgets old answers. Answers how many of each.
    pub async fn upkeep(&self) -> Result<(usize, u64), Error> {
        let now = self.clock.now().as_microsecond();
        let mut forgotten = 0;
        loop {
            let sweep = move |tx: &mut dyn crate::store::Tx| {
                idempotency::sweep(tx, now - ANSWER_MICROS_MAX, ROWS_MAX)
            };
            let swept = self.store.write(sweep).await?;
            forgotten += swept;
            if i64::try_from(swept).unwrap_or(i64::MAX) < ROWS_MAX {
                break;
            }
        }
        let idle =
            move |tx: &mut dyn crate::store::Tx| runs::idle(tx, now - IDLE_MICROS_MAX, ROWS_MAX);
        let mut abandoned = 0;
        for run_id in self.store.read(idle).await? {
            // A run that cannot be replayed (its scenario is not installed) stays as it is.
            match self.abandon(&run_id).await {
                Ok(()) => abandoned += 1,
                Err(error) => tracing::warn!(run_id, %error, "an idle run was not abandoned"),
            }
        }
        Ok((abandoned, forgotten))
    }

    async fn abandon(&self, run_id: &str) -> Result<(), Error> {
        let slot = self.lives.slot(parse_id(run_id)?, self.clock.now());
        let mut state = slot.lock_owned().await;
        let live = self.live(&mut state, run_id).await?;
        if live.seat.run.status() != Status::Active {
            return Ok(());
        }
        let turn = Turn { run_id, key: None };
        let refused = |refusal| Error::refused(refusal, "");
        self.advance(state, &turn, &Command::Abandon, refused, |_, _| ()).await
    }
}
