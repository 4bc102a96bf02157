//! The curves of a run as numbers, bar by bar: what its page zooms into.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use super::{
    Asker, Maybe, Wanted,
    charts::{benchmark_name, percent},
};
use crate::{
    app::App,
    ops::tear_sheet::{Asked, TearSheet},
    runs::Eyes,
    web::page::{ANYBODY_KEEPS, Failed},
};

/// Every curve of the page.
#[derive(Serialize)]
struct Curves {
    /// Seconds since 1970, a bar each.
    times: Vec<i64>,
    /// In percent of the start.
    lines: Vec<Line>,
    /// The fall from the highest equity so far, in percent.
    fall: Vec<f64>,
}

#[derive(Serialize)]
struct Line {
    name: String,
    /// The custom property that has its colour.
    colour: String,
    values: Vec<f64>,
}

impl Line {
    fn of(name: &str, colour: String, values: &[f64]) -> Self {
        Self { name: name.into(), colour, values: rounded(percent(values)) }
    }
}

/// To a thousandth of a percent: more is not seen, and costs bytes.
fn rounded(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(|it| (it * 1e3).round() / 1e3).collect()
}

impl Curves {
    fn of(sheet: &TearSheet) -> Self {
        let curves = &sheet.curves;
        let mut lines = vec![
            Line::of("This run", "--run".into(), &curves.equity),
            Line::of(&benchmark_name(sheet), "--benchmark".into(), &curves.benchmark),
        ];
        for (n, bot) in sheet.references.iter().enumerate() {
            lines.push(Line::of(bot.result.bot, format!("--other-{}", n + 1), &bot.equity));
        }
        Self {
            times: curves.times.iter().map(|it| it.seconds()).collect(),
            lines,
            fall: rounded(curves.drawdown.iter().map(|it| -it * 100.0).collect()),
        }
    }
}

/// The curves, for whoever may open the page.
pub(super) async fn curves(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    wanted: Maybe<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let link = wanted.ok().and_then(|it| it.0.link);
    let asker = Asker::of(&app, &headers, link.as_deref()).await?;
    let sheet = TearSheet::of(&app, &asker.visitor, &id, Asked::default()).await?;
    let kept = if sheet.eyes == Eyes::Public { ANYBODY_KEEPS } else { "no-store" };
    let headers = [(header::CACHE_CONTROL, kept), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, Json(Curves::of(&sheet))).into_response())
}
