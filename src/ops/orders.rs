//! Orders by themselves, and what became of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{
    Command, Price, Quantity,
    order::{Side, TimeInForce},
    outcome::Outcome,
};

use super::{
    Cx, Effect, Op, Route,
    input::{Decimal, OrderInput, OrderType, PRINTABLE, REASONING_MAX, side},
    turn::accepted,
    views::{OrderView, RejectionView, TradeView},
};
use crate::{
    error::Error,
    runs::{Answered, IdempotencyKey, Seat, Turn, ids},
};

/// Queues one order; it fills when the run is stepped.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitOrder {
    run_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
    /// Such as AAPL or BTC/USD.
    symbol: String,
    #[serde(deserialize_with = "side")]
    side: Side,
    /// Units, fractions too.
    quantity: Decimal<Quantity>,
    /// Why; published with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = REASONING_MAX), regex(pattern = PRINTABLE))]
    reasoning: Option<String>,
    /// Default market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_type: Option<OrderType>,
    /// For limit and `stop_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit_price: Option<Decimal<Price>>,
    /// For stop and `stop_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stop_price: Option<Decimal<Price>>,
    /// Default gtc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_in_force: Option<TimeInForce>,
}

impl SubmitOrder {
    fn order(&self) -> OrderInput {
        OrderInput {
            symbol: self.symbol.clone(),
            side: self.side,
            quantity: self.quantity,
            reasoning: self.reasoning.clone(),
            order_type: self.order_type,
            limit_price: self.limit_price,
            stop_price: self.stop_price,
            time_in_force: self.time_in_force,
        }
    }
}

impl Op for SubmitOrder {
    const NAME: &'static str = "submit_order";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/trades").created().wrapped("order");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<OrderView>;

    async fn run(self, cx: &Cx) -> Result<Answered<OrderView>, Error> {
        let turn = Turn::new(&self.run_id, self.idempotency_key.as_ref(), Self::NAME, &self)?;
        let decide = |seat: &Seat| Ok(Command::order(vec![self.order().order(seat, "")?]));
        let view = |seat: &Seat, command: &Command, outcome: &Outcome| {
            accepted(seat, command, outcome).pop()
        };
        let order = cx.app.runs.command(&cx.caller, turn, "", decide, view).await?;
        order.transpose().ok_or_else(|| Error::internal("an accepted order left no trace"))
    }
}

/// Withdraws an order that waits, and those that rest on it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelOrder {
    run_id: String,
    /// An id of `queued_orders`.
    order_id: String,
}

/// What was withdrawn.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Cancelled {
    order_id: String,
    cancelled: bool,
    /// Orders that ended because they rested on it.
    rejections: Vec<RejectionView>,
}

impl Op for CancelOrder {
    const NAME: &'static str = "cancel_order";
    const ROUTE: Route = Route::delete("/api/v1/runs/{run_id}/orders/{order_id}");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<Cancelled>;

    async fn run(self, cx: &Cx) -> Result<Answered<Cancelled>, Error> {
        let turn = Turn::new(&self.run_id, None, Self::NAME, &self)?;
        let decide = |seat: &Seat| {
            let cancel = vec![ids::find_order(seat, &self.order_id)?];
            Ok(Command::Turn { cancel, orders: Vec::new(), steps: 0 })
        };
        let view = |seat: &Seat, _: &Command, outcome: &Outcome| Cancelled {
            order_id: self.order_id.clone(),
            cancelled: true,
            rejections: outcome.rejections.iter().map(|it| RejectionView::of(seat, it)).collect(),
        };
        cx.app.runs.command(&cx.caller, turn, "", decide, view).await
    }
}

#[doc = include_str!("../../tools/get_trades.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetTrades {
    run_id: String,
}

/// Every fill so far.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Trades {
    pub(super) run_id: String,
    pub(super) trades: Vec<TradeView>,
}

impl Op for GetTrades {
    const NAME: &'static str = "get_trades";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/trades");
    const EFFECT: Effect = Effect::Read;
    const ROWS: Option<&'static str> = Some("trades");
    type Output = Trades;

    async fn run(self, cx: &Cx) -> Result<Trades, Error> {
        let trades = |seat: &Seat| TradeView::from(seat, 0);
        let trades = cx.app.runs.read(&cx.caller, &self.run_id, trades).await?;
        Ok(Trades { run_id: self.run_id, trades })
    }
}
