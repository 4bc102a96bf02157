//! An account: its books, its orders and what they came to.

use std::{collections::BTreeMap, sync::Arc};

use super::{Moment, Order, OrderStatus, STARTING_CASH, Side, Tape, Why};
use crate::{
    ledger::{Costs, Ledger, Position},
    market::SymbolId,
    num::{Money, Price, Quantity},
    time::Timestamp,
};

/// An account of paper trading. It is a function of the tape, the moment it was opened and what was
/// placed and cancelled at which moments.
///
/// It stands still until it is advanced: move it to the present by [`Account::advance`] before
/// anything is read off it or placed in it, always on the tape it was opened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub(super) now: Moment,
    pub(super) opened_at: Timestamp,
    pub(super) ledger: Ledger,
    pub(super) orders: Vec<Order>,
    pub(super) by_client: BTreeMap<Arc<str>, u32>,
    /// The orders that wait: by instrument, and then in order of arrival.
    pub(super) working: Vec<Working>,
    pub(super) fills: Vec<Fill>,
    pub(super) taken: Vec<Taken>,
    pub(super) samples: Vec<Money>,
    /// When equity is sampled next.
    pub(super) sampled_next: Option<Timestamp>,
}

/// An order that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Working {
    pub(super) instrument: SymbolId,
    pub(super) number: u32,
    /// Whether its stop has been touched.
    pub(super) triggered: bool,
    /// The ticks that had happened when it was placed.
    pub(super) placed: usize,
    /// It is good through this second.
    pub(super) until: Timestamp,
}

impl Working {
    /// What waiting orders are sorted by.
    pub(super) const fn place(&self) -> (SymbolId, u32) {
        (self.instrument, self.number)
    }
}

/// What an account took of an instrument at one print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) instrument: SymbolId,
    /// An index into the ticks of the tape.
    pub(super) tick: u32,
    pub(super) quantity: Quantity,
}

/// Units of an instrument that changed hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// The order; none when a margin call closed the position.
    pub order: Option<u32>,
    /// When, in market time.
    pub at: Timestamp,
    /// The instrument.
    pub instrument: SymbolId,
    /// Which way.
    pub side: Side,
    /// How many units.
    pub quantity: Quantity,
    /// The price paid or received.
    pub price: Price,
    /// Units × price, in US dollars.
    pub value: Money,
    /// Paid through a worse price than the one met, in US dollars; contained in `value`.
    pub slippage: Money,
    /// Paid to the broker, in US dollars.
    pub commission: Money,
    /// Gross profit on the units that left a position, in US dollars.
    pub realized_pnl: Money,
    /// `realized_pnl` net of the commissions of both ends of these units, in US dollars; none where
    /// nothing was reduced. With it a fill is a *trade*.
    pub net_pnl: Option<Money>,
    /// The margin call that caused it.
    pub why: Option<Why>,
}

/// A position at the displayed price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The instrument.
    pub instrument: SymbolId,
    /// Units, negative when short.
    pub quantity: Quantity,
    /// What a unit cost on average, always positive.
    pub avg_cost: Price,
    /// The displayed price.
    pub price: Price,
    /// Units × price, in US dollars; negative when short.
    pub market_value: Money,
    /// What the units cost, or brought when short, in US dollars; positive.
    pub cost: Money,
    /// What closing at the displayed price would bring, before costs, in US dollars.
    pub unrealized_pnl: Money,
}

/// Equity at an instant of sampling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When, in market time.
    pub at: Timestamp,
    /// Cash and positions at displayed prices, in US dollars.
    pub equity: Money,
}

/// Why an order was not even taken down. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPlaced {
    /// Another order has this client_order_id.
    #[error("client_order_id is taken by another order of this account, number {number}")]
    ClientOrderIdTaken {
        /// The number of that order.
        number: u32,
    },
    /// The account has had its orders.
    #[error("{} orders were placed in this season; no more until the next", super::ORDERS_MAX)]
    TooManyOrders,
    /// The tape has no such instrument.
    #[error("the instrument is not listed")]
    NotListed,
}

/// Why an order was not cancelled. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCancelled {
    /// No order has this number.
    #[error("no order {0}")]
    Unknown(u32),
    /// It has ended.
    #[error("the order is {} already", .0.name())]
    Final(OrderStatus),
}

