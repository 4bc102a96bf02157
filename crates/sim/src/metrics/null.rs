//! Why a figure is not shown: a typed reason in place of NaN, infinity or a guess.

use crate::rules::named;

/// A figure, or the reason there is none. Never NaN or infinite.
pub type Metric = Result<f64, NullReason>;

/// Why a figure is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NullReason {
    /// The gate of every annualised figure.
    #[error("fewer than 20 session returns or less than 28 days: too short to annualise")]
    InsufficientSample,
    /// A ratio to a deviation of zero.
    #[error("every session return is the same")]
    Constant,
    /// Equity reached zero.
    #[error("equity reached zero")]
    Bankrupt,
    /// Nothing was ever filled.
    #[error("no trade was executed")]
    NoTrade,
    /// No fill reduced or closed a position.
    #[error("no trade was closed")]
    NoClosedTrade,
    /// A ratio to losses without a loss.
    #[error("there is no loss to divide by")]
    NoLoss,
    /// A ratio to a drawdown of zero.
    #[error("equity never fell below an earlier value")]
    NoDrawdown,
    /// A regression on a benchmark that does not move.
    #[error("the benchmark did not move")]
    FlatBenchmark,
    /// An error without scatter.
    #[error("the benchmark explains every session return")]
    NoResidual,
    /// A length at which a ratio that is not above zero would be.
    #[error("the Sharpe ratio is not above zero")]
    NotPositive,
    /// The result does not fit a float.
    #[error("the figure is too large to be a number")]
    NonFinite,
}

named!(NullReason {
    InsufficientSample = "insufficient_sample",
    Constant = "constant",
    Bankrupt = "bankrupt",
    NoTrade = "no_trade",
    NoClosedTrade = "no_closed_trade",
    NoLoss = "no_loss",
    NoDrawdown = "no_drawdown",
    FlatBenchmark = "flat_benchmark",
    NoResidual = "no_residual",
    NotPositive = "not_positive",
    NonFinite = "non_finite"
});

/// The value itself when it is a number that JSON can carry.
pub(crate) fn finite(value: f64) -> Metric {
    if value.is_finite() { Ok(value) } else { Err(NullReason::NonFinite) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_and_a_sentence() {
        for name in NullReason::NAMES {
            let reason = NullReason::from_name(name).unwrap();
            assert_eq!(reason.name(), *name);
            assert!(reason.to_string().len() > 10, "{name}");
        }
    }

    #[test]
    fn only_numbers_pass() {
        assert_eq!(finite(1.5), Ok(1.5));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(finite(value), Err(NullReason::NonFinite));
        }
    }
}
