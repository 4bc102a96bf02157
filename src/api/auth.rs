//! Who stands at the door: `X-API-Key`, else `Authorization: Bearer`.

use axum::{extract::Request, http::HeaderMap};

use crate::{
    app::App,
    error::Error,
    keys::{Family, Key},
    runs::Caller,
};

/// Adds the [`Caller`] to a request that has no credential or a good one; a bad one is refused.
pub(super) async fn authenticated(app: &App, mut request: Request) -> Result<Request, Error> {
    let caller = caller(app, request.headers()).await?;
    request.extensions_mut().insert(caller);
    Ok(request)
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
