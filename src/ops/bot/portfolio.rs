//! What the paper account holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{
    Money,
    paper::{AssetType, Holding},
};

use super::{
    Clock, Digits,
    digits::{DecimalText, money, percent},
    shown_symbol,
    words::Upper,
};
use crate::{
    error::{Dialect, Error},
    ops::{Access, Cx, Effect, Op, Route},
    paper::Look,
};

#[doc = include_str!("../../../tools/get_portfolio.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetPortfolio {}

/// Cash and positions, valued at displayed prices, in US dollars.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Portfolio {
    #[serde(flatten)]
    clock: Clock,
    /// Cash; short sales have added to it.
    #[schemars(with = "DecimalText")]
    balance: String,
    /// Cash and the value of all positions.
    #[schemars(with = "DecimalText")]
    pub(crate) total_equity: String,
    /// Initial margin of the positions: all orders and positions together may claim the equity.
    #[schemars(with = "DecimalText")]
    margin_used: String,
    positions: Vec<Position>,
    #[schemars(with = "DecimalText")]
    total_unrealized_pnl: String,
    /// Orders that wait.
    working_orders: usize,
}

/// A position.
#[derive(Debug, Serialize, JsonSchema)]
struct Position {
    symbol: String,
    asset_type: Upper<AssetType>,
    /// Units; negative when short.
    #[schemars(with = "DecimalText")]
    quantity: String,
    /// What a unit cost, or brought when short, slippage included.
    #[schemars(with = "DecimalText")]
    avg_cost: String,
    /// The displayed price.
    #[schemars(with = "Option<DecimalText>")]
    current_price: Option<String>,
    /// Negative when short.
    #[schemars(with = "DecimalText")]
    market_value: String,
    #[schemars(with = "DecimalText")]
    unrealized_pnl: String,
    /// In percent of the cost.
    #[schemars(with = "DecimalText")]
    unrealized_pnl_pct: String,
}

impl Position {
    fn of(look: &Look<'_>, holding: &Holding, digits: Digits) -> Self {
        let listing = look.tape.listing(holding.instrument);
        Self {
            symbol: shown_symbol(&listing.symbol),
            asset_type: Upper(listing.asset_type),
            quantity: digits.quantity(holding.quantity),
            avg_cost: digits.price(holding.avg_cost),
            current_price: Some(digits.price(holding.price)),
            market_value: money(holding.market_value),
            unrealized_pnl: money(holding.unrealized_pnl),
            unrealized_pnl_pct: percent(holding.unrealized_pnl, holding.cost.abs()),
        }
    }
}

impl Portfolio {
    fn of(look: &Look<'_>, digits: Digits) -> Self {
        let (book, tape) = (look.book, look.tape);
        let holdings: Vec<Holding> = book.positions(tape).collect();
        let unrealized: Money = holdings.iter().map(|it| it.unrealized_pnl).sum();
        Self {
            clock: Clock::of(look),
            balance: money(book.cash()),
            total_equity: money(book.equity(tape)),
            margin_used: money(book.initial_margin(tape)),
            positions: holdings.iter().map(|it| Position::of(look, it, digits)).collect(),
            total_unrealized_pnl: money(unrealized),
            working_orders: book.working_orders(),
        }
    }
}

impl Op for GetPortfolio {
    const NAME: &'static str = "get_portfolio";
    const ROUTE: Route = Route::get("/api/v1/bot/portfolio");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Portfolio;

    async fn run(self, cx: &Cx) -> Result<Portfolio, Error> {
        let view = |look: &Look<'_>| Portfolio::of(look, Digits(cx.reader));
        cx.app.paper.look(&cx.caller.account()?.id, view).await
    }
}
