//! What the template of the account page is filled with: what the operations say.

use std::sync::Arc;

use askama::Template;

use super::{
    runs::{Run, listed},
    theirs,
};
use crate::{
    accounts::Session,
    app::App,
    caller::{Account, Credential, Scope, Scopes},
    error::Error,
    keys::Key,
    ops::{
        Cx, Op as _,
        billing::{BillingAccount, GetBillingAccount},
        bot::{
            account::GetBotAccount,
            keys::{BotKey, ListBotKeys},
            kpi::GetTradingKpi,
            portfolio::GetPortfolio,
        },
        keys::{GrantView, KeyView, ListGrants, ListKeys},
        views::instant,
    },
    plan::Plan,
    web::{browser::form_token, show},
};

/// Runs that the page shows; the list has the others.
const RUNS: i64 = 5;

#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct Page {
    account: Arc<Account>,
    csrf: Key,
    usage: Usage,
    /// What its owner is called in public, and how what they pay for stands.
    billing: BillingAccount,
    fresh: Option<Fresh>,
    keys: Vec<KeyView>,
    bot_keys: Vec<BotKey>,
    apps: Vec<Connected>,
    browsers: Vec<Browser>,
    /// A damaged run must not stand between a person and their keys.
    runs: Result<Vec<Run>, Error>,
    /// Nor must a damaged paper account; none is opened by looking.
    paper: Result<Option<Paper>, Error>,
}

/// A key that was just made: the one time it is shown.
pub(super) enum Fresh {
    ApiKey { name: String, secret: String },
    BotKey { name: String, secret: String },
}

impl Fresh {
    fn name(&self) -> &str {
        let (Self::ApiKey { name, .. } | Self::BotKey { name, .. }) = self;
        name
    }

    fn secret(&self) -> &str {
        let (Self::ApiKey { secret, .. } | Self::BotKey { secret, .. }) = self;
        secret
    }
}

/// What the plan has, and what of it was used, each in words.
struct Usage {
    plan: Plan,
    figures: Vec<(&'static str, String)>,
    /// The day on which the counts of the month do.
    begins_anew: String,
}

/// A program that may act for the account.
struct Connected {
    grant: GrantView,
    scopes: Vec<Scope>,
}

/// A browser that is signed in.
struct Browser {
    since: String,
    until: String,
    /// Whether it is the one that asks.
    this: bool,
}

/// The paper account of the season.
struct Paper {
    season: u32,
    ends: String,
    source: String,
    market_time: String,
    equity: String,
    gain: f64,
    trades: String,
    rank: Option<String>,
    rank_min_trades: u32,
    label: &'static str,
}

impl Page {
    /// The page; `fresh` is a key that was just made.
    pub(super) async fn of(
        app: &Arc<App>,
        session: &Session,
        fresh: Option<Fresh>,
    ) -> Result<Self, Error> {
        let (cx, account) = (theirs(app, session), Arc::clone(&session.account));
        let bot_keys = ListBotKeys {}.run(&cx).await?.keys;
        let apps = ListGrants {}.run(&cx).await?.grants.into_iter().map(Connected::of);
        Ok(Self {
            csrf: form_token(session),
            usage: Usage::of(app, &account, bot_keys.len()).await?,
            billing: GetBillingAccount {}.run(&cx).await?,
            fresh,
            keys: ListKeys {}.run(&cx).await?.keys,
            bot_keys,
            apps: apps.collect(),
            browsers: browsers(app, &account).await?,
            runs: listed(&cx, RUNS, None).await.map(|(runs, _)| runs),
            paper: Paper::of(&cx, &account).await,
            account,
        })
    }

    /// Until when is paid, as a day.
    fn paid_until(&self) -> Option<&str> {
        self.billing.current_period_end.as_deref().map(show::day)
    }

    /// Whether the plan has room for another bot key.
    fn has_room_for_a_bot_key(&self) -> bool {
        self.bot_keys.len() < self.usage.plan.bot_keys_max() as usize
    }
}

impl Usage {
    async fn of(app: &App, account: &Account, bot_keys: usize) -> Result<Self, Error> {
        let quota = app.runs.quota(&account.id).await?;
        let calls = app.meter.calls(&account.id, quota.plan).await?;
        let of = |used: String, limit: Option<u32>| match limit {
            Some(limit) => format!("{used} of {}", show::count(limit)),
            None => used,
        };
        Ok(Self {
            plan: quota.plan,
            figures: vec![
                ("Plan", quota.plan.name().to_owned()),
                ("Runs started this month", of(show::count(quota.used), quota.limit)),
                ("Bot calls this month", of(show::count(calls.used), Some(calls.limit))),
                ("Bot keys", of(show::count(bot_keys), Some(quota.plan.bot_keys_max()))),
            ],
            begins_anew: show::day(&quota.resets_at.to_string()).to_owned(),
        })
    }
}

impl Connected {
    fn of(grant: GrantView) -> Self {
        let scopes =
            Scopes::parse(&grant.scope).map_or_else(|_| Vec::new(), |it| it.iter().collect());
        Self { grant, scopes }
    }
}

async fn browsers(app: &App, account: &Account) -> Result<Vec<Browser>, Error> {
    let this = match &account.credential {
        Credential::Session { id } => Some(id),
        _ => None,
    };
    let sessions = app.accounts.sessions(&account.id).await?;
    let day = |micros: i64| show::day(&instant(micros)).to_owned();
    let browser = |it: &crate::accounts::SessionRow| Browser {
        since: day(it.created_at),
        until: day(it.expires_at),
        this: this == Some(&it.id),
    };
    Ok(sessions.iter().map(browser).collect())
}

impl Paper {
    async fn of(cx: &Cx, account: &Account) -> Result<Option<Self>, Error> {
        if !cx.app.paper.is_open(&account.id).await? {
            return Ok(None);
        }
        let figures = GetTradingKpi {}.run(cx).await?;
        let season = GetBotAccount {}.run(cx).await?.season;
        let portfolio = GetPortfolio {}.run(cx).await?;
        let of = |rank| format!("{} of {}", show::count(rank), show::count(figures.rank_total));
        let equity = portfolio.total_equity.parse().unwrap_or_default();
        Ok(Some(Self {
            season: season.number,
            ends: show::day(&season.ends_at).to_owned(),
            source: figures.clock.source.clone(),
            market_time: show::day(&figures.clock.market_time).to_owned(),
            equity: show::amount(equity, 2),
            gain: figures.total_return_pct,
            trades: show::count(figures.total_trades),
            rank: figures.rank.map(of),
            rank_min_trades: figures.rank_min_trades,
            label: figures.label,
        }))
    }
}

/// The day of an instant; a word where there is none.
fn day(instant: Option<&String>) -> &str {
    instant.map_or("never", |it| show::day(it))
}
