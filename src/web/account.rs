//! What a person sees of their account.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::HeaderMap, response::Response};

use super::{
    browser::{form_token, signed_in},
    page::{Failed, elsewhere, shown},
};
use crate::app::App;

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    account: &'a str,
    csrf: &'a str,
}

/// The account of whoever is signed in.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Some(session) = signed_in(&app, &headers).await? else {
        return elsewhere("/login?next=/account");
    };
    let csrf = form_token(&session);
    shown(&Account { account: &session.account.name, csrf: csrf.reveal() })
}
