//! The browser at the other end: its cookies, its session, and whether a form is ours.

use aws_lc_rs::constant_time;
use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::{
    accounts::{SESSION_SECONDS, Session},
    app::App,
    error::Error,
    keys::{Key, Kind},
    sign_in::PENDING_FOR,
};

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A session.
    Session,
    /// A sign-in under way.
    SignIn,
    /// Where the person wanted to go who is asked to open a link.
    Next,
}

impl Purpose {
    /// The cookie's name. `__Host-` binds it to this host and to https; a server on its own
    /// computer has none.
    fn name(self, app: &App) -> &'static str {
        match (self, is_secure(app)) {
            (Self::Session, true) => "__Host-bt_session",
            (Self::Session, false) => "bt_session",
            (Self::SignIn, true) => "__Host-bt_sign_in",
            (Self::SignIn, false) => "bt_sign_in",
            (Self::Next, true) => "__Host-bt_next",
            (Self::Next, false) => "bt_next",
        }
    }

    const fn seconds(self) -> i64 {
        match self {
            Self::Session => SESSION_SECONDS,
            Self::SignIn | Self::Next => PENDING_FOR,
        }
    }
}

fn is_secure(app: &App) -> bool {
    app.public_url.starts_with("https://")
}

/// A cookie that the browser keeps.
pub(super) fn kept(app: &App, purpose: Purpose, value: &str) -> Cookie<'static> {
    cookie(app, purpose, value.to_owned(), purpose.seconds())
}

/// A cookie that the browser drops.
pub(super) fn dropped(app: &App, purpose: Purpose) -> Cookie<'static> {
    cookie(app, purpose, String::new(), 0)
}

fn cookie(app: &App, purpose: Purpose, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build((purpose.name(app), value))
        .path("/")
        .http_only(true)
        .secure(is_secure(app))
        .same_site(SameSite::Lax)
        .max_age(time::Duration::seconds(seconds))
        .build()
}

/// What the browser keeps for this purpose.
pub(super) fn shown(app: &App, headers: &HeaderMap, purpose: Purpose) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    jar.get(purpose.name(app)).map(|it| it.value().to_owned())
}

/// The session of a browser, if it is signed in.
pub async fn signed_in(app: &App, headers: &HeaderMap) -> Result<Option<Session>, Error> {
    match shown(app, headers, Purpose::Session) {
        Some(secret) => app.accounts.session(&secret).await,
        None => Ok(None),
    }
}

/// What a form of a session carries: it follows from the cookie, which no other site can read.
pub(super) fn form_token(session: &Session) -> Key {
    session.secret.successor(Kind::Ticket, b"form")
}

/// The session that a form with this token was made for: refuses one that another site sends, or
/// that is of another session.
pub(super) async fn session_of_form(
    app: &App,
    headers: &HeaderMap,
    token: &str,
) -> Result<Session, Error> {
    check_origin(app, headers)?;
    let ended = || Error::sign_in_required("your session has ended; nothing was done");
    let session = signed_in(app, headers).await?.ok_or_else(ended)?;
    check_form(&session, token)?;
    Ok(session)
}

/// Refuses a form that was not made for this session.
pub(super) fn check_form(session: &Session, token: &str) -> Result<(), Error> {
    let ours = form_token(session);
    constant_time::verify_slices_are_equal(ours.reveal().as_bytes(), token.as_bytes())
        .map_err(|_| Error::foreign_form())
}

/// Refuses what a page of another site sends.
pub fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Error> {
    let text = |name: &str| headers.get(name).map(|it| it.to_str().unwrap_or_default());
    let site = text("sec-fetch-site");
    let origin = match text(header::ORIGIN.as_str()) {
        // So a form of our own pages has it, as they let no address of theirs be told.
        Some("null") => site == Some("same-origin"),
        Some(origin) => app.public_url.eq_ignore_ascii_case(origin),
        None => true,
    };
    if origin && site.is_none_or(|it| matches!(it, "same-origin" | "none")) {
        Ok(())
    } else {
        Err(Error::foreign_form())
    }
}
