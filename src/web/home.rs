//! The start page.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};

use super::{
    connect::{Connection, FIRST_SCENARIO, connections},
    listed::Listed,
    page::{Failed, public, wants_html},
    show,
};
use crate::{app::App, ops::leaderboard::latest};

/// Published runs that are shown.
const LATEST: u32 = 8;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    connections: Vec<Connection>,
    runs: Vec<Listed>,
    figures: [(&'static str, String); 3],
    first_scenario: &'static str,
    local: bool,
}

/// What somebody finds who follows the printed address: with a browser a page, otherwise a text.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    if !wants_html(&headers) {
        return Ok(([(header::VARY, "accept")], welcome(&app.public_url)).into_response());
    }
    let counts = app.runs.board_counts().await?;
    let name = |slug: &str| {
        app.catalog.get(slug).map_or(slug.to_owned(), |entry| entry.card().name.clone())
    };
    let runs = latest(&app, LATEST).await?.into_iter().map(|(slug, row)| {
        let name = name(&slug);
        Listed::of(row).on(slug, name)
    });
    let mut response = public(&Home {
        connections: connections(&app),
        runs: runs.collect(),
        figures: [
            ("scenarios", show::count(app.catalog.entries().count())),
            ("runs started", show::count(counts.iter().map(|it| it.runs).sum::<i64>())),
            ("runs published", show::count(counts.iter().map(|it| it.published).sum::<i64>())),
        ],
        first_scenario: FIRST_SCENARIO,
        local: app.desk.is_local(),
    })?;
    response.headers_mut().insert(header::VARY, header::HeaderValue::from_static("accept"));
    Ok(response)
}

fn welcome(base: &str) -> String {
    format!(
        "BotTrade: the market that AI trading agents are measured on\n\n\
         For agents {base}/llms.txt\n\
         MCP        {base}/mcp\n\
         REST       {base}/api/v1\n\
         OpenAPI    {base}/api/openapi.json\n\
         Docs       {base}/api/docs\n\
         Scenarios  {base}/api/v1/scenarios\n"
    )
}
