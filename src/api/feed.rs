//! The operator's door for quotes: `POST /api/v1/feed`, a batch of NDJSON lines a call. It belongs
//! to no account: who has the operator's token may, nobody else.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, header},
    middleware,
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::time::timeout;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    limits::{BODY_BYTES_MAX, Limits},
    pace, request_id, rest,
};
use crate::{
    clock::Clock,
    error::{Code, Error},
    paper::feed::{Feed, Operator, Taken},
};

/// Its address.
pub const PATH: &str = "/api/v1/feed";

/// What is behind the door.
pub struct Door {
    /// What takes the lines.
    pub feed: Arc<Feed>,
    /// Who may send them.
    pub operator: Operator,
    /// When they come.
    pub clock: Arc<dyn Clock>,
    /// How long a call may take.
    pub limits: Limits,
}

/// The one route, which stands beside all others: no credential of theirs opens it.
pub fn router(door: Door) -> Router {
    Router::new()
        .route(PATH, post(push))
        .method_not_allowed_fallback(rest::no_method)
        .layer((middleware::from_fn(request_id::named), CatchPanicLayer::custom(super::panicked)))
        .with_state(Arc::new(door))
}

async fn push(State(door): State<Arc<Door>>, request: Request) -> Result<Response, Error> {
    if !door.operator.exists() || !door.feed.is_pushed() {
        return Err(Error::nothing_is_pushed());
    }
    if !bearer(request.headers()).is_some_and(|token| door.operator.admits(token)) {
        return Ok(challenge());
    }
    // Lines that reached the journal by then are taken, and are passed over when they come again.
    let taken = timeout(door.limits.answer, door.take(request)).await;
    let taken = taken.unwrap_or_else(|_| Err(Error::took_too_long()))?;
    Ok(Json(taken.body()).into_response())
}

impl Door {
    async fn take(&self, request: Request) -> Result<Taken, Error> {
        let request = pace::whole_body(self.limits.body, request).await?;
        let body = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(Error::internal)?;
        self.feed.take(self.clock.now(), &body).await
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The refusal of somebody else. No sign-in and no key of an account opens this door, so it does
/// not say where to get one.
fn challenge() -> Response {
    let mut response = Error::operator_required().into_response();
    response.extensions_mut().remove::<Code>();
    let realm = HeaderValue::from_static("Bearer realm=\"bottrade operator\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
    response
}
