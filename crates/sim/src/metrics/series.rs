//! The two clocks of a run's equity: one value per bar, and one per session close.
//!
//! Bars carry drawdown, exposure and the equity curve; session closes carry every return-based
//! figure. Never a value per step call: how an agent groups its steps changes nothing.

use super::sum::{count, sum};
use crate::{market::Market, outcome::Status, run::Run};

/// A run's equity over the scenario window, in currency.
///
/// The window ends at the last bar, or at the current bar while the run is active. After a run's
/// end the series stays flat. It absorbs at zero: once equity is zero or less it stays zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The bar the run started at: an index into the timeline.
    pub start: usize,
    /// The last bar measured: an index into the timeline.
    pub last: usize,
    /// Equity at the start and at the close of every bar after it.
    pub equity: Vec<f64>,
    /// Gross exposure at the close of every bar after the start; zero after the run's end.
    pub gross: Vec<f64>,
    /// Equity at the start and at the last bar of every session that has closed since.
    pub closes: Vec<f64>,
    /// Whether equity ever was zero or less.
    pub bankrupt: bool,
}

impl Series {
    /// Reads both clocks off a run.
    pub fn of(run: &Run) -> Self {
        let (market, start) = (run.market(), run.rules().warmup);
        let last = if run.status() == Status::Active { run.now() } else { market.last() };
        let mut bankrupt = false;
        let mut equity: Vec<f64> = run
            .samples()
            .iter()
            .map(|sample| {
                let value = sample.equity().to_f64();
                bankrupt |= value <= 0.0;
                if bankrupt { 0.0 } else { value }
            })
            .collect();
        let final_value = equity.last().copied().unwrap_or(0.0);
        equity.resize(last - start + 1, final_value);
        let mut gross: Vec<f64> =
            run.samples().iter().skip(1).map(|sample| sample.gross.to_f64()).collect();
        gross.resize(last - start, 0.0);
        let closes = at_session_closes(market, start, &equity);
        Self { start, last, equity, gross, closes, bankrupt }
    }

    /// The simple returns from session close to session close, as fractions; the first is
    /// counted from the start. A return to ruin is −1, those after it are 0.
    pub fn returns(&self) -> Vec<f64> {
        returns(&self.closes)
    }

    /// The mean equity over all bars, the start included.
    pub fn mean_equity(&self) -> f64 {
        sum(self.equity.iter().copied()) / count(self.equity.len().max(1))
    }
}

/// Picks, from a value per bar since `start`, the first and those at session closes after it.
pub(crate) fn at_session_closes(market: &Market, start: usize, values: &[f64]) -> Vec<f64> {
    let is_close = |at: usize| at == 0 || market.ends_session(start + at);
    values.iter().enumerate().filter(|(at, _)| is_close(*at)).map(|(_, &value)| value).collect()
}

/// The simple returns of a series, `xₜ ÷ xₜ₋₁ − 1`; 0 once the series is at zero.
pub(crate) fn returns(values: &[f64]) -> Vec<f64> {
    values
        .windows(2)
        .map(|pair| if pair[0] > 0.0 { pair[1] / pair[0] - 1.0 } else { 0.0 })
        .collect()
}
