//! Who the caller is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, Route,
    views::{Instant, instant},
};
use crate::{
    caller::{Account, Caller, Credential},
    error::Error,
    keys::Family,
};

#[doc = include_str!("../../tools/auth_status.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthStatus {}

#[doc = include_str!("../../tools/connect_bottrade.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectBottrade {
    /// Accepted for older clients; there is nothing to wait for.
    #[serde(default)]
    #[schemars(range(min = 0, max = i64::MAX))]
    wait_seconds: Option<i64>,
}

/// Whether a credential came with the call, and whose it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Auth {
    /// `connected` or `auth_required`.
    status: &'static str,
    /// `api_key_or_bearer`, `bot_key`, `oauth`, `session`, `key_token` or `none`.
    auth_method: &'static str,
    /// The account's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The key's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The client that the token was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// What the token or the bot key opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    /// When the token ends; the client renews it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    expires_at: Option<String>,
    /// Where a key may stand; left out once one has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_methods: Option<[&'static str; 3]>,
    /// What to do next.
    next_action: &'static str,
    /// How to do it.
    message: String,
}

impl Auth {
    fn of(caller: &Caller, next_action: &'static str) -> Self {
        match caller {
            Caller::Anonymous => Self {
                status: "auth_required",
                auth_method: "none",
                account: None,
                key: None,
                client: None,
                scope: None,
                expires_at: None,
                auth_methods: Some(["oauth", "x_api_key", "authorization_bearer"]),
                next_action,
                message: Error::key_required().hint.unwrap_or_default(),
            },
            Caller::Account(account) => Self::connected(account),
        }
    }
}

impl Auth {
    fn connected(account: &Account) -> Self {
        let none = Self {
            status: "connected",
            auth_method: "none",
            account: Some(account.name.clone()),
            key: None,
            client: None,
            scope: None,
            expires_at: None,
            auth_methods: None,
            next_action: "list_scenarios",
            message: String::new(),
        };
        match &account.credential {
            Credential::Key { name, family: Family::Bot, .. } => Self {
                auth_method: "bot_key",
                key: Some(name.clone()),
                scope: Some(account.credential.scopes().to_string()),
                next_action: "get_bot_account",
                message: "The bot key is valid; it opens paper trading and nothing else.".into(),
                ..none
            },
            Credential::Key { name, family: Family::Benchmark, .. } => Self {
                auth_method: "api_key_or_bearer",
                key: Some(name.clone()),
                message: "The key is valid; every operation is open.".into(),
                ..none
            },
            Credential::Grant { client, scopes, expires_at, .. } => Self {
                auth_method: "oauth",
                client: Some(client.clone()),
                scope: Some(scopes.to_string()),
                expires_at: Some(instant(*expires_at)),
                message: "Signed in; what the scope names is open.".into(),
                ..none
            },
            Credential::Session { .. } => Self {
                auth_method: "session",
                message: "Signed in with this browser.".into(),
                ..none
            },
            Credential::KeyToken { .. } => Self {
                auth_method: "key_token",
                message: "The token manages bot keys and does nothing else.".into(),
                ..none
            },
        }
    }
}

impl Op for AuthStatus {
    const NAME: &'static str = "auth_status";
    const ROUTE: Route = Route::get("/api/v1/auth/status");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = Auth;

    async fn run(self, cx: &Cx) -> Result<Auth, Error> {
        Ok(Auth::of(&cx.caller, "connect_bottrade"))
    }
}

impl Op for ConnectBottrade {
    const NAME: &'static str = "connect_bottrade";
    const ROUTE: Route = Route::post("/api/v1/auth/connect");
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Public;
    type Output = Auth;

    async fn run(self, cx: &Cx) -> Result<Auth, Error> {
        if self.wait_seconds.is_some_and(|it| it < 0) {
            return Err(Error::invalid_field("wait_seconds", "must be at least 0"));
        }
        Ok(Auth::of(&cx.caller, "send_api_key"))
    }
}
