//! Moments of a sample: standard deviation, skewness and kurtosis.

use super::{
    null::{Metric, NullReason, finite},
    sum::{count, mean, sum},
};

/// Below this a deviation is rounding, not movement.
pub const DEVIATION_MIN: f64 = 1e-15;

/// The sample standard deviation, `√(Σ(x − x̄)² ÷ (n − 1))`, in the unit of `values`.
///
/// Needs two values; a constant sample has deviation 0 (or rounding below [`DEVIATION_MIN`]).
pub fn deviation(values: &[f64]) -> Metric {
    if values.len() < 2 {
        return Err(NullReason::InsufficientSample);
    }
    finite((central(values, 2) * count(values.len()) / count(values.len() - 1)).sqrt())
}

/// The population skewness, `m₃ ÷ m₂^1.5` with `mₖ = Σ(x − x̄)ᵏ ÷ n`; no unit.
pub fn skewness(values: &[f64]) -> Metric {
    moving(values)?;
    let variance = central(values, 2);
    finite(central(values, 3) / (variance * variance.sqrt()))
}

/// The population kurtosis, `m₄ ÷ m₂²`, not in excess of the normal distribution's 3; no unit.
pub fn kurtosis(values: &[f64]) -> Metric {
    moving(values)?;
    let variance = central(values, 2);
    finite(central(values, 4) / (variance * variance))
}

/// The sample standard deviation of values that are not all the same.
pub(crate) fn moving(values: &[f64]) -> Metric {
    let deviation = deviation(values)?;
    if deviation < DEVIATION_MIN { Err(NullReason::Constant) } else { Ok(deviation) }
}

/// The population central moment of this order.
fn central(values: &[f64], order: u32) -> f64 {
    let mean = mean(values);
    let power = |x: f64| (0..order).fold(1.0, |product, _| product * (x - mean));
    sum(values.iter().map(|&x| power(x))) / count(values.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coin_has_no_skew_and_the_least_kurtosis() {
        let coin = [1.0, -1.0, 1.0, -1.0];
        assert_eq!(skewness(&coin), Ok(0.0));
        assert_eq!(kurtosis(&coin), Ok(1.0));
        assert!((deviation(&coin).unwrap() - (4.0_f64 / 3.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn constant_and_short_samples_have_no_shape() {
        assert_eq!(deviation(&[0.1; 5]), Ok(0.0));
        assert_eq!(skewness(&[0.1; 5]), Err(NullReason::Constant));
        assert_eq!(kurtosis(&[0.1]), Err(NullReason::InsufficientSample));
    }
}
