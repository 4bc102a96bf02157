//! Buys once and holds: the passive investor.

use super::{Bot, Intent, Observation, desk};
use crate::order::Side;

/// Puts 99 % of equity into the benchmark, or into equal parts of the universe.
///
/// It waits while there is no price; once it has ordered it never orders again.
#[derive(Debug, Clone, Default)]
pub(crate) struct BuyHold {
    desk: desk::Desk,
    bought: bool,
}

impl Bot for BuyHold {
    fn name(&self) -> &'static str {
        "buy_hold"
    }

    fn decide(&mut self, seen: &Observation) -> Vec<Intent> {
        let wanted = |at: usize| seen.benchmark.is_none_or(|benchmark| benchmark == at);
        let listed: Vec<usize> = (0..seen.instruments.len())
            .filter(|&at| wanted(at) && seen.instruments[at].last_close().is_some())
            .collect();
        if self.bought {
            return Vec::new();
        }
        let Some(mut batch) = self.desk.batch(seen) else { return Vec::new() };
        for &at in &listed {
            batch.open(at, Side::Buy, desk::part(seen, listed.len()));
        }
        self.bought = !listed.is_empty();
        batch.done()
    }
}
