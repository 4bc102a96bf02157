//! What opens the caller's paper account: bot keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{
    Access, Cx, Effect, Op, Route,
    keys::NAMED,
    views::{Instant, instant},
};
use crate::{
    caller::{Account, Credential},
    error::{Dialect, Error},
    keys::Family,
    store::keys::Key,
    traffic::Rate,
};

/// A bot key, but for its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BotKey {
    pub(crate) id: String,
    pub(crate) label: String,
    /// The key's first characters, to tell keys apart.
    pub(crate) prefix: String,
    #[schemars(with = "Instant")]
    pub(crate) created_at: String,
    /// As far as it was noted: once an hour.
    #[schemars(with = "Option<Instant>")]
    pub(crate) last_used_at: Option<String>,
}

impl BotKey {
    fn of(key: Key) -> Self {
        Self {
            id: key.id,
            label: key.name,
            prefix: key.prefix,
            created_at: instant(key.created_at),
            last_used_at: key.last_used_at.map(instant),
        }
    }
}

/// Lists the account's bot keys, oldest first, without their secrets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListBotKeys {}

/// The keys that open the paper account.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BotKeys {
    pub(crate) keys: Vec<BotKey>,
}

impl Op for ListBotKeys {
    const NAME: &'static str = "list_bot_keys";
    const ROUTE: Route = Route::get("/api/v1/bot/keys").bare("keys");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::BotKeys;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = BotKeys;

    async fn run(self, cx: &Cx) -> Result<BotKeys, Error> {
        let keys = cx.app.accounts.keys(&cx.keeper()?.id, Family::Bot).await?;
        Ok(BotKeys { keys: keys.into_iter().map(BotKey::of).collect() })
    }
}

/// Makes a bot key and shows it, this once. It trades the paper account and opens nothing else.
///
/// For a browser that is signed in, or with a token of `POST /api/auth/token`: a key does not beget
/// keys. How many an account may have depends on its plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBotKey {
    /// What to call it.
    #[schemars(length(max = 60), regex(pattern = NAMED))]
    pub(crate) label: String,
}

/// A new bot key.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct NewBotKey {
    id: String,
    pub(crate) label: String,
    /// The key. It is not shown again.
    pub(crate) key: String,
    #[schemars(with = "Instant")]
    created_at: String,
}

impl Op for CreateBotKey {
    const NAME: &'static str = "create_bot_key";
    const ROUTE: Route = Route::post("/api/v1/bot/keys").created();
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::BotKeys;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = NewBotKey;

    async fn run(self, cx: &Cx) -> Result<NewBotKey, Error> {
        let account = cx.keeper()?;
        // Who finds a key could never be shut out.
        if matches!(account.credential, Credential::Key { .. }) {
            return Err(Error::key_token_required());
        }
        cx.app.rates.check(Rate::KeyCreation, account.id.as_str())?;
        let made = cx.app.accounts.add_key(&account.id, &self.label, Family::Bot).await?;
        Ok(NewBotKey {
            id: made.row.id,
            label: made.row.name,
            key: made.key.reveal().to_owned(),
            created_at: instant(made.row.created_at),
        })
    }
}

/// Revokes a bot key for good: from the answer on it opens nothing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevokeBotKey {
    /// An id of `list_bot_keys`.
    pub(crate) id: String,
}

/// Nothing is left to say.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Gone {}

impl Op for RevokeBotKey {
    const NAME: &'static str = "revoke_bot_key";
    const ROUTE: Route = Route::delete("/api/v1/bot/keys/{id}").silent();
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::BotKeys;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Gone;

    async fn run(self, cx: &Cx) -> Result<Gone, Error> {
        if !cx.app.accounts.revoke_key(&cx.keeper()?.id, Family::Bot, &self.id).await? {
            return Err(Error::no_such_bot_key());
        }
        Ok(Gone {})
    }
}

impl Cx {
    /// The account, if its owner asks, or a token that they had made for its keys.
    fn keeper(&self) -> Result<&Account, Error> {
        self.caller.keeper()
    }
}
