//! What opens the caller's account: keys, clients that were allowed something, browsers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, Route,
    views::{Instant, instant},
};
use crate::{
    caller::{Account, Credential},
    error::Error,
    keys::Family,
    store::{grants::Grant, keys::Key},
    traffic::Rate,
};

/// What a key is called that nobody named.
const UNNAMED: &str = "key";
/// What a name may be: one line, and something of it is seen.
pub(super) const NAMED: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u009f]*",
    r"[^\s\u0000-\u001f\u007f-\u009f]",
    r"[^\u0000-\u001f\u007f-\u009f]*$"
);

/// A key, but for its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct KeyView {
    pub(crate) key_id: String,
    pub(crate) name: String,
    /// The key's first characters, to tell keys apart.
    pub(crate) prefix: String,
    #[schemars(with = "Instant")]
    pub(crate) created_at: String,
    /// As far as it was noted: once an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub(crate) last_used_at: Option<String>,
}

impl KeyView {
    fn of(key: &Key) -> Self {
        Self {
            key_id: key.id.clone(),
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            created_at: instant(key.created_at),
            last_used_at: key.last_used_at.map(instant),
        }
    }
}

/// Lists the account's API keys, oldest first, without their secrets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListKeys {}

/// The keys that open something.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Keys {
    pub(crate) keys: Vec<KeyView>,
}

impl Op for ListKeys {
    const NAME: &'static str = "list_keys";
    const ROUTE: Route = Route::get("/api/v1/keys");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Person;
    type Output = Keys;

    async fn run(self, cx: &Cx) -> Result<Keys, Error> {
        let keys = cx.app.accounts.keys(&cx.person()?.id, Family::Benchmark).await?;
        Ok(Keys { keys: keys.iter().map(KeyView::of).collect() })
    }
}

/// Makes an API key and shows it, this once. For a browser that is signed in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKey {
    /// What to call it.
    #[serde(default)]
    #[schemars(length(max = 60), regex(pattern = NAMED))]
    name: Option<String>,
    /// Accepted from older clients and not kept.
    #[serde(default)]
    #[schemars(length(max = 254))]
    email: Option<String>,
}

impl CreateKey {
    /// The call that makes a key of this name; a blank one is none.
    pub(crate) fn named(name: String) -> Self {
        Self { name: Some(name).filter(|it| !it.trim().is_empty()), email: None }
    }
}

/// A new key.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NewKey {
    /// The key. It is not shown again.
    pub(crate) api_key: String,
    key_id: String,
    account_id: String,
    pub(crate) name: String,
    plan: &'static str,
}

impl Op for CreateKey {
    const NAME: &'static str = "create_key";
    const ROUTE: Route = Route::post("/api/v1/keys");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Person;
    type Output = NewKey;

    async fn run(self, cx: &Cx) -> Result<NewKey, Error> {
        let account = cx.person()?;
        // One key must not beget others: who finds one could never be shut out.
        if !matches!(account.credential, Credential::Session { .. }) {
            return Err(Error::sign_in_required("Sign in to BotTrade before creating an API key."));
        }
        cx.app.rates.check(Rate::KeyCreation, account.id.as_str())?;
        if self.email.is_some_and(|it| it.chars().count() > 254) {
            return Err(Error::invalid_field("email", "must be at most 254 characters"));
        }
        let name = self.name.as_deref().unwrap_or(UNNAMED);
        let made = cx.app.accounts.add_key(&account.id, name, Family::Benchmark).await?;
        Ok(NewKey {
            api_key: made.key.reveal().to_owned(),
            key_id: made.row.id,
            account_id: account.id.clone(),
            name: made.row.name,
            plan: account.plan.name(),
        })
    }
}

/// Gives an API key another name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameKey {
    /// An id of `list_keys`.
    pub(crate) key_id: String,
    /// What to call it.
    #[schemars(length(min = 1, max = 60), regex(pattern = NAMED))]
    pub(crate) name: String,
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Renamed {
    key_id: String,
    name: String,
}

