//! Turnover: how often the book was turned over, per year.

use super::null::{Metric, NullReason, finite};

/// One-way turnover per year, `Σ|traded| ÷ (2 · mean equity) ÷ years`.
///
/// `traded` sums the value of all fills, in currency. Undefined over no time or no equity.
pub fn per_year(traded: f64, mean_equity: f64, years: f64) -> Metric {
    if years > 0.0 && mean_equity > 0.0 {
        finite(traded / (2.0 * mean_equity) / years)
    } else {
        Err(NullReason::InsufficientSample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buying_and_selling_everything_once_a_year_is_one() {
        assert_eq!(per_year(200.0, 100.0, 1.0), Ok(1.0));
        assert_eq!(per_year(0.0, 100.0, 0.5), Ok(0.0));
        assert_eq!(per_year(200.0, 100.0, 0.0), Err(NullReason::InsufficientSample));
    }
}
