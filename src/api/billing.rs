//! Where Stripe sends its events: signed bytes, which no operation reads.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
    routing::post,
};
use serde_json::json;

use crate::{app::App, error::Error};

/// Where.
const WEBHOOK: &str = "/api/v1/billing/webhook";
/// What carries the signature.
const SIGNATURE: &str = "stripe-signature";

pub(super) fn router(app: &Arc<App>) -> Router {
    Router::new().route(WEBHOOK, post(receive)).with_state(Arc::clone(app))
}

async fn receive(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    let signed = headers.get(SIGNATURE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    app.billing.receive(signed, &body).await?;
    Ok(Json(json!({ "received": true })).into_response())
}
