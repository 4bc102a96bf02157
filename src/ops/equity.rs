//! The curve of a run beside its benchmark's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::metrics::Benchmark;

use super::{
    Cx, Effect, Op, Route,
    views::{CurvePoint, equity_curve},
};
use crate::{error::Error, runs::Seat};

/// The equity of every bar beside the benchmark's, for the owner of a run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetEquity {
    run_id: String,
}

/// Two curves on the bar clock, from the first bar of the run to its current one.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EquityCurves {
    run_id: String,
    equity_curve: Vec<CurvePoint>,
    /// The benchmark at the same bars, 1 at the first.
    benchmark: Vec<f64>,
}

impl Op for GetEquity {
    const NAME: &'static str = "get_equity";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/equity");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    type Output = EquityCurves;

    async fn run(self, cx: &Cx) -> Result<EquityCurves, Error> {
        let curves = |seat: &Seat| {
            let bars = seat.run.samples().len();
            let benchmark = Benchmark::of(seat.run.scenario());
            (equity_curve(seat), benchmark.curve.into_iter().take(bars).collect())
        };
        let (equity_curve, benchmark) = cx.app.runs.read(&cx.caller, &self.run_id, curves).await?;
        Ok(EquityCurves { run_id: self.run_id, equity_curve, benchmark })
    }
}