impl Account {
    /// A new account with [`STARTING_CASH`].
    pub fn open(tape: &Tape, moment: Moment) -> Self {
        Self {
            now: moment,
            opened_at: moment.at,
            ledger: Ledger::new(STARTING_CASH, 0),
            orders: Vec::new(),
            by_client: BTreeMap::new(),
            working: Vec::new(),
            fills: Vec::new(),
            taken: Vec::new(),
            samples: Vec::new(),
            sampled_next: tape.snapshots().after(moment.at),
        }
    }

    /// How far it has been advanced.
    pub const fn moment(&self) -> Moment {
        self.now
    }

    /// When it was opened, in market time.
    pub const fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// Cash, in US dollars; negative when borrowed.
    pub const fn cash(&self) -> Money {
        self.ledger.cash
    }

    /// What trading cost so far.
    pub const fn costs(&self) -> Costs {
        self.ledger.costs
    }

    /// Gross profit of all that was closed, in US dollars.
    pub fn realized_pnl(&self) -> Money {
        self.fills.iter().map(|fill| fill.realized_pnl).sum()
    }

    /// Cash and positions at displayed prices, in US dollars.
    pub fn equity(&self, tape: &Tape) -> Money {
        self.worth(tape, self.now.ticks).equity
    }

    /// The initial margin of its positions at displayed prices, in US dollars.
    pub fn initial_margin(&self, tape: &Tape) -> Money {
        self.worth(tape, self.now.ticks).margin
    }

    /// What is held, in order of the listings.
    pub fn positions(&self, tape: &Tape) -> impl Iterator<Item = Holding> {
        self.held().map(|(instrument, position)| {
            let Position { quantity, avg_cost, .. } = *position;
            let price = tape.price(instrument, self.now).unwrap_or(avg_cost);
            Holding {
                instrument,
                quantity,
                avg_cost,
                price,
                market_value: quantity.value(price),
                cost: quantity.abs().value(avg_cost),
                unrealized_pnl: quantity.value(price - avg_cost),
            }
        })
    }

    /// Every order, in order of arrival: number *n* is at index *n* − 1.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// The order of this number.
    pub fn order(&self, number: u32) -> Option<&Order> {
        self.orders.get(index_of(number))
    }

    /// The order with this client_order_id.
    pub fn by_client_order_id(&self, id: &str) -> Option<&Order> {
        self.by_client.get(id).and_then(|number| self.order(*number))
    }

    /// How many orders wait.
    pub fn working_orders(&self) -> usize {
        self.working.len()
    }

    /// Every fill, in order of time.
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// Equity at every instant of sampling since the opening.
    pub fn samples(&self, tape: &Tape) -> impl Iterator<Item = Sample> {
        let snapshots = tape.snapshots();
        let instants =
            std::iter::successors(snapshots.after(self.opened_at), |at| snapshots.after(*at));
        instants.zip(&self.samples).map(|(at, &equity)| Sample { at, equity })
    }

    /// About how many bytes it takes in memory.
    pub fn memory(&self) -> usize {
        /// What an entry of the map takes beside its text: key, number, its share of a node.
        const PER_NAME: usize = 64;
        let names: usize = self.by_client.keys().map(|name| name.len() + PER_NAME).sum();
        size_of::<Self>()
            + self.ledger.positions.capacity() * size_of::<Position>()
            + self.orders.capacity() * size_of::<Order>()
            + self.working.capacity() * size_of::<Working>()
            + self.fills.capacity() * size_of::<Fill>()
            + self.taken.capacity() * size_of::<Taken>()
            + self.samples.capacity() * size_of::<Money>()
            + names
    }

    /// Positions that are not flat.
    pub(super) fn held(&self) -> impl Iterator<Item = (SymbolId, &Position)> {
        let positions = self.ledger.positions.iter().enumerate();
        positions
            .filter(|(_, position)| position.quantity != Quantity::ZERO)
            .map(|(index, position)| (SymbolId::at(index), position))
    }

    /// Units held, negative when short.
    pub fn quantity(&self, instrument: SymbolId) -> Quantity {
        let position = self.ledger.positions.get(instrument.index());
        position.map_or(Quantity::ZERO, |it| it.quantity)
    }
}

/// Where an order of this number is.
pub(super) fn index_of(number: u32) -> usize {
    (number as usize).wrapping_sub(1)
}
