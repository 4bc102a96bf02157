//! Who stands at the door: `X-API-Key`, else `Authorization: Bearer`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::HeaderMap,
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
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let key = text("x-api-key").filter(|key| !key.is_empty());
    let bearer = || {
        let (scheme, token) = text("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    };
    key.or_else(bearer).filter(|it| !it.is_empty())
}
