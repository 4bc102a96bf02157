//! What a run is measured against: the market held passively, without costs.

use super::{
    series::{at_session_closes, returns},
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
    /// Its return over the whole window, in percent.
    pub return_pct: f64,
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
            let closes = bars.map(|t| reference.closes[t]);
            return Self::new(scenario, BenchmarkKind::Reference, &reference.symbol, hold(closes));
        }
        if let Some(symbol) = market.benchmark().filter(|&it| priced(market.mark(start, it))) {
            let marks = bars.map(|t| market.mark(t, symbol));
            return Self::new(scenario, BenchmarkKind::Symbol, market.symbol(symbol), hold(marks));
        }
        let held: Vec<SymbolId> =
            market.symbols().filter(|&symbol| priced(market.mark(start, symbol))).collect();
        let curve = bars.map(|t| {
            let grown = |&symbol: &SymbolId| {
                market.mark(t, symbol).to_f64() / market.mark(start, symbol).to_f64()
            };
            sum(held.iter().map(grown)) / count(held.len())
        });
        Self::new(scenario, BenchmarkKind::EqualWeight, "equal-weight hold", curve.collect())
    }

    /// Its return from the start bar to the bar `bars` later, in percent.
    pub fn return_pct_at(&self, bars: usize) -> f64 {
        let last = self.curve.len().saturating_sub(1);
        self.curve.get(bars.min(last)).map_or(0.0, |value| (value - 1.0) * 100.0)
    }

    fn new(scenario: &Scenario, kind: BenchmarkKind, name: &str, curve: Vec<f64>) -> Self {
        let closes = at_session_closes(&scenario.market, scenario.rules.warmup, &curve);
        let mut benchmark =
            Self { kind, name: name.to_owned(), return_pct: 0.0, curve, returns: returns(&closes) };
        benchmark.return_pct = benchmark.return_pct_at(usize::MAX);
        benchmark
    }
}

/// The value of one holding, 1 at the first price.
fn hold(prices: impl Iterator<Item = Price>) -> Vec<f64> {
    let prices: Vec<f64> = prices.map(Price::to_f64).collect();
    let first = prices.first().copied().unwrap_or(1.0);
    prices.into_iter().map(|price| price / first).collect()
}
