//! What a person sees of their account: what opens it, what it used and played, and the way out.

mod act;
mod erase;
mod page;
mod runs;

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::{
    browser::signed_in,
    page::{Failed, elsewhere, shown},
};
use crate::{
    accounts::Session,
    app::App,
    caller::Caller,
    error::Error,
    ops::{Cx, Reader},
};
use page::Page;

/// Everything below `/account`.
pub(super) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/account", get(show).post(act::act))
        .route("/account/runs", get(runs::show))
        .route("/account/export", get(export))
        .route("/account/delete", get(erase::ask).post(erase::erase))
        .with_state(Arc::clone(app))
}

/// The account of whoever is signed in.
async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failed> {
    let Some(session) = signed_in(&app, &headers).await? else {
        return elsewhere("/login?next=/account");
    };
    shown(&Page::of(&app, &session, None).await?)
}

/// Everything that is kept about the account, as a file.
async fn export(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, Failed> {
    let Some(session) = signed_in(&app, &headers).await? else {
        return elsewhere("/login?next=/account/export");
    };
    let whole = app.accounts.export(&session.account.id).await?;
    let text = serde_json::to_string_pretty(&whole).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"bottrade-account.json\""),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, text).into_response())
}

/// The circumstances of what a signed-in person asks for.
fn theirs(app: &Arc<App>, session: &Session) -> Cx {
    let caller = Caller::Account(Arc::clone(&session.account));
    Cx::new(Arc::clone(app), caller, Reader::Program)
}
