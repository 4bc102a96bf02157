//! An order meets a price: how much of it fills, at what price, and what the books say then.

use super::{
    Account, Fill, OrderStatus, Side, Tape, VOLUME_SHARE_PCT, Why,
    account::{Taken, Working, index_of},
    margin::Entry,
    tape::Point,
};
use crate::{
    engine::path::{self, Prices, Reading, Start},
    ledger::Trade,
    market::SymbolId,
    num::{Money, Price, Quantity},
    order::{OrderKind, Side as Leg, TimeInForce},
    rules::{LimitFill, PathPolicy},
    time::Timestamp,
};

/// A print of an instrument while its orders are held against it.
#[derive(Clone, Copy)]
pub(super) struct Meeting<'a> {
    pub(super) tape: &'a Tape,
    pub(super) instrument: SymbolId,
    /// The second at which they meet.
    pub(super) at: Timestamp,
    /// How many ticks have happened.
    pub(super) ticks: usize,
    pub(super) point: Point,
}

/// What an order is held against.
#[derive(Clone, Copy)]
pub(super) enum Against {
    /// The displayed price, as an order is placed: a limit at it is marketable.
    Displayed(Price),
    /// A single price, while it rests: a limit fills when the price is past it.
    Price(Price),
    /// A bar at whose open it rested already.
    Bar {
        /// All of its prices.
        prices: Prices,
        /// The last one.
        close: Price,
    },
}

/// The price an order meets before slippage, and the worst one it accepts.
struct Met {
    reference: Price,
    limit: Option<Price>,
}

/// What becomes of an order.
pub(super) enum Fate {
    /// Some of it, or all, is left.
    Waits,
    /// Nothing is left.
    Filled,
    /// A rule refuses what is left.
    Refused(Why),
}

/// Units that are to change hands.
struct Deal {
    side: Side,
    quantity: Quantity,
    price: Price,
    /// The price before slippage.
    reference: Price,
    commission: Money,
}

impl Deal {
    fn value(&self) -> Money {
        self.quantity.value(self.price)
    }

    fn signed(&self) -> Quantity {
        Quantity::from_units(self.side.direction() * self.quantity.units())
    }
}

impl Account {
    /// Holds an order against prices and fills what can be filled.
    pub(super) fn meet(
        &mut self,
        working: &mut Working,
        against: Against,
        meeting: &Meeting<'_>,
    ) -> Fate {
        let Some(order) = self.order(working.number) else { return Fate::Filled };
        let (kind, side) = (order.order.kind, order.order.side);
        match met(kind, side.direction(), &mut working.triggered, against) {
            Some(met) => self.take(working.number, &met, meeting),
            None => Fate::Waits,
        }
    }

    fn take(&mut self, number: u32, met: &Met, meeting: &Meeting<'_>) -> Fate {
        let Some(order) = self.order(number) else { return Fate::Filled };
        let (asked, remaining, side) = (order.order.quantity, order.remaining(), order.order.side);
        let listing = meeting.tape.listing(meeting.instrument);
        let kind = listing.asset_type;
        let held = self.quantity(meeting.instrument).max(Quantity::ZERO);
        let bounded = side == Side::Sell && !kind.shortable();
        let wanted = if bounded { remaining.min(held) } else { remaining };
        let quantity = wanted.min(self.volume_left(meeting));
        if order.order.time_in_force == TimeInForce::Fok && quantity < remaining {
            return Fate::Refused(Why::NotWhole { asked, possible: quantity });
        }
        if quantity > Quantity::ZERO {
            let price = met.price(listing.slippage_bps, side);
            let exact_value = order.exact_value + quantity.exact_value(price);
            let owed = kind.commission(order.filled + quantity, Money::from_exact(exact_value));
            let commission = owed - order.fees;
            let deal = Deal { side, quantity, price, reference: met.reference, commission };
            if let Err(why) = self.check_deal(&deal, meeting) {
                return Fate::Refused(why);
            }
            self.fill(number, &deal, meeting);
        }
        if quantity < wanted {
            Fate::Waits
        } else if wanted < remaining {
            Fate::Refused(Why::NotShortable { asked: remaining, held })
        } else {
            Fate::Filled
        }
    }

