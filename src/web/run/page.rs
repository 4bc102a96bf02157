//! What the template of a run's page is filled with.

use askama::Template;

use super::{
    super::{browser::form_token, show},
    address::Address,
    charts::{self, Charts},
    declared::{self, Declared, clipped},
    figures::{Group, groups},
    numbers,
};
use crate::{accounts::Session, keys::Key, ops::tear_sheet::TearSheet, runs::Eyes};

/// Characters of the reasoning of a fill that the page shows.
const REASONING_MAX: usize = 280;
/// Traded instruments that are offered by name.
const TRADED_MAX: usize = 24;
/// Instruments that are offered in a list; of more than these one is typed.
const LISTED_MAX: usize = 300;
/// Rows of the table of profits.
const PROFITS_MAX: usize = 60;

#[derive(Template)]
#[template(path = "run.html")]
pub(super) struct Page {
    sheet: TearSheet,
    address: Address,
    name: String,
    window: String,
    declared: Declared,
    charts: Charts,
    groups: Vec<Group>,
    fills: Vec<FillRow>,
    symbols: Vec<SymbolLink>,
    /// Every instrument, where they are few enough to choose from.
    listed: Vec<String>,
    owner: Option<Owner>,
}

/// A fill with its costs.
struct FillRow {
    number: usize,
    time: String,
    symbol: String,
    side: &'static str,
    buys: bool,
    quantity: String,
    price: String,
    value: String,
    slippage: String,
    commission: String,
    pnl: f64,
    forced: bool,
    reasoning: Option<String>,
    /// Characters of the reasoning that are left out.
    left_out: usize,
}

struct SymbolLink {
    name: String,
    fills: usize,
    href: String,
    current: bool,
}

/// What an owner can do.
struct Owner {
    csrf: Key,
    linked: bool,
    /// The private link, once, just after it was made.
    fresh: Option<String>,
    ended: bool,
}

impl Page {
    /// The page; `fresh` is a private link that was just made.
    pub(super) fn new(
        sheet: TearSheet,
        address: Address,
        session: Option<&Session>,
        fresh: Option<&Key>,
    ) -> Self {
        let owner = match (sheet.eyes, session) {
            (Eyes::Owner { linked }, Some(session)) => Some(Owner {
                csrf: form_token(session),
                linked,
                fresh: fresh.map(|it| format!("{}?link={}", address.whole(), it.reveal())),
                ended: sheet.headline.is_some(),
            }),
            _ => None,
        };
        let traded = sheet.prices.symbols.iter().filter(|it| it.1 > 0).take(TRADED_MAX);
        let symbols = traded.map(|(name, fills)| SymbolLink {
            name: name.clone(),
            fills: *fills,
            href: address.of(Some(name), 1) + "#prices",
            current: sheet.fills.symbol.as_ref() == Some(name),
        });
        let mut listed: Vec<String> = Vec::new();
        if sheet.prices.symbols.len() <= LISTED_MAX {
            listed = sheet.prices.symbols.iter().map(|it| it.0.clone()).collect();
            listed.sort();
        }
        Self {
            name: declared::name(&sheet.run),
            window: charts::window(&sheet.curves),
            declared: Declared::of(&sheet.run),
            charts: Charts::of(&sheet),
            groups: groups(&sheet),
            fills: fills(&sheet),
            symbols: symbols.collect(),
            listed,
            owner,
            sheet,
            address,
        }
    }

    fn is_public(&self) -> bool {
        self.sheet.eyes == Eyes::Public
    }

    /// Whether it still moves, and whoever looks is told of it.
    fn is_live(&self) -> bool {
        !self.is_public() && self.sheet.headline.is_none()
    }

    /// The title of the page where it is shared.
    fn shared_title(&self) -> String {
        let Self { name, sheet, .. } = self;
        format!("{name}: {} on {}", show::percent(sheet.results.return_pct), self.scenario())
    }

    fn scenario(&self) -> &str {
        &self.sheet.entry.card().name
    }

    /// The share of the window's bars that were played.
    fn progress(&self) -> String {
        let decisions = self.sheet.entry.span().decisions;
        format!("{} of {} bars", show::count(self.sheet.curves.played - 1), show::count(decisions))
    }

    fn profits(&self) -> impl Iterator<Item = &crate::ops::results::SymbolPnl> {
        self.sheet.symbol_pnl.iter().take(PROFITS_MAX)
    }

    fn currency(&self) -> &str {
        &self.sheet.standing.currency
    }

    /// Where the fills are at the REST door.
    fn trades(&self) -> &'static str {
        if self.is_public() { "/public/trades" } else { "/trades" }
    }

    /// The page of fills before this one, and after it.
    fn neighbours(&self) -> [Option<String>; 2] {
        let fills = &self.sheet.fills;
        let to = |page| self.address.of(fills.symbol.as_deref(), page) + "#fills";
        let newer = (fills.page > 1).then(|| to(fills.page - 1));
        [newer, (fills.page < fills.pages).then(|| to(fills.page + 1))]
    }
}

fn fills(sheet: &TearSheet) -> Vec<FillRow> {
    let daily = charts::is_daily(sheet);
    let rows = sheet.fills.rows.iter().map(|(number, trade)| {
        let said = trade.reasoning.as_deref().map(str::trim).filter(|it| !it.is_empty());
        FillRow {
            number: *number,
            time: charts::moment(&trade.sim_time_filled, daily),
            symbol: trade.symbol.clone(),
            side: trade.side.name(),
            buys: trade.side.direction() > 0,
            quantity: numbers::quantity(trade.quantity),
            price: numbers::price(trade.fill_price),
            value: show::amount(trade.total_value, 2),
            slippage: show::amount(trade.slippage_cost, 2),
            commission: show::amount(trade.commission, 2),
            pnl: trade.realized_pnl,
            forced: trade.order_id.is_none(),
            reasoning: said.map(|it| clipped(it, REASONING_MAX)),
            left_out: said.map_or(0, |it| it.chars().count().saturating_sub(REASONING_MAX)),
        }
    });
    rows.collect()
}

/// A ratio that may be undefined.
fn ratio(value: Option<f64>) -> String {
    value.map_or_else(|| show::NONE.to_owned(), |it| show::signed(it, 2))
}
