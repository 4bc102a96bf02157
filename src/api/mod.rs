//! The doors: REST and MCP. They know HTTP and JSON-RPC and no operation.

pub mod listen;
mod places;

pub mod limits;
mod pace;

pub mod auth;
mod json_rpc;
pub mod mcp;
pub mod openapi;
pub mod rest;
mod strict;

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    http::{HeaderName, Method, header},
    middleware,
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any as AnyOrigin, CorsLayer},
};

use crate::{app::App, error::Error};
use limits::Limits;

/// Everything the service answers.
pub fn router(app: &Arc<App>, limits: &Limits) -> Router {
    rest::router(app)
        .merge(mcp::router(app))
        .layer(middleware::from_fn_with_state(limits.body, pace::whole_body))
        .layer(middleware::from_fn_with_state(Arc::clone(app), auth::authenticate))
        .layer(middleware::from_fn_with_state(limits.answer, pace::answer_in_time))
        .layer(cors())
        .layer(CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panicked(panic.as_ref())))
}

/// Browser programs may call with a key of their own; cookies are never involved.
fn cors() -> CorsLayer {
    let allowed = [
        "authorization",
        "content-type",
        "x-api-key",
        "idempotency-key",
        "mcp-session-id",
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
    ];
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(allowed.map(HeaderName::from_static))
        .expose_headers([HeaderName::from_static("mcp-session-id"), header::WWW_AUTHENTICATE])
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    Error::internal(format!("panic: {text}")).into_response()
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status(), headers, self.problem().to_string()).into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
