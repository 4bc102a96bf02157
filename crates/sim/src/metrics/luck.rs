//! What luck alone would have done: the best of several tries, and the length that a claim needs.
//!
//! Bailey and López de Prado (2012, 2014).

use std::f64::consts::E;

use super::{
    moments::{kurtosis, skewness},
    normal,
    null::{Metric, NullReason, finite},
    sharpe,
    sum::count,
};

/// Euler's constant γ.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The expected greatest of `n` independent standard normal draws,
/// `(1 − γ)·Φ⁻¹(1 − 1 ÷ n) + γ·Φ⁻¹(1 − 1 ÷ (n·e))`; 0 for fewer than two.
pub fn expected_best(n: u32) -> f64 {
    if n < 2 {
        return 0.0;
    }
    let n = f64::from(n);
    let quantile = |tail: f64| normal::upper_quantile(tail);
    (1.0 - EULER) * quantile(1.0 / n) + EULER * quantile(1.0 / (n * E))
}

/// The probability that at least one of `n` independent tries reaches what one reaches with
/// probability `p`: `1 − (1 − p)ⁿ` (Šidák 1967).
pub fn of_tries(p: f64, n: u32) -> f64 {
    -libm::expm1(f64::from(n.max(1)) * libm::log1p(-p))
}

/// The annualised Sharpe ratio that lies one standard error from zero when the true ratio is zero,
/// `√(periods_per_year ÷ (n − 1))`.
pub fn sharpe_error(returns: usize, periods_per_year: f64) -> Metric {
    if returns < 2 {
        return Err(NullReason::InsufficientSample);
    }
    finite((periods_per_year / count(returns - 1)).sqrt())
}

/// The returns of this kind after which the Sharpe ratio would lie `reach` standard errors above
/// zero: `1 + (1 − γ₃·SR + (γ₄ − 1)/4·SR²)·(reach ÷ SR)²`; for a ratio that is not above zero
/// there is no such number.
pub fn returns_needed(returns: &[f64], reach: f64) -> Metric {
    let ratio = sharpe::per_period(returns)?;
    if ratio <= 0.0 {
        return Err(NullReason::NotPositive);
    }
    let (skew, kurtosis) = (skewness(returns)?, kurtosis(returns)?);
    let spread = (1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio * ratio).max(0.0);
    finite(1.0 + spread * (reach / ratio) * (reach / ratio))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_tries_need_more_luck() {
        assert!(expected_best(0).abs() < 1e-15 && expected_best(1).abs() < 1e-15);
        let best: Vec<f64> = [2, 5, 25, 200, u32::MAX].map(expected_best).to_vec();
        assert!(best.is_sorted() && best[4] < 7.0, "{best:?}");
    }

    #[test]
    fn tries_add_up() {
        assert!((of_tries(0.025, 1) - 0.025).abs() < 1e-17);
        assert!((of_tries(0.025, 0) - 0.025).abs() < 1e-17);
        assert!((of_tries(0.5, 3) - 0.875).abs() < 1e-15);
        assert!((of_tries(1e-12, 1_000) - 1e-9).abs() < 1e-17);
        assert!((of_tries(1.0, 4) - 1.0).abs() < 1e-15);
    }

    #[test]
    fn a_loss_needs_no_length() {
        assert_eq!(returns_needed(&[0.01, -0.03, 0.005], 1.96), Err(NullReason::NotPositive));
        assert_eq!(returns_needed(&[0.01; 3], 1.96), Err(NullReason::Constant));
        assert_eq!(sharpe_error(1, 252.0), Err(NullReason::InsufficientSample));
    }
}
