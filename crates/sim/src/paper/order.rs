//! Orders of paper trading and how they may go on.

use std::sync::Arc;

use super::Why;
use crate::{
    market::SymbolId,
    num::{Money, Price, Quantity, div_half_even_wide},
    order::{OrderKind, TimeInForce},
    rules::named,
    time::Timestamp,
};

/// What an order does. Positions are net: a sale past zero is a short position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Adds units.
    Buy,
    /// Takes units away.
    Sell,
}

named!(Side { Buy = "BUY", Sell = "SELL" });

impl Side {
    /// +1 when the order buys units, −1 when it sells them.
    pub const fn direction(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

/// An order as it is placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The instrument.
    pub instrument: SymbolId,
    /// Which way.
    pub side: Side,
    /// How many units.
    pub quantity: Quantity,
    /// At which price.
    pub kind: OrderKind,
    /// For how long.
    pub time_in_force: TimeInForce,
    /// The client's own name of the order, unique within the account.
    pub client_order_id: Option<Arc<str>>,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderStatus {
    /// It waits, and nothing of it is filled.
    Open,
    /// It waits, and a part of it is filled.
    PartiallyFilled,
    /// All of it is filled.
    Filled,
    /// It was withdrawn, or ended before all of it was filled.
    Cancelled,
    /// It was refused, and nothing of it is filled.
    Rejected,
}

named!(OrderStatus {
    Open = "OPEN",
    PartiallyFilled = "PARTIALLY_FILLED",
    Filled = "FILLED",
    Cancelled = "CANCELLED",
    Rejected = "REJECTED"
});

impl OrderStatus {
    /// Every way an order goes on: from a status to these. What is not here does not happen, and a
    /// status from which nothing follows is final. A new order is OPEN before anything else, but
    /// within one second it may come so far that any status can be the first to be seen.
    pub const TRANSITIONS: &'static [(Self, &'static [Self])] = &[
        (Self::Open, &[Self::PartiallyFilled, Self::Filled, Self::Cancelled, Self::Rejected]),
        (Self::PartiallyFilled, &[Self::PartiallyFilled, Self::Filled, Self::Cancelled]),
        (Self::Filled, &[]),
        (Self::Cancelled, &[]),
        (Self::Rejected, &[]),
    ];

    /// What may follow.
    pub fn next(self) -> &'static [Self] {
        let row = Self::TRANSITIONS.iter().find(|(from, _)| *from == self);
        row.map_or(&[], |(_, to)| to)
    }

    /// Whether nothing follows.
    pub fn is_final(self) -> bool {
        self.next().is_empty()
    }
}

/// An order of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its number within the account, from 1, in order of arrival.
    pub number: u32,
    /// As it was placed.
    pub order: NewOrder,
    /// How far it has come.
    pub status: OrderStatus,
    /// Units filled.
    pub filled: Quantity,
    /// Commission paid, in US dollars.
    pub fees: Money,
    /// Paid through worse prices than those it met, in US dollars.
    pub slippage: Money,
    /// When it was placed, in market time.
    pub placed_at: Timestamp,
    /// When its status or its fills last changed, in market time.
    pub updated_at: Timestamp,
    /// Why it was rejected, or ended before all of it was filled.
    pub why: Option<Why>,
    /// What was paid or received for the units filled, exactly, in units of 1e-16.
    pub(super) exact_value: i128,
}

impl Order {
    pub(super) const fn new(number: u32, order: NewOrder, placed_at: Timestamp) -> Self {
        Self {
            number,
            order,
            status: OrderStatus::Open,
            filled: Quantity::ZERO,
            fees: Money::ZERO,
            slippage: Money::ZERO,
            placed_at,
            updated_at: placed_at,
            why: None,
            exact_value: 0,
        }
    }

    /// Goes on to a status that [`OrderStatus::TRANSITIONS`] allows.
    pub(super) fn enter(&mut self, status: OrderStatus, at: Timestamp) {
        debug_assert!(self.status.next().contains(&status), "{:?} → {status:?}", self.status);
        self.status = status;
        self.updated_at = at;
    }

    /// Ends an order that a rule refuses: rejected, or cancelled where that is too late.
    pub(super) fn refuse(&mut self, why: Why, at: Timestamp) {
        let rejected = OrderStatus::Rejected;
        let refused = self.status.next().contains(&rejected);
        self.why = Some(why);
        self.enter(if refused { rejected } else { OrderStatus::Cancelled }, at);
    }

    /// Ends an order whose rest is not wanted any longer.
    pub(super) fn cancel(&mut self, why: Why, at: Timestamp) {
        self.why = Some(why);
        self.enter(OrderStatus::Cancelled, at);
    }

    /// Units that are not filled.
    pub fn remaining(&self) -> Quantity {
        self.order.quantity - self.filled
    }

    /// What a filled unit cost or brought on average; none while nothing is filled.
    pub fn average_price(&self) -> Option<Price> {
        if self.filled == Quantity::ZERO {
            return None;
        }
        let average = div_half_even_wide(self.exact_value, self.filled.units().unsigned_abs());
        i64::try_from(average).ok().map(Price::from_units)
    }
}
