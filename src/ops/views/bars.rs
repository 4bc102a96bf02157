//! Bars that a run can see: none is later than its `sim_time`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sim::{SymbolId, market::Bar};

use super::{
    Instant,
    concise::{rough, tick},
};
use crate::{
    runs::Seat,
    scenarios::{Resolution, symbols},
};

/// One bar.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BarView {
    #[schemars(with = "Instant")]
    ts: String,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: f64,
}

impl From<Bar> for BarView {
    fn from(bar: Bar) -> Self {
        Self {
            ts: bar.ts.to_string(),
            open: bar.open.to_f64(),
            high: bar.high.to_f64(),
            low: bar.low.to_f64(),
            close: bar.close.to_f64(),
            volume: bar.volume,
        }
    }
}

/// Bars of several symbols, by the names that were asked for.
pub(crate) struct Visible {
    bars: Vec<(String, Vec<Bar>)>,
    /// Symbols outside the universe, each with the nearest ones inside.
    unknown: BTreeMap<String, Vec<String>>,
    daily: bool,
}

impl Visible {
    /// The last `lookback` bars of these symbols, of all when none is named.
    ///
    /// A symbol outside the universe has none.
    pub(crate) fn of(seat: &Seat, asked: &[String], lookback: usize) -> Self {
        let (market, now) = (seat.run.market(), seat.run.now());
        let rows = |symbol: SymbolId| market.bars(now, symbol, lookback).collect::<Vec<_>>();
        let mut unknown = BTreeMap::new();
        let bars = if asked.is_empty() {
            market.symbols().map(|id| (market.symbol(id).to_owned(), rows(id))).collect()
        } else {
            let asked = asked.iter().map(|it| it.trim()).filter(|it| !it.is_empty());
            asked
                .map(|asked| match symbols::resolve(market, asked) {
                    Ok(id) => (asked.to_owned(), rows(id)),
                    Err(nearest) => {
                        unknown.insert(asked.to_owned(), nearest);
                        (asked.to_owned(), Vec::new())
                    }
                })
                .collect()
        };
        let daily = seat.entry.card().bar_resolution == Resolution::Day1;
        Self { bars, unknown, daily }
    }

    /// How many symbols have bars.
    pub(crate) fn symbols(&self) -> usize {
        self.bars.iter().filter(|(_, bars)| !bars.is_empty()).count()
    }

    /// How many bars there are.
    pub(crate) fn rows(&self) -> usize {
        self.bars.iter().map(|(_, bars)| bars.len()).sum()
    }
}

/// Bars as objects.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BarsView {
    /// Bars per symbol, oldest first.
    bars: BTreeMap<String, Vec<BarView>>,
    /// Symbols outside the universe, each with the nearest ones inside.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknown_symbols: BTreeMap<String, Vec<String>>,
}

impl From<Visible> for BarsView {
    fn from(visible: Visible) -> Self {
        let view = |(name, bars): (String, Vec<Bar>)| {
            (name, bars.into_iter().map(BarView::from).collect())
        };
        Self {
            bars: visible.bars.into_iter().map(view).collect(),
            unknown_symbols: visible.unknown,
        }
    }
}

/// Bars as rows under named columns.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BarRows {
    columns: &'static [&'static str],
    /// Rows per symbol, oldest first.
    bars: BTreeMap<String, Vec<Vec<Value>>>,
    /// Symbols outside the universe, each with the nearest ones inside.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknown_symbols: BTreeMap<String, Vec<String>>,
}

impl From<Visible> for BarRows {
    fn from(visible: Visible) -> Self {
        let daily = visible.daily;
        let row = |bar: Bar| {
            // A daily bar by its date, another one by its minute, both UTC.
            let ts = bar.ts.to_string();
            let ts = if daily { ts.get(..10) } else { ts.get(..16) };
            let prices =
                [bar.open, bar.high, bar.low, bar.close].map(|it| json!(tick(it.to_f64())));
            let mut row = vec![json!(ts)];
            row.extend(prices);
            row.push(json!(rough(bar.volume)));
            row
        };
        let rows = |(name, bars): (String, Vec<Bar>)| (name, bars.into_iter().map(row).collect());
        Self {
            columns: &["ts", "open", "high", "low", "close", "volume"],
            bars: visible.bars.into_iter().map(rows).collect(),
            unknown_symbols: visible.unknown,
        }
    }
}
