//! What all pages have in common: the headers of public and of private ones, and how they say no.

use askama::Template;
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::error::Error;

/// A page that was asked for and could not be made.
pub(super) struct Failed {
    error: Error,
    back: Back,
}

impl Failed {
    /// The same of a form of the account page, to which it leads back.
    pub(super) fn on_account(self) -> Self {
        Self { back: Back::Account, ..self }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, back: Back::Start }
    }
}

impl From<askama::Error> for Failed {
    fn from(error: askama::Error) -> Self {
        Error::internal(error).into()
    }
}

/// Where a page of a few words leads on to.
#[derive(Clone, Copy)]
enum Back {
    Start,
    Account,
}

impl Back {
    const fn href(self) -> &'static str {
        match self {
            Self::Start => "/",
            Self::Account => "/account",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Start => "To the start page",
            Self::Account => "Back to your account",
        }
    }
}

/// A page of a few words.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message<'a> {
    title: &'a str,
    text: &'a str,
    hint: Option<&'a str>,
    back: Back,
}

impl<'a> Message<'a> {
    /// What was done.
    pub(super) fn plain(title: &'a str, text: &'a str) -> Self {
        Self { title, text, hint: None, back: Back::Start }
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        said(&self.error, self.back)
    }
}

/// A refusal as a page.
pub(super) fn message(error: &Error) -> Response {
    said(error, Back::Start)
}

fn said(error: &Error, back: Back) -> Response {
    let title = error.status().canonical_reason().unwrap_or("Error");
    let hint = error.hint.as_deref();
    let page = Message { title, text: &error.message, hint, back };
    let Ok(text) = page.render() else { return error.clone().into_response() };
    let mut response = (error.status(), private("'self'"), Html(text)).into_response();
    if let Some((name, value)) = error.header() {
        response.headers_mut().insert(name, value);
    }
    response
}

/// A page for everybody.
pub(super) fn public(page: &impl Template) -> Result<Response, Failed> {
    Ok((anybody(), Html(page.render()?)).into_response())
}

/// Whether a client asks for HTML by name, as browsers do and programs do not.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    accepted.flat_map(|it| it.split(',')).any(|it| {
        let mut parts = it.split(';').map(str::trim);
        let html = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/html"));
        html && !parts.any(|it| matches!(it, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// A page for one person.
pub(super) fn shown(page: &impl Template) -> Result<Response, Failed> {
    shown_with_forms_to(page, "'self'")
}

/// The same, with a form whose answer sends the browser on to this address too.
pub(super) fn shown_with_forms_to(page: &impl Template, to: &str) -> Result<Response, Failed> {
    Ok((private(to), Html(page.render()?)).into_response())
}

/// Sends the browser on; what it sent is not sent again.
pub(super) fn elsewhere(to: &str) -> Result<Response, Failed> {
    let location = HeaderValue::from_str(to).map_err(Error::internal)?;
    let status = StatusCode::SEE_OTHER;
    Ok((status, private("'self'"), [(header::LOCATION, location)]).into_response())
}

/// How long what is for everybody may be kept.
pub(super) const ANYBODY_KEEPS: &str = "public, max-age=60";

/// Nobody frames it, nothing foreign loads in it, and it may be kept for a minute.
fn anybody() -> [(HeaderName, HeaderValue); 4] {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
        img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
        base-uri 'none'";
    [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static(ANYBODY_KEEPS)),
    ]
}

/// Nobody frames it, nothing foreign loads in it, nothing of it stays or is told to others.
fn private(forms: &str) -> [(HeaderName, HeaderValue); 5] {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src 'self'; form-action {forms}; frame-ancestors 'none'; base-uri 'none'"
    );
    let policy = HeaderValue::from_str(&policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}
