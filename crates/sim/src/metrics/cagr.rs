//! The compound annual growth rate, on the session clock.

use super::{
    null::{Metric, NullReason, finite},
    sum::count,
};

/// `growth^(periods_per_year ÷ n) − 1` as a fraction; `growth` is `Eₙ ÷ E₀` over `n` periods.
///
/// A total loss, `growth ≤ 0`, is −1. Years are counted in sessions, not on the calendar.
pub fn cagr(growth: f64, periods_per_year: f64, n: usize) -> Metric {
    if n == 0 {
        Err(NullReason::InsufficientSample)
    } else if growth <= 0.0 {
        Ok(-1.0)
    } else {
        finite(libm::pow(growth, periods_per_year / count(n)) - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_of_growth_is_itself() {
        assert!((cagr(1.21, 252.0, 252).unwrap() - 0.21).abs() < 1e-15);
        assert!((cagr(1.21, 252.0, 504).unwrap() - 0.1).abs() < 1e-15);
    }

    #[test]
    fn the_edges_are_numbers_or_reasons() {
        assert_eq!(cagr(0.0, 252.0, 30), Ok(-1.0));
        assert_eq!(cagr(1.1, 252.0, 0), Err(NullReason::InsufficientSample));
        assert_eq!(cagr(1e300, 365.0, 2), Err(NullReason::NonFinite));
    }
}
