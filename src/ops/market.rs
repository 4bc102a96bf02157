//! What a run can see of its market.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cx, Effect, Formatted, Op, Reader,
    ResponseFormat::{self, Concise, Detailed},
    Route,
    input::Checks,
    views::{BarRows, BarsView, Pulse, Visible},
};
use crate::{error::Error, runs::Seat};

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
    #[serde(default)]
    response_format: Option<ResponseFormat>,
}

/// Visible bars: none is later than `sim_time`.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MarketView<B> {
    #[serde(flatten)]
    pulse: Pulse,
    #[serde(flatten)]
    bars: B,
}

impl<B: From<Visible>> MarketView<B> {
    fn of(seat: &Seat, visible: Visible) -> Self {
        Self { pulse: Pulse::of(seat), bars: visible.into() }
    }
}

impl Op for GetMarket {
    const NAME: &'static str = "get_market";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/market");
    const EFFECT: Effect = Effect::Read;
    type Output = Formatted<MarketView<BarRows>, MarketView<BarsView>>;

    async fn run(self, cx: &Cx) -> Result<Self::Output, Error> {
        // All symbols are what a model gets without naming any: one bar of each is what it reads.
        let everything = cx.reader == Reader::Model && self.symbols.is_empty();
        let usual = if everything { 1 } else { LOOKBACK_DEFAULT };
        let mut checks = Checks::default();
        let lookback = checks.lookback(self.lookback, usual, LOOKBACK_MAX);
        if cx.reader == Reader::Model {
            self.check_budget(&mut checks, lookback.unwrap_or(1));
        }
        let lookback = checks.done(lookback)?;
        let format = cx.format(self.response_format);
        let view = |seat: &Seat| {
            let visible = Visible::of(seat, &self.symbols, lookback);
            match format {
                Concise => Formatted::Concise(MarketView::of(seat, visible)),
                Detailed => Formatted::detailed(MarketView::of(seat, visible)),
            }
        };
        cx.app.runs.read(&cx.caller, &self.run_id, view).await
    }
}

impl GetMarket {
    /// Keeps a model from filling its context by accident.
    fn check_budget(&self, checks: &mut Checks, lookback: usize) {
        let (symbols, bars) = (self.symbols.len(), self.symbols.len() * lookback);
        let (field, problem) = if symbols == 0 && lookback > 1 {
            ("lookback", "get_market with all symbols is capped at lookback=1".to_owned())
        } else if symbols > MODEL_SYMBOLS_MAX {
            ("symbols", format!("{symbols} symbols in one call; at most {MODEL_SYMBOLS_MAX}"))
        } else if bars > MODEL_BARS_MAX {
            ("lookback", format!("{bars} bars in one call; at most {MODEL_BARS_MAX}"))
        } else {
            return;
        };
        let hint = "name the symbols you need and a shorter lookback";
        checks.add(field, Error::rejected(problem, hint));
    }
}
