//! The pace of a call: its body comes whole and in time before any work, its answer in time.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::header::CONTENT_LENGTH,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http_body_util::LengthLimitError;
use tokio::time::timeout;

use super::limits::BODY_BYTES_MAX;
use crate::error::Error;

/// Reads the body, so that a slow or endless one holds nothing but its connection.
pub(super) async fn whole_body(
    State(time): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > BODY_BYTES_MAX) {
        return Error::body_too_large(BODY_BYTES_MAX).into_response();
    }
    // One byte more than allowed is enough to know.
    match timeout(time, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(error)) if is_length_limit(&error) => {
            Error::body_too_large(BODY_BYTES_MAX).into_response()
        }
        Ok(Err(error)) => Error::malformed_request(error).into_response(),
        Err(_) => Error::too_slow().into_response(),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}

/// Gives a call up that takes too long. A command that reached the journal by then is done, and a
/// retry with its idempotency key gets its answer.
pub(super) async fn answer_in_time(
    State(time): State<Duration>,
    request: Request,
    next: Next,
) -> Response {
    match timeout(time, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::took_too_long().into_response(),
    }
}
