//! The page of a run: what it was worth, what it did, and how to check it.

mod address;
mod badge;
mod charts;
mod curves;
mod declared;
mod events;
mod figures;
mod image;
mod numbers;
mod owner;
mod page;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{
    browser::signed_in,
    page::{Failed, public, shown},
};
use crate::{
    accounts::Session,
    app::App,
    error::Error,
    keys::{Key, Kind},
    ops::tear_sheet::{Asked, TearSheet},
    runs::{Eyes, Visitor},
};
use address::Address;
use page::Page;

/// Everything below `/run`.
pub(super) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/run/{id}", get(show).post(owner::act))
        .route("/run/{id}/curves", get(curves::curves))
        .route("/run/{id}/events", get(events::events))
        .route("/run/{id}/badge.svg", get(badge))
        .route("/run/{id}/og.png", get(image))
        .with_state(Arc::clone(app))
}

/// What an address asks for.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    symbol: Option<String>,
    page: Option<usize>,
    link: Option<String>,
}

/// Whatever cannot be read asks for nothing.
type Maybe<T> = Result<Query<T>, QueryRejection>;

/// Who asks, by cookie and by address.
struct Asker {
    session: Option<Session>,
    visitor: Visitor,
}

impl Asker {
    async fn of(app: &App, headers: &HeaderMap, link: Option<&str>) -> Result<Self, Error> {
        let session = signed_in(app, headers).await?;
        let account = session.as_ref().map(|it| it.account.id.clone());
        let link = link.and_then(|it| Key::parse_as(Kind::Link, it));
        Ok(Self { session, visitor: Visitor { account, link } })
    }
}

/// The page.
async fn show(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    wanted: Maybe<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Wanted { symbol, page, link } = wanted.map(|Query(it)| it).unwrap_or_default();
    let asker = Asker::of(&app, &headers, link.as_deref()).await?;
    let chosen = Asked { symbol, page: page.unwrap_or(1) };
    let sheet = TearSheet::of(&app, &asker.visitor, &id, chosen).await?;
    let address = Address::new(&app.public_url, &id, link.filter(|_| sheet.eyes == Eyes::Guest));
    let eyes = sheet.eyes;
    let page = Page::new(sheet, address, asker.session.as_ref(), None);
    if eyes == Eyes::Public { public(&page) } else { shown(&page) }
}

/// How long a badge may be kept, in seconds; it never changes, but its run may go.
const BADGE_KEPT: &str = "public, max-age=300";
/// Images that are drawn at the same time: anybody may ask for one, and it is work.
static DRAWING: Semaphore = Semaphore::const_new(2);
/// How long an image may be kept.
const IMAGE_KEPT: &str = "public, max-age=86400";

/// The badge of a published run.
async fn badge(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Failed> {
    let return_pct = app.runs.read_public(&id, |seat| seat.report().map(|it| it.return_pct));
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml; charset=utf-8"),
        (header::CACHE_CONTROL, BADGE_KEPT),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, badge::badge(return_pct.await??)).into_response())
}

/// The image of a published run, for where its page is shared.
async fn image(State(app): State<Arc<App>>, Path(id): Path<String>) -> Result<Response, Failed> {
    let sheet = TearSheet::of(&app, &Visitor::default(), &id, Asked::default()).await?;
    let _turn = DRAWING.acquire().await.map_err(Error::internal)?;
    // Drawing takes a while, and the threads that serve have none.
    let drawn = tokio::task::spawn_blocking(move || image::image(&sheet));
    let drawn = drawn.await.map_err(Error::internal)??;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, IMAGE_KEPT),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, drawn).into_response())
}
