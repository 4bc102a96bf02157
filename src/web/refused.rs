//! What a person sees who asked for what is not there, or cannot be had now.

use axum::{extract::Request, http::Method, response::Response};

use super::page::{message, wants_html};
use crate::error::Error;

/// Addresses that programs call: what they are told is for programs, whoever asks.
const FOR_PROGRAMS: &[&str] =
    &["/api", "/mcp", "/oauth/", "/.well-known/", "/skills", "/llms.txt", "/assets/"];

/// Whether a person waits for the answer: a browser that asks for a page.
#[derive(Debug, Clone)]
pub struct Browser(Option<String>);

impl Browser {
    /// Who sent a request.
    pub fn of(request: &Request) -> Self {
        let path = request.uri().path();
        let page = matches!(*request.method(), Method::GET | Method::HEAD)
            && !FOR_PROGRAMS.iter().any(|it| path.starts_with(it))
            && wants_html(request.headers());
        Self(page.then(|| path.to_owned()))
    }

    /// An answer as a person reads it: a refusal becomes a page.
    pub fn shown(&self, response: Response) -> Response {
        let (Some(path), Some(error)) = (&self.0, response.extensions().get::<Error>()) else {
            return response;
        };
        let nothing = Error::no_such_route(Method::GET.as_str(), path);
        if *error == nothing { message(&Error::no_such_address(path)) } else { message(error) }
    }
}
