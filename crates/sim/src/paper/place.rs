//! Orders come and are withdrawn.

use super::{
    Account, GTC_DAYS, Moment, NewOrder, NotCancelled, NotPlaced, ORDERS_MAX, Order,
    SECONDS_PER_DAY, Tape, WORKING_ORDERS_MAX, Why,
    account::Working,
    fill::{Against, Fate, Meeting},
};
use crate::{market::SymbolId, num::Quantity, order::TimeInForce, time::Timestamp};

impl Account {
    /// Places an order at the account's moment. What a rule of trading refuses is a REJECTED order;
    /// an order that is not even taken down is an error.
    ///
    /// The same order with the same `client_order_id` again is the first one, unchanged.
    pub fn place(&mut self, tape: &Tape, order: NewOrder) -> Result<&Order, NotPlaced> {
        if order.instrument.index() >= tape.listings().len() {
            return Err(NotPlaced::NotListed);
        }
        let first = order.client_order_id.as_ref().and_then(|id| self.by_client.get(id)).copied();
        let number = match first {
            Some(number) if self.order(number).is_some_and(|it| it.order == order) => number,
            Some(number) => return Err(NotPlaced::ClientOrderIdTaken { number }),
            None => self.take_down(order)?,
        };
        if first.is_none() {
            self.try_at_once(tape, number);
        }
        self.order(number).ok_or(NotPlaced::NotListed)
    }

    /// Withdraws an order that waits.
    pub fn cancel(&mut self, number: u32) -> Result<&Order, NotCancelled> {
        let at = self.now.at;
        let order = self.order_mut(number).ok_or(NotCancelled::Unknown(number))?;
        if order.status.is_final() {
            return Err(NotCancelled::Final(order.status));
        }
        order.cancel(Why::OnRequest, at);
        self.working.retain(|it| it.number != number);
        self.order(number).ok_or(NotCancelled::Unknown(number))
    }

    /// Gives an order its number.
    fn take_down(&mut self, order: NewOrder) -> Result<u32, NotPlaced> {
        let number = u32::try_from(self.orders.len() + 1).ok();
        let number = number.filter(|it| *it as usize <= ORDERS_MAX);
        let number = number.ok_or(NotPlaced::TooManyOrders)?;
        if let Some(id) = &order.client_order_id {
            self.by_client.insert(id.clone(), number);
        }
        self.orders.push(Order::new(number, order, self.now.at));
        Ok(number)
    }

    /// Checks a new order, lets it take what it can and decides what becomes of the rest.
    fn try_at_once(&mut self, tape: &Tape, number: u32) {
        let Some(order) = self.order(number) else { return };
        let (instrument, time_in_force) = (order.order.instrument, order.order.time_in_force);
        if let Err(why) = self.check_order(tape, &order.order) {
            return self.refuse(number, why, self.now.at);
        }
        let mut working = Working {
            instrument,
            number,
            triggered: false,
            placed: self.now.ticks,
            until: self.good_until(tape, &order.order),
        };
        let Moment { ticks, at } = self.now;
        let point = tape.point(instrument, ticks).copied();
        let met = point.filter(|_| tape.session(instrument, self.now).is_some());
        let fate = met.map_or(Fate::Waits, |point| {
            let meeting = Meeting { tape, instrument, at, ticks, point };
            self.meet(&mut working, Against::Displayed(point.price), &meeting)
        });
        match (fate, time_in_force) {
            (Fate::Filled, _) => {}
            (Fate::Refused(why), _) => self.refuse(number, why, self.now.at),
            (Fate::Waits, TimeInForce::Gtc | TimeInForce::Day) => self.wait(working),
            (Fate::Waits, TimeInForce::Ioc | TimeInForce::Fok) => {
                let closed = met.is_none().then(|| self.no_session(tape, instrument));
                self.end_untaken(number, closed);
            }
        }
    }

    /// Queues an order behind those of its instrument.
    fn wait(&mut self, working: Working) {
        if self.working.len() >= WORKING_ORDERS_MAX {
            return self.refuse(working.number, Why::TooManyWorking, self.now.at);
        }
        let place = self.working.partition_point(|it| it.place() < working.place());
        self.working.insert(place, working);
    }

    /// Ends an IOC or FOK order of which not all could be had at once.
    fn end_untaken(&mut self, number: u32, closed: Option<Why>) {
        let at = self.now.at;
        let Some(order) = self.order_mut(number) else { return };
        let (asked, left) = (order.order.quantity, order.remaining());
        if order.order.time_in_force == TimeInForce::Fok {
            order.refuse(closed.unwrap_or(Why::NotWhole { asked, possible: Quantity::ZERO }), at);
        } else {
            order.cancel(closed.unwrap_or(Why::NotAtOnce { left }), at);
        }
    }

    /// Why nothing can be had of an instrument now.
    fn no_session(&self, tape: &Tape, instrument: SymbolId) -> Why {
        let to_come = tape.listing(instrument).calendar.session_to_come(self.now.at);
        match to_come {
            Some(session) if session.contains(self.now.at) => Why::NoPriceYet,
            _ => Why::MarketClosed { opens: to_come.map(|session| session.opens) },
        }
    }

    /// The last second of an order that waits: 90 days on, or the close of the session of a DAY
    /// order if that is sooner.
    fn good_until(&self, tape: &Tape, order: &NewOrder) -> Timestamp {
        let now = self.now.at;
        let longest = Timestamp::from_seconds(now.seconds() + GTC_DAYS * SECONDS_PER_DAY);
        if order.time_in_force != TimeInForce::Day {
            return longest;
        }
        let session = tape.listing(order.instrument).calendar.session_to_come(now);
        session.map_or(longest, |session| session.closes.min(longest))
    }
}
