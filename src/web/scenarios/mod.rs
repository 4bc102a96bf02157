//! The catalogue, and a page for each scenario.

mod card;
mod one;

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
    routing::get,
};
use serde::Deserialize;
use tokio::sync::OnceCell;

use super::{
    chart::sparkline::sparkline,
    page::{Failed, public},
};
use crate::{app::App, error::Error, ops::Op as _, ops::leaderboard::ListBoards, scenarios::Entry};
use card::CardView;

/// Catalogue pages, and what they draw once.
struct Shelf {
    app: Arc<App>,
    /// The benchmark of each scenario, by slug: the catalogue does not change while it is served.
    curves: OnceCell<BTreeMap<String, String>>,
}

/// `/scenarios` and `/scenarios/{slug}`.
pub(super) fn router(app: &Arc<App>) -> Router {
    let shelf = Arc::new(Shelf { app: Arc::clone(app), curves: OnceCell::new() });
    Router::new()
        .route("/scenarios", get(list))
        .with_state(shelf)
        .route("/scenarios/{slug}", get(one::show).with_state(Arc::clone(app)))
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    market: String,
    #[serde(default)]
    regime: String,
}

/// A word to filter by.
struct Choice<'a> {
    word: &'a str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "scenarios.html", blocks = ["title"])]
struct List<'a> {
    total: usize,
    markets: Vec<Choice<'a>>,
    regimes: Vec<Choice<'a>>,
    /// Short ones and long ones, each under its title.
    parts: Vec<Part<'a>>,
}

struct Part<'a> {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    cards: Vec<CardView<'a>>,
}

/// Decisions that a language model can afford; longer scenarios are for programs.
const WINDOW_MAX: usize = 130;

async fn list(
    State(shelf): State<Arc<Shelf>>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failed> {
    let Asked { market, regime } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let app = &shelf.app;
    let curves = shelf.curves().await?;
    let boards = ListBoards {}.run(&super::anybody(app)).await?;
    let published = |slug: &str| {
        let board = boards.scenarios.iter().find(|it| it.slug == slug);
        board.map_or(0, |it| it.published_count)
    };
    let entries = || app.catalog.entries().map(|it| &**it);
    let wanted = |entry: &&Entry| {
        let card = entry.card();
        (market.is_empty() || card.market == market)
            && (regime.is_empty() || card.regime.contains(&regime))
    };
    let view = |entry| {
        let slug = Entry::slug(entry);
        let curve = curves.get(slug).map_or("", String::as_str);
        CardView::of(entry, curve, published(slug))
    };
    let part = |id, title, about, long: bool| {
        let fits = |it: &&Entry| (it.span().decisions > WINDOW_MAX) == long;
        let cards = entries().filter(wanted).filter(fits).map(view).collect();
        Part { id, title, about, cards }
    };
    let choices = |mut words: Vec<_>, chosen: &str| -> Vec<Choice> {
        words.sort_unstable();
        words.dedup();
        words.into_iter().map(|word| Choice { word, chosen: word == chosen }).collect()
    };
    let markets = entries().map(|it| it.card().market.as_str()).collect();
    let regimes = entries().flat_map(|it| &it.card().regime).map(String::as_str).collect();
    let parts = [
        part(
            "windows",
            "Windows",
            "Short enough for a language model: one decision is one call.",
            false,
        ),
        part("long", "Long ones", "For programs: months and years, or every few minutes.", true),
    ];
    public(&List {
        total: entries().count(),
        markets: choices(markets, &market),
        regimes: choices(regimes, &regime),
        parts: parts.into_iter().filter(|it| !it.cards.is_empty()).collect(),
    })
}

impl Shelf {
    /// The benchmark of every scenario as a small curve. The first call reads all of them.
    async fn curves(&self) -> Result<&BTreeMap<String, String>, Error> {
        let read = || async {
            let entries: Vec<Arc<Entry>> = self.app.catalog.entries().cloned().collect();
            let draw = move || entries.iter().map(curve).collect::<Result<_, _>>();
            tokio::task::spawn_blocking(draw).await.map_err(Error::internal)?
        };
        self.curves.get_or_try_init(read).await
    }
}

/// The benchmark of a scenario, by its slug.
fn curve(entry: &Arc<Entry>) -> Result<(String, String), Error> {
    let benchmark = entry.benchmark().map_err(Error::internal)?;
    let title = card::curve_title(benchmark);
    Ok((entry.slug().to_owned(), sparkline(&benchmark.curve, &title)))
}
