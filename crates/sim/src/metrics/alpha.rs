//! Alpha: the return that the benchmark does not explain (Jensen 1968).

use super::{
    beta::beta,
    null::{Metric, finite},
    sum::mean,
};

/// The arithmetic annual alpha, `(mean(r) − β·mean(b)) · periods_per_year`, as a fraction.
pub fn annualised(returns: &[f64], benchmark: &[f64], periods_per_year: f64) -> Metric {
    let slope = beta(returns, benchmark)?;
    let n = returns.len().min(benchmark.len());
    finite((mean(&returns[..n]) - slope * mean(&benchmark[..n])) * periods_per_year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_lead_is_alpha() {
        let benchmark = [0.01, -0.02, 0.03];
        let returns: Vec<f64> = benchmark.iter().map(|b| b * 0.5 + 0.001).collect();
        let alpha = annualised(&returns, &benchmark, 252.0).unwrap();
        assert!((alpha - 0.252).abs() < 1e-14, "{alpha}");
    }
}
