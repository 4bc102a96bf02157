//! Standard errors that allow for returns that depend on those before them and on calm and
//! storm: Newey and West (1987).
//!
//! An estimator that is linear in the returns is given by its influences, what each session adds
//! to its error; the mean and the intercept of a regression are such estimators.

use super::{
    moments::DEVIATION_MIN,
    null::{Metric, NullReason, finite},
    sum::{count, mean, sum},
};

/// Sessions that may depend on each other, `⌊4·(n ÷ 100)^(2/9)⌋`.
pub fn lag(n: usize) -> usize {
    let lag = 4.0 * libm::pow(count(n) / 100.0, 2.0 / 9.0);
    // At most n: counted up, as no cast of a float is exact by its type.
    (1..=n).take_while(|&it| count(it) <= lag).count()
}

/// The error of an estimator with these influences, which fitted so many parameters:
/// `√((Σψₜ² + 2·Σⱼ (1 − j ÷ (L + 1))·Σψₜψₜ₋ⱼ)·n ÷ (n − parameters))`, L being [`lag`].
pub fn error(influences: &[f64], parameters: usize) -> Metric {
    let n = influences.len();
    if n <= parameters {
        return Err(NullReason::InsufficientSample);
    }
    let lag = lag(n).min(n - 1);
    let together = |distance: usize| {
        let pairs = influences[distance..].iter().zip(influences);
        sum(pairs.map(|(now, then)| now * then))
    };
    let weight = |distance: usize| 1.0 - count(distance) / count(lag + 1);
    let later = sum((1..=lag).map(|distance| weight(distance) * together(distance)));
    // Never negative with these weights; the bound only takes off rounding.
    let variance = (together(0) + 2.0 * later).max(0.0);
    finite((variance * count(n) / count(n - parameters)).sqrt())
}

/// The error of the mean of these returns, per session.
pub fn of_mean(returns: &[f64]) -> Metric {
    let (mean, n) = (mean(returns), count(returns.len()));
    let influences: Vec<f64> = returns.iter().map(|r| (r - mean) / n).collect();
    error(&influences, 1)
}

/// The error of the intercept of the least-squares line through the pairs both slices have, per
/// session: that of [`super::alpha`].
pub fn of_intercept(returns: &[f64], benchmark: &[f64]) -> Metric {
    let slope = super::beta::beta(returns, benchmark)?;
    let n = returns.len().min(benchmark.len());
    let (returns, benchmark) = (&returns[..n], &benchmark[..n]);
    let (mean_r, mean_b) = (mean(returns), mean(benchmark));
    let variation = sum(benchmark.iter().map(|b| (b - mean_b) * (b - mean_b)));
    let residual = |(r, b): (&f64, &f64)| r - mean_r - slope * (b - mean_b);
    let residuals: Vec<f64> = returns.iter().zip(benchmark).map(residual).collect();
    if residuals.iter().all(|it| it.abs() < DEVIATION_MIN) {
        return Err(NullReason::NoResidual);
    }
    let weight = |b: &f64| 1.0 / count(n) - mean_b * (b - mean_b) / variation;
    let influences: Vec<f64> =
        residuals.iter().zip(benchmark).map(|(e, b)| e * weight(b)).collect();
    error(&influences, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lag_grows_slowly() {
        assert_eq!([1, 20, 63, 100, 252, 1_000].map(lag), [1, 2, 3, 4, 4, 6]);
    }

    #[test]
    fn a_zigzag_has_a_smaller_error_than_independent_returns() {
        let zigzag = [0.01, -0.01].repeat(50);
        let independent = (sum(zigzag.iter().map(|r| r * r)) / 99.0 / 100.0).sqrt();
        assert!(of_mean(&zigzag).unwrap() < independent);
        let trend: Vec<f64> = [vec![0.01; 50], vec![-0.01; 50]].concat();
        assert!(of_mean(&trend).unwrap() > independent);
    }

    #[test]
    fn a_line_without_scatter_has_no_error() {
        let benchmark: Vec<f64> = (0..40).map(|it| f64::from(it % 5) / 64.0).collect();
        let twice: Vec<f64> = benchmark.iter().map(|b| b * 2.0).collect();
        assert_eq!(of_intercept(&twice, &benchmark), Err(NullReason::NoResidual));
        assert_eq!(of_intercept(&twice, &[0.5; 40]), Err(NullReason::FlatBenchmark));
        assert_eq!(of_mean(&[0.1]), Err(NullReason::InsufficientSample));
    }
}
