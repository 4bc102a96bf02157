//! Published runs as rows of a table.

use super::{
    chart::interval::{Scale, interval},
    show,
};
use crate::ops::leaderboard::Row;

/// A row as it is shown: every figure with what it is worth.
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
    pub(super) sharpe: Bounded,
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

/// A ratio with its 95 % interval.
pub(super) struct Bounded {
    pub(super) value: String,
    pub(super) interval: Option<String>,
    /// The same as SVG of ours.
    pub(super) drawn: String,
}

impl Bounded {
    /// Of a ratio; `scale` is that of all it stands among.
    pub(super) fn of(value: Option<f64>, bounds: Option<[f64; 2]>, scale: Scale) -> Self {
        let Some(ratio) = value else {
            return Self { value: show::NONE.into(), interval: None, drawn: String::new() };
        };
        let said = bounds.map(|[low, high]| show::interval(low, high));
        let drawn = bounds.zip(said.as_deref());
        Self {
            value: show::signed(ratio, 2),
            drawn: drawn.map_or_else(String::new, |(bounds, said)| {
                interval(bounds, ratio, scale, &format!("95 % interval {said}"))
            }),
            interval: said,
        }
    }
}

impl Listed {
    /// Rows that stand together.
    pub(super) fn all(rows: Vec<Row>) -> Vec<Self> {
        let scale = Scale::of(rows.iter().filter_map(|it| it.sharpe_ci95));
        rows.into_iter().map(|it| Self::of(it, scale)).collect()
    }

    fn of(row: Row, scale: Scale) -> Self {
        Self {
            rank: row.rank,
            gain: show::percent(row.return_pct),
            tone: show::tone(row.return_pct),
            benchmark: show::percent(row.benchmark_return_pct),
            sharpe: Bounded::of(row.sharpe, row.sharpe_ci95, scale),
            sessions: show::count(row.session_returns),
            sortino: row.sortino.map_or(show::NONE.into(), |it| show::signed(it, 2)),
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
}
