//! Runs: starting one, looking at it, listing them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    Cx, Effect, Op, Route,
    input::{Checks, PRINTABLE, check_text},
    views::{Instant, RunView, Snapshot, Workflow, instant},
};
use crate::{
    error::Error,
    runs::{NewRun, Seat},
};

/// Characters a bot's name may have.
pub(super) const BOT_NAME_MAX: usize = 120;
/// Runs on a page when the call does not say.
const PAGE_DEFAULT: u32 = 20;
/// Runs that one page may have.
const PAGE_MAX: u32 = 100;
/// Bytes that `agent_info` may have as JSON.
const AGENT_INFO_BYTES_MAX: usize = 8_192;

#[doc = include_str!("../../tools/start_run.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartRun {
    #[serde(default)]
    scenario_slug: Option<String>,
    /// Instead of the slug; wins when both are given.
    #[serde(default)]
    scenario_id: Option<String>,
    /// Shown on the leaderboard.
    #[serde(default)]
    #[schemars(length(max = BOT_NAME_MAX), regex(pattern = PRINTABLE))]
    bot_name: Option<String>,
    /// Who trades; published with the run.
    #[serde(default)]
    agent_info: Option<AgentInfo>,
}

/// Who trades, in the agent's own words.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AgentInfo {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    framework: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_revision: Option<String>,
    /// Anything else that belongs to the set-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<Map<String, Value>>,
}

impl AgentInfo {
    fn check(&self) -> Result<Value, Error> {
        if self.name.trim().is_empty() {
            return Err(Error::rejected("agent_info.name is required", "name the agent"));
        }
        let limits = [
            ("name", Some(&self.name), 120),
            ("framework", self.framework.as_ref(), 120),
            ("model", self.model.as_ref(), 200),
            ("version", self.version.as_ref(), 120),
            ("source_url", self.source_url.as_ref(), 500),
            ("source_revision", self.source_revision.as_ref(), 200),
        ];
        for (field, text, max) in limits {
            if text.is_some_and(|text| text.chars().count() > max) {
                let hint = format!("agent_info.{field} may have at most {max} characters");
                let message = "agent_info contains a field that is too long";
                return Err(Error::rejected(message, &hint));
            }
        }
        let value = serde_json::to_value(self).map_err(Error::internal)?;
        if value.to_string().len() > AGENT_INFO_BYTES_MAX {
            let message = "agent_info must be valid JSON up to 8 KB";
            return Err(Error::rejected(message, "shorten agent_info.config"));
        }
        Ok(value)
    }
}

impl StartRun {
    /// The call that starts a run of this scenario for a bot of this name.
    pub(super) fn named(scenario: String, bot_name: String) -> Self {
        Self {
            scenario_slug: Some(scenario),
            scenario_id: None,
            bot_name: Some(bot_name),
            agent_info: None,
        }
    }

    /// Starts the run. That the month has no more of them is told before what is wrong with this
    /// one.
    pub(super) async fn start<T>(self, cx: &Cx, view: impl FnOnce(&Seat) -> T) -> Result<T, Error> {
        let account = cx.caller.account()?;
        if cx.app.plans.of(account.plan).runs.is_some() {
            let quota = cx.app.runs.quota(&account.id).await?;
            cx.tell_quota(&quota);
            cx.app.runs.check_room(&quota)?;
        }
        let new = self.check(cx)?;
        let (answer, quota) = cx.app.runs.start(&cx.caller, new, view).await?;
        if let Some(quota) = quota {
            cx.tell_quota(&quota);
        }
        Ok(answer)
    }

