//! Who stands at the door: `X-API-Key`, else `Authorization: Bearer`, else at `/mcp` the session
//! that a person connected; and how the door says that nobody, or the wrong one, does.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Uri, header},
    response::Response,
};

use super::mcp::SESSION_HEADER;
use crate::{
    app::{App, Patience},
    caller::{Account, Caller, Credential, Scope},
    error::{Code, Error},
    keys::{Family, Key, Kind},
    oauth::{Standing, metadata},
    ops::Session,
};

/// Parameters that would put a credential into an address.
const CREDENTIALS_IN_ADDRESS: &[&str] = &["access_token", "api_key", "token"];

/// Where operations are, and with them callers. What else there is (health, documents, metadata,
/// pages) is the same for everybody, and must not fail because of a key that went bad: clients send
/// theirs everywhere.
const WITH_CALLERS: &[&str] = &["/mcp", "/api/v1/"];

/// Adds the [`Caller`] to a request that has no credential or a good one; a bad one is refused,
/// where a credential matters.
///
/// Without a credential an MCP session counts that somebody allowed something; one that nobody has
/// is added for the tools that lead to it.
pub(super) async fn authenticated(
    app: &App,
    mut request: Request,
    patience: &Patience,
) -> Result<Request, Error> {
    in_no_address(request.uri())?;
    let path = request.uri().path();
    let mut caller = if WITH_CALLERS.iter().any(|it| path.starts_with(it)) {
        caller(app, request.headers()).await?
    } else {
        Caller::Anonymous
    };
    let may_be_in_session = matches!(caller, Caller::Anonymous) && path.starts_with("/mcp");
    if let Some(id) = request.headers().get(SESSION_HEADER).filter(|_| may_be_in_session) {
        let session = match app.connect.standing(id.to_str().unwrap_or_default()).await? {
            Standing::Connected(account) => {
                caller = good(app, account)?;
                Session::None
            }
            Standing::Open(id) => Session::Open { id, patience: patience.clone() },
            Standing::Unknown => Session::Unknown,
        };
        request.extensions_mut().insert(session);
    }
    if let Caller::Account(account) = &caller {
        let client = request.extensions().get().copied().unwrap_or_default();
        app.rates.check_call(&account.id, client)?;
    }
    request.extensions_mut().insert(caller);
    Ok(request)
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
    // The id of a session is none: it is in a header of its own, which programs log.
    if key.kind() == Kind::McpSession {
        return Err(Error::key_invalid());
    }
    good(app, app.accounts.holder(&key).await?.ok_or_else(Error::key_invalid)?)
}

/// The caller, if this credential is one for here.
fn good(app: &App, account: Arc<Account>) -> Result<Caller, Error> {
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
