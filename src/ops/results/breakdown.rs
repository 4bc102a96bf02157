//! Where a result came from, and beside what it stands: instruments, benchmark, reference bots.

use schemars::JsonSchema;
use serde::Serialize;
use sim::{
    bots::baseline::Baseline,
    metrics::{Benchmark, by_symbol},
};

use crate::{ops::views::Instant, runs::Seat};

/// The benchmark over the whole window of the run, without costs.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BenchmarkRun {
    /// reference (an index outside the universe), symbol, or `equal_weight`.
    kind: &'static str,
    symbol: String,
    #[schemars(with = "Instant")]
    start_ts: String,
    #[schemars(with = "Instant")]
    end_ts: String,
    /// The close at the start; 1 for an equal-weight portfolio, which has no price.
    start_close: f64,
    end_close: f64,
    return_pct: f64,
    /// Annualised, of session returns; absent where the window is too short.
    #[serde(skip_serializing_if = "Option::is_none")]
    sharpe: Option<f64>,
    max_drawdown: f64,
    /// Bars from the start to the end, both counted.
    bars_used: usize,
}

impl BenchmarkRun {
    pub(super) fn of(seat: &Seat, benchmark: &Benchmark) -> Self {
        let (market, start) = (seat.run.market(), seat.run.rules().warmup);
        let [start_close, end_close] = benchmark.closes;
        Self {
            kind: benchmark.kind.name(),
            symbol: benchmark.name.clone(),
            start_ts: market.timeline()[start].to_string(),
            end_ts: market.timeline()[market.last()].to_string(),
            start_close,
            end_close,
            return_pct: benchmark.return_pct,
            sharpe: benchmark.sharpe.ok(),
            max_drawdown: benchmark.max_drawdown,
            bars_used: benchmark.curve.len(),
        }
    }
}

/// A reference bot's run of the same scenario, as `bottrade play` plays it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ReferenceBot {
    pub(crate) bot: &'static str,
    pub(crate) return_pct: f64,
    /// Absent where it is undefined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpe: Option<f64>,
    pub(crate) max_drawdown: f64,
    pub(crate) trade_count: usize,
    pub(crate) liquidated: bool,
}

impl From<&Baseline> for ReferenceBot {
    fn from(baseline: &Baseline) -> Self {
        let report = &baseline.report;
        Self {
            bot: baseline.bot,
            return_pct: report.return_pct,
            sharpe: report.sharpe.ok(),
            max_drawdown: report.max_drawdown.depth,
            trade_count: report.trade_count,
            liquidated: baseline.liquidated,
        }
    }
}

/// What trading one instrument came to, in currency.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SymbolPnl {
    pub(crate) symbol: String,
    /// Of reductions against the average cost, before commissions.
    pub(crate) realized_pnl: f64,
    /// All of it: realised and not, after slippage and commissions, before borrow.
    pub(crate) profit: f64,
    /// Fills.
    pub(crate) trade_count: usize,
}

impl SymbolPnl {
    /// Of every instrument that was traded, in order of symbol.
    pub(super) fn all(seat: &Seat) -> Vec<Self> {
        let market = seat.run.market();
        let shown = |it: by_symbol::SymbolProfit| Self {
            symbol: market.symbol(it.symbol).into(),
            realized_pnl: it.realized_pnl.to_f64(),
            profit: it.profit.to_f64(),
            trade_count: it.trade_count,
        };
        by_symbol::profits(&seat.run).into_iter().map(shown).collect()
    }
}
