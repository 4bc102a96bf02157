//! Holds the whole universe in equal parts: diversification without an opinion.

use super::{Bot, Intent, Observation, desk};
use crate::num::Money;

/// Bars between two rebalances.
const EVERY: usize = 20;

/// Every 20 bars moves each instrument that has a price to an equal part of 99 % of equity.
#[derive(Debug, Clone, Default)]
pub(crate) struct EqualWeight {
    desk: desk::Desk,
}

impl Bot for EqualWeight {
    fn name(&self) -> &'static str {
        "equal_weight"
    }

    fn decide(&mut self, seen: &Observation) -> Vec<Intent> {
        if !seen.step.is_multiple_of(EVERY) {
            return Vec::new();
        }
        let Some(mut batch) = self.desk.batch(seen) else { return Vec::new() };
        let listed = seen.instruments.iter().filter(|it| it.last_close().is_some()).count();
        let part = desk::part(seen, listed);
        let targets: Vec<Option<Money>> =
            seen.instruments.iter().map(|it| it.last_close().map(|_| part)).collect();
        batch.rebalance(&targets);
        batch.done()
    }
}
