//! Orders that were placed: listed, looked at, withdrawn.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::paper::{Order, OrderStatus};

use super::{
    Clock, Digits,
    order::{Clocked, OrderView},
    words::Upper,
};
use crate::{
    error::{Dialect, Error},
    ops::{Access, Cx, Effect, Op, Route},
    paper::Look,
};

/// Orders of a page, where nobody says how many.
const ORDERS_SHOWN: i64 = 20;
/// The most that a page can have.
pub(super) const ORDERS_SHOWN_MAX: i64 = 100;
/// What a page is asked for by: a number.
pub(super) const CURSOR: &str = "^[1-9][0-9]{0,8}$";

#[doc = include_str!("../../../tools/cancel_order.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::ops) struct CancelOrder {
    /// An `id` of `get_orders`.
    order_id: String,
}

impl Op for CancelOrder {
    const NAME: &'static str = "cancel_order";
    const ROUTE: Route = Route::delete("/api/v1/bot/orders/{order_id}").silent();
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Clocked<OrderView>;

    async fn run(self, cx: &Cx) -> Result<Clocked<OrderView>, Error> {
        let account = &cx.caller.account()?.id;
        cx.app.paper.cancel(account, &self.order_id, &cx.metered()?).await?;
        shown(cx, &self.order_id).await
    }
}

/// Shows one order of the account by its id.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::ops) struct GetOrder {
    /// An `id` of `get_orders`.
    order_id: String,
}

impl Op for GetOrder {
    const NAME: &'static str = "get_order";
    const ROUTE: Route = Route::get("/api/v1/bot/orders/{order_id}");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = Clocked<OrderView>;

    async fn run(self, cx: &Cx) -> Result<Clocked<OrderView>, Error> {
        shown(cx, &self.order_id).await
    }
}

/// The order of this id as it is now.
async fn shown(cx: &Cx, id: &str) -> Result<Clocked<OrderView>, Error> {
    let view = |look: &Look<'_>| {
        let order = OrderView::of(look, look.order(id)?, Digits(cx.reader));
        Ok(Clocked::alone(order, Clock::of(look)))
    };
    cx.app.paper.look(&cx.caller.account()?.id, view).await?
}

#[doc = include_str!("../../../tools/get_orders.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::ops) struct GetOrders {
    #[serde(default)]
    status: Option<Upper<OrderStatus>>,
    /// Default 20.
    #[serde(default)]
    #[schemars(range(min = 1, max = ORDERS_SHOWN_MAX))]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[serde(default)]
    #[schemars(regex(pattern = CURSOR))]
    cursor: Option<String>,
}

/// A page of orders, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::ops) struct OrderPage {
    #[serde(flatten)]
    clock: Clock,
    orders: Vec<Clocked<OrderView>>,
    /// Asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// How many rows a page has.
pub(super) fn limited(asked: Option<i64>) -> Result<usize, Error> {
    let limit = asked.unwrap_or(ORDERS_SHOWN);
    let good = (1..=ORDERS_SHOWN_MAX).contains(&limit).then_some(limit);
    good.and_then(|it| usize::try_from(it).ok()).ok_or_else(|| {
        Error::invalid_field("limit", &format!("must be between 1 and {ORDERS_SHOWN_MAX}"))
    })
}

impl GetOrders {
    /// The number below which the page begins: orders that come meanwhile move no page.
    fn below(&self) -> Result<u32, Error> {
        // An address has no null: nothing after the name is none.
        let cursor = self.cursor.as_deref().filter(|it| !it.is_empty());
        let Some(cursor) = cursor else { return Ok(u32::MAX) };
        let problem = "is not the `next_cursor` of a page; send it as it came, or leave it out";
        cursor.parse().map_err(|_| Error::invalid_field("cursor", problem))
    }
}

impl Op for GetOrders {
    const NAME: &'static str = "get_orders";
    const ROUTE: Route = Route::get("/api/v1/bot/orders").bare("orders");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Paper;
    const DIALECT: Dialect = Dialect::Bot;
    type Output = OrderPage;

    async fn run(self, cx: &Cx) -> Result<OrderPage, Error> {
        let (limit, below) = (limited(self.limit)?, self.below()?);
        let wanted = |order: &&Order| {
            order.number < below && self.status.is_none_or(|status| status.0 == order.status)
        };
        let digits = Digits(cx.reader);
        let view = |look: &Look<'_>| {
            let mut found: Vec<&Order> =
                look.book.orders().iter().rev().filter(wanted).take(limit + 1).collect();
            let more = found.len() > limit;
            found.truncate(limit);
            let clock = Clock::of(look);
            let listed = |order: &&Order| {
                Clocked::listed(OrderView::of(look, order, digits), &clock, digits)
            };
            let orders = found.iter().map(listed).collect();
            let last = found.last().filter(|_| more);
            OrderPage { orders, next_cursor: last.map(|it| it.number.to_string()), clock }
        };
        cx.app.paper.look(&cx.caller.account()?.id, view).await
    }
}
