//! The page of a run: what it was worth, what it did, and how to check it.

mod address;
mod charts;
mod declared;
mod figures;
mod numbers;
mod page;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
    routing::get,
};
use serde::Deserialize;

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
    Router::new().route("/run/{id}", get(show)).with_state(Arc::clone(app))
}

/// What an address asks for.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    symbol: Option<String>,
    page: Option<usize>,
    link: Option<String>,
}

/// Whatever cannot be read asks for nothing.
type Query_<T> = Result<Query<T>, QueryRejection>;

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
    wanted: Query_<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Wanted { symbol, page, link } = wanted.map(|Query(it)| it).unwrap_or_default();
    let asker = Asker::of(&app, &headers, link.as_deref()).await?;
    let asked = Asked { symbol, page: page.unwrap_or(1) };
    let sheet = TearSheet::of(&app, &asker.visitor, &id, asked).await?;
    let address = Address::new(&app.public_url, &id, link.filter(|_| sheet.eyes == Eyes::Guest));
    let eyes = sheet.eyes;
    let page = Page::new(sheet, address, asker.session.as_ref(), None);
    if eyes == Eyes::Public { public(&page) } else { shown(&page) }
}
