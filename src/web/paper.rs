//! Who leads the season of paper trading.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use serde::Deserialize;

use super::{
    anybody,
    page::{Failed, public},
    show,
};
use crate::{
    app::App,
    ops::{
        Op as _,
        bot::standings::{Entry, ListStandings, Standings},
    },
};

/// Rows of a page.
const ROWS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "paper.html", blocks = ["title"])]
struct Board {
    standings: Standings,
    caption: String,
    rows: Vec<Row>,
    starts: String,
    ends: String,
}

struct Row {
    rank: u32,
    name: String,
    gain: String,
    tone: &'static str,
    trades: String,
}

impl Row {
    fn of(entry: &Entry) -> Self {
        Self {
            rank: entry.rank,
            name: entry.display_name.clone(),
            gain: show::percent(entry.total_return_pct),
            tone: show::tone(entry.total_return_pct),
            trades: show::count(entry.total_trades),
        }
    }
}

/// A page of the season's table.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failed> {
    let Asked { cursor } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let asked = ListStandings { limit: Some(ROWS), cursor };
    let standings = asked.run(&anybody(&app)).await?;
    let season = &standings.season;
    public(&Board {
        caption: format!(
            "{} ranked with at least {} closed trades, by return; as of {}",
            show::count(standings.rank_total),
            standings.rank_min_trades,
            standings.as_of
        ),
        rows: standings.entries.iter().map(Row::of).collect(),
        starts: show::day(&season.starts_at).to_owned(),
        ends: show::day(&season.ends_at).to_owned(),
        standings,
    })
}
