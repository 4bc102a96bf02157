//! What a run can see of its market.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{SymbolId, Timestamp};

use super::{Cx, Effect, Op, Reader, Route, views::BarView};
use crate::{error::Error, runs::Seat, scenarios};

/// Bars per symbol that one call may ask for.
const LOOKBACK_MAX: usize = 1_000;
/// Bars per symbol when the call does not say.
const LOOKBACK_DEFAULT: usize = 50;
/// Symbols and bars that a model may ask for in one call.
const MODEL_SYMBOLS_MAX: usize = 8;
const MODEL_BARS_MAX: usize = 500;

#[doc = include_str!("../../tools/get_market.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetMarket {
    run_id: String,
    /// Default: the whole universe.
    #[serde(default)]
    symbols: Vec<String>,
    /// Bars per symbol, newest last.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1_000))]
    lookback: Option<i64>,
}

/// Visible bars: none is later than `sim_time`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MarketView {
    /// The run's current instant.
    #[schemars(with = "String")]
    sim_time: Timestamp,
    /// Bars per symbol, oldest first.
    bars: BTreeMap<String, Vec<BarView>>,
    /// Symbols outside the universe, each with the nearest ones inside.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    unknown_symbols: BTreeMap<String, Vec<String>>,
}

impl Op for GetMarket {
    const NAME: &'static str = "get_market";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/market");
    const EFFECT: Effect = Effect::Read;
    type Output = MarketView;

    async fn run(self, cx: &Cx) -> Result<MarketView, Error> {
        // All symbols are what a model gets without naming any: one bar of each is what it reads.
        let everything = cx.reader == Reader::Model && self.symbols.is_empty();
        let usual = if everything { 1 } else { LOOKBACK_DEFAULT };
        let asked = self.lookback.map_or(Some(usual), |it| usize::try_from(it).ok());
        let lookback = asked.filter(|it| (1..=LOOKBACK_MAX).contains(it)).ok_or_else(|| {
            let problem = format!("must be between 1 and {LOOKBACK_MAX}");
            Error::invalid_field("lookback", &problem)
        })?;
        if cx.reader == Reader::Model {
            self.check_budget(lookback)?;
        }
        let symbols = self.symbols;
        cx.app.runs.read(&cx.caller, &self.run_id, |seat| visible(seat, &symbols, lookback)).await
    }
}

impl GetMarket {
    /// Keeps a model from filling its context by accident.
    fn check_budget(&self, lookback: usize) -> Result<(), Error> {
        let hint = "name the symbols you need and a shorter lookback";
        if self.symbols.is_empty() && lookback > 1 {
            let message = "get_market with all symbols is capped at lookback=1";
            return Err(Error::rejected(message, hint));
        }
        if self.symbols.len() > MODEL_SYMBOLS_MAX {
            let message =
                format!("{} symbols in one call; at most {MODEL_SYMBOLS_MAX}", self.symbols.len());
            return Err(Error::rejected(message, hint));
        }
        let bars = self.symbols.len() * lookback;
        if bars > MODEL_BARS_MAX {
            let message = format!("{bars} bars in one call; at most {MODEL_BARS_MAX}");
            return Err(Error::rejected(message, hint));
        }
        Ok(())
    }
}

/// Bars at or before now. A symbol outside the universe has none.
fn visible(seat: &Seat, symbols: &[String], lookback: usize) -> MarketView {
    let (market, now) = (seat.run.market(), seat.run.now());
    let rows = |symbol: SymbolId| market.bars(now, symbol, lookback).map(BarView::from).collect();
    let mut unknown_symbols = BTreeMap::new();
    let bars = if symbols.is_empty() {
        market.symbols().map(|id| (market.symbol(id).to_owned(), rows(id))).collect()
    } else {
        let asked = symbols.iter().map(|it| it.trim()).filter(|it| !it.is_empty());
        asked
            .map(|asked| match scenarios::symbols::resolve(market, asked) {
                Ok(id) => (asked.to_owned(), rows(id)),
                Err(nearest) => {
                    unknown_symbols.insert(asked.to_owned(), nearest);
                    (asked.to_owned(), Vec::new())
                }
            })
            .collect()
    };
    MarketView { sim_time: seat.run.sim_time(), bars, unknown_symbols }
}
