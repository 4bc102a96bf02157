//! Who stands at the door: `X-API-Key`, else `Authorization: Bearer`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use crate::{
    app::App,
    error::Error,
    keys::{Family, Key},
    runs::Caller,
};

/// Lets every request through that has no credential or a good one; a bad one is refused.
pub(crate) async fn authenticate(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller(&app, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

async fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, Error> {
    let Some(credential) = credential(headers) else {
        return Ok(Caller::Anonymous);
    };
    let key = Key::parse(credential).ok_or_else(Error::key_invalid)?;
    match app.accounts.holder(&key).await? {
        Some(account) if account.family == Family::Benchmark => Ok(Caller::Account(account)),
        _ => Err(Error::key_invalid()),
    }
}

fn credential(headers: &HeaderMap) -> Option<&str> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    let bearer = || {
        let value = text(header::AUTHORIZATION.as_str())?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    };
    text("x-api-key").or_else(bearer).map(str::trim).filter(|it| !it.is_empty())
}
