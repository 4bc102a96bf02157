//! Credentials that are missing, wrong or not enough.

use super::{Code, Error};

impl Error {
    /// No credential.
    pub fn key_required() -> Self {
        Self::new(Code::KeyRequired, "BotTrade API key required").hint(
            "sign in through your client's OAuth (in Claude Code: /mcp), or send a key as \
             `X-API-Key: <key>` or `Authorization: Bearer <key>`: an account page or \
             `bottrade key create` makes one, a local server keeps its first in <data-dir>/api-key",
        )
    }

    /// No credential, from a client whose session a person may connect.
    pub fn connect_first(login_url: &str, code: &str) -> Self {
        Self::new(Code::KeyRequired, "BotTrade API key required").hint(format!(
            "a person opens {login_url}, signs in, and allows it if the page shows the code \
             {code}; then repeat the call. connect_bottrade can wait for them; a key works, too"
        ))
    }

    /// An unknown or revoked credential.
    pub fn key_invalid() -> Self {
        Self::new(Code::KeyInvalid, "Invalid API key")
            .hint("check that the whole key was copied; a revoked key never works again")
    }

    /// No credential that opens the paper account. The words are those of the bots' contract.
    pub fn bot_key_required() -> Self {
        Self::new(Code::KeyRequired, "Invalid or revoked bot API key").hint(
            "send a bot key as `X-Bot-Key: <key>`: `bottrade key create --bot` makes one; an API \
             key of the account, or your client's OAuth (in Claude Code: /mcp), is good too",
        )
    }

    /// The same of one that came and opens nothing.
    pub fn bot_key_invalid() -> Self {
        let Self { message, hint, .. } = Self::bot_key_required();
        Self { hint, ..Self::new(Code::KeyInvalid, message) }
    }

    /// The same failure for want of a credential with this scope.
    #[must_use]
    pub fn asking_for(self, scope: &'static str) -> Self {
        Self { scope: Some(scope), ..self }
    }

    /// A credential that opens something else.
    pub fn scope_required(scope: &str) -> Self {
        Self::new(Code::ScopeRequired, format!("this call needs the scope {scope}"))
            .hint("sign in again and allow it, or use an API key of the account")
    }

    /// A credential in a place that logs and histories keep.
    pub fn key_in_address() -> Self {
        Self::new(Code::MalformedRequest, "a credential does not belong into the address")
            .hint("send it as `X-API-Key: <key>` or `Authorization: Bearer <token>`, and revoke it")
    }

    /// More keys than an account may have.
    pub fn too_many_keys(max: usize) -> Self {
        Self::new(Code::Conflict, format!("an account has at most {max} keys"))
            .hint("revoke one that is not used any more")
    }

    /// More bot keys than the plan of an account has; `larger` lists the plans that have more.
    pub fn too_many_bot_keys(plan: &str, max: u32, larger: &str) -> Self {
        let keys = if max == 1 { "1 bot key" } else { &format!("{max} bot keys") };
        let error = Self::new(Code::Conflict, format!("the plan {plan} has {keys}"));
        let revoke = "revoke one that is not used any more: `DELETE /api/v1/bot/keys/{id}`";
        error.hint(if larger.is_empty() {
            revoke.into()
        } else {
            format!("{revoke}; or ask for a larger plan ({larger}): `bottrade account set-plan`")
        })
    }

    /// A bot key that the account does not have.
    pub fn no_such_bot_key() -> Self {
        Self::new(Code::NotFound, "no such bot key").hint("`GET /api/v1/bot/keys` lists yours")
    }

    /// Nobody who may manage the keys of the bot API.
    pub fn key_token_required() -> Self {
        Self::new(Code::KeyRequired, "sign in to BotTrade to manage bot keys").hint(
            "sign in at /login, or send the token of `POST /api/auth/token` as \
             `Authorization: Bearer <token>`",
        )
    }

    /// A token for keys that is not good, or not any more; `why` says which.
    pub fn key_token_invalid(why: impl std::fmt::Display) -> Self {
        Self::new(Code::KeyInvalid, why.to_string())
            .hint("`POST /api/auth/token` makes one for a session or a refresh token, for 15 min")
    }

    /// A key that the account does not have.
    pub fn no_such_key() -> Self {
        Self::new(Code::NotFound, "no such key").hint("`GET /api/v1/keys` lists yours")
    }

    /// A program that was allowed to trade, where a person is asked for.
    pub fn person_required() -> Self {
        Self::new(Code::NotYours, "what opens the account is managed by its owner alone")
            .hint("use an API key of the account, or a browser that is signed in")
    }

    /// A program that was allowed nothing, or nothing any more.
    pub fn no_such_grant() -> Self {
        Self::new(Code::NotFound, "no such grant").hint("`GET /api/v1/grants` lists yours")
    }

    /// An account that is not there.
    pub fn no_such_account() -> Self {
        Self::new(Code::NotFound, "no such account").hint("`bottrade account list` lists them")
    }
}
