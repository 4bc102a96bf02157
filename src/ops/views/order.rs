//! Orders and trades as answers show them.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sim::{
    order::{Side, TimeInForce, WorkingOrder},
    run::Fill,
};

use super::{
    Instant,
    concise::{tick, two},
    instant,
};
use crate::{
    ops::input::OrderType,
    runs::{Seat, ids},
};

/// An order that waits.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OrderView {
    pub(crate) id: String,
    pub(crate) run_id: String,
    pub(crate) symbol: String,
    pub(crate) side: Side,
    /// What is still to fill, as it was accepted (cut to 8 decimals).
    pub(crate) quantity: f64,
    pub(crate) order_type: OrderType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_price: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_price: Option<f64>,
    pub(crate) time_in_force: TimeInForce,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning: Option<String>,
    #[schemars(with = "Instant")]
    pub(crate) queued_at: String,
    #[schemars(with = "Instant")]
    pub(crate) queued_at_sim_time: String,
}

impl OrderView {
    pub(crate) fn of(seat: &Seat, working: &WorkingOrder) -> Self {
        let order = &working.order;
        let (stop, limit) = order.kind.prices();
        Self {
            id: ids::order(seat.meta.id, working.id),
            run_id: seat.meta.id.to_string(),
            symbol: seat.run.market().symbol(order.symbol).into(),
            side: order.side,
            quantity: working.remaining.to_f64(),
            order_type: OrderType::of(order.kind),
            limit_price: limit.map(sim::Price::to_f64),
            stop_price: stop.map(sim::Price::to_f64),
            time_in_force: order.time_in_force,
            reasoning: order.reasoning.as_deref().map(str::to_owned),
            queued_at: instant(seat.received_at(working.id)),
            queued_at_sim_time: seat.run.market().timeline()[working.queued_at].to_string(),
        }
    }

    /// A row of [`super::Table::orders`].
    pub(super) fn row(&self) -> Vec<Value> {
        vec![
            json!(self.id),
            json!(self.symbol),
            json!(self.side),
            json!(self.quantity),
            json!(self.order_type),
            json!(self.limit_price),
            json!(self.stop_price),
            json!(self.time_in_force),
        ]
    }
}

/// An executed trade.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TradeView {
    pub(crate) id: String,
    pub(crate) run_id: String,
    /// The order it filled; absent for a forced liquidation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_id: Option<String>,
    pub(crate) symbol: String,
    pub(crate) side: Side,
    pub(crate) quantity: f64,
    pub(crate) fill_price: f64,
    pub(crate) slippage_bps: u32,
    #[schemars(with = "Instant")]
    pub(crate) sim_time_filled: String,
    /// Price × quantity, always positive.
    pub(crate) total_value: f64,
    /// Against the average cost, before commissions; 0 for opening fills.
    pub(crate) realized_pnl: f64,
    /// What slippage cost, in currency.
    pub(crate) slippage_cost: f64,
    pub(crate) commission: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning: Option<String>,
}

impl TradeView {
    pub(crate) fn of(seat: &Seat, number: usize, fill: &Fill) -> Self {
        let market = seat.run.market();
        let instrument = market.instrument(fill.symbol);
        Self {
            id: ids::trade(seat.meta.id, number),
            run_id: seat.meta.id.to_string(),
            order_id: fill.order.map(|id| ids::order(seat.meta.id, id)),
            symbol: instrument.symbol.clone(),
            side: fill.side,
            quantity: fill.quantity.to_f64(),
            fill_price: fill.price.to_f64(),
            slippage_bps: instrument.slippage_bps,
            sim_time_filled: market.timeline()[fill.at].to_string(),
            total_value: fill.value.to_f64(),
            realized_pnl: fill.realized_pnl.to_f64(),
            slippage_cost: fill.slippage.to_f64(),
            commission: fill.commission.to_f64(),
            reasoning: fill.reasoning.as_deref().map(str::to_owned),
        }
    }

    /// The trades from number `from` on.
    pub(crate) fn from(seat: &Seat, from: usize) -> Vec<Self> {
        Self::until(seat, from, seat.run.now())
    }

    /// The trades from number `from` on that were made up to an instant.
    pub(crate) fn until(seat: &Seat, from: usize, last: usize) -> Vec<Self> {
        let fills = seat.run.fills().iter().enumerate().skip(from);
        let fills = fills.take_while(|(_, fill)| fill.at <= last);
        fills.map(|(number, fill)| Self::of(seat, number, fill)).collect()
    }

    /// A row of [`super::Table::fills`].
    pub(super) fn row(&self) -> Vec<Value> {
        vec![
            json!(self.symbol),
            json!(self.side),
            json!(self.quantity),
            json!(tick(self.fill_price)),
            json!(two(self.realized_pnl)),
        ]
    }
}
