//! Asking a person whether the MCP session that shows this link may act for them.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawForm, State},
    http::HeaderMap,
    response::Response,
};

use super::{
    browser::{form_token, session_of_form, signed_in},
    consent::{Sent, pairs},
    page::{Failed, Message, elsewhere, shown},
};
use crate::{app::App, caller::Scope};

#[derive(Template)]
#[template(path = "connect.html")]
struct Page<'a> {
    client: &'a str,
    from: &'a str,
    account: &'a str,
    code: &'a str,
    scopes: Vec<Scope>,
    csrf: &'a str,
}

/// Shows who asks for what; first of all the person signs in.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let question = app.connect.question(&ticket).await?;
    let Some(session) = signed_in(&app, &headers).await? else {
        return elsewhere(&format!("/login?next=/connect/{ticket}"));
    };
    let csrf = form_token(&session);
    shown(&Page {
        client: &question.client,
        from: &question.from,
        account: &session.account.name,
        code: &question.code,
        scopes: question.scopes.iter().collect(),
        csrf: csrf.reveal(),
    })
}

/// Takes the answer.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Result<Response, Failed> {
    let sent = Sent(pairs(&body));
    let session = session_of_form(&app, &headers, sent.csrf()).await?;
    let connected = app.connect.decide(&ticket, &session, sent.decision()).await?;
    let (title, text) = if connected {
        ("Connected", "The program may act for you now. Go back to it; this page can be closed.")
    } else {
        ("Not connected", "Nothing was allowed, and the link is used up. This page can be closed.")
    };
    shown(&Message::plain(title, text))
}
