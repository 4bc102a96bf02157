//! The standard normal distribution.

use std::f64::consts::SQRT_2;

/// Beyond this no tail is a number.
const REACH: f64 = 40.0;

/// The share of the distribution at or below `z`.
pub fn below(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// The share of the distribution above `z`.
pub fn above(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// The value that a share `tail` of the distribution lies above; `tail` between 0 and 1.
///
/// Found by halving [`above`] until two neighbouring floats are left.
pub fn upper_quantile(tail: f64) -> f64 {
    let (mut low, mut high) = (-REACH, REACH);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if above(middle) > tail {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sharpe::NORMAL_97_5;

    #[test]
    fn the_quantile_inverts_the_distribution() {
        assert!((upper_quantile(0.025) - NORMAL_97_5).abs() < 1e-14);
        assert!(upper_quantile(0.5).abs() < 1e-14);
        for z in [-6.0, -1.5, 0.3, 2.0, 7.5] {
            assert!((upper_quantile(above(z)) - z).abs() < 1e-9, "{z}");
            assert!((above(z) + below(z) - 1.0).abs() < 1e-15);
        }
    }

    #[test]
    fn impossible_tails_end_at_the_reach() {
        assert!((upper_quantile(0.0) - REACH).abs() < 3.0);
        assert!((upper_quantile(1.0) + REACH).abs() < 35.0);
        assert!(upper_quantile(f64::NAN).is_finite());
    }
}
