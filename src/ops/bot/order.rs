//! An order of the paper account, as answers show it.

use schemars::JsonSchema;
use serde::Serialize;
use sim::{
    order::TimeInForce,
    paper::{AssetType, Order, OrderStatus, Side},
};

use super::{
    Clock, Digits,
    digits::{DecimalText, money},
    shown_symbol,
    words::Upper,
};
use crate::{
    ops::{input::OrderType, views::Instant},
    paper::{Look, ids},
};

/// An order. Its times are those of the market that is replayed or fed, not today's.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(in crate::ops) struct OrderView {
    id: String,
    /// Such as AAPL or BTC-USD.
    symbol: String,
    asset_type: Upper<AssetType>,
    side: Upper<Side>,
    order_type: Upper<OrderType>,
    /// Units, with 8 decimals.
    #[schemars(with = "DecimalText")]
    quantity: String,
    #[schemars(with = "Option<DecimalText>")]
    limit_price: Option<String>,
    #[schemars(with = "Option<DecimalText>")]
    stop_price: Option<String>,
    time_in_force: Upper<TimeInForce>,
    status: Upper<OrderStatus>,
    #[schemars(with = "DecimalText")]
    filled_quantity: String,
    /// On average over what is filled, slippage included.
    #[schemars(with = "Option<DecimalText>")]
    filled_price: Option<String>,
    /// Commission so far, in US dollars.
    #[schemars(with = "DecimalText")]
    fees: String,
    /// When it was placed, in market time.
    #[schemars(with = "Instant")]
    created_at: String,
    /// When its status or its fills last changed, in market time.
    #[schemars(with = "Instant")]
    updated_at: String,
    /// When the last of it was filled, in market time.
    #[schemars(with = "Option<Instant>")]
    filled_at: Option<String>,
    /// Why it was REJECTED, in a sentence.
    rejection_reason: Option<String>,
    /// Why it was CANCELLED, in a sentence.
    cancellation_reason: Option<String>,
    /// The reason of either in a word that programs can rely on.
    reason_code: Option<&'static str>,
    client_order_id: Option<String>,
}

impl OrderView {
    pub(super) fn of(look: &Look<'_>, order: &Order, digits: Digits) -> Self {
        let asked = &order.order;
        let listing = look.tape.listing(asked.instrument);
        let (stop, limit) = asked.kind.prices();
        let because =
            |status| order.why.filter(|_| order.status == status).map(|why| why.to_string());
        Self {
            id: ids::order(look.id, order.number).to_string(),
            symbol: shown_symbol(&listing.symbol),
            asset_type: Upper(listing.asset_type),
            side: Upper(asked.side),
            order_type: Upper(OrderType::of(asked.kind)),
            quantity: digits.quantity(asked.quantity),
            limit_price: limit.map(|it| digits.set_price(it)),
            stop_price: stop.map(|it| digits.set_price(it)),
            time_in_force: Upper(asked.time_in_force),
            status: Upper(order.status),
            filled_quantity: digits.quantity(order.filled),
            filled_price: order.average_price().map(|it| digits.price(it)),
            fees: money(order.fees),
            created_at: order.placed_at.to_string(),
            updated_at: order.updated_at.to_string(),
            filled_at: (order.status == OrderStatus::Filled).then(|| order.updated_at.to_string()),
            rejection_reason: because(OrderStatus::Rejected),
            cancellation_reason: because(OrderStatus::Cancelled),
            reason_code: order.why.map(|why| why.name()),
            client_order_id: asked.client_order_id.as_deref().map(str::to_owned),
        }
    }
}

/// Something of the market, and when and on which market it is so.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(in crate::ops) struct Clocked<T> {
    #[serde(flatten)]
    thing: T,
    /// Left out in a list whose head says it, for a model.
    #[serde(flatten)]
    #[schemars(with = "Clock")]
    clock: Option<Clock>,
}

impl<T> Clocked<T> {
    /// A thing that stands for itself.
    pub(super) fn alone(thing: T, clock: Clock) -> Self {
        Self { thing, clock: Some(clock) }
    }

    /// A thing among others, below a head that says when it is.
    pub(super) fn listed(thing: T, clock: &Clock, digits: Digits) -> Self {
        Self { thing, clock: digits.is_program().then(|| clock.clone()) }
    }
}
