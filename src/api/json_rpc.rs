//! Refusals of the MCP door in the form its clients read: what rmcp says in a line of text is said
//! as a JSON-RPC error.

use axum::{
    Extension, Json,
    body::to_bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use super::auth::Wanted;
use crate::error::{Code, Error};

/// Codes of JSON-RPC 2.0.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const INVALID_PARAMS: i32 = -32602;

/// How rmcp begins when it cannot read a body.
const UNREAD: &str = "fail to deserialize request body";
/// How it goes on when the body is JSON all the same.
const NO_MESSAGE: &str = "unrecognized JSON-RPC message";
/// Bytes of a refusal that are read.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// Whether these headers say that the body is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    kind.is_some_and(|it| it.to_ascii_lowercase().contains("json"))
}

/// The answer to a call that is refused before it is read.
pub(super) fn refused(error: &Error) -> Response {
    refused_with(error, &Value::Null)
}

/// The same with these members beside what every error says of itself.
pub(super) fn refused_with(error: &Error, more: &Value) -> Response {
    let status = match error.status() {
        // Clients sign in by the status and its challenge.
        known @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => known,
        _ => StatusCode::BAD_REQUEST,
    };
    let code = match error.code {
        Code::MalformedBody => PARSE_ERROR,
        Code::MalformedRequest => INVALID_REQUEST,
        _ => INVALID_PARAMS,
    };
    let mut problem = error.problem();
    for (name, value) in more.as_object().into_iter().flatten() {
        problem[name] = value.clone();
    }
    let body = json!({ "code": code, "message": error.text(), "data": problem });
    let body = json!({ "jsonrpc": "2.0", "id": null, "error": body });
    let why = (Extension(error.code), Extension(Wanted(error.scope)));
    (status, why, Json(body)).into_response()
}

/// The answer to a call that was `sent_json`; what refuses it in words becomes a JSON-RPC error.
pub(super) async fn answered(sent_json: bool, response: Response) -> Response {
    if !response.status().is_client_error() || is_json(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let text = to_bytes(body, TEXT_BYTES_MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let reason = parts.status.canonical_reason().unwrap_or("refused");
    // To rmcp a body that it cannot read has the wrong type.
    let (status, code, message) = match text.trim().strip_prefix(UNREAD) {
        Some(why) if sent_json && parts.status == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            let code = if why.trim() == NO_MESSAGE { INVALID_REQUEST } else { PARSE_ERROR };
            let message = format!("the body is not one JSON-RPC message: {}", why.trim());
            (StatusCode::BAD_REQUEST, code, message)
        }
        _ => {
            let message = if text.trim().is_empty() { reason } else { text.trim() };
            (parts.status, INVALID_REQUEST, message.to_owned())
        }
    };
    let error = json!({ "code": code, "message": message });
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = Json(json!({ "jsonrpc": "2.0", "id": null, "error": error }));
    (status, parts.headers, body).into_response()
}
