//! A run that shows that everything works.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{Command, outcome::Outcome};

use super::{
    Cx, Effect, Op, Route,
    decision::Decision,
    input::PRINTABLE,
    runs::{BOT_NAME_MAX, StartRun},
    views::{Instant, Named, RunView, ScanView},
};
use crate::{
    error::Error,
    runs::{Seat, Turn},
};

/// The scenario that is tried when the call names none.
const SCENARIO: &str = "sandbox-nov-2024";
/// What the bot is called when the call does not say.
const BOT_NAME: &str = "MCP sandbox smoke test";

#[doc = include_str!("../../tools/run_sandbox_smoke_test.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunSandboxSmokeTest {
    /// Default sandbox-nov-2024.
    #[serde(default)]
    scenario_slug: Option<String>,
    /// Default "MCP sandbox smoke test".
    #[serde(default)]
    #[schemars(length(max = BOT_NAME_MAX), regex(pattern = PRINTABLE))]
    bot_name: Option<String>,
}

/// The run that was tried.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Smoke {
    phase: String,
    next_action: String,
    run_id: String,
    scenario_slug: String,
    /// As it was started.
    run: RunView,
    /// When the market was looked at.
    #[schemars(with = "Instant")]
    scan_sim_time: String,
    #[serde(flatten)]
    named: Named,
    /// The bar that was held.
    decision: Decision,
    /// It stays private.
    published: bool,
    human_summary: String,
}

impl Op for RunSandboxSmokeTest {
    const NAME: &'static str = "run_sandbox_smoke_test";
    const ROUTE: Route = Route::post("/api/v1/smoke-test").created();
    const EFFECT: Effect = Effect::Write;
    const STARTS_RUN: bool = true;
    type Output = Smoke;

    async fn run(self, cx: &Cx) -> Result<Smoke, Error> {
        let scenario = self.scenario_slug.unwrap_or_else(|| SCENARIO.into());
        let bot_name = self.bot_name.unwrap_or_else(|| BOT_NAME.into());
        let start = |seat: &Seat| {
            let (slug, scan) = (seat.entry.slug().to_owned(), ScanView::of(seat));
            (seat.meta.id.to_string(), slug, RunView::of(seat), seat.run.sim_time(), scan.named)
        };
        let new = StartRun::named(scenario, bot_name);
        let (run_id, scenario_slug, run, seen, named) = new.start(cx, start).await?;
        let turn = Turn::new(&run_id, None, Self::NAME, &())?;
        let view = |seat: &Seat, command: &Command, outcome: &Outcome| {
            Decision::of(seat, command, outcome, None, false)
        };
        let hold = |_: &Seat| Ok(Command::step(1));
        let decision = cx.app.runs.command(&cx.caller, turn, "", hold, view).await?.made();
        let decision = decision.ok_or_else(|| Error::internal("no key, and yet an old answer"))?;
        Ok(Smoke {
            phase: decision.phase.clone(),
            next_action: decision.next_action.clone(),
            human_summary: format!(
                "Started {run_id} on {scenario_slug}, looked at it and held one bar: it works."
            ),
            run_id,
            scenario_slug,
            run,
            scan_sim_time: seen.to_string(),
            named,
            decision,
            published: false,
        })
    }
}
