//! A few symbols bar by bar.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::Status;

use super::{
    Cx, Effect, Formatted, Op,
    ResponseFormat::{self, Concise, Detailed},
    Route,
    input::Checks,
    views::{BarRows, BarsView, DataBudget, Pulse, Visible},
};
use crate::{error::Error, runs::Seat};

/// Symbols in one call.
const SYMBOLS_MAX: usize = 8;
/// Bars per symbol, at most and when the call does not say.
const LOOKBACK_MAX: usize = 120;
const LOOKBACK_DEFAULT: usize = 30;

#[doc = include_str!("../../tools/inspect_symbols.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InspectSymbols {
    run_id: String,
    /// 1 to 8 of them.
    #[schemars(length(min = 1, max = 8))]
    symbols: Vec<String>,
    /// Bars per symbol; default 30.
    #[serde(default)]
    #[schemars(range(min = 1, max = 120))]
    lookback: Option<i64>,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
}

/// The bars of a few symbols, as rows.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InspectionBrief {
    #[serde(flatten)]
    pulse: Pulse,
    #[serde(flatten)]
    bars: BarRows,
}

/// The bars of a few symbols, in full.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Inspection {
    /// trading or completed.
    phase: &'static str,
    next_action: &'static str,
    run_id: String,
    #[serde(flatten)]
    pulse: Pulse,
    #[serde(flatten)]
    bars: BarsView,
    data_budget: DataBudget,
    human_summary: String,
}

impl Inspection {
    fn of(seat: &Seat, visible: Visible, lookback: usize) -> Self {
        let (phase, next_action) = match seat.run.status() {
            Status::Active => ("trading", "submit_decision"),
            _ => ("completed", "get_results"),
        };
        let (symbols, rows) = (visible.symbols(), visible.rows());
        Self {
            phase,
            next_action,
            run_id: seat.meta.id.to_string(),
            pulse: Pulse::of(seat),
            data_budget: DataBudget::new(symbols, lookback, rows),
            human_summary: format!("{rows} bars of {symbols} symbols."),
            bars: visible.into(),
        }
    }
}

impl Op for InspectSymbols {
    const NAME: &'static str = "inspect_symbols";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/inspect");
    const EFFECT: Effect = Effect::Read;
    type Output = Formatted<InspectionBrief, Inspection>;

    async fn run(self, cx: &Cx) -> Result<Self::Output, Error> {
        let symbols: Vec<String> =
            self.symbols.iter().map(|it| it.trim().to_ascii_uppercase()).collect();
        let mut checks = Checks::default();
        checks.require("symbols", (1..=SYMBOLS_MAX).contains(&symbols.len()), || {
            format!("must name 1 to {SYMBOLS_MAX} symbols (got {})", symbols.len())
        });
        for (at, symbol) in symbols.iter().enumerate() {
            checks.require(&format!("symbols[{at}]"), !symbol.is_empty(), || "is empty".into());
        }
        let lookback = checks.lookback(self.lookback, LOOKBACK_DEFAULT, LOOKBACK_MAX);
        let lookback = checks.done(lookback)?;
        let format = cx.format(self.response_format);
        let view = |seat: &Seat| {
            let visible = Visible::of(seat, &symbols, lookback);
            match format {
                Concise => Formatted::Concise(InspectionBrief {
                    pulse: Pulse::of(seat),
                    bars: visible.into(),
                }),
                Detailed => Formatted::detailed(Inspection::of(seat, visible, lookback)),
            }
        };
        cx.app.runs.read(&cx.caller, &self.run_id, view).await
    }
}
