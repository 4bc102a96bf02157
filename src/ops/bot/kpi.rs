//! What the paper account's season was worth so far.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{metrics::Metric, paper::Kpi};

use super::{Clock, Digits};
use crate::{
    error::{Dialect, Error},
    ops::{Access, Cx, Effect, Op, Route},
    paper::{Look, TRADES_MIN, feed::Season},
};

/// What a record is that was made on replayed history: nobody may take it for a forecast.
const OF_HISTORY: &str = "replayed history";
/// What one is that was made on quotes of the operator.
const OF_A_FEED: &str = "simulated trading on pushed quotes";

#[doc = include_str!("../../../tools/get_trading_kpi.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetTradingKpi {}

/// The figures of an account's season; the page of the operation defines each.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Figures {
    #[serde(flatten)]
    pub(crate) clock: Clock,
    /// Of the season that trades now.
    season: u32,
    pub(crate) total_return_pct: f64,
    sharpe_ratio: f64,
    sortino_ratio: f64,
    /// Percent of trades with a profit.
    win_rate: f64,
    profit_factor: f64,
    /// Percent, 0 or more.
    max_drawdown: f64,
    pub(crate) total_trades: usize,
    /// Mean result of a trade, in US dollars.
    expectancy: f64,
    consecutive_wins: usize,
    consecutive_losses: usize,
    /// Figures that are undefined, shown as 0, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    null_reasons: BTreeMap<&'static str, String>,
    /// By return among the accounts of the season with enough trades.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rank: Option<u32>,
    /// Accounts that are ranked.
    pub(crate) rank_total: u32,
    /// Trades from which on an account is ranked.
    pub(crate) rank_min_trades: u32,
    /// What kind of record this is.
    pub(crate) label: &'static str,
}

impl Figures {
    fn of(look: &Look<'_>, digits: Digits) -> Self {
        let kpi = Kpi::of(look.book, look.tape);
        let reasons = kpi.null_reasons();
        let figure = |metric: Metric| digits.figure(metric.unwrap_or_default());
        Self {
            clock: Clock::of(look),
            season: look.season.number,
            total_return_pct: digits.figure(kpi.total_return_pct),
            sharpe_ratio: figure(kpi.sharpe_ratio),
            sortino_ratio: figure(kpi.sortino_ratio),
            win_rate: figure(kpi.win_rate_pct),
            profit_factor: figure(kpi.profit_factor),
            max_drawdown: digits.figure(kpi.max_drawdown_pct),
            total_trades: kpi.total_trades,
            expectancy: figure(kpi.expectancy),
            consecutive_wins: kpi.consecutive_wins,
            consecutive_losses: kpi.consecutive_losses,
            null_reasons: reasons.map(|(name, why)| (name, why.to_string())).collect(),
            rank: None,
            rank_total: 0,
            rank_min_trades: TRADES_MIN,
            label: label_of(look.season),
        }
    }
}

/// What kind of record an account of this season has.
pub(super) fn label_of(season: &Season) -> &'static str {
    if season.source.starts_with("replay") { OF_HISTORY } else { OF_A_FEED }
}

impl Op for GetTradingKpi {
    const NAME: &'static str = "get_trading_kpi";
    const ROUTE: Route = Route::get("/api/v1/bot/kpi");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Figures;

    async fn run(self, cx: &Cx) -> Result<Figures, Error> {
        let account = &cx.caller.account()?.id;
        let view = |look: &Look<'_>| Figures::of(look, Digits(cx.reader));
        let figures = cx.app.paper.look(account, view).await?;
        let standing = cx.app.paper.rank(account).await?;
        Ok(Figures { rank: standing.rank, rank_total: standing.of, ..figures })
    }
}
