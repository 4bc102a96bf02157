//! Volatility: how far returns scatter, per year.

use super::{
    moments::deviation,
    null::{Metric, finite},
};

/// The annualised volatility, `sd(r) · √periods_per_year` with `ddof = 1`, as a fraction.
pub fn annualised(returns: &[f64], periods_per_year: f64) -> Metric {
    finite(deviation(returns)? * periods_per_year.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_series_has_volatility_zero() {
        assert_eq!(annualised(&[0.0; 40], 252.0), Ok(0.0));
    }
}