impl Op for RenameKey {
    const NAME: &'static str = "rename_key";
    const ROUTE: Route = Route::patch("/api/v1/keys/{key_id}");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Person;
    type Output = Renamed;

    async fn run(self, cx: &Cx) -> Result<Renamed, Error> {
        let (owner, family) = (&cx.person()?.id, Family::Benchmark);
        cx.app.accounts.rename_key(owner, family, &self.key_id, &self.name).await?;
        Ok(Renamed { key_id: self.key_id, name: self.name.trim().to_owned() })
    }
}

/// Revokes an API key for good: from the answer on it opens nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeKey {
    /// An id of `list_keys`.
    pub(crate) key_id: String,
}

/// What was taken back.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Revoked {
    id: String,
    revoked: bool,
}

impl Op for RevokeKey {
    const NAME: &'static str = "revoke_key";
    const ROUTE: Route = Route::delete("/api/v1/keys/{key_id}");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Person;
    type Output = Revoked;

    async fn run(self, cx: &Cx) -> Result<Revoked, Error> {
        let (owner, family) = (&cx.person()?.id, Family::Benchmark);
        if !cx.app.accounts.revoke_key(owner, family, &self.key_id).await? {
            return Err(Error::no_such_key());
        }
        Ok(Revoked { id: self.key_id, revoked: true })
    }
}

/// A program that the account allowed something.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct GrantView {
    pub(crate) grant_id: String,
    client_id: String,
    /// What the program calls itself; nobody vouches for it.
    pub(crate) client_name: String,
    /// What it may do, parted by blanks.
    pub(crate) scope: String,
    #[schemars(with = "Instant")]
    pub(crate) created_at: String,
    /// As far as it was noted: once an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub(crate) last_used_at: Option<String>,
    /// When it must ask again.
    #[schemars(with = "Instant")]
    pub(crate) expires_at: String,
}

impl GrantView {
    fn of(grant: &Grant) -> Self {
        Self {
            grant_id: grant.id.clone(),
            client_id: grant.client_id.clone(),
            client_name: grant.client_name.clone(),
            scope: grant.scope.clone(),
            created_at: instant(grant.created_at),
            last_used_at: grant.last_used_at.map(instant),
            expires_at: instant(grant.expires_at),
        }
    }
}

/// Lists the programs that the account allowed something, oldest first.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListGrants {}

/// The programs that may act for the account.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Grants {
    pub(crate) grants: Vec<GrantView>,
}

impl Op for ListGrants {
    const NAME: &'static str = "list_grants";
    const ROUTE: Route = Route::get("/api/v1/grants");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Person;
    type Output = Grants;

    async fn run(self, cx: &Cx) -> Result<Grants, Error> {
        let grants = cx.app.accounts.grants(&cx.person()?.id).await?;
        Ok(Grants { grants: grants.iter().map(GrantView::of).collect() })
    }
}

/// Takes back what a program was allowed: from the answer on all its tokens open nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeGrant {
    /// An id of `list_grants`.
    pub(crate) grant_id: String,
}

impl Op for RevokeGrant {
    const NAME: &'static str = "revoke_grant";
    const ROUTE: Route = Route::delete("/api/v1/grants/{grant_id}");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Person;
    type Output = Revoked;

    async fn run(self, cx: &Cx) -> Result<Revoked, Error> {
        if !cx.app.accounts.revoke_grant(&cx.person()?.id, &self.grant_id).await? {
            return Err(Error::no_such_grant());
        }
        Ok(Revoked { id: self.grant_id, revoked: true })
    }
}

impl Cx {
    /// The account, if a person or a key of theirs asks: a program that was allowed to trade does
    /// not manage what opens the account.
    fn person(&self) -> Result<&Account, Error> {
        self.caller.person()
    }
}