    /// The run to start, or everything that is wrong with the call.
    fn check(self, cx: &Cx) -> Result<NewRun, Error> {
        let mut checks = Checks::default();
        let entry = match (&self.scenario_id, &self.scenario_slug) {
            (Some(id), _) => cx.app.scenario_as("scenario with id", id),
            (None, Some(slug)) => cx.app.scenario_as("scenario with slug", slug),
            (None, None) => {
                let hint = "`list_scenarios` lists the slugs";
                Err(Error::rejected("scenario_id or scenario_slug required", hint))
            }
        };
        let entry = checks.take("scenario_slug", entry.cloned());
        let agent_info = self.agent_info.as_ref().map(AgentInfo::check).transpose();
        let agent_info = checks.take("agent_info", agent_info).flatten();
        if let Some(name) = &self.bot_name {
            checks.take("bot_name", check_text("bot_name", name, BOT_NAME_MAX));
        }
        let bot_name = self.bot_name.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
        let entry = checks.done(entry)?;
        Ok(NewRun { entry, bot_name, agent_info })
    }
}

impl Op for StartRun {
    const NAME: &'static str = "start_run";
    const ROUTE: Route = Route::post("/api/v1/runs").created().wrapped("run");
    const EFFECT: Effect = Effect::Write;
    const STARTS_RUN: bool = true;
    type Output = RunView;

    async fn run(self, cx: &Cx) -> Result<RunView, Error> {
        self.start(cx, RunView::of).await
    }
}

#[doc = include_str!("../../tools/get_run.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetRun {
    run_id: String,
}

/// A run with its books and what can be done next.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RunDetail {
    #[serde(flatten)]
    snapshot: Snapshot,
    workflow: Workflow,
}

impl Op for GetRun {
    const NAME: &'static str = "get_run";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}");
    const EFFECT: Effect = Effect::Read;
    type Output = RunDetail;

    async fn run(self, cx: &Cx) -> Result<RunDetail, Error> {
        let view =
            |seat: &_| RunDetail { snapshot: Snapshot::of(seat), workflow: Workflow::of(seat) };
        cx.app.runs.read(&cx.caller, &self.run_id, view).await
    }
}

/// Lists your runs, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListRuns {
    /// At most this many; default 20.
    #[serde(default)]
    #[schemars(range(min = 1, max = PAGE_MAX))]
    pub(crate) limit: Option<i64>,
    /// The `next_cursor` of the page before, as it came.
    #[serde(default)]
    pub(crate) cursor: Option<String>,
}

/// A page of runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunPage {
    pub(crate) runs: Vec<RunLine>,
    /// Ask for the next page with it; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// A run in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RunLine {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bot_name: Option<String>,
    pub(crate) scenario_slug: String,
    pub(crate) scenario_version: i64,
    pub(crate) attempt: i64,
    pub(crate) status: String,
    #[schemars(with = "Instant")]
    pub(crate) sim_time: String,
    #[schemars(with = "Instant")]
    pub(crate) created_at: String,
    #[schemars(with = "Instant")]
    pub(crate) last_activity_at: String,
    pub(crate) published: bool,
}

impl Op for ListRuns {
    const NAME: &'static str = "list_runs";
    const ROUTE: Route = Route::get("/api/v1/runs");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    type Output = RunPage;

    async fn run(self, cx: &Cx) -> Result<RunPage, Error> {
        let asked = self.limit.map_or(Some(PAGE_DEFAULT), |it| u32::try_from(it).ok());
        let limit = asked.filter(|it| (1..=PAGE_MAX).contains(it)).ok_or_else(|| {
            Error::invalid_field("limit", &format!("must be between 1 and {PAGE_MAX}"))
        })?;
        // One more than asked for tells whether there is a next page.
        let mut rows = cx.app.runs.list(&cx.caller, limit + 1, self.cursor).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = rows.last().filter(|_| more).map(|row| row.origin.id.clone());
        let runs = rows
            .into_iter()
            .map(|row| RunLine {
                id: row.origin.id,
                bot_name: row.origin.bot_name,
                scenario_slug: row.origin.scenario_slug,
                scenario_version: row.origin.scenario_version,
                attempt: row.attempt,
                status: row.derived.status.as_str().into(),
                sim_time: instant(row.derived.sim_time),
                created_at: instant(row.origin.created_at),
                last_activity_at: instant(row.last_activity_at),
                published: row.published_at.is_some(),
            })
            .collect();
        Ok(RunPage { runs, next_cursor })
    }
}
