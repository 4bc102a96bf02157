//! Exposure: how much of the time and how heavily a run was in the market.

use super::sum::{count, sum};

/// The share of bars, 0 to 1, whose gross exposure is above zero; 0 of no bars.
pub fn share(gross: &[f64]) -> f64 {
    if gross.is_empty() {
        return 0.0;
    }
    count(gross.iter().filter(|&&value| value > 0.0).count()) / count(gross.len())
}

/// The mean over all bars of `gross ÷ equity`, idle bars included; 0 of no bars.
///
/// A bar at which equity is gone counts as zero: a multiple of nothing is none.
pub fn mean_leverage(gross: &[f64], equity: &[f64]) -> f64 {
    if gross.is_empty() {
        return 0.0;
    }
    sum(leverage(gross, equity)) / count(gross.len())
}

/// `gross ÷ equity` bar by bar; zero where equity is gone.
pub fn leverage(gross: &[f64], equity: &[f64]) -> impl Iterator<Item = f64> {
    let multiple =
        |(&gross, &equity): (&f64, &f64)| if equity > 0.0 { gross / equity } else { 0.0 };
    gross.iter().zip(equity).map(multiple)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_bars_count() {
        assert!((share(&[0.0, 10.0, 20.0, 0.0]) - 0.5).abs() < 1e-15);
        let leverage = mean_leverage(&[0.0, 10.0, 20.0, 5.0], &[10.0, 10.0, 10.0, 0.0]);
        assert!((leverage - 0.75).abs() < 1e-15);
        assert!(share(&[]) + mean_leverage(&[], &[]) <= 0.0);
    }
}
