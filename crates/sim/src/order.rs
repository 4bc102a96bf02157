//! Orders: what an agent asks for, and how it rests until the market answers.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    market::SymbolId,
    num::{Price, Quantity},
};

/// What an order does to a position. `buy` and `sell` never cross zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Open or add to a long position.
    Buy,
    /// Reduce or close a long position.
    Sell,
    /// Open or add to a short position.
    Short,
    /// Reduce or close a short position.
    Cover,
}

impl Side {
    /// +1 when the order buys units, −1 when it sells them.
    pub const fn direction(self) -> i64 {
        match self {
            Self::Buy | Self::Cover => 1,
            Self::Sell | Self::Short => -1,
        }
    }

    /// Whether the order opens or adds to a position.
    pub const fn opens(self) -> bool {
        matches!(self, Self::Buy | Self::Short)
    }

    /// The sign of the positions this order belongs to: +1 long, −1 short.
    pub const fn position_sign(self) -> i64 {
        match self {
            Self::Buy | Self::Sell => 1,
            Self::Short | Self::Cover => -1,
        }
    }

    /// Units of a position as these orders count them: positive on their own side of zero.
    pub(crate) const fn own(self, units: i128) -> i128 {
        if self.position_sign() < 0 { -units } else { units }
    }

    /// The name in answers and journals.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
            Self::Short => "short",
            Self::Cover => "cover",
        }
    }
}

/// At which price an order fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// At the next bar's open.
    Market,
    /// At this price or better.
    Limit(Price),
    /// At the market, once this price is touched.
    Stop(Price),
    /// As a limit order, once the stop is touched.
    StopLimit {
        /// The price that wakes the order.
        stop: Price,
        /// The price it then accepts.
        limit: Price,
    },
}

impl OrderKind {
    /// The kind of an order with this stop price and this limit price.
    pub const fn of(stop: Option<Price>, limit: Option<Price>) -> Self {
        match (stop, limit) {
            (None, None) => Self::Market,
            (None, Some(limit)) => Self::Limit(limit),
            (Some(stop), None) => Self::Stop(stop),
            (Some(stop), Some(limit)) => Self::StopLimit { stop, limit },
        }
    }

    /// Its stop price and its limit price, where it has them.
    pub const fn prices(self) -> (Option<Price>, Option<Price>) {
        match self {
            Self::Market => (None, None),
            Self::Limit(limit) => (None, Some(limit)),
            Self::Stop(stop) => (Some(stop), None),
            Self::StopLimit { stop, limit } => (Some(stop), Some(limit)),
        }
    }
}

/// How long an order rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimeInForce {
    /// Good till cancelled.
    #[default]
    Gtc,
    /// Through the session of the first bar at which it could fill.
    Day,
    /// Tried once, at the next bar; what does not fill is cancelled.
    Ioc,
    /// Tried once, at the next bar; filled whole or not at all.
    Fok,
}

impl TimeInForce {
    /// The name in answers and journals.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gtc => "gtc",
            Self::Day => "day",
            Self::Ioc => "ioc",
            Self::Fok => "fok",
        }
    }
}

/// An order as an agent submits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOrder {
    /// The instrument.
    pub symbol: SymbolId,
    /// What it does to the position.
    pub side: Side,
    /// How many units.
    pub quantity: Quantity,
    /// At which price.
    pub kind: OrderKind,
    /// For how long.
    pub time_in_force: TimeInForce,
    /// The agent's own words, kept with the order and its fills.
    pub reasoning: Option<Arc<str>>,
}

impl NewOrder {
    /// A market order, good till cancelled.
    pub fn market(symbol: SymbolId, side: Side, quantity: Quantity) -> Self {
        Self {
            symbol,
            side,
            quantity,
            kind: OrderKind::Market,
            time_in_force: TimeInForce::Gtc,
            reasoning: None,
        }
    }
}

/// The number of an order within its run, from 1, in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u32);

/// An order waiting for its bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingOrder {
    /// Its number.
    pub id: OrderId,
    /// As it was submitted.
    pub order: NewOrder,
    /// What is still to fill.
    pub remaining: Quantity,
    /// The instant at which it was submitted: an index into the timeline.
    pub queued_at: usize,
    /// Whether its stop has been touched.
    pub triggered: bool,
    /// Whether the first bar of a DAY order has come: it ends with this session.
    pub(crate) day_begun: bool,
}

impl WorkingOrder {
    /// An order as it joins the queue.
    pub fn accepted(number: u32, order: &NewOrder, queued_at: usize) -> Self {
        Self {
            id: OrderId(number),
            remaining: order.quantity,
            order: order.clone(),
            queued_at,
            triggered: false,
            day_begun: false,
        }
    }

    /// What the rest of this order would add to the position, signed.
    pub(crate) fn signed_remaining(&self) -> i64 {
        self.order.side.direction() * self.remaining.units()
    }
}
