//! What a run is measured against: the market held passively, without costs.

use super::{
    drawdown, gate,
    null::Metric,
    series::{at_session_closes, returns},
    sharpe,
    sum::{count, sum},
};
use crate::{market::SymbolId, num::Price, rules::named, scenario::Scenario};

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BenchmarkKind {
    /// The scenario's index series outside the universe.
    Reference,
    /// The scenario's benchmark, a member of the universe.
    Symbol,
    /// Equal parts of every instrument with a price at the start, never rebalanced.
    EqualWeight,
}

named!(BenchmarkKind {
    Reference = "reference",
    Symbol = "symbol",
    EqualWeight = "equal_weight"
});

/// A passive holding from the close of the start bar to the last bar.
///
/// It covers the whole window, future included: what an active run may be shown ends at its own
/// last bar, see [`Benchmark::return_pct_at`].
#[derive(Debug, Clone, PartialEq)]
pub struct Benchmark {
    /// What is held.
    pub kind: BenchmarkKind,
    /// The symbol, or `equal-weight hold`.
    pub name: String,
    /// Its close at the start bar and at the last one; of an equal-weight hold, which has no
    /// price, what one unit of currency became.
    pub closes: [f64; 2],
    /// Its return over the whole window, in percent.
    pub return_pct: f64,
    /// Annualised Sharpe ratio over the whole window, gated as a run's.
    pub sharpe: Metric,
    /// Deepest fall over the whole window on the bar clock, a fraction from 0 to 1.
    pub max_drawdown: f64,
    /// Its value at every bar from the start bar on; 1 at the start bar.
    pub curve: Vec<f64>,
    /// Its simple returns on the clock of [`super::Series::returns`], as fractions.
    pub returns: Vec<f64>,
}

impl Benchmark {
    /// The benchmark of a scenario: its reference series, else its benchmark symbol, else an
    /// equal-weight hold. One that has no price yet at the start bar is passed over.
    pub fn of(scenario: &Scenario) -> Self {
        let (market, start) = (&scenario.market, scenario.rules.warmup);
        let bars = start..=market.last();
        let priced = |price: Price| price > Price::ZERO;
        if let Some(reference) = market.reference().filter(|it| priced(it.closes[start])) {
            let closes = bars.map(|t| reference.closes[t].to_f64()).collect();
            return Self::held(scenario, BenchmarkKind::Reference, &reference.symbol, closes);
        }
        if let Some(symbol) = market.benchmark().filter(|&it| priced(market.mark(start, it))) {
            let marks = bars.map(|t| market.mark(t, symbol).to_f64()).collect();
            return Self::held(scenario, BenchmarkKind::Symbol, market.symbol(symbol), marks);
        }
        let held: Vec<SymbolId> =
            market.symbols().filter(|&symbol| priced(market.mark(start, symbol))).collect();
        let curve = bars.map(|t| {
            let grown = |&symbol: &SymbolId| {
                market.mark(t, symbol).to_f64() / market.mark(start, symbol).to_f64()
            };
            sum(held.iter().map(grown)) / count(held.len())
        });
        Self::held(scenario, BenchmarkKind::EqualWeight, "equal-weight hold", curve.collect())
    }

    /// Its return from the start bar to the bar `bars` later, in percent.
    pub fn return_pct_at(&self, bars: usize) -> f64 {
        let last = self.curve.len().saturating_sub(1);
        self.curve.get(bars.min(last)).map_or(0.0, |value| (value - 1.0) * 100.0)
    }

    /// A holding with these prices, from the start bar on.
    fn held(scenario: &Scenario, kind: BenchmarkKind, name: &str, prices: Vec<f64>) -> Self {
        let (market, start) = (&scenario.market, scenario.rules.warmup);
        let first = prices.first().copied().unwrap_or(1.0);
        let last = prices.last().copied().unwrap_or(first);
        let curve: Vec<f64> = prices.into_iter().map(|price| price / first).collect();
        let returns = returns(&at_session_closes(market, start, &curve));
        let timeline = market.timeline();
        let span = timeline[market.last()].seconds() - timeline[start].seconds();
        let per_year = f64::from(scenario.rules.sessions_per_year);
        // It trades once: at the start.
        let sharpe = gate::annualised(1, returns.len(), span)
            .and_then(|()| sharpe::annualised(&returns, per_year));
        let max_drawdown = drawdown::max(&curve).depth;
        let (name, closes) = (name.to_owned(), [first, last]);
        let mut benchmark =
            Self { kind, name, closes, return_pct: 0.0, sharpe, max_drawdown, curve, returns };
        benchmark.return_pct = benchmark.return_pct_at(usize::MAX);
        benchmark
    }
}
