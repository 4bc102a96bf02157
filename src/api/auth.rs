//! Who stands at the door: by `X-API-Key`, `Authorization: Bearer` or `X-Bot-Key`, else at `/mcp`
//! by the session that a person connected; and how the door says that nobody, or the wrong one,
//! does.

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
    error::{Code, Dialect, Error},
    keys::{Family, Key, Kind},
    oauth::{Standing, metadata},
    ops::{
        Session,
        route::{dialect_at, is_of_bot_keys},
    },
};

/// Parameters that would put a credential into an address.
const CREDENTIALS_IN_ADDRESS: &[&str] = &["access_token", "api_key", "bot_key", "token"];

/// Where operations are, and with them callers. What else there is (health, documents, metadata,
/// pages) is the same for everybody, and must not fail because of a key that went bad: clients send
/// theirs everywhere.
const WITH_CALLERS: &[&str] = &["/mcp", "/api/v1/", "/api/trade/v1/"];

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
        caller(app, path, request.headers()).await?
    } else {
        Caller::Anonymous
    };
    let may_be_in_session = matches!(caller, Caller::Anonymous) && path.starts_with("/mcp");
    if let Some(id) = request.headers().get(SESSION_HEADER).filter(|_| may_be_in_session) {
        let session = match app.connect.standing(id.to_str().unwrap_or_default()).await? {
            Standing::Connected(account) => {
                let opens = opens(app, Shows::Bearer, &account);
                caller = Caller::Account(opens.then_some(account).ok_or_else(Error::key_invalid)?);
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

/// What is called, as far as credentials differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Paper trading, by REST.
    Bot,
    /// The keys of paper trading.
    BotKeys,
    /// Everything else.
    Other,
}

impl Place {
    fn of(path: &str) -> Self {
        match dialect_at(path) {
            _ if is_of_bot_keys(path) => Self::BotKeys,
            Dialect::Bot => Self::Bot,
            Dialect::Benchmark => Self::Other,
        }
    }

    /// In which order headers are looked into. The first that has a credential counts, good or bad:
    /// the one that is named after what is called.
    const fn order(self) -> [Shows; 3] {
        match self {
            Self::Bot => [Shows::BotKey, Shows::ApiKey, Shows::Bearer],
            Self::BotKeys | Self::Other => [Shows::ApiKey, Shows::Bearer, Shows::BotKey],
        }
    }

    /// The refusal of a credential that opens nothing here.
    fn invalid(self) -> Error {
        match self {
            Self::Bot => Error::bot_key_invalid(),
            Self::BotKeys | Self::Other => Error::key_invalid(),
        }
    }
}

/// A header that may have a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// `X-API-Key`: a key of either family.
    ApiKey,
    /// `X-Bot-Key`: a bot key.
    BotKey,
    /// `Authorization: Bearer`: a key, or a token.
    Bearer,
}

impl Shows {
    /// What it has.
    fn of(self, headers: &HeaderMap) -> Option<&str> {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let shown = match self {
            Self::ApiKey => text("x-api-key"),
            Self::BotKey => text("x-bot-key"),
            Self::Bearer => text("authorization").and_then(|it| it.split_once(' ')).and_then(
                |(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()),
            ),
        };
        shown.filter(|it| !it.is_empty())
    }
}

async fn caller(app: &App, path: &str, headers: &HeaderMap) -> Result<Caller, Error> {
    let place = Place::of(path);
    let mut shown = place.order().into_iter().filter_map(|it| Some((it, it.of(headers)?)));
    let Some((header, secret)) = shown.next() else { return Ok(Caller::Anonymous) };
    let account = match Key::parse(secret) {
        Some(key) => of_key(app, header, &key).await?,
        None if (place, header) == (Place::BotKeys, Shows::Bearer) => {
            Some(of_key_token(app, secret).await?)
        }
        None => None,
    };
    account.map(Caller::Account).ok_or_else(|| place.invalid())
}

async fn of_key(app: &App, header: Shows, key: &Key) -> Result<Option<Arc<Account>>, Error> {
    // The id of a session is none: it is in a header of its own, which programs log.
    if key.kind() == Kind::McpSession {
        return Ok(None);
    }
    let holder = app.accounts.holder(key).await?;
    Ok(holder.filter(|account| opens(app, header, account)))
}

/// Whether what an account was found by opens anything when this header shows it.
fn opens(app: &App, header: Shows, account: &Account) -> bool {
    match &account.credential {
        Credential::Key { family: Family::Bot, .. } => true,
        _ if header == Shows::BotKey => false,
        Credential::Key { family: Family::Benchmark, .. } => true,
        // A token that was made for another address is none here.
        Credential::Grant { resource, .. } => *resource == app.oauth.resource(),
        Credential::Session { .. } | Credential::KeyToken { .. } => false,
    }
}

/// The account of a token of `/api/auth/token`, if what it was made from still stands.
async fn of_key_token(app: &App, token: &str) -> Result<Arc<Account>, Error> {
    let claims = app.signing_keys.verify(token).map_err(Error::key_token_invalid)?;
    let found = app.accounts.keeper(&claims.sub, &claims.sid).await?;
    let ended = || Error::key_token_invalid("what the token was made from has ended");
    found.map(Arc::new).ok_or_else(ended)
}

/// The scope for want of which a call was refused.
#[derive(Clone)]
pub(super) struct Wanted(pub(super) Option<&'static str>);

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
    let wanted = response.extensions().get().and_then(|Wanted(scope)| *scope);
    let scope = wanted.unwrap_or(Scope::Trade.name());
    let challenge =
        format!("Bearer {error}scope=\"{scope}\", resource_metadata=\"{base}{known}/mcp\"");
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
