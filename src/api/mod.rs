//! The doors: REST and MCP. They know HTTP and JSON-RPC and no operation.

pub mod listen;
mod places;
mod request_id;

pub mod limits;
mod pace;

pub mod auth;
mod billing;
mod docs;
pub mod feed;
mod form;
mod json_rpc;
pub mod mcp;
mod next_page;
mod oauth;
pub mod openapi;
mod origin;
pub mod rest;
mod skills;
mod standing;
mod strict;
mod table;

use std::{any::Any, sync::Arc, time::Duration};

use axum::{
    Router,
    body::HttpBody as _,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use rmcp::ServerHandler;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowHeaders, Any as AnyOrigin, CorsLayer},
};

use crate::{
    app::{App, Patience},
    error::Error,
    ops::route::dialect_at,
    web,
};
use limits::Limits;

/// How long a browser need not ask again whether it may call; none keeps it longer.
const PREFLIGHT_KEPT: Duration = Duration::from_hours(2);

/// Everything the service answers.
pub fn router(app: &Arc<App>, limits: &Limits) -> Router {
    with_mcp(app, limits, mcp::Server::new(app))
}

/// The same with this server behind the MCP endpoint: a test can mount what it needs there.
pub fn with_mcp<S: ServerHandler + Clone>(app: &Arc<App>, limits: &Limits, server: S) -> Router {
    let door = Arc::new(Door { app: Arc::clone(app), limits: limits.clone() });
    let panics = CatchPanicLayer::custom(panicked);
    let answer = middleware::from_fn_with_state(door, answer);
    let named = middleware::from_fn(request_id::named);
    // One layer instead of several: each call copies every layer once per layer around it.
    let programs = rest::router(app)
        .merge(mcp::router(app, server))
        .merge(oauth::router(app))
        .merge(billing::router(app))
        // It holds for the routes that are there already.
        .method_not_allowed_fallback(rest::no_method)
        .layer((named.clone(), panics, cors(), answer.clone()));
    // What is shown to a person is read by no other site.
    let pages = web::router(app)
        .method_not_allowed_fallback(rest::no_method)
        .layer((named, panics, answer));
    let routes = programs.merge(pages);
    // Without it, axum would put the layers around the route again for every call.
    routes.with_state(())
}

/// What stands before every operation.
struct Door {
    app: Arc<App>,
    limits: Limits,
}

/// Answers in time, once it is known who asks and the body is there.
async fn answer(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let has_body = !request.body().is_end_stream();
    let dialect = dialect_at(request.uri().path());
    let patience = Patience::default();
    let browser = web::Browser::of(&request);
    let admitted = async {
        let request = auth::authenticated(&door.app, request, &patience).await?;
        pace::whole_body(door.limits.body, request).await
    };
    let admitted = async { admitted.await.map_err(|error| error.told_in(dialect)) };
    let answered = async {
        match admitted.await {
            Ok(request) => Ok(next.run(request).await),
            Err(error) if has_body => Ok(last(&error)),
            Err(error) => Err(error),
        }
    };
    // A command that reached the journal by then is done, and a retry with its idempotency key
    // gets its answer.
    let answered = pace::in_time(door.limits.answer, &patience, answered).await;
    browser.shown(auth::challenged(&door.app, answered.into_response()))
}

/// A refusal before the body was read: what is left of it stands before the next call, so there is
/// none on this connection, and the client must know.
fn last(error: &Error) -> Response {
    let close = [(header::CONNECTION, HeaderValue::from_static("close"))];
    (close, error.clone()).into_response()
}

/// Browser programs may call with a key of their own; cookies are never involved.
fn cors() -> CorsLayer {
    let exposed = [
        header::WWW_AUTHENTICATE,
        header::RETRY_AFTER,
        header::LINK,
        mcp::SESSION_HEADER,
        request_id::HEADER,
        HeaderName::from_static("mcp-protocol-version"),
    ];
    let exposed = exposed.into_iter().chain(standing::names()).collect::<Vec<_>>();
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        // Newer clients send headers that are not known yet, such as `Mcp-Param-…`.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed)
        .max_age(PREFLIGHT_KEPT)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer gives it away")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
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
        response.extensions_mut().insert(auth::Wanted(self.scope));
        response.extensions_mut().insert(self.code);
        response.extensions_mut().insert(self);
        response
    }
}
