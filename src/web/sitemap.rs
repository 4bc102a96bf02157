//! What programs that index pages are told: which there are, and which are nobody else's.

use std::{fmt::Write as _, sync::Arc};

use askama::filters::{Escaper as _, Html};
use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::{docs, page::Failed, show};
use crate::{app::App, ops::views::instant, runs::Ranked};

/// Published runs that are listed, the newest.
const RUNS: u32 = 1_000;
/// How long either file may be kept.
const KEPT: &str = "public, max-age=3600";
/// Pages that are one each.
const FIXED: [&str; 6] = ["/", "/scenarios", "/leaderboard", "/paper", "/methodology", "/pricing"];

pub(super) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/robots.txt", get(robots))
        .route("/sitemap.xml", get(sitemap))
        .with_state(Arc::clone(app))
}

/// Which addresses are no pages for everybody.
async fn robots(State(app): State<Arc<App>>) -> impl IntoResponse {
    let text = format!(
        "User-agent: *\nDisallow: /account\nDisallow: /login\nDisallow: /oauth/\n\
         Disallow: /connect/\nDisallow: /billing/\nDisallow: /api/v1/\nDisallow: /mcp\n\n\
         Sitemap: {}/sitemap.xml\n",
        app.public_url
    );
    let kind = "text/plain; charset=utf-8";
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEPT)], text)
}

/// Every page for everybody, and the runs that were published last.
async fn sitemap(State(app): State<Arc<App>>) -> Result<Response, Failed> {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut url = |path: &str, day: Option<&str>| {
        text.push_str("<url><loc>");
        // Writing to a string does not fail.
        let _ = Html.write_escaped_str(&mut text, &format!("{}{path}", app.public_url));
        text.push_str("</loc>");
        let _ = day.map(|day| write!(text, "<lastmod>{day}</lastmod>"));
        text.push_str("</url>\n");
    };
    for path in FIXED.into_iter().map(str::to_owned).chain(docs::paths()) {
        url(&path, None);
    }
    let legal = [("/terms", &app.legal.terms), ("/privacy", &app.legal.privacy)];
    for (path, _) in legal.iter().filter(|(_, text)| text.is_some()) {
        url(path, None);
    }
    for entry in app.catalog.entries() {
        url(&format!("/scenarios/{}", entry.slug()), None);
        url(&format!("/leaderboard/{}", entry.slug()), None);
    }
    for Ranked { score, .. } in app.runs.latest(RUNS).await? {
        url(&format!("/run/{}", score.run_id), Some(show::day(&instant(score.published_at))));
    }
    text.push_str("</urlset>\n");
    let kind = "application/xml; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEPT)], text).into_response())
}
