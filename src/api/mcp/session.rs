//! Ids of sessions for clients that return them: they hold what a person allowed, and nothing else.
//! To the protocol's own machinery no call belongs to a session.

use axum::{
    http::{HeaderName, HeaderValue},
    response::Response,
};
use serde_json::json;

use super::{super::json_rpc, batch::Call};
use crate::{
    app::App,
    caller::Caller,
    error::{Code, Error},
    ops::{CONNECT, Session},
    traffic::{ClientAddress, Rate},
};

/// What a client returns.
pub(in crate::api) const HEADER: HeaderName = HeaderName::from_static("mcp-session-id");
/// The first revision that has no sessions.
const STATELESS: &str = "2026-07-28";

/// The id that the answer to a call carries: who introduces itself without a credential gets one,
/// and who returned one that is not ours.
pub(super) fn fresh(app: &App, call: &Call) -> Option<HeaderValue> {
    let parts = call.parts();
    let is_anonymous = matches!(parts.extensions.get(), Some(Caller::Anonymous));
    let revision = parts.headers.get("mcp-protocol-version");
    if !is_anonymous || revision.is_some_and(|it| it.as_bytes() >= STATELESS.as_bytes()) {
        return None;
    }
    let returned = parts.extensions.get::<Session>();
    let introduced = call.introduced();
    match (returned, &introduced) {
        (Some(Session::Unknown), _) | (None, Some(_)) => (),
        _ => return None,
    }
    let from: ClientAddress = parts.extensions.get().copied().unwrap_or_default();
    // Whoever asks too often does without.
    app.rates.check(Rate::McpSession, from).ok()?;
    let id = app.connect.open(&introduced.unwrap_or_default(), from.to_string());
    let mut value = HeaderValue::from_str(id.reveal()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A refusal. Who has a session and nothing that opens it is told where a person allows it.
pub(super) async fn refused(app: &App, session: &Session, error: Error) -> Response {
    let Session::Open { id, .. } = session else { return json_rpc::refused(&error) };
    if error.code != Code::KeyRequired {
        return json_rpc::refused(&error);
    }
    match app.connect.ask(id).await {
        Ok((link, _)) => {
            let error = Error::connect_first(&link.url, &link.code);
            let more = json!({ "login_url": link.url, "login_code": link.code,
                "next_action": CONNECT });
            json_rpc::refused_with(&error, &more)
        }
        Err(error) => json_rpc::refused(&error),
    }
}
