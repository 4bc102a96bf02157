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
