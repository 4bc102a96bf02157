//! What an account was worth: the figures of its season, each with its definition.

use super::{Account, STARTING_CASH, Tape};
use crate::{
    metrics::{
        drawdown, gate,
        null::{Metric, NullReason},
        series::returns,
        sharpe, sortino, trades,
    },
    num::Money,
};

/// The figures of an account at its moment. Returns run from sample to sample
/// ([`Account::samples`]), the first from the opening of the account.
#[derive(Debug, Clone, PartialEq)]
pub struct Kpi {
    /// What the account is worth now, in US dollars.
    pub equity: Money,
    /// `(equity − start) ÷ start · 100`, in percent.
    pub total_return_pct: f64,
    /// Annualised Sharpe ratio of sampled returns, risk-free rate zero ([`sharpe`]).
    pub sharpe_ratio: Metric,
    /// Annualised Sortino ratio of sampled returns, target zero ([`sortino`]).
    pub sortino_ratio: Metric,
    /// The deepest fall of equity over the samples and now, in percent, 0 or more.
    pub max_drawdown_pct: f64,
    /// Trades: fills that reduced or closed a position.
    pub total_trades: usize,
    /// Percent of trades with a profit, net of the commissions of both ends.
    pub win_rate_pct: Metric,
    /// Gross profit ÷ gross loss of trades.
    pub profit_factor: Metric,
    /// Mean net result of a trade, in US dollars.
    pub expectancy: Metric,
    /// The longest run of trades with a profit.
    pub consecutive_wins: usize,
    /// The longest run of trades with a loss. A trade that breaks even ends both runs.
    pub consecutive_losses: usize,
}

impl Kpi {
    /// Measures an account.
    pub fn of(account: &Account, tape: &Tape) -> Self {
        let equity = account.equity(tape);
        let mut ruined = false;
        let mut absorbed = |money: Money| {
            ruined |= money <= Money::ZERO;
            if ruined { 0.0 } else { money.to_f64() }
        };
        let mut curve = vec![absorbed(STARTING_CASH)];
        curve.extend(account.samples(tape).map(|sample| absorbed(sample.equity)));
        let sampled = returns(&curve);
        curve.push(absorbed(equity));
        let span = account.moment().at.seconds() - account.opened_at().seconds();
        let gate = gate::annualised(account.fills().len(), sampled.len(), span).and(if ruined {
            Err(NullReason::Bankrupt)
        } else {
            Ok(())
        });
        let per_year = f64::from(tape.sessions_per_year());
        let pnls = account.fills().iter().filter_map(|fill| fill.net_pnl);
        let pnls: Vec<f64> = pnls.map(Money::to_f64).collect();
        let of_trades = |metric: fn(&[f64]) -> Metric| {
            if account.fills().is_empty() { Err(NullReason::NoTrade) } else { metric(&pnls) }
        };
        let start = STARTING_CASH.to_f64();
        Self {
            equity,
            total_return_pct: (equity.to_f64() - start) / start * 100.0,
            sharpe_ratio: gate.and_then(|()| sharpe::annualised(&sampled, per_year)),
            sortino_ratio: gate.and_then(|()| sortino::annualised(&sampled, per_year)),
            max_drawdown_pct: drawdown::max(&curve).depth * 100.0,
            total_trades: pnls.len(),
            win_rate_pct: of_trades(trades::win_rate).map(|rate| rate * 100.0),
            profit_factor: of_trades(trades::profit_factor),
            expectancy: of_trades(trades::expectancy),
            consecutive_wins: longest(&pnls, |pnl| pnl > 0.0),
            consecutive_losses: longest(&pnls, |pnl| pnl < 0.0),
        }
    }

    /// The figures that can be undefined, by the names they have in answers.
    pub fn metrics(&self) -> [(&'static str, Metric); 5] {
        [
            ("sharpe_ratio", self.sharpe_ratio),
            ("sortino_ratio", self.sortino_ratio),
            ("win_rate", self.win_rate_pct),
            ("profit_factor", self.profit_factor),
            ("expectancy", self.expectancy),
        ]
    }

    /// The undefined figures of [`Kpi::metrics`], each with its reason.
    pub fn null_reasons(&self) -> impl Iterator<Item = (&'static str, NullReason)> {
        self.metrics().into_iter().filter_map(|(name, metric)| Some((name, metric.err()?)))
    }
}

/// The longest run of trades of one kind.
fn longest(pnls: &[f64], is_one: impl Fn(f64) -> bool) -> usize {
    let (mut longest, mut run) = (0, 0);
    for &pnl in pnls {
        run = if is_one(pnl) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}
