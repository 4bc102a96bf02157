//! Beta: how much of the benchmark's movement a run shares.

use super::{
    moments::DEVIATION_MIN,
    null::{Metric, NullReason, finite},
    sum::{count, mean, sum},
};

/// The slope of the least-squares line, `cov(r, b) ÷ var(b)`, over the pairs both slices have.
pub fn beta(returns: &[f64], benchmark: &[f64]) -> Metric {
    let n = returns.len().min(benchmark.len());
    if n < 2 {
        return Err(NullReason::InsufficientSample);
    }
    let (returns, benchmark) = (&returns[..n], &benchmark[..n]);
    let (mean_r, mean_b) = (mean(returns), mean(benchmark));
    let variation = sum(benchmark.iter().map(|b| (b - mean_b) * (b - mean_b)));
    if (variation / count(n - 1)).sqrt() < DEVIATION_MIN {
        return Err(NullReason::FlatBenchmark);
    }
    let pairs = returns.iter().zip(benchmark);
    finite(sum(pairs.map(|(r, b)| (r - mean_r) * (b - mean_b))) / variation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_benchmark_has_beta_two() {
        let slope = beta(&[0.02, -0.04, 0.06], &[0.01, -0.02, 0.03]).unwrap();
        assert!((slope - 2.0).abs() < 1e-14, "{slope}");
    }

    #[test]
    fn a_flat_benchmark_explains_nothing() {
        assert_eq!(beta(&[0.1, 0.2], &[0.01, 0.01]), Err(NullReason::FlatBenchmark));
        assert_eq!(beta(&[0.1], &[0.1]), Err(NullReason::InsufficientSample));
    }
}
