//! In and out.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{
        Path, Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::{
    browser::{self, Purpose, check_form, check_origin, dropped, kept},
    page::{Failed, elsewhere, shown},
};
use crate::{
    app::App,
    caller::Credential,
    error::Error,
    sign_in::{Callback, Provider},
    traffic::{ClientAddress, Rate},
};

/// Where people land who wanted to go nowhere else.
const HOME: &str = "/account";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// Whatever cannot be read asks for nothing.
type Asked<T> = Result<Query<T>, QueryRejection>;

fn asked<T: Default>(query: Asked<T>) -> T {
    query.map(|Query(asked)| asked).unwrap_or_default()
}

impl Next {
    /// A page of this server, whatever was asked for.
    fn page(self) -> String {
        let ours = |it: &String| {
            let plain = it.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
            plain && it.starts_with('/') && !it.starts_with("//")
        };
        self.next.filter(ours).unwrap_or_else(|| HOME.to_owned())
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Choice<'a> {
    providers: Vec<Offered<'a>>,
    next: String,
}

struct Offered<'a> {
    id: &'a str,
    name: &'a str,
}

/// The ways to sign in.
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    next: Asked<Next>,
) -> Result<Response, Failed> {
    let offered = |it: &'_ Provider| (it.id(), it.name().to_owned());
    let all: Vec<_> = app.desk.providers().iter().map(offered).collect();
    let providers = all.iter().map(|(id, name)| Offered { id, name }).collect();
    let (next, alone) = (asked(next).page(), all.is_empty());
    let page = shown(&Choice { providers, next: next.clone() })?;
    // Who opens a link instead comes back without the way they had.
    let jar = CookieJar::new();
    let jar = if alone { jar.add(kept(&app, Purpose::Next, &next)) } else { jar };
    Ok((jar, page).into_response())
}

/// Sends the browser to a provider.
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    Path(provider): Path<String>,
    next: Asked<Next>,
) -> Result<Response, Failed> {
    app.rates.check(Rate::SignIn, client)?;
    let sent = app.desk.begin(&provider, &asked(next).page()).await?;
    let jar = CookieJar::new().add(kept(&app, Purpose::SignIn, sent.ticket.reveal()));
    Ok((jar, elsewhere(&sent.url)?).into_response())
}

/// Takes the browser back from a provider.
pub(super) async fn finish(
    State(app): State<Arc<App>>,
    client: ClientAddress,
    Path(provider): Path<String>,
    callback: Asked<Callback>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    app.rates.check(Rate::SignInCallback, client)?;
    let ticket = browser::shown(&app, &headers, Purpose::SignIn).unwrap_or_default();
    let arrived = app.desk.finish(&provider, &ticket, asked(callback)).await?;
    enter(&app, &arrived.account_id, &arrived.next).await
}

/// A fresh session, whatever the browser came with.
async fn enter(app: &App, account_id: &str, next: &str) -> Result<Response, Failed> {
    let secret = app.accounts.begin_session(account_id).await?;
    let jar = CookieJar::new()
        .add(kept(app, Purpose::Session, secret.reveal()))
        .add(dropped(app, Purpose::SignIn))
        .add(dropped(app, Purpose::Next));
    Ok((jar, elsewhere(next)?).into_response())
}

#[derive(Template)]
#[template(path = "link.html")]
struct Link;

/// Shows what a link would do: a program that looks at it uses nothing up.
pub(super) async fn show_link(
    State(app): State<Arc<App>>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    on_this_computer(&app, &headers)?;
    if !app.desk.is_link(&ticket).await? {
        return Err(Error::link_used().into());
    }
    shown(&Link)
}

/// Signs in by a link.
pub(super) async fn follow_link(
    State(app): State<Arc<App>>,
    Path(ticket): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failed> {
    on_this_computer(&app, &headers)?;
    check_origin(&app, &headers)?;
    let account = app.desk.follow(&ticket).await?;
    let next = Next { next: browser::shown(&app, &headers, Purpose::Next) };
    enter(&app, &account, &next.page()).await
}

/// Links are for whoever sits at the server's own computer.
fn on_this_computer(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    let forwarded = ["forwarded", "x-forwarded-for"].iter().any(|it| headers.contains_key(*it));
    if app.desk.is_local() && !forwarded { Ok(()) } else { Err(Error::link_from_elsewhere()) }
}

#[derive(Default, Deserialize)]
pub(super) struct Out {
    #[serde(default)]
    csrf: String,
}

/// Ends the session.
pub(super) async fn out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<Out>, FormRejection>,
) -> Result<Response, Failed> {
    check_origin(&app, &headers)?;
    let form = form.map(|Form(form)| form).unwrap_or_default();
    if let Some(session) = browser::signed_in(&app, &headers).await? {
        check_form(&session, &form.csrf)?;
        if let Credential::Session { id } = &session.account.credential {
            app.accounts.end_session(&session.account.id, id).await?;
        }
    }
    let jar = CookieJar::new().add(dropped(&app, Purpose::Session));
    Ok((jar, elsewhere("/login")?).into_response())
}
