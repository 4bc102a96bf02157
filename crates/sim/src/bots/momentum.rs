//! Follows what has risen most: the trend follower.

use super::{Bot, Intent, Observation, Seen, desk};
use crate::num::{Money, Price};

/// Bars between two decisions.
const EVERY: usize = 5;
/// Returns needed before an instrument is ranked.
const RETURNS_MIN: usize = 5;
/// Universes smaller than this are not ranked: what has risen is held.
const RANKED_MIN: usize = 3;

/// Every 5 bars holds, in equal parts of 99 % of equity, the top third of the universe by the
/// return over the last 60 bars of each instrument, or over as many as there are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Momentum {
    desk: desk::Desk,
}

/// An instrument with its first and last close of the window.
#[derive(Debug, Clone, Copy)]
struct Trend {
    instrument: usize,
    first: Price,
    last: Price,
}

impl Trend {
    fn of((instrument, seen): (usize, &Seen)) -> Option<Self> {
        let (first, last) = (*seen.closes.first()?, *seen.closes.last()?);
        (seen.closes.len() > RETURNS_MIN).then_some(Self { instrument, first, last })
    }

    fn rises(&self) -> bool {
        self.last > self.first
    }

    /// Orders by return, the highest first, without dividing; equal returns by instrument.
    fn ahead(&self, other: &Self) -> std::cmp::Ordering {
        let product = |a: Price, b: Price| i128::from(a.units()) * i128::from(b.units());
        let (mine, theirs) = (product(self.last, other.first), product(other.last, self.first));
        theirs.cmp(&mine).then(self.instrument.cmp(&other.instrument))
    }
}

impl Bot for Momentum {
    fn name(&self) -> &'static str {
        "momentum"
    }

    fn decide(&mut self, seen: &Observation) -> Vec<Intent> {
        if !seen.step.is_multiple_of(EVERY) {
            return Vec::new();
        }
        let Some(mut batch) = self.desk.batch(seen) else { return Vec::new() };
        let mut trends: Vec<Trend> =
            seen.instruments.iter().enumerate().filter_map(Trend::of).collect();
        if seen.instruments.len() < RANKED_MIN {
            trends.retain(Trend::rises);
        } else {
            trends.sort_by(Trend::ahead);
            trends.truncate((trends.len() / 3).max(1));
        }
        let mut targets = vec![Some(Money::ZERO); seen.instruments.len()];
        for trend in &trends {
            targets[trend.instrument] = Some(desk::part(seen, trends.len()));
        }
        batch.rebalance(&targets);
        batch.done()
    }
}
