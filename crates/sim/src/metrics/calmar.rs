//! The Calmar ratio: growth per drawdown (Young 1991).

use super::null::{Metric, NullReason, finite};

/// `CAGR ÷ maximum drawdown`, both as fractions, the drawdown positive.
pub fn calmar(cagr: f64, max_drawdown: f64) -> Metric {
    if max_drawdown > 0.0 { finite(cagr / max_drawdown) } else { Err(NullReason::NoDrawdown) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_drawdown_there_is_no_ratio() {
        assert_eq!(calmar(0.5, 0.25), Ok(2.0));
        assert_eq!(calmar(0.5, 0.0), Err(NullReason::NoDrawdown));
    }
}
