//! How sure one can be of a run: its figures with errors, intervals and what luck could do.

use super::{
    alpha, luck, newey_west, normal,
    null::{Metric, NullReason, finite},
    sharpe::{self, Interval, NORMAL_97_5},
    sum::mean,
};

/// A figure with its standard error, both per year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its standard error; positive.
    pub error: f64,
}

/// What the session returns of a run prove, and do not.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Arithmetic mean return, a fraction; error of [`newey_west`].
    pub mean_return: Result<Estimate, NullReason>,
    /// Return that the benchmark does not explain, a fraction; error of [`newey_west`].
    pub alpha: Result<Estimate, NullReason>,
    /// The Sharpe ratio; error of [`sharpe::standard_error`].
    pub sharpe: Result<Estimate, NullReason>,
    /// The error of the Sharpe ratio of a run whose true ratio is zero ([`luck::sharpe_error`]).
    pub sharpe_luck: Metric,
    /// Session returns of this kind after which the 95 % interval of the Sharpe ratio would lie
    /// above zero ([`luck::returns_needed`]).
    pub returns_needed: Metric,
}

impl Estimate {
    fn new(value: Metric, error: Metric) -> Result<Self, NullReason> {
        Ok(Self { value: value?, error: error? })
    }

    /// The interval that holds the true figure with 95 % confidence.
    pub fn interval_95(&self) -> Result<Interval, NullReason> {
        sharpe::interval_95(self.value, self.error)
    }

    /// How probable a figure this high is when the true one is zero.
    pub fn probability_by_luck(&self) -> f64 {
        if self.error > 0.0 { normal::above(self.value / self.error) } else { 0.5 }
    }
}

impl Evidence {
    /// Weighs session returns against those of the benchmark; `gate` says whether they are enough
    /// to annualise.
    pub fn of(
        gate: Result<(), NullReason>,
        returns: &[f64],
        benchmark: &[f64],
        per_year: f64,
    ) -> Self {
        let a_year = |per_session: f64| finite(per_session * per_year);
        let mean_return = gate.and_then(|()| {
            let error = newey_west::of_mean(returns)?;
            Estimate::new(a_year(mean(returns)), a_year(error))
        });
        let alpha = gate.and_then(|()| {
            let error = newey_west::of_intercept(returns, benchmark)?;
            Estimate::new(alpha::annualised(returns, benchmark, per_year), a_year(error))
        });
        let sharpe = gate.and_then(|()| {
            let error = sharpe::standard_error(returns)? * per_year.sqrt();
            Estimate::new(sharpe::annualised(returns, per_year), finite(error))
        });
        Self {
            mean_return,
            alpha,
            sharpe,
            sharpe_luck: gate.and_then(|()| luck::sharpe_error(returns.len(), per_year)),
            returns_needed: gate.and_then(|()| luck::returns_needed(returns, NORMAL_97_5)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_short_proves_nothing() {
        let short = Err(NullReason::InsufficientSample);
        let evidence = Evidence::of(short, &[0.01, 0.02], &[0.01, 0.01], 252.0);
        assert_eq!(evidence.alpha.err(), short.err());
        assert_eq!(evidence.sharpe_luck, Err(NullReason::InsufficientSample));
    }

    #[test]
    fn luck_brings_half_of_all_runs_above_zero() {
        let at = |value: f64, error: f64| Estimate { value, error }.probability_by_luck();
        assert!((at(0.0, 1.0) - 0.5).abs() < 1e-15);
        assert!((at(NORMAL_97_5, 1.0) - 0.025).abs() < 1e-15);
        assert!((at(1.0, 0.0) - 0.5).abs() < 1e-15, "no error is no certainty");
    }
}
