//! Who the caller is.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, Route, Session,
    views::{Instant, instant},
};
use crate::{
    caller::{Account, Caller, Credential},
    error::Error,
    keys::{Family, Key},
    oauth::{Answer, Link},
};

/// How long a call waits for a person.
const WAIT_MAX: Duration = Duration::from_mins(2);

const NOT_YET: &str = "Nobody is signed in; connect_bottrade gives a link for the person.";
const REFUSED: &str = "The person said no, or nothing within ten minutes. Ask them before you \
    call connect_bottrade for another link.";
const SESSION_OVER: &str = "this session has ended or is not known here: connect the client anew \
    and call connect_bottrade again";

#[doc = include_str!("../../tools/auth_status.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthStatus {}

#[doc = include_str!("../../tools/connect_bottrade.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConnectBottrade {
    /// How long to wait for the person, once they have the link; at most 120.
    #[serde(default)]
    #[schemars(range(min = 0, max = i64::MAX))]
    wait_seconds: Option<i64>,
}

/// Whether a credential came with the call, and whose it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Auth {
    /// `connected`, `pending` or `auth_required`.
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
    /// Where a person allows this session to act for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_url: Option<String>,
    /// What that page must show, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// When the token or the link ends; a client renews its token, use that of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    expires_at: Option<String>,
    /// Where a credential may stand; a bot key may in `X-API-Key` and as a bearer too. Left out
    /// once one has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_methods: Option<[&'static str; 4]>,
    /// What to do next.
    next_action: &'static str,
    /// How to do it.
    message: String,
}

impl Auth {
    /// Nobody is known; says what to do next, and how.
    fn required(next_action: &'static str, message: String) -> Self {
        Self {
            status: "auth_required",
            auth_method: "none",
            account: None,
            key: None,
            client: None,
            scope: None,
            login_url: None,
            code: None,
            expires_at: None,
            auth_methods: Some(["oauth", "x_api_key", "authorization_bearer", "x_bot_key"]),
            next_action,
            message,
        }
    }

    /// The same to a client that returns no session id, or one that is not good.
    fn without_session(session: &Session, next_action: &'static str) -> Self {
        let hint = Error::key_required().hint.unwrap_or_default();
        Self::required(
            next_action,
            match session {
                Session::Unknown => format!("{SESSION_OVER}; or {hint}"),
                Session::None | Session::Open { .. } => hint,
            },
        )
    }

    /// A person has a link.
    fn pending(link: Link) -> Self {
        let message = format!(
            "Give the person this link: they sign in there, and allow it if the page shows the \
             code {}. Then call connect_bottrade with wait_seconds, or go on once they have.",
            link.code
        );
        Self {
            status: "pending",
            auth_method: "oauth",
            login_url: Some(link.url),
            code: Some(link.code),
            expires_at: Some(instant(link.good_until)),
            auth_methods: None,
            ..Self::required("open_login_url", message)
        }
    }

    fn connected(account: &Account) -> Self {
        let connected = |message: &str| Self {
            status: "connected",
            account: Some(account.name.clone()),
            auth_methods: None,
            ..Self::required("list_scenarios", message.into())
        };
        match &account.credential {
            Credential::Key { name, family: Family::Bot, .. } => Self {
                auth_method: "bot_key",
                key: Some(name.clone()),
                scope: Some(account.credential.scopes().to_string()),
                next_action: "get_bot_account",
                ..connected("The bot key is valid; it opens paper trading and nothing else.")
            },
            Credential::Key { name, family: Family::Benchmark, .. } => Self {
                auth_method: "api_key_or_bearer",
                key: Some(name.clone()),
                ..connected("The key is valid; every operation is open.")
            },
            Credential::Grant { client, scopes, expires_at, .. } => Self {
                auth_method: "oauth",
                client: Some(client.clone()),
                scope: Some(scopes.to_string()),
                expires_at: Some(instant(*expires_at)),
                ..connected("Signed in; what the scope names is open.")
            },
            Credential::Session { .. } => {
                Self { auth_method: "session", ..connected("Signed in with this browser.") }
            }
            Credential::KeyToken { .. } => Self {
                auth_method: "key_token",
                ..connected("The token manages bot keys and does nothing else.")
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
        Ok(match (&cx.caller, &cx.session) {
            (Caller::Account(account), _) => Auth::connected(account),
            (Caller::Anonymous, Session::Open { id, .. }) => match cx.app.connect.link(id) {
                Some(link) => Auth::pending(link),
                None => Auth::required("connect_bottrade", NOT_YET.into()),
            },
            (Caller::Anonymous, session) => Auth::without_session(session, "connect_bottrade"),
        })
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
        let id = match (&cx.caller, &cx.session) {
            (Caller::Account(account), _) => return Ok(Auth::connected(account)),
            (Caller::Anonymous, Session::Open { id, .. }) => id,
            (Caller::Anonymous, session) => {
                return Ok(Auth::without_session(session, "send_api_key"));
            }
        };
        let (link, is_new) = cx.app.connect.ask(id).await?;
        // A person cannot answer before they were given the link.
        if is_new {
            return Ok(Auth::pending(link));
        }
        Ok(match wait(cx, id, self.time()).await? {
            Answer::Yes(account) => Auth::connected(&account),
            Answer::NotYet(link) => Auth::pending(link),
            Answer::No => Auth::required("connect_bottrade", REFUSED.into()),
        })
    }
}

impl ConnectBottrade {
    /// How long to wait.
    fn time(&self) -> Duration {
        let asked = u64::try_from(self.wait_seconds.unwrap_or(0)).unwrap_or(0);
        Duration::from_secs(asked).min(WAIT_MAX)
    }
}

/// Waits for the person; the server's end ends it.
async fn wait(cx: &Cx, id: &Key, time: Duration) -> Result<Answer, Error> {
    if let Session::Open { patience, .. } = &cx.session {
        patience.ask(time);
    }
    tokio::select! {
        answer = cx.app.connect.wait(id, time) => answer,
        () = cx.app.ending.begun() => cx.app.connect.wait(id, Duration::ZERO).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_more_than_two_minutes() {
        let time = |seconds| ConnectBottrade { wait_seconds: seconds }.time().as_secs();
        let asked = [None, Some(0), Some(7), Some(120), Some(121), Some(i64::MAX)];
        assert_eq!(asked.map(time), [0, 0, 7, 120, 120, 120]);
    }
}
