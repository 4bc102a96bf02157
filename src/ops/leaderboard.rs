//! Published runs, ranked per scenario.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, Route,
    views::{Instant, instant},
};
use crate::{error::Error, runs::SortBy};

/// Rows when the call does not say, or asks for an impossible number.
const LIMIT_DEFAULT: i64 = 100;
/// Rows that one call may ask for.
const LIMIT_MAX: i64 = 500;

/// Ranks the published runs of a scenario's current version; a run without a trade has no rank.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetLeaderboard {
    /// Slug or id.
    #[serde(default)]
    scenario: Option<String>,
    /// return, sharpe, sortino or `max_drawdown`; default return.
    #[serde(default)]
    sort_by: Option<String>,
    /// 1 to 500; default 100.
    #[serde(default)]
    limit: Option<i64>,
}

/// A leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Leaderboard {
    scenario: String,
    sort_by: &'static str,
    entries: Vec<Row>,
}

/// A published run on a leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Row {
    rank: usize,
    run_id: String,
    bot_name: String,
    scenario_version: i64,
    /// Which run of its account on this scenario it was, counted when it started.
    attempt: i64,
    return_pct: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sharpe: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sortino: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_drawdown: Option<f64>,
    final_equity: f64,
    trade_count: i64,
    liquidated: bool,
    #[schemars(with = "Instant")]
    published_at: String,
}

impl Op for GetLeaderboard {
    const NAME: &'static str = "get_leaderboard";
    const ROUTE: Route = Route::get("/api/v1/leaderboard");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = Leaderboard;

    async fn run(self, cx: &Cx) -> Result<Leaderboard, Error> {
        let asked = self.scenario.filter(|it| !it.is_empty()).ok_or_else(|| {
            let hint = "add `?scenario=<slug>`; `/api/v1/leaderboard/scenarios` lists them";
            Error::rejected("scenario query param required", hint)
        })?;
        let entry = cx.app.scenario_as("scenario", &asked)?;
        let (slug, version) = (entry.slug().to_owned(), entry.card().version);
        let (sort_by, sort_name) = sort_order(self.sort_by.as_deref());
        let asked = self.limit.unwrap_or(LIMIT_DEFAULT);
        let limit = if (1..=LIMIT_MAX).contains(&asked) { asked } else { LIMIT_DEFAULT };
        let rows = cx.app.runs.leaderboard(slug.clone(), version, sort_by, limit).await?;
        let entries = (1..)
            .zip(rows)
            .map(|(rank, row)| Row {
                rank,
                run_id: row.run_id,
                bot_name: row.display_name,
                scenario_version: row.scenario_version,
                attempt: row.attempt,
                return_pct: row.return_pct,
                sharpe: row.sharpe,
                sortino: row.sortino,
                max_drawdown: row.max_drawdown,
                final_equity: sim::Money::from_units(row.final_equity.into()).to_f64(),
                trade_count: row.trade_count,
                liquidated: row.liquidated,
                published_at: instant(row.published_at),
            })
            .collect();
        Ok(Leaderboard { scenario: slug, sort_by: sort_name, entries })
    }
}

/// The order of this name; an unknown one is by return, as the contract has it.
fn sort_order(name: Option<&str>) -> (SortBy, &'static str) {
    match name {
        Some("sharpe") => (SortBy::Sharpe, "sharpe"),
        Some("sortino") => (SortBy::Sortino, "sortino"),
        Some("max_drawdown") => (SortBy::MaxDrawdown, "max_drawdown"),
        _ => (SortBy::Return, "return"),
    }
}

/// Lists the scenarios with the number of runs and published runs of each.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListBoards {}

/// Every leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Boards {
    scenarios: Vec<Board>,
}

/// A scenario's leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Board {
    id: String,
    slug: String,
    name: String,
    run_count: i64,
    published_count: i64,
}

impl Op for ListBoards {
    const NAME: &'static str = "list_leaderboards";
    const ROUTE: Route = Route::get("/api/v1/leaderboard/scenarios");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = Boards;

    async fn run(self, cx: &Cx) -> Result<Boards, Error> {
        let counts = cx.app.runs.board_counts().await?;
        let mut scenarios: Vec<Board> = cx
            .app
            .catalog
            .entries()
            .map(|entry| {
                let counted = counts.iter().find(|it| it.slug == entry.slug());
                Board {
                    id: entry.id().to_string(),
                    slug: entry.slug().to_owned(),
                    name: entry.card().name.clone(),
                    run_count: counted.map_or(0, |it| it.runs),
                    published_count: counted.map_or(0, |it| it.published),
                }
            })
            .collect();
        scenarios.sort_by_key(|board| std::cmp::Reverse(board.published_count));
        Ok(Boards { scenarios })
    }
}
