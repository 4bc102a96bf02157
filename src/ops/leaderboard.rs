//! Published runs, ranked per scenario.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, Route,
    views::{Instant, instant},
};
use crate::{
    app::App,
    error::Error,
    runs::{Ranked, SortBy},
};

/// Rows when the call does not say, or asks for an impossible number.
const LIMIT_DEFAULT: i64 = 100;
/// Rows that one call may ask for.
const LIMIT_MAX: i64 = 500;

/// Ranks the published runs of a scenario's current version; a run without a trade has no rank.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetLeaderboard {
    /// Slug or id.
    #[serde(default)]
    pub(crate) scenario: Option<String>,
    /// return, sharpe, sortino or `max_drawdown`; default return.
    #[serde(default)]
    pub(crate) sort_by: Option<String>,
    /// 1 to 500; default 100.
    #[serde(default)]
    pub(crate) limit: Option<i64>,
}

/// A leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Leaderboard {
    pub(crate) scenario: String,
    pub(crate) sort_by: &'static str,
    pub(crate) entries: Vec<Row>,
}

/// A published run on a leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Row {
    pub(crate) rank: usize,
    pub(crate) run_id: String,
    /// What the run calls itself, behind its owner's handle where there is one.
    pub(crate) bot_name: String,
    /// What the owner is called in public; nobody else has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<String>,
    pub(crate) scenario_version: i64,
    /// Which run of its account on this scenario it was, counted when it started.
    pub(crate) attempt: i64,
    pub(crate) return_pct: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpe: Option<f64>,
    /// The interval that holds the true Sharpe ratio with 95 % confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpe_ci95: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sortino: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_drawdown: Option<f64>,
    /// Session returns, the sample of Sharpe and Sortino.
    pub(crate) session_returns: usize,
    /// What holding the benchmark made over the same window.
    pub(crate) benchmark_return_pct: f64,
    pub(crate) final_equity: f64,
    pub(crate) trade_count: i64,
    pub(crate) liquidated: bool,
    #[schemars(with = "Instant")]
    pub(crate) published_at: String,
}

/// What a row shows of the results that were kept with its score.
#[derive(Deserialize)]
struct KeptResults {
    sharpe_ci95: Option<[f64; 2]>,
    clock: KeptClock,
    benchmark: KeptBenchmark,
}

#[derive(Deserialize)]
struct KeptClock {
    session_returns: usize,
}

#[derive(Deserialize)]
struct KeptBenchmark {
    return_pct: f64,
}

impl Row {
    fn of(rank: usize, Ranked { score, handle }: Ranked) -> Result<Self, Error> {
        let kept: KeptResults = serde_json::from_str(&score.results).map_err(Error::internal)?;
        Ok(Self {
            rank,
            run_id: score.run_id,
            bot_name: match &handle {
                Some(handle) => format!("{handle} — {}", score.display_name),
                None => score.display_name,
            },
            handle,
            scenario_version: score.scenario_version,
            attempt: score.attempt,
            return_pct: score.return_pct,
            sharpe: score.sharpe,
            sharpe_ci95: kept.sharpe_ci95,
            sortino: score.sortino,
            max_drawdown: score.max_drawdown,
            session_returns: kept.clock.session_returns,
            benchmark_return_pct: kept.benchmark.return_pct,
            final_equity: sim::Money::from_units(score.final_equity.into()).to_f64(),
            trade_count: score.trade_count,
            liquidated: score.liquidated,
            published_at: instant(score.published_at),
        })
    }
}

/// The runs that were published last, the newest first, each with the slug of its scenario.
pub(crate) async fn latest(app: &App, limit: u32) -> Result<Vec<(String, Row)>, Error> {
    let scores = app.runs.latest(limit).await?;
    let row = |it: Ranked| Ok((it.score.scenario_slug.clone(), Row::of(0, it)?));
    scores.into_iter().map(row).collect()
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
        let entries = (1..).zip(rows).map(|(rank, row)| Row::of(rank, row));
        let entries = entries.collect::<Result<_, _>>()?;
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
pub(crate) struct ListBoards {}

/// Every leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Boards {
    pub(crate) scenarios: Vec<Board>,
}

/// A scenario's leaderboard.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Board {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) run_count: i64,
    pub(crate) published_count: i64,
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
