//! How far a run has come, what a command did to it, or why it was refused.

use crate::{
    market::SymbolId,
    num::{Money, Quantity},
    order::OrderId,
    rules::named,
};

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can be traded.
    Active,
    /// It reached the last bar.
    Completed,
    /// Its positions were closed by force.
    Liquidated,
    /// It was given up before the last bar.
    Abandoned,
}

named!(Status {
    Active = "active",
    Completed = "completed",
    Liquidated = "liquidated",
    Abandoned = "abandoned"
});

/// An order, or a part of one, that will not fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The order.
    pub order: OrderId,
    /// Its instrument.
    pub symbol: SymbolId,
    /// The quantity that will not fill.
    pub quantity: Quantity,
    /// Why.
    pub reason: Reason,
}

/// Why an accepted order ended without filling whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// At the fill the rest no longer fitted equity × leverage cap.
    #[error("cut to the buying power at the fill")]
    CutToBuyingPower,
    /// At the fill nothing fitted.
    #[error("no buying power left at the fill")]
    NoBuyingPower,
    /// An IOC order was tried and not (wholly) filled.
    #[error("ioc: what did not fill at the first bar is cancelled")]
    NotFilledAtOnce,
    /// A FOK order could not be filled whole.
    #[error("fok: it could not be filled whole at the first bar")]
    NotFilledWhole,
    /// A DAY order outlived its session.
    #[error("day: its session ended")]
    SessionEnded,
    /// The position this order closes, or the order it waits for, is gone.
    #[error("the position it depends on will not come about")]
    PositionGone,
    /// The run was liquidated.
    #[error("the run was liquidated")]
    Liquidated,
    /// The run ended.
    #[error("the run ended")]
    RunEnded,
}

/// What a command did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The number of the first accepted order; the others follow.
    pub first_order: Option<OrderId>,
    /// Bars advanced.
    pub bars_advanced: u32,
    /// Fills before this command: those it caused follow in [`crate::run::Run::fills`].
    pub fills_before: usize,
    /// Orders that ended without filling whole.
    pub rejections: Vec<Rejection>,
}

/// Why a command was refused. A refused command changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The run has ended.
    #[error("run is {}, not active", .0.name())]
    NotActive(Status),
    /// No working order has this number.
    #[error("no working order {}", .0.0)]
    NoSuchOrder(OrderId),
    /// One or more orders break a rule; none was queued.
    #[error("{}", .0.first().map_or_else(String::new, |(_, reject)| reject.to_string()))]
    Orders(Vec<(usize, Reject)>),
    /// Too many orders in one turn.
    #[error("{count} orders in one call; at most {max}")]
    TooManyOrders {
        /// How many came.
        count: usize,
        /// How many may come.
        max: usize,
    },
}

/// Why one order was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// Zero or negative.
    #[error("quantity must be positive, at least 0.00000001")]
    QuantityNotPositive,
    /// Past the limit.
    #[error("quantity must be at most {max}")]
    QuantityTooLarge {
        /// The largest order.
        max: i64,
    },
    /// A limit or stop price is zero, negative or past the limit.
    #[error("{field} must be positive and at most {max}")]
    PriceOutOfRange {
        /// Which price.
        field: &'static str,
        /// The highest price.
        max: i64,
    },
    /// The scenario has no short selling.
    #[error("shorting is disabled on this scenario")]
    ShortingDisabled,
    /// Selling what is not held.
    #[error("no long position in {symbol} to sell")]
    NoLong {
        /// The instrument.
        symbol: String,
    },
    /// Selling more than is held.
    #[error("sell quantity {asked} exceeds long {held}")]
    ExceedsLong {
        /// The order's quantity.
        asked: Quantity,
        /// What is held, less what is already on its way out.
        held: Quantity,
    },
    /// Covering what is not short.
    #[error("no short position in {symbol} to cover")]
    NoShort {
        /// The instrument.
        symbol: String,
    },
    /// Covering more than is short.
    #[error("cover quantity {asked} exceeds short {held}")]
    ExceedsShort {
        /// The order's quantity.
        asked: Quantity,
        /// What is short, less what is already on its way out.
        held: Quantity,
    },
    /// Closing what waiting orders, or earlier ones of the same call, are to close already.
    #[error(
        "{side} {asked} {symbol}: {held} held, of which {promised} promised to orders before it"
    )]
    Promised {
        /// The order's side.
        side: &'static str,
        /// The order's quantity.
        asked: Quantity,
        /// The instrument.
        symbol: String,
        /// What is held.
        held: Quantity,
        /// What orders before this one are to close.
        promised: Quantity,
    },
    /// Buying while short, or shorting while long.
    #[error("{symbol} is {held_side} {held}: {side} would cross zero; {instead} it first")]
    CrossesZero {
        /// The instrument.
        symbol: String,
        /// `long` or `short`.
        held_side: &'static str,
        /// How much.
        held: Quantity,
        /// The order's side.
        side: &'static str,
        /// The side that closes the position.
        instead: &'static str,
    },
    /// The instrument has not traded yet.
    #[error("no bar yet for {symbol} at or before sim_time")]
    NoBarYet {
        /// The instrument.
        symbol: String,
    },
    /// Gross exposure would pass equity × leverage cap.
    #[error(
        "insufficient buying power: {symbol} would take gross exposure to {exposure}, \
         allowed is {allowed}"
    )]
    BuyingPower {
        /// The instrument.
        symbol: String,
        /// Gross exposure with every queued order filled.
        exposure: Money,
        /// Equity × leverage cap.
        allowed: Money,
    },
    /// A position or the gross exposure would pass a named limit.
    #[error("{what} is past the limit of {max}")]
    PastLimit {
        /// What is too large.
        what: &'static str,
        /// The limit.
        max: i64,
    },
    /// The run is about to be liquidated.
    #[error("a liquidation is due at the next open: orders are refused, step to let it happen")]
    LiquidationDue,
    /// Too many orders wait already.
    #[error("{max} orders are waiting already; cancel some or step")]
    QueueFull {
        /// How many may wait.
        max: usize,
    },
}

impl Reject {
    /// The field of the order that is at fault; empty when it is none of them.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::QuantityNotPositive
            | Self::QuantityTooLarge { .. }
            | Self::ExceedsLong { .. }
            | Self::ExceedsShort { .. }
            | Self::Promised { .. }
            | Self::BuyingPower { .. }
            | Self::PastLimit { .. } => "quantity",
            Self::PriceOutOfRange { field, .. } => field,
            Self::ShortingDisabled
            | Self::NoLong { .. }
            | Self::NoShort { .. }
            | Self::CrossesZero { .. } => "side",
            Self::NoBarYet { .. } => "symbol",
            Self::LiquidationDue | Self::QueueFull { .. } => "",
        }
    }
}
