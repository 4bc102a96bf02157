//! Orders, and the passage of time that fills them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{
    Command, Price, Quantity,
    order::{OrderId, Side, TimeInForce, WorkingOrder},
    outcome::Outcome,
};

use super::{
    Cx, Effect, Op, Reader, Route,
    input::{self, Decimal, OrderInput, OrderType},
    views::{OrderView, RejectionView, Snapshot, StepView, TradeView},
};
use crate::{
    error::Error,
    runs::{Seat, Turn, ids},
};

/// Reads a step count: at least 1, and for a model exactly 1, so that no bar passes unseen.
fn steps(cx: &Cx, tool: &str, field: &str, count: Option<i64>) -> Result<u32, Error> {
    // Over MCP a count of 0 is the default, as some clients fill absent numbers with it.
    let count = match (count, cx.reader) {
        (None, _) | (Some(0), Reader::Model) => 1,
        (Some(count), _) => count,
    };
    if count < 1 {
        return Err(Error::invalid_field(field, &format!("{tool} {field} must be at least 1")));
    }
    if cx.reader == Reader::Model && count > 1 {
        let message = format!("{tool} only supports {field}=1 in MCP");
        return Err(Error::rejected(
            message,
            "call it once per bar; scripts can step many over REST",
        ));
    }
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

#[doc = include_str!("../../tools/submit_turn.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitTurn {
    run_id: String,
    /// Orders to queue, all or none; empty holds.
    #[serde(default)]
    trades: Vec<OrderInput>,
    /// Ids of queued orders to withdraw first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cancel: Vec<String>,
    /// Bars to advance; default 1, and over MCP only 1.
    #[serde(default)]
    #[schemars(range(min = 1, max = i64::MAX))]
    step_count: Option<i64>,
    /// Repeats with the same key return the first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = Turn::KEY_MAX))]
    idempotency_key: Option<String>,
}

/// A decision and what the market made of it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct TurnView {
    /// The accepted orders.
    queued_orders: Vec<OrderView>,
    step: StepView,
    /// The run afterwards.
    snapshot: Snapshot,
}

impl Op for SubmitTurn {
    const NAME: &'static str = "submit_turn";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/turn");
    const EFFECT: Effect = Effect::Write;
    type Output = TurnView;

    async fn run(self, cx: &Cx) -> Result<TurnView, Error> {
        let steps = steps(cx, Self::NAME, "step_count", self.step_count)?;
        let mut normal = self;
        normal.step_count = Some(steps.into());
        let turn =
            Turn::new(&normal.run_id, normal.idempotency_key.as_deref(), Self::NAME, &normal);
        let decide = |seat: &Seat| {
            Ok(Command::Turn {
                cancel: withdrawn(seat, &normal.cancel)?,
                orders: input::orders(seat, "trades", &normal.trades)?,
                steps,
            })
        };
        // The accepted orders are gone from the queue after the step: they are shown as they were.
        let view = |seat: &Seat, command: &Command, outcome: &Outcome| TurnView {
            queued_orders: accepted(seat, command, outcome),
            step: StepView::of(seat, outcome),
            snapshot: Snapshot::of(seat),
        };
        cx.app.runs.command(&cx.caller, turn?, "trades", decide, view).await
    }
}

/// The waiting orders of these names, each named once.
fn withdrawn(seat: &Seat, names: &[String]) -> Result<Vec<OrderId>, Error> {
    let mut found = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let place = format!("cancel[{at}]");
        let id = ids::find_order(seat, name).map_err(|error| error.at(&place))?;
        if found.contains(&id) {
            return Err(Error::invalid_field(&place, "is named twice"));
        }
        found.push(id);
    }
    Ok(found)
}

/// The orders of a command as they were accepted.
fn accepted(seat: &Seat, command: &Command, outcome: &Outcome) -> Vec<OrderView> {
    let (Command::Turn { orders, .. }, Some(first)) = (command, outcome.first_order) else {
        return Vec::new();
    };
    let bars = usize::try_from(outcome.bars_advanced).unwrap_or_default();
    let queued_at = seat.run.now() - bars;
    (first.0..)
        .zip(orders)
        .map(|(number, order)| {
            OrderView::of(seat, &WorkingOrder::accepted(number, order, queued_at))
        })
        .collect()
}

/// Queues one order; it fills when the run is stepped.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitOrder {
    run_id: String,
    /// Repeats with the same key return the first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = Turn::KEY_MAX))]
    idempotency_key: Option<String>,
    /// Such as AAPL or BTC/USD.
    symbol: String,
    #[serde(deserialize_with = "input::side")]
    side: Side,
    /// Units; fractions are allowed.
    quantity: Decimal<Quantity>,
    /// Why; kept with the order and published with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = input::REASONING_MAX), regex(pattern = input::PRINTABLE))]
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
    type Output = OrderView;

    async fn run(self, cx: &Cx) -> Result<OrderView, Error> {
        let turn = Turn::new(&self.run_id, self.idempotency_key.as_deref(), Self::NAME, &self)?;
        let decide = |seat: &Seat| Ok(Command::order(vec![self.order().order(seat, "")?]));
        let view = |seat: &Seat, command: &Command, outcome: &Outcome| {
            accepted(seat, command, outcome).pop()
        };
        let order = cx.app.runs.command(&cx.caller, turn, "", decide, view).await?;
        order.ok_or_else(|| Error::internal("an accepted order left no trace"))
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
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
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
    type Output = Cancelled;

    async fn run(self, cx: &Cx) -> Result<Cancelled, Error> {
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

#[doc = include_str!("../../tools/step_run.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepRun {
    run_id: String,
    /// Bars to advance; default 1, and over MCP only 1.
    #[serde(default)]
    #[schemars(range(min = 1, max = i64::MAX))]
    count: Option<i64>,
    /// Repeats with the same key return the first answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = Turn::KEY_MAX))]
    idempotency_key: Option<String>,
}

impl Op for StepRun {
    const NAME: &'static str = "step_run";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/step");
    const EFFECT: Effect = Effect::Write;
    type Output = StepView;

    async fn run(self, cx: &Cx) -> Result<StepView, Error> {
        let steps = steps(cx, Self::NAME, "count", self.count)?;
        let normal = Self { count: Some(steps.into()), ..self };
        let turn =
            Turn::new(&normal.run_id, normal.idempotency_key.as_deref(), Self::NAME, &normal)?;
        let decide = |_: &Seat| Ok(Command::step(steps));
        let view = |seat: &Seat, _: &Command, outcome: &Outcome| StepView::of(seat, outcome);
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
    run_id: String,
    trades: Vec<TradeView>,
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
