//! The journal of a run, as a file that anybody can recompute.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Access, Cx, Effect, Op, Route, views::RunFile};
use crate::error::Error;

/// The file of a run: its journal with all that follows from it. `bottrade verify` recomputes it.
///
/// Its owner gets it at any time, everybody else once the run is published. The body is the file,
/// byte for byte: keep it as it comes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetJournal {
    run_id: String,
}

impl Op for GetJournal {
    const NAME: &'static str = "get_journal";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/journal");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::OwnerOrPublished;
    type Output = RunFile;

    async fn run(self, cx: &Cx) -> Result<RunFile, Error> {
        cx.app.runs.read_journal(&cx.caller, &self.run_id, RunFile::of).await?
    }
}
