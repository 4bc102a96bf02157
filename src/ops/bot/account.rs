//! Whose paper account it is, and what is left of its plan.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Clock,
    digits::{DecimalText, money},
};
use crate::{
    error::{Dialect, Error},
    keys::Family,
    ops::{
        Access, Cx, Effect, Op, Route,
        views::{Instant, instant},
    },
    paper::{Look, feed::Season},
    plan::Plan,
};

/// Marks who trades by a program.
pub(super) const ROBOT: char = '🤖';

#[doc = include_str!("../../../tools/get_bot_account.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetBotAccount {}

/// The account, its plan and its season.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct BotAccount {
    #[serde(flatten)]
    clock: Clock,
    bot_user_id: String,
    /// The owner's name, marked as one that trades by a program.
    display_name: String,
    /// Cash of the paper account, in US dollars of no worth.
    #[schemars(with = "DecimalText")]
    balance: String,
    /// Always `BOT`.
    user_type: &'static str,
    /// Always `ACTIVE`: what is closed answers no more.
    status: &'static str,
    /// When the owner's account was made, in our time.
    #[schemars(with = "Instant")]
    created_at: String,
    /// Calls of this month.
    api_calls_used: u32,
    api_calls_limit: u32,
    /// `Free`, `Standard` or `Professional`.
    plan: &'static str,
    bot_keys_used: usize,
    bot_keys_limit: u32,
    pub(crate) season: SeasonView,
}

/// How long an account trades; the next season begins with a new one.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Season")]
pub(crate) struct SeasonView {
    pub(crate) number: u32,
    /// In our time.
    #[schemars(with = "Instant")]
    pub(crate) starts_at: String,
    /// In our time.
    #[schemars(with = "Instant")]
    pub(crate) ends_at: String,
}

impl SeasonView {
    pub(super) fn of(season: &Season) -> Self {
        Self {
            number: season.number,
            starts_at: instant(season.starts_at.as_microsecond()),
            ends_at: instant(season.ends_at.as_microsecond()),
        }
    }
}

impl Op for GetBotAccount {
    const NAME: &'static str = "get_bot_account";
    const ROUTE: Route = Route::get("/api/v1/bot/account");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = BotAccount;

    async fn run(self, cx: &Cx) -> Result<BotAccount, Error> {
        let account = cx.app.accounts.find(&cx.caller.account()?.id).await?;
        let plan = Plan::parse(&account.plan).unwrap_or(Plan::Free);
        let calls = cx.app.meter.calls(&account.id, plan).await?;
        let keys = cx.app.accounts.keys(&account.id, Family::Bot).await?;
        let view =
            |look: &Look<'_>| (Clock::of(look), look.book.cash(), SeasonView::of(look.season));
        let (clock, cash, season) = cx.app.paper.look(&account.id, view).await?;
        let owner = account.handle.as_deref().unwrap_or(&account.name);
        Ok(BotAccount {
            clock,
            bot_user_id: account.id.clone(),
            display_name: format!("{ROBOT} {owner}"),
            balance: money(cash),
            user_type: "BOT",
            status: "ACTIVE",
            created_at: instant(account.created_at),
            api_calls_used: calls.used,
            api_calls_limit: calls.limit,
            plan: plan.shown(),
            bot_keys_used: keys.len(),
            bot_keys_limit: plan.bot_keys_max(),
            season,
        })
    }
}
