//! Sums of floats in fixed order, compensated after Neumaier (1974): the only place that adds up.

/// The sum of `values`, first to last, with the rounding error of every addition carried along.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    total + lost
}

/// A count as a float; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 bars")]
pub(crate) const fn count(n: usize) -> f64 {
    n as f64
}

/// A whole number as a float; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "no scenario spans 2^53 seconds")]
pub(crate) const fn whole(n: i64) -> f64 {
    n as f64
}

/// The mean; zero of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { sum(values.iter().copied()) / count(values.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-15
    }

    #[test]
    fn small_terms_survive_large_ones() {
        assert!(close(sum([1.0, 1e100, 1.0, -1e100]), 2.0));
        assert!(close(sum([]), 0.0));
    }

    #[test]
    fn the_mean_of_nothing_is_zero() {
        assert!(close(mean(&[]), 0.0));
        assert!(close(mean(&[0.1; 10]), 0.1));
    }
}
