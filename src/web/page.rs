//! What all pages have in common: headers that keep them to themselves, and how they say no.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use crate::error::Error;

/// A page that was asked for and could not be made.
pub(super) struct Failed(Error);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<askama::Error> for Failed {
    fn from(error: askama::Error) -> Self {
        Self(Error::internal(error))
    }
}

#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct Message<'a> {
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) hint: Option<&'a str>,
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let title = error.status().canonical_reason().unwrap_or("Error");
        let hint = error.hint.as_deref();
        let page = Message { title, text: &error.message, hint };
        let Ok(text) = page.render() else { return error.into_response() };
        let mut response = (error.status(), private("'self'"), Html(text)).into_response();
        if let Some((name, value)) = error.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
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

/// Nobody frames it, nothing foreign loads in it, nothing of it stays or is told to others.
fn private(forms: &str) -> [(HeaderName, HeaderValue); 5] {
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action {forms}; frame-ancestors 'none'; \
         base-uri 'none'"
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
