//! Round numbers for an axis.

use super::{float, whole};

/// The round numbers between two values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    pub(super) values: Vec<f64>,
    /// Decimals that tell them apart.
    pub(super) decimals: usize,
}

/// About `wanted` round numbers from `low` to `high`, a step of 1, 2 or 5 apart.
pub(super) fn ticks(low: f64, high: f64, wanted: usize) -> Ticks {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) {
        return Ticks { values: vec![low], decimals: 0 };
    }
    let rough = span / float(wanted.max(1));
    let power = rough.log10().floor();
    let unit = 10_f64.powf(power);
    let step = [1.0, 2.0, 5.0, 10.0].map(|it| it * unit).into_iter().find(|it| *it >= rough);
    let step = step.unwrap_or(rough);
    let (first, last) = (whole((low / step).ceil()), whole((high / step).floor()));
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let values = (first..=last).map(|n| n as f64 * step).collect();
    let decimals = usize::try_from(whole(-step.log10().floor()).max(0)).unwrap_or(0);
    Ticks { values, decimals }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let of = |low, high| ticks(low, high, 4);
        assert_eq!(of(0.0, 10.0).values, [0.0, 5.0, 10.0]);
        assert_eq!(of(-3.2, 8.1).values, [0.0, 5.0]);
        assert_eq!(of(-0.013, 0.021).decimals, 2);
        assert_eq!(
            of(59_000.0, 61_000.0).values,
            [59_000.0, 59_500.0, 60_000.0, 60_500.0, 61_000.0]
        );
        assert_eq!(of(7.0, 7.0).values, [7.0]);
        assert_eq!(of(f64::NAN, 1.0).values.len(), 1);
    }
}
