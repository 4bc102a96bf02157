//! The whole universe at a glance.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Cx, Effect, Formatted, Op,
    ResponseFormat::{self, Concise, Detailed},
    Route,
    views::{ScanBrief, ScanView},
};
use crate::{error::Error, runs::Seat};

#[doc = include_str!("../../tools/scan_market.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ScanMarket {
    run_id: String,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
}

impl Op for ScanMarket {
    const NAME: &'static str = "scan_market";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/scan");
    const EFFECT: Effect = Effect::Read;
    type Output = Formatted<ScanBrief, ScanView>;

    async fn run(self, cx: &Cx) -> Result<Self::Output, Error> {
        let format = cx.format(self.response_format);
        let view = |seat: &Seat| match format {
            Concise => Formatted::Concise(ScanBrief::of(seat)),
            Detailed => Formatted::detailed(ScanView::of(seat)),
        };
        cx.app.runs.read(&cx.caller, &self.run_id, view).await
    }
}
