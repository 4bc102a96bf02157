//! Who leads a season, as it was found at most five minutes ago.
//!
//! The table is a view: it is made when somebody asks and the last one is old, by moving every
//! account on that has commands enough to have traded.

use std::sync::Arc;

use jiff::Timestamp;
use sim::num::Money;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Paper, feed::Season, ids};
use crate::{
    error::Error,
    plan::Plan,
    store::{StoreError, Tx, accounts, paper},
};

/// Trades that an account must have closed to be ranked.
pub const TRADES_MIN: u32 = 5;
/// Commands without which there is no trade but that of a margin call: one opens, one closes, in as
/// many parts as it takes.
const COMMANDS_MIN: i64 = 2;
/// How old a table may be.
const AGE_MICROS_MAX: i64 = 5 * 60 * 1_000_000;
/// Ids that are read at once.
const IDS_MAX: i64 = 500;

/// The place of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// From 1; equal equity is an equal rank. `None` before [`TRADES_MIN`] trades.
    pub rank: Option<u32>,
    /// How many are ranked.
    pub of: u32,
    /// When the table was made.
    pub as_of: Timestamp,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// From 1.
    pub rank: u32,
    /// The paper account.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: String,
    /// What it is worth.
    pub equity: Money,
    /// Trades it has closed.
    pub trades: u32,
}

/// Some rows of a table, best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The season.
    pub season: Season,
    /// When the table was made.
    pub as_of: Timestamp,
    /// How many are ranked.
    pub of: usize,
    /// The rows, and what the owner of each is called in public as of now.
    pub rows: Vec<(Ranked, Owner)>,
    /// Whether more follow.
    pub more: bool,
}

/// What the owner of a paper account is called in public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// The handle, which they chose for it.
    Handle(String),
    /// They chose none: the name of an account is nobody's affair.
    Unnamed,
    /// The account was erased since the table was made.
    Gone,
}

struct Table {
    season: Season,
    as_of: Timestamp,
    /// Best first.
    rows: Vec<Ranked>,
}

/// The last table.
#[derive(Default)]
pub(super) struct Standings(Mutex<Option<Arc<Table>>>);

impl Standings {
    /// The place of an account.
    pub(super) async fn of(&self, paper: &Paper, account_id: &str) -> Result<Standing, Error> {
        let table = self.table(paper).await?;
        let own = ids::account(account_id, &table.season.market, table.season.number);
        let rank = table.rows.iter().find(|row| row.id == own).map(|row| row.rank);
        let of = u32::try_from(table.rows.len()).unwrap_or(u32::MAX);
        Ok(Standing { rank, of, as_of: table.as_of })
    }

    /// At most so many rows behind the first `after`.
    pub(super) async fn page(
        &self,
        paper: &Paper,
        after: usize,
        most: usize,
    ) -> Result<Page, Error> {
        let table = self.table(paper).await?;
        let rows: Vec<Ranked> = table.rows.iter().skip(after).take(most).cloned().collect();
        let more = table.rows.len() > after.saturating_add(rows.len());
        let rows = paper.store.read(move |tx| rows.into_iter().map(|it| owned(tx, it)).collect());
        let rows = rows.await?;
        let (season, as_of, of) = (table.season.clone(), table.as_of, table.rows.len());
        Ok(Page { season, as_of, of, rows, more })
    }

    /// A table of this season that is not too old. Who comes while one is made waits for it.
    async fn table(&self, paper: &Paper) -> Result<Arc<Table>, Error> {
        let now = paper.clock.now();
        let season = paper.feed.read(now, |market| market.season.clone())?;
        let mut last = self.0.lock().await;
        if let Some(table) = last.as_ref() {
            let age = now.as_microsecond() - table.as_of.as_microsecond();
            if table.season == season && (0..AGE_MICROS_MAX).contains(&age) {
                return Ok(Arc::clone(table));
            }
        }
        let rows = paper.ranked(&season, now).await?;
        let table = Arc::new(Table { season, as_of: now, rows });
        *last = Some(Arc::clone(&table));
        Ok(table)
    }
}

/// A row with what its owner is called.
fn owned(tx: &mut dyn Tx, row: Ranked) -> Result<(Ranked, Owner), StoreError> {
    let account = accounts::by_id(tx, &row.account_id)?.filter(|it| it.deleted_at.is_none());
    let owner = match account {
        None => Owner::Gone,
        Some(account) if account.plan_as(Plan::parse)?.has_handle() => {
            account.handle.map_or(Owner::Unnamed, Owner::Handle)
        }
        Some(_) => Owner::Unnamed,
    };
    Ok((row, owner))
}

impl Paper {
    /// Every account of a season that may be ranked, best first.
    async fn ranked(&self, season: &Season, now: Timestamp) -> Result<Vec<Ranked>, Error> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let (market, from) = (season.market.clone(), after.clone());
            let number = i64::from(season.number);
            let page = move |tx: &mut dyn Tx| {
                paper::busy(tx, &market, number, COMMANDS_MIN, &from, IDS_MAX)
            };
            let page = self.store.read(page).await?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (id, account_id) in page {
                // One that is damaged is refused to its owner, and has no rank.
                match self.judged(&id, account_id, now).await {
                    Ok(row) => rows.extend(row),
                    Err(error) => tracing::warn!(id, %error, "a paper account was not ranked"),
                }
            }
        }
        rows.sort_by(|a, b| b.equity.cmp(&a.equity).then_with(|| a.id.cmp(&b.id)));
        let mut best = None;
        for (at, row) in rows.iter_mut().enumerate() {
            let place = u32::try_from(at + 1).unwrap_or(u32::MAX);
            let rank = match best {
                Some((equity, rank)) if equity == row.equity => rank,
                _ => place,
            };
            best = Some((row.equity, rank));
            row.rank = rank;
        }
        Ok(rows)
    }

    /// What a paper account is worth, if it has traded enough.
    async fn judged(
        &self,
        id: &str,
        account_id: String,
        now: Timestamp,
    ) -> Result<Option<Ranked>, Error> {
        let mut slot = self.slot(&account_id, now).await?;
        self.moved(&mut slot, now, |live, market| {
            let trades = live.book.fills().iter().filter(|fill| fill.net_pnl.is_some()).count();
            let trades = u32::try_from(trades).unwrap_or(u32::MAX);
            let equity = live.book.equity(market.tape);
            let same = live.id.to_string() == id && trades >= TRADES_MIN;
            same.then_some(Ranked { rank: 0, account_id, equity, trades, id: live.id })
        })
    }
}
