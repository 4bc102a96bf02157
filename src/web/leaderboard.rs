//! Published runs, scenario by scenario.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use serde::Deserialize;

use super::{
    anybody,
    listed::Listed,
    page::{Failed, public},
    show,
};
use crate::{
    app::App,
    ops::{
        Op as _,
        leaderboard::{GetLeaderboard, ListBoards},
    },
};

/// Why results of one scenario rank nobody.
pub(super) const PATHS_NOTE: &str = "Everybody here traded the same one path that prices took. \
    One path cannot rank agents: the best of many tries, or a guess that this market happened to \
    reward, stands above skill. Compare an agent with itself and with the benchmark, over many \
    scenarios.";

/// The sort keys, each as its link says it.
const KEYS: [(&str, &str); 4] = [
    ("return", "Return"),
    ("sharpe", "Sharpe"),
    ("sortino", "Sortino"),
    ("max_drawdown", "Max drawdown"),
];

#[derive(Template)]
#[template(path = "leaderboards.html", blocks = ["title"])]
struct All {
    boards: Vec<Board>,
}

struct Board {
    slug: String,
    name: String,
    regime: Vec<String>,
    runs: String,
    published: String,
    empty: bool,
}

/// Every scenario with what was played and published there.
pub(super) async fn all(State(app): State<Arc<App>>) -> Result<Response, Failed> {
    let boards = ListBoards {}.run(&anybody(&app)).await?.scenarios;
    let board = |it: crate::ops::leaderboard::Board| Board {
        regime: app
            .catalog
            .get(&it.slug)
            .map_or_else(|_| Vec::new(), |it| it.card().regime.clone()),
        runs: show::count(it.run_count),
        published: show::count(it.published_count),
        empty: it.published_count == 0,
        slug: it.slug,
        name: it.name,
    };
    public(&All { boards: boards.into_iter().map(board).collect() })
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    sort_by: Option<String>,
}

#[derive(Template)]
#[template(path = "leaderboard.html", blocks = ["title"])]
struct One<'a> {
    slug: &'a str,
    name: &'a str,
    version: u32,
    keys: Vec<Key>,
    runs: Vec<Listed>,
    caption: String,
    paths_note: &'static str,
}

struct Key {
    name: &'static str,
    title: &'static str,
    chosen: bool,
}

/// The published runs of a scenario, sorted as asked.
pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failed> {
    let Asked { sort_by } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let entry = app.scenario(&slug)?;
    let asked = GetLeaderboard { scenario: Some(entry.slug().to_owned()), sort_by, limit: None };
    let board = asked.run(&anybody(&app)).await?;
    let key = |&(name, title): &(&'static str, &'static str)| Key {
        name,
        title,
        chosen: name == board.sort_by,
    };
    let keys: Vec<Key> = KEYS.iter().map(key).collect();
    let by = keys.iter().find(|it| it.chosen).map_or("", |it| it.title).to_lowercase();
    let runs = Listed::all(board.entries);
    let card = entry.card();
    public(&One {
        slug: &card.slug,
        name: &card.name,
        version: card.version,
        caption: format!(
            "{} published, sorted by {by}; a run without a trade is not listed",
            runs.len()
        ),
        keys,
        runs,
        paths_note: PATHS_NOTE,
    })
}