    /// Fills a part of an order.
    fn fill(&mut self, number: u32, deal: &Deal, meeting: &Meeting<'_>) {
        let slippage = self.book(deal, Some(number), None, meeting);
        self.note_taken(deal.quantity, meeting);
        let Some(order) = self.order_mut(number) else { return };
        order.filled += deal.quantity;
        order.exact_value += deal.quantity.exact_value(deal.price);
        order.fees += deal.commission;
        order.slippage += slippage;
        let whole = order.filled == order.order.quantity;
        let status = if whole { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        order.enter(status, meeting.at);
    }

    /// Whether a deal that opens or adds to a position keeps the limits.
    fn check_deal(&self, deal: &Deal, meeting: &Meeting<'_>) -> Result<(), Why> {
        let before = self.quantity(meeting.instrument);
        let after = before + deal.signed();
        let crosses = before.units().signum() * after.units().signum() < 0;
        if after.abs() <= before.abs() && !crosses {
            return Ok(());
        }
        let value = deal.value();
        let cash = match deal.side {
            Side::Buy => self.ledger.cash - value,
            Side::Sell => self.ledger.cash + value,
        };
        let entry = Entry {
            instrument: meeting.instrument,
            after,
            valued_at: deal.reference,
            cash: cash - deal.commission,
        };
        self.check_fill(meeting.tape, meeting.ticks, entry)
    }

    /// Units of the last bar's volume that are left for this account at this print.
    fn volume_left(&self, meeting: &Meeting<'_>) -> Quantity {
        let volume = meeting.point.volume;
        if volume == Quantity::ZERO {
            return Quantity::from_units(i64::MAX);
        }
        let share = i128::from(volume.units()) * i128::from(VOLUME_SHARE_PCT) / 100;
        let share = Quantity::from_units(i64::try_from(share).unwrap_or(i64::MAX));
        let here =
            |it: &&Taken| it.instrument == meeting.instrument && it.tick == meeting.point.tick;
        let taken = self.taken.iter().find(here).map_or(Quantity::ZERO, |it| it.quantity);
        (share - taken).max(Quantity::ZERO)
    }

    fn note_taken(&mut self, quantity: Quantity, meeting: &Meeting<'_>) {
        let (instrument, tick) = (meeting.instrument, meeting.point.tick);
        match self.taken.iter_mut().find(|it| it.instrument == instrument) {
            Some(taken) if taken.tick == tick => taken.quantity += quantity,
            Some(taken) => *taken = Taken { instrument, tick, quantity },
            None => self.taken.push(Taken { instrument, tick, quantity }),
        }
    }

    /// Books a deal, as two trades where it crosses zero, and records it as one fill. Answers what
    /// slippage came to.
    fn book(
        &mut self,
        deal: &Deal,
        order: Option<u32>,
        why: Option<Why>,
        meeting: &Meeting<'_>,
    ) -> Money {
        let Meeting { instrument, at, ticks, .. } = *meeting;
        let width = self.ledger.positions.len().max(instrument.index() + 1);
        self.ledger.positions.resize(width, crate::ledger::Position::default());
        let held = self.quantity(instrument);
        let against = held.units().signum() == -deal.side.direction();
        let closing = if against { held.abs().min(deal.quantity) } else { Quantity::ZERO };
        let (closes, opens) = match deal.side {
            Side::Buy => (Leg::Cover, Leg::Buy),
            Side::Sell => (Leg::Sell, Leg::Short),
        };
        let of_closing = deal.commission.portion(closing, deal.quantity);
        let legs = [
            (closes, closing, of_closing),
            (opens, deal.quantity - closing, deal.commission - of_closing),
        ];
        let mut fill = Fill {
            order,
            at,
            instrument,
            side: deal.side,
            quantity: deal.quantity,
            price: deal.price,
            value: Money::ZERO,
            slippage: Money::ZERO,
            commission: deal.commission,
            realized_pnl: Money::ZERO,
            net_pnl: None,
            why,
        };
        for (side, quantity, commission) in legs.into_iter().filter(|it| it.1 > Quantity::ZERO) {
            let Deal { price, reference, .. } = *deal;
            let trade = Trade { at: ticks, symbol: instrument, side, quantity, price, reference };
            let booked = self.ledger.book(trade, commission);
            fill.value += booked.value;
            fill.slippage += booked.slippage;
            if !side.opens() {
                fill.realized_pnl = booked.realized_pnl;
                fill.net_pnl = Some(booked.net_pnl);
            }
        }
        let slippage = fill.slippage;
        self.fills.push(fill);
        slippage
    }

    /// Closes a position at its displayed price moved by slippage, at a print of any instrument.
    pub(super) fn close_by_force(
        &mut self,
        (instrument, held): (SymbolId, Quantity),
        why: Why,
        meeting: &Meeting<'_>,
    ) {
        let Some(&point) = meeting.tape.point(instrument, meeting.ticks) else { return };
        let listing = meeting.tape.listing(instrument);
        let side = if held > Quantity::ZERO { Side::Sell } else { Side::Buy };
        let (quantity, reference) = (held.abs(), point.price);
        let price = reference.slipped(listing.slippage_bps, side.direction());
        let commission = listing.asset_type.commission(quantity, quantity.value(price));
        let deal = Deal { side, quantity, price, reference, commission };
        self.book(&deal, None, Some(why), &Meeting { instrument, point, ..*meeting });
    }

    /// Ends an order that a rule refuses.
    pub(super) fn refuse(&mut self, number: u32, why: Why, at: Timestamp) {
        if let Some(order) = self.order_mut(number) {
            order.refuse(why, at);
        }
    }

    pub(super) fn order_mut(&mut self, number: u32) -> Option<&mut super::Order> {
        self.orders.get_mut(index_of(number))
    }
}

impl Met {
    /// The price paid or received: moved by slippage, never past the limit.
    fn price(&self, slippage_bps: u32, side: Side) -> Price {
        let slipped = self.reference.slipped(slippage_bps, side.direction());
        match (self.limit, side) {
            (None, _) => slipped,
            (Some(limit), Side::Buy) => slipped.min(limit),
            (Some(limit), Side::Sell) => slipped.max(limit),
        }
    }
}

/// Where an order meets prices, if it does. Sets `triggered` once its stop is touched.
fn met(kind: OrderKind, direction: i64, triggered: &mut bool, against: Against) -> Option<Met> {
    let limit_fill = match against {
        Against::Displayed(_) => LimitFill::Touch,
        Against::Price(_) | Against::Bar { .. } => LimitFill::Through,
    };
    let mut reading = Reading { limit_fill, policy: PathPolicy::Worst, ambiguous: false };
    let prices = match against {
        Against::Displayed(price) | Against::Price(price) => Prices::at(price),
        Against::Bar { prices, .. } => prices,
    };
    let quote = path::quote(kind, triggered, &prices, direction, Start::Open, &mut reading)?;
    let (limit, mut reference) = (quote.limit, quote.reference);
    if let (Against::Bar { close, .. }, Start::Open) = (against, quote.moment) {
        // What met the open had its turn then; what is left goes on at prices that came later.
        reference = match limit {
            None => close,
            Some(limit) if direction > 0 => close.min(limit),
            Some(limit) => close.max(limit),
        };
    }
    Some(Met { reference, limit })
}
