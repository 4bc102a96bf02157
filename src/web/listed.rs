//! A published run as a row of a table.

use super::show;
use crate::ops::leaderboard::Row;

/// The row as it is shown: every figure with what it is worth.
pub(super) struct Listed {
    pub(super) rank: usize,
    pub(super) run_id: String,
    pub(super) agent: String,
    /// Where the runs are of several scenarios.
    pub(super) scenario: Option<Scenario>,
    pub(super) version: i64,
    pub(super) attempt: i64,
    pub(super) gain: String,
    pub(super) tone: &'static str,
    /// What holding the benchmark made.
    pub(super) benchmark: String,
    pub(super) sharpe: String,
    /// Its 95 % interval.
    pub(super) interval: Option<String>,
    /// Session returns that it rests on.
    pub(super) sessions: String,
    pub(super) sortino: String,
    pub(super) drawdown: String,
    pub(super) trades: String,
    pub(super) liquidated: bool,
    pub(super) day: String,
}

/// Where a run was played.
pub(super) struct Scenario {
    pub(super) slug: String,
    pub(super) name: String,
}

impl Listed {
    pub(super) fn of(row: Row) -> Self {
        let ratio = |it: Option<f64>| it.map_or(show::NONE.into(), |it| show::signed(it, 2));
        Self {
            rank: row.rank,
            gain: show::percent(row.return_pct),
            tone: show::tone(row.return_pct),
            benchmark: show::percent(row.benchmark_return_pct),
            sharpe: ratio(row.sharpe),
            interval: row.sharpe_ci95.map(|[low, high]| show::interval(low, high)),
            sessions: show::count(row.session_returns),
            sortino: ratio(row.sortino),
            drawdown: row.max_drawdown.map_or(show::NONE.into(), show::share),
            trades: show::count(row.trade_count),
            day: show::day(&row.published_at).to_owned(),
            run_id: row.run_id,
            agent: row.bot_name,
            scenario: None,
            version: row.scenario_version,
            attempt: row.attempt,
            liquidated: row.liquidated,
        }
    }

    /// The same among runs of other scenarios.
    pub(super) fn on(self, slug: String, name: String) -> Self {
        Self { scenario: Some(Scenario { slug, name }), ..self }
    }
}
