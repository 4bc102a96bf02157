//! All runs of an account, page by page.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;

use super::theirs;
use crate::{
    app::App,
    error::Error,
    ops::{
        Cx, Op as _,
        runs::{ListRuns, RunLine},
    },
    web::{
        browser::signed_in,
        page::{Failed, elsewhere, shown},
    },
};

/// Runs on a page.
const RUNS: i64 = 50;

/// A run as its owner's lists show it.
pub(super) struct Run {
    pub(super) line: RunLine,
    /// What the scenario is called, or its slug where this server has it no more.
    pub(super) scenario: String,
    pub(super) known: bool,
}

impl Run {
    fn of(app: &App, line: RunLine) -> Self {
        let entry = app.catalog.get(&line.scenario_slug).ok();
        let name = entry.map(|it| it.card().name.clone());
        let scenario = name.unwrap_or_else(|| line.scenario_slug.clone());
        Self { line, scenario, known: entry.is_some() }
    }

    pub(super) fn agent(&self) -> &str {
        self.line.bot_name.as_deref().unwrap_or("An unnamed run")
    }
}

/// The newest runs after a cursor, and the cursor of those after them.
pub(super) async fn listed(
    cx: &Cx,
    limit: i64,
    cursor: Option<String>,
) -> Result<(Vec<Run>, Option<String>), Error> {
    let page = ListRuns { limit: Some(limit), cursor }.run(cx).await?;
    Ok((page.runs.into_iter().map(|it| Run::of(&cx.app, it)).collect(), page.next_cursor))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "account/runs.html")]
struct Page {
    runs: Vec<Run>,
    /// Whether newer ones are on another page.
    later: bool,
    next: Option<String>,
}

/// The runs of whoever is signed in, newest first.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    asked: Result<Query<Asked>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Some(session) = signed_in(&app, &headers).await? else {
        return elsewhere("/login?next=/account/runs");
    };
    let Asked { cursor } = asked.map(|Query(it)| it).unwrap_or_default();
    let later = cursor.is_some();
    let (runs, next) = listed(&theirs(&app, &session), RUNS, cursor).await?;
    shown(&Page { runs, later, next })
}
