//! The forms of the account page: each calls the operation that the REST door calls.

use std::sync::Arc;

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use super::{
    page::{Fresh, Page},
    theirs,
};
use crate::{
    accounts::Session,
    app::App,
    error::Error,
    ops::{
        Op as _,
        billing::UpdateBillingAccount,
        bot::keys::{CreateBotKey, RevokeBotKey},
        keys::{CreateKey, RenameKey, RevokeGrant, RevokeKey},
    },
    traffic::Rate,
    web::{
        browser::{Purpose, dropped, session_of_form},
        page::{Failed, elsewhere, shown},
    },
};

/// A form of the page.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    csrf: String,
    /// What is to be done.
    #[serde(default, rename = "do")]
    action: String,
    /// Of what it is to be done to.
    #[serde(default)]
    id: String,
    /// What to call it.
    #[serde(default)]
    name: String,
}

/// Does what a form of the page asks for.
pub(super) async fn act(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<Sent>, FormRejection>,
) -> Result<Response, Failed> {
    let sent = form.map(|Form(it)| it).unwrap_or_default();
    let session = session_of_form(&app, &headers, &sent.csrf).await?;
    done(&app, &session, sent).await.map_err(Failed::on_account)
}

async fn done(app: &Arc<App>, session: &Session, sent: Sent) -> Result<Response, Failed> {
    app.rates.check(Rate::KeysOfAccount, session.account.id.as_str())?;
    let (cx, Sent { action, id, name, .. }) = (theirs(app, session), sent);
    // Where on the page the person was.
    let place = match action.as_str() {
        "create_key" => {
            let made = CreateKey::named(name).run(&cx).await?;
            let fresh = Fresh::ApiKey { name: made.name, secret: made.api_key };
            return shown(&Page::of(app, session, Some(fresh)).await?);
        }
        "create_bot_key" => {
            let made = CreateBotKey { label: name }.run(&cx).await?;
            let fresh = Fresh::BotKey { name: made.label, secret: made.key };
            return shown(&Page::of(app, session, Some(fresh)).await?);
        }
        "sign_out_everywhere" => return out(app, session).await,
        "set_handle" => UpdateBillingAccount { handle: name }.run(&cx).await.map(|_| "handle")?,
        "rename_key" => RenameKey { key_id: id, name }.run(&cx).await.map(|_| "keys")?,
        "revoke_key" => RevokeKey { key_id: id }.run(&cx).await.map(|_| "keys")?,
        "revoke_bot_key" => RevokeBotKey { id }.run(&cx).await.map(|_| "bot-keys")?,
        "disconnect" => RevokeGrant { grant_id: id }.run(&cx).await.map(|_| "apps")?,
        _ => return Err(Error::rejected("the form asks for nothing", "load the page again").into()),
    };
    elsewhere(&format!("/account#{place}"))
}

/// Signs out every browser, this one too.
async fn out(app: &Arc<App>, session: &Session) -> Result<Response, Failed> {
    app.accounts.end_sessions(&session.account.id).await?;
    let jar = CookieJar::new().add(dropped(app, Purpose::Session));
    Ok((jar, elsewhere("/login")?).into_response())
}
