//! Closed trades: how often they won, and what they brought.
//!
//! A closed trade is a fill that reduces or closes a position; its result is the realised profit
//! net of the commissions of both ends.

use super::{
    null::{Metric, NullReason, finite},
    sum::{count, mean, sum},
};

/// Winning trades ÷ all closed trades, 0 to 1; a trade that breaks even is closed and not won.
pub fn win_rate(pnls: &[f64]) -> Metric {
    if pnls.is_empty() {
        return Err(NullReason::NoClosedTrade);
    }
    let wins = pnls.iter().filter(|&&pnl| pnl > 0.0).count();
    finite(count(wins) / count(pnls.len()))
}

/// Profits ÷ losses over closed trades, `Σ max(pnl, 0) ÷ |Σ min(pnl, 0)|`.
pub fn profit_factor(pnls: &[f64]) -> Metric {
    if pnls.is_empty() {
        return Err(NullReason::NoClosedTrade);
    }
    let profits = sum(pnls.iter().map(|pnl| pnl.max(0.0)));
    let losses = sum(pnls.iter().map(|pnl| (-pnl).max(0.0)));
    if losses > 0.0 { finite(profits / losses) } else { Err(NullReason::NoLoss) }
}

/// The mean result of a closed trade, in currency.
pub fn expectancy(pnls: &[f64]) -> Metric {
    if pnls.is_empty() { Err(NullReason::NoClosedTrade) } else { finite(mean(pnls)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn break_even_trades_are_not_won() {
        let pnls = [30.0, -10.0, 0.0, 20.0];
        assert_eq!(win_rate(&pnls), Ok(0.5));
        assert_eq!(profit_factor(&pnls), Ok(5.0));
        assert_eq!(expectancy(&pnls), Ok(10.0));
    }

    #[test]
    fn missing_trades_and_losses_are_named() {
        assert_eq!(profit_factor(&[1.0, 0.0]), Err(NullReason::NoLoss));
        for metric in [win_rate(&[]), profit_factor(&[]), expectancy(&[])] {
            assert_eq!(metric, Err(NullReason::NoClosedTrade));
        }
    }
}
