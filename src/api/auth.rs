//! Who stands at the door: `X-API-Key`, else `Authorization: Bearer`; and how the door says that
//! nobody, or the wrong one, does.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::Response,
};

use crate::{
    app::App,
    caller::{Caller, Credential, Scope},
    error::{Code, Error},
    keys::{Family, Key},
    oauth::metadata,
};

/// Parameters that would put a credential into an address.
const CREDENTIALS_IN_ADDRESS: &[&str] = &["access_token", "api_key", "token"];

/// Adds the [`Caller`] to a request that has no credential or a good one; a bad one is refused.
pub(super) async fn authenticated(app: &App, mut request: Request) -> Result<Request, Error> {
    // The metadata tells how to get a credential, also to whom comes with a bad one.
    let caller = if is_open(request.uri()) {
        Caller::Anonymous
    } else {
        in_no_address(request.uri())?;
        caller(app, request.headers()).await?
    };
    if let Caller::Account(account) = &caller {
        let client = request.extensions().get().copied().unwrap_or_default();
        app.rates.check_call(&account.id, client)?;
    }
    request.extensions_mut().insert(caller);
    Ok(request)
}

fn is_open(uri: &Uri) -> bool {
    ["/.well-known/", "/oauth/"].iter().any(|it| uri.path().starts_with(it))
}

fn in_no_address(uri: &Uri) -> Result<(), Error> {
    let api = uri.path().starts_with("/mcp") || uri.path().starts_with("/api/");
    let names = uri.query().unwrap_or_default().split('&').filter_map(|it| it.split('=').next());
    if api && names.into_iter().any(|name| CREDENTIALS_IN_ADDRESS.contains(&name)) {
        return Err(Error::key_in_address());
    }
    Ok(())
}

async fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, Error> {
    let Some(credential) = credential(headers) else {
        return Ok(Caller::Anonymous);
    };
    let key = Key::parse(credential).ok_or_else(Error::key_invalid)?;
    let account = app.accounts.holder(&key).await?.ok_or_else(Error::key_invalid)?;
    match &account.credential {
        Credential::Key { family: Family::Benchmark, .. } => Ok(Caller::Account(account)),
        // A token that was made for another address is none here.
        Credential::Grant { resource, .. } if *resource == app.oauth.resource() => {
            Ok(Caller::Account(account))
        }
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

/// Tells a client that was refused for want of a credential how to get one (RFC 6750, RFC 9728).
pub(super) fn challenged(app: &App, mut response: Response) -> Response {
    let Some(code) = response.extensions().get::<Code>().copied() else { return response };
    let error = match code {
        Code::KeyRequired => "",
        Code::KeyInvalid => "error=\"invalid_token\", ",
        Code::ScopeRequired => "error=\"insufficient_scope\", ",
        _ => return response,
    };
    let (base, known) = (&app.public_url, metadata::PROTECTED_RESOURCE);
    let scope = Scope::Trade.name();
    let challenge =
        format!("Bearer {error}scope=\"{scope}\", resource_metadata=\"{base}{known}/mcp\"");
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
