//! The Sortino ratio: return per downside deviation (Sortino & Price 1994).

use super::{
    moments::moving,
    null::{Metric, NullReason, finite},
    sum::{count, mean, sum},
};

/// The downside deviation per period, `√(Σ min(r, 0)² ÷ n)` over **all** n returns.
pub fn downside_deviation(returns: &[f64]) -> Metric {
    if returns.is_empty() {
        return Err(NullReason::InsufficientSample);
    }
    let squares = returns.iter().map(|&r| r.min(0.0) * r.min(0.0));
    finite((sum(squares) / count(returns.len())).sqrt())
}

/// The Sortino ratio per period, `mean(r) ÷ downside deviation`; the target return is zero.
///
/// Returns that are all the same are `constant`, returns without a loss are `no_loss`.
pub fn per_period(returns: &[f64]) -> Metric {
    moving(returns)?;
    let downside = downside_deviation(returns)?;
    if downside > 0.0 { finite(mean(returns) / downside) } else { Err(NullReason::NoLoss) }
}

/// The Sortino ratio per year, [`per_period`]` · √periods_per_year`.
pub fn annualised(returns: &[f64], periods_per_year: f64) -> Metric {
    finite(per_period(returns)? * periods_per_year.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_count_in_the_denominator_too() {
        // mean 0.01, downside √(0.02² ÷ 4) = 0.01.
        let ratio = per_period(&[0.02, -0.02, 0.02, 0.02]).unwrap();
        assert!((ratio - 1.0).abs() < 1e-14, "{ratio}");
    }

    #[test]
    fn without_a_loss_there_is_no_ratio() {
        assert_eq!(per_period(&[0.01, 0.02]), Err(NullReason::NoLoss));
        assert_eq!(per_period(&[-0.01; 9]), Err(NullReason::Constant));
        assert_eq!(downside_deviation(&[]), Err(NullReason::InsufficientSample));
    }
}
