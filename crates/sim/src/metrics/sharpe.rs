//! The Sharpe ratio and what it is worth: its standard error and confidence interval.
//!
//! Sharpe (1994) with a risk-free rate of zero; the error is Mertens (2002), with skew and
//! kurtosis: on fat-tailed returns its interval covers better than bootstrap percentiles do.

use super::{
    moments::{kurtosis, moving, skewness},
    null::{Metric, NullReason, finite},
    sum::{count, mean},
};

/// The standard normal quantile of 97.5 %.
pub const NORMAL_97_5: f64 = 1.959_963_984_540_054;

/// A two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// The Sharpe ratio per period, `mean(r) ÷ sd(r)` with `ddof = 1`; pass excess returns for a
/// rate other than zero.
pub fn per_period(returns: &[f64]) -> Metric {
    let deviation = moving(returns)?;
    finite(mean(returns) / deviation)
}

/// The Sharpe ratio per year, [`per_period`]` · √periods_per_year`.
pub fn annualised(returns: &[f64], periods_per_year: f64) -> Metric {
    finite(per_period(returns)? * periods_per_year.sqrt())
}

/// The standard error of [`per_period`]: `√((1 − γ₃·SR + (γ₄ − 1)/4·SR²) ÷ (n − 1))` with
/// population skew γ₃ and population, non-excess kurtosis γ₄.
pub fn standard_error(returns: &[f64]) -> Metric {
    let ratio = per_period(returns)?;
    let (skew, kurtosis) = (skewness(returns)?, kurtosis(returns)?);
    // Never negative, as γ₄ ≥ 1 + γ₃²; the bound only takes off rounding.
    let spread = (1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio * ratio).max(0.0);
    finite((spread / count(returns.len() - 1)).sqrt())
}

/// The 95 % interval of a ratio, `ratio ± 1.96 · standard error`.
pub fn interval_95(ratio: f64, standard_error: f64) -> Result<Interval, NullReason> {
    let reach = NORMAL_97_5 * standard_error;
    Ok(Interval { low: finite(ratio - reach)?, high: finite(ratio + reach)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_symmetric_sample_is_the_textbook_one() {
        let returns: Vec<f64> = [0.03, -0.01].repeat(50);
        let ratio = per_period(&returns).unwrap();
        // γ₃ = 0 and γ₄ = 1, so that only 1 ÷ (n − 1) remains.
        let error = standard_error(&returns).unwrap();
        assert!((error - (1.0_f64 / 99.0).sqrt()).abs() < 1e-12, "{error}");
        let interval = interval_95(ratio, error).unwrap();
        assert!((f64::midpoint(interval.low, interval.high) - ratio).abs() < 1e-15);
    }

    #[test]
    fn returns_that_do_not_move_have_no_ratio() {
        assert_eq!(per_period(&[0.01; 30]), Err(NullReason::Constant));
        assert_eq!(standard_error(&[0.0; 30]), Err(NullReason::Constant));
        assert_eq!(annualised(&[0.01], 252.0), Err(NullReason::InsufficientSample));
    }
}
