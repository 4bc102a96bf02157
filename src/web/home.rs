//! The start page.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};

use super::{
    chart::{
        interval::{Scale, interval},
        sparkline::sparkline,
    },
    clients::{Connection, FIRST_SCENARIO, connections},
    listed::{Listed, Scenario},
    page::{Failed, public, wants_html},
    show,
};
use crate::{app::App, error::Error, ops::leaderboard::latest, scenarios::Entry};

/// Published runs that are shown.
const LATEST: u32 = 8;
/// The reference bot whose result is the example.
const EXAMPLE_BOT: &str = "momentum";

#[derive(Template)]
#[template(path = "home.html", blocks = ["title"])]
struct Home {
    connections: Vec<Connection>,
    runs: Vec<Listed>,
    figures: [(&'static str, String); 3],
    first_scenario: &'static str,
    example: Option<Example>,
    local: bool,
}

/// What a result looks like: that of a reference bot, recomputed here.
struct Example {
    scenario: Scenario,
    bot: &'static str,
    gain: String,
    benchmark: String,
    /// The benchmark as SVG of ours.
    curve: String,
    sharpe: String,
    interval: String,
    /// The interval as SVG of ours.
    drawn: String,
    sessions: usize,
    holds_zero: bool,
}

/// What somebody finds who follows the printed address: with a browser a page, otherwise a text.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let mut response = if wants_html(&headers) {
        public(&home(&app).await?)?
    } else {
        welcome(&app.public_url).into_response()
    };
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

async fn home(app: &Arc<App>) -> Result<Home, Error> {
    let counts = app.runs.board_counts().await?;
    let (slugs, rows): (Vec<String>, Vec<_>) = latest(app, LATEST).await?.into_iter().unzip();
    let mut runs = Listed::all(rows);
    for (run, slug) in runs.iter_mut().zip(slugs) {
        let name = app.catalog.get(&slug).map_or(slug.clone(), |it| it.card().name.clone());
        run.scenario = Some(Scenario { slug, name });
    }
    let example = match app.catalog.get(FIRST_SCENARIO) {
        Ok(entry) => Example::of(Arc::clone(entry)).await?,
        Err(_) => None,
    };
    Ok(Home {
        connections: connections(&app.public_url),
        runs,
        figures: [
            ("scenarios", show::count(app.catalog.entries().count())),
            ("runs started", show::count(counts.iter().map(|it| it.runs).sum::<i64>())),
            ("runs published", show::count(counts.iter().map(|it| it.published).sum::<i64>())),
        ],
        first_scenario: FIRST_SCENARIO,
        example,
        local: app.desk.is_local(),
    })
}

impl Example {
    /// Of a scenario whose window is long enough for an interval.
    async fn of(entry: Arc<Entry>) -> Result<Option<Self>, Error> {
        // The first call plays the bots.
        let made = tokio::task::spawn_blocking(move || {
            let benchmark = entry.benchmark().map_err(Error::internal)?;
            let bots = entry.baselines().map_err(Error::internal)?;
            let report = bots.iter().find(|it| it.bot == EXAMPLE_BOT).map(|it| &it.report);
            Ok(report.and_then(|it| Some((it, it.sharpe.ok()?, it.sharpe_ci95.ok()?))).map(
                |(report, sharpe, bounds)| {
                    let (low, high) = (bounds.low, bounds.high);
                    let said = show::interval(low, high);
                    let scale = Scale::of([[low, high]].into_iter());
                    let kept = format!("Holding {}", benchmark.name);
                    Self {
                        scenario: Scenario {
                            slug: entry.slug().to_owned(),
                            name: entry.card().name.clone(),
                        },
                        bot: EXAMPLE_BOT,
                        gain: show::percent(report.return_pct),
                        benchmark: show::percent(benchmark.return_pct),
                        curve: sparkline(&benchmark.curve, &kept),
                        sharpe: show::signed(sharpe, 1),
                        drawn: interval([low, high], sharpe, scale, &said),
                        interval: said,
                        sessions: report.sessions,
                        holds_zero: low <= 0.0 && high >= 0.0,
                    }
                },
            ))
        });
        made.await.map_err(Error::internal)?
    }
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
