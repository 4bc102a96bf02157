//! The way out: what goes and what stays is said before, and the name is typed.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use crate::{
    app::App,
    error::Error,
    keys::Key,
    web::{
        browser::{Purpose, dropped, form_token, session_of_form, signed_in},
        page::{Failed, Message, elsewhere, shown},
    },
};

#[derive(Template)]
#[template(path = "account/delete.html")]
struct Question<'a> {
    account: &'a str,
    csrf: Key,
}

/// Asks whether it is meant.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let Some(session) = signed_in(&app, &headers).await? else {
        return elsewhere("/login?next=/account/delete");
    };
    shown(&Question { account: &session.account.name, csrf: form_token(&session) })
}

/// The form with the answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    csrf: String,
    /// The name of the account, typed.
    #[serde(default)]
    account: String,
}

/// Erases the account.
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<Sent>, FormRejection>,
) -> Result<Response, Failed> {
    let sent = form.map(|Form(it)| it).unwrap_or_default();
    let session = session_of_form(&app, &headers, &sent.csrf).await?;
    let account = &session.account;
    if sent.account.trim() != account.name {
        let hint = "type the name as the page shows it, capitals and all";
        let error = Error::rejected("that is not the name of the account; nothing was done", hint);
        return Err(Failed::from(error).on_account());
    }
    app.accounts.erase(&account.id).await?;
    let jar = CookieJar::new().add(dropped(&app, Purpose::Session));
    let text = "The account is gone, and this browser is signed out. What was published stays, \
        under nobody’s name";
    Ok((jar, shown(&Message::plain("Deleted", text))?).into_response())
}
