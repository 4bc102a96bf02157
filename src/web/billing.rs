//! Buying a plan: to Stripe, and back from it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::HeaderMap,
    response::Response,
};
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use super::{
    browser::{form_token, session_of_form, signed_in},
    page::{Failed, elsewhere, shown},
};
use crate::{app::App, error::Error, plan::Plan, traffic::Rate};

/// Where Stripe sends people back to.
pub(super) const DONE: &str = "/billing/done";

#[derive(Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    plan: String,
    #[serde(default)]
    session_id: String,
}

type Posted = Result<Form<Sent>, FormRejection>;

/// Sends the browser on to where Stripe is. A page does it: a form may lead to no other site.
#[derive(Template)]
#[template(path = "billing/onward.html")]
struct Onward {
    to: String,
}

/// What was paid, and the key that comes with it.
#[derive(Template)]
#[template(path = "billing/done.html")]
struct Done<'a> {
    plan: &'a str,
    key: Option<&'a str>,
    had: bool,
    session_id: &'a str,
    csrf: &'a str,
}

/// Begins to buy a plan.
pub(super) async fn checkout(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Posted,
) -> Result<Response, Failed> {
    let sent = form.map(|Form(sent)| sent).unwrap_or_default();
    let account = session_of_form(&app, &headers, &sent.csrf).await?.account;
    app.rates.check(Rate::KeysOfAccount, account.id.as_str())?;
    let plan = Plan::parse(&sent.plan).filter(|plan| plan.is_sold());
    let plan = plan.ok_or_else(|| Error::broken_rule("plan", "must be pro or max"))?;
    shown(&Onward { to: app.billing.begin(&account.id, plan).await? })
}

/// Leads to where a plan is changed or ended.
pub(super) async fn portal(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Posted,
) -> Result<Response, Failed> {
    let sent = form.map(|Form(sent)| sent).unwrap_or_default();
    let account = session_of_form(&app, &headers, &sent.csrf).await?.account;
    app.rates.check(Rate::KeysOfAccount, account.id.as_str())?;
    shown(&Onward { to: app.billing.portal(&account.id).await? })
}

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    session_id: String,
}

/// Shows what was paid to who paid it.
pub(super) async fn done(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failed> {
    let session_id = asked.map(|Query(asked)| asked.session_id).unwrap_or_default();
    let Some(session) = signed_in(&app, &headers).await? else {
        let back = format!("{DONE}?session_id={session_id}");
        let back: String = byte_serialize(back.as_bytes()).collect();
        return elsewhere(&format!("/login?next={back}"));
    };
    app.rates.check(Rate::KeysOfAccount, session.account.id.as_str())?;
    let checkout = app.billing.settled(&session.account.id, &session_id).await?;
    shown(&Done {
        plan: &checkout.plan,
        key: None,
        had: checkout.key_id.is_some(),
        session_id: &checkout.id,
        csrf: form_token(&session).reveal(),
    })
}

/// Makes the key that comes with what was paid, and shows it, this once.
pub(super) async fn key(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Posted,
) -> Result<Response, Failed> {
    let sent = form.map(|Form(sent)| sent).unwrap_or_default();
    let session = session_of_form(&app, &headers, &sent.csrf).await?;
    app.rates.check(Rate::KeyCreation, session.account.id.as_str())?;
    let checkout = app.billing.settled(&session.account.id, &sent.session_id).await?;
    let made = app.billing.make_key(&session.account.id, &sent.session_id).await?;
    shown(&Done {
        plan: &checkout.plan,
        key: Some(made.key.reveal()),
        had: true,
        session_id: &checkout.id,
        csrf: "",
    })
}
