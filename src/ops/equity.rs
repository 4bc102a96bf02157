//! The books of a run at every bar, beside its benchmark.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Cx, Effect, Op, Route, views::Instant};
use crate::{error::Error, runs::Seat};

/// The books at the close of every bar beside the benchmark, for the owner of a run, and for
/// everybody once it is published.
///
/// One row per bar, from the first bar of the run to its current one, however many bars a step
/// advanced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetEquity {
    run_id: String,
}

/// The books of every bar so far.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EquityCurve {
    run_id: String,
    equity_curve: Vec<EquityRow>,
}

/// The books at the close of a bar.
#[derive(Debug, Serialize, JsonSchema)]
struct EquityRow {
    #[schemars(with = "Instant")]
    sim_time: String,
    equity: f64,
    cash: f64,
    /// At the close; negative for a net short.
    positions_value: f64,
    /// What the benchmark is worth; 1 at the first bar.
    benchmark: f64,
}

impl Op for GetEquity {
    const NAME: &'static str = "get_equity";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/equity");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::OwnerOrPublished;
    const ROWS: Option<&'static str> = Some("equity_curve");
    type Output = EquityCurve;

    async fn run(self, cx: &Cx) -> Result<EquityCurve, Error> {
        let equity_curve = cx.app.runs.read_open(&cx.caller, &self.run_id, rows).await??;
        Ok(EquityCurve { run_id: self.run_id, equity_curve })
    }
}

fn rows(seat: &Seat) -> Result<Vec<EquityRow>, Error> {
    let run = &seat.run;
    let benchmark = seat.entry.benchmark().map_err(Error::internal)?;
    let timeline = &run.market().timeline()[run.rules().warmup..];
    let bars = run.samples().iter().zip(timeline).zip(&benchmark.curve);
    let rows = bars.map(|((sample, ts), &benchmark)| EquityRow {
        sim_time: ts.to_string(),
        equity: sample.equity().to_f64(),
        cash: sample.cash.to_f64(),
        positions_value: sample.positions_value.to_f64(),
        benchmark,
    });
    Ok(rows.collect())
}
