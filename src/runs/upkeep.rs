//! What time does to runs: idle ones are abandoned, answers kept for retries are forgotten.

use sim::{Command, Status};

use super::{Runs, Turn, parse_id};
use crate::{
    error::Error,
    store::{Tx, idempotency, runs},
};

const DAY_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// Days that a run may lie idle.
pub const IDLE_DAYS_MAX: i64 = 5;
const IDLE_MICROS_MAX: i64 = IDLE_DAYS_MAX * DAY_MICROS;
/// How long the answer of a call is kept for a repeated one.
const ANSWER_MICROS_MAX: i64 = DAY_MICROS;
/// Rows that one unit of upkeep touches, so that it does not hold up calls.
const ROWS_MAX: i64 = 500;

impl Runs {
    /// Abandons what lies idle and forgets old answers. Answers how many of each. Writes nothing
    /// when there is nothing to do.
    pub async fn upkeep(&self) -> Result<(usize, u64), Error> {
        let now = self.clock.now().as_microsecond();
        let before = now - ANSWER_MICROS_MAX;
        let mut forgotten = 0;
        while self.store.read(move |tx| idempotency::is_due(tx, before)).await? {
            let sweep = move |tx: &mut dyn Tx| idempotency::sweep(tx, before, ROWS_MAX);
            forgotten += self.store.write(sweep).await?;
        }
        self.lives.drop_idle(self.clock.now());
        Ok((self.abandon_idle(now - IDLE_MICROS_MAX).await?, forgotten))
    }

    /// Abandons the runs whose last command came before an instant, page by page.
    async fn abandon_idle(&self, before: i64) -> Result<usize, Error> {
        let (mut abandoned, mut after) = (0, String::new());
        loop {
            let from = after.clone();
            let page = move |tx: &mut dyn Tx| runs::idle(tx, before, &from, ROWS_MAX);
            let idle = self.store.read(page).await?;
            let Some(last) = idle.last() else { return Ok(abandoned) };
            after = last.clone();
            for run_id in &idle {
                // A run that cannot be replayed (its scenario is not installed) stays as it is.
                match self.abandon(run_id, before).await {
                    Ok(did) => abandoned += usize::from(did),
                    Err(error) => tracing::warn!(run_id, %error, "an idle run was not abandoned"),
                }
            }
        }
    }

    /// Abandons a run if it is still idle; answers whether it was.
    async fn abandon(&self, run_id: &str, before: i64) -> Result<bool, Error> {
        let slot = self.lives.slot(parse_id(run_id)?, self.clock.now());
        let mut state = slot.lock_owned().await;
        let live = self.live(&mut state, run_id).await?;
        // Its owner may have come back while others were looked after.
        let idle = live.seat.meta.last_activity_at < before;
        if live.seat.run.status() != Status::Active || !idle {
            return Ok(false);
        }
        let turn = Turn { run_id, key: None, rationale: None };
        let refused = |refusal| Error::refused(refusal, "");
        self.advance(state, &turn, &Command::Abandon, refused, |_, _| ()).await?;
        Ok(true)
    }
}
