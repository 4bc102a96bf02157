//! Who leads the season of paper trading.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::paper::STARTING_CASH;

use super::{
    account::{ROBOT, SeasonView},
    digits::{DecimalText, money},
    kpi::label_of,
    orders::{CURSOR, ORDERS_SHOWN_MAX, limited},
};
use crate::{
    error::{Dialect, Error},
    ops::{
        Access, Cx, Effect, Op, Route,
        views::{Instant, instant},
    },
    paper::{Owner, Ranked, TRADES_MIN},
};

/// What the order of the table is not.
const NOTE: &str = "Everybody here trades the same prices, which everybody could know: the best of \
    many accounts is better by luck alone, and this order ranks nobody's skill.";
/// Digits by which one of whom nothing is known is told from others.
const SHOWN_OF_ID: usize = 8;

/// Ranks the paper accounts of the season by what they are worth.
///
/// An account has a rank from its fifth closed trade on; equal equity is an equal rank. The table
/// is at most five minutes old. A bot is shown under its owner's handle, or under the first digits
/// of its paper account's id where the owner has none.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListStandings {
    /// Default 20.
    #[serde(default)]
    #[schemars(range(min = 1, max = ORDERS_SHOWN_MAX))]
    pub(crate) limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[schemars(regex(pattern = CURSOR))]
    pub(crate) cursor: Option<String>,
}

/// A page of the season's table, best first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Standings {
    /// What kind of record this is.
    pub(crate) label: &'static str,
    /// What the order does not say.
    pub(crate) note: &'static str,
    /// Where the prices are from, such as `replay of 2017-10 to 2018-09`.
    pub(crate) source: String,
    pub(crate) season: SeasonView,
    /// When the table was made, in our time.
    #[schemars(with = "Instant")]
    pub(crate) as_of: String,
    /// Accounts that are ranked.
    pub(crate) rank_total: usize,
    /// Trades from which on an account is ranked.
    pub(crate) rank_min_trades: u32,
    pub(crate) entries: Vec<Entry>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_cursor: Option<String>,
}

/// A paper account with enough trades.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Entry {
    pub(crate) rank: u32,
    /// The owner's handle, marked as one that trades by a program.
    pub(crate) display_name: String,
    /// Always `BOT`.
    user_type: &'static str,
    pub(crate) total_return_pct: f64,
    /// In US dollars of no worth.
    #[schemars(with = "DecimalText")]
    total_equity: String,
    pub(crate) total_trades: u32,
}

impl Entry {
    fn of((row, owner): (Ranked, Owner)) -> Self {
        let owner = match owner {
            Owner::Handle(handle) => handle,
            Owner::Unnamed => {
                let id = row.id.simple().to_string();
                format!("trader {}", &id[..SHOWN_OF_ID])
            }
            Owner::Gone => "deleted".to_owned(),
        };
        let start = STARTING_CASH.to_f64();
        Self {
            rank: row.rank,
            display_name: format!("{ROBOT} {owner}"),
            user_type: "BOT",
            total_return_pct: (row.equity.to_f64() - start) / start * 100.0,
            total_equity: money(row.equity),
            total_trades: row.trades,
        }
    }
}

impl ListStandings {
    /// How many rows lie before the page.
    fn after(&self) -> Result<usize, Error> {
        let cursor = self.cursor.as_deref().filter(|it| !it.is_empty());
        let problem = "is not the `next_cursor` of a page; send it as it came, or leave it out";
        let parsed =
            cursor.map(|it| it.parse().map_err(|_| Error::invalid_field("cursor", problem)));
        Ok(parsed.transpose()?.unwrap_or(0))
    }
}

impl Op for ListStandings {
    const NAME: &'static str = "list_standings";
    const ROUTE: Route = Route::get("/api/v1/bot/standings");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Standings;

    async fn run(self, cx: &Cx) -> Result<Standings, Error> {
        let (limit, after) = (limited(self.limit)?, self.after()?);
        let page = cx.app.paper.standings(after, limit).await?;
        let next = after + page.rows.len();
        Ok(Standings {
            label: label_of(&page.season),
            note: NOTE,
            source: page.season.source.clone(),
            season: SeasonView::of(&page.season),
            as_of: instant(page.as_of.as_microsecond()),
            rank_total: page.of,
            rank_min_trades: TRADES_MIN,
            entries: page.rows.into_iter().map(Entry::of).collect(),
            next_cursor: page.more.then(|| next.to_string()),
        })
    }
}
