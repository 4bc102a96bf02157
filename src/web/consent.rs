//! Asking a person whether a client may act for them.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{RawForm, RawQuery, State},
    http::HeaderMap,
    response::Response,
};
use url::form_urlencoded;

use super::{
    browser::{form_token, session_of_form, signed_in},
    page::{Failed, elsewhere, shown_with_forms_to},
};
use crate::{
    app::App,
    caller::{Scope, Scopes},
    error::Error,
    oauth::{Decision, Form, OauthError, Refused, metadata},
};

#[derive(Template)]
#[template(path = "consent.html")]
struct Question<'a> {
    client: &'a str,
    account: &'a str,
    scopes: Vec<Scope>,
    host: &'a str,
    on_this_computer: bool,
    ticket: &'a str,
    csrf: &'a str,
}

/// Shows what a client asks for; first of all the person signs in.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    let query = query.unwrap_or_default();
    let form = Form::new(pairs(query.as_bytes()));
    let request = match app.oauth.read(&form).await {
        Ok(request) => request,
        Err(Refused::Sent(url)) => return elsewhere(url.as_str()),
        Err(Refused::Shown(error)) => return Err(refused(&error).into()),
    };
    let Some(session) = signed_in(&app, &headers).await? else {
        let here = format!("{}?{query}", metadata::AUTHORIZE);
        let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
        return elsewhere(&format!("/login?next={next}"));
    };
    let asked = app.oauth.ask(request, &session).await?;
    let destination = asked.request.destination();
    let forms = format!("'self' {}", asked.request.form_target());
    let csrf = form_token(&session);
    let page = Question {
        client: asked.request.client_name(),
        account: &session.account.name,
        scopes: asked.request.scopes().iter().collect(),
        host: destination.host(),
        on_this_computer: destination.is_this_computer(),
        ticket: asked.ticket.reveal(),
        csrf: csrf.reveal(),
    };
    shown_with_forms_to(&page, &forms)
}

/// Takes the answer.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    RawForm(body): RawForm,
) -> Result<Response, Failed> {
    let sent = Sent(pairs(&body));
    let session = session_of_form(&app, &headers, sent.csrf()).await?;
    let ticket = sent.field("ticket").unwrap_or_default();
    elsewhere(app.oauth.decide(ticket, &session, sent.decision()).await?.as_str())
}

/// What a form with a question sent.
pub(super) struct Sent(pub(super) Vec<(String, String)>);

impl Sent {
    /// The first field of this name.
    fn field(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// What shows for which session it was made.
    pub(super) fn csrf(&self) -> &str {
        self.field("csrf").unwrap_or_default()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, it)| it.as_str())
    }

    /// What the person said; whatever is not plainly yes is no.
    pub(super) fn decision(&self) -> Decision {
        let chosen: Vec<&str> = self.all("scope").collect();
        match self.field("decision") {
            Some("allow") => {
                Scopes::parse(&chosen.join(" ")).map_or(Decision::Deny, Decision::Allow)
            }
            _ => Decision::Deny,
        }
    }
}

pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// What the person is told when the client cannot be.
fn refused(error: &OauthError) -> Error {
    Error::client_refused(error.word.name(), &error.description)
}
