//! The pace of a call: its body comes whole and in time before any work, and its answer in time.

use std::{pin::pin, time::Duration};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::header::CONTENT_LENGTH,
};
use http_body_util::LengthLimitError;
use tokio::time::timeout;

use super::limits::BODY_BYTES_MAX;
use crate::{app::Patience, error::Error};

/// Reads the body, so that a slow or endless one holds nothing but its connection.
pub(super) async fn whole_body(time: Duration, request: Request) -> Result<Request, Error> {
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > BODY_BYTES_MAX) {
        return Err(Error::body_too_large(BODY_BYTES_MAX));
    }
    // One byte more than allowed is enough to know.
    match timeout(time, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(error)) if is_length_limit(&error) => Err(Error::body_too_large(BODY_BYTES_MAX)),
        Ok(Err(error)) => Err(Error::malformed_request(error)),
        Err(_) => Err(Error::too_slow()),
    }
}

/// Waits so long for an answer, and longer where the call asked for it meanwhile.
pub(super) async fn in_time<T>(
    time: Duration,
    patience: &Patience,
    answered: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let mut answered = pin!(answered);
    if let Ok(answered) = timeout(time, &mut answered).await {
        return answered;
    }
    timeout(patience.asked(), answered).await.unwrap_or_else(|_| Err(Error::took_too_long()))
}

fn is_length_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>)
}
