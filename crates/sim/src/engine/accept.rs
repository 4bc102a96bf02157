//! What may join the queue.
//!
//! Orders are judged against the positions *as they will be* once the queue has filled, so that
//! a queue's path never crosses zero and several orders cannot pass a limit that one could not.

use crate::{
    market::SymbolId,
    num::{Money, PRICE_MAX, Price, QUANTITY_MAX, Quantity, SCALE},
    order::{NewOrder, OrderId, OrderKind, Side, WorkingOrder},
    outcome::{Outcome, Reason, Refusal, Reject, Rejection},
    rules::{GROSS_MAX, ORDERS_PER_TURN_MAX, WORKING_ORDERS_MAX},
    run::Run,
};

/// Positions and gross exposure with every queued order filled, at the last closes.
struct Projection<'a> {
    /// The last closes.
    marks: &'a [Price],
    /// Signed units per column; wide, because cancelled exits can leave entries that add up past
    /// any position.
    positions: Vec<i128>,
    /// Units of 1e-16.
    gross: i128,
    /// Equity × leverage cap.
    allowed: Money,
}

impl<'a> Projection<'a> {
    /// Projects the run's own queue, in `memory` that is empty.
    fn new(run: &'a Run, mut memory: Vec<i128>) -> Self {
        let held = run.ledger.positions.iter().map(|position| position.quantity.units());
        memory.extend(held.map(i128::from));
        let marks = run.market().marks(run.now);
        let (_, gross) = run.ledger.exact_values(marks);
        let allowed = run.rules().leverage_cap.limit(run.last_sample().equity());
        let mut projection = Self { marks, positions: memory, gross, allowed };
        for order in &run.queue {
            projection.add(order.order.symbol, order.signed_remaining());
        }
        projection
    }

    fn add(&mut self, symbol: SymbolId, units: i64) {
        let position = &mut self.positions[symbol.index()];
        let before = position.abs();
        *position += i128::from(units);
        #[expect(clippy::cast_possible_truncation, reason = "at most `units` in size")]
        let change = Quantity::from_units((position.abs() - before) as i64);
        self.gross += change.exact_value(self.marks[symbol.index()]);
    }

    fn into_memory(mut self) -> Vec<i128> {
        self.positions.clear();
        self.positions
    }
}

impl Run {
    /// Withdraws working orders, and those that depended on them.
    pub(crate) fn withdraw(
        &mut self,
        cancel: &[OrderId],
        outcome: &mut Outcome,
    ) -> Result<(), Refusal> {
        let mut orphaned = Vec::with_capacity(cancel.len());
        for &id in cancel {
            let at = self.queue.iter().position(|order| order.id == id);
            let withdrawn = self.queue.remove(at.ok_or(Refusal::NoSuchOrder(id))?);
            orphaned.push(withdrawn.order.symbol);
        }
        for symbol in orphaned {
            self.prune(symbol, outcome);
        }
        Ok(())
    }

    /// Queues all orders, or none.
    pub(crate) fn accept(
        &mut self,
        orders: &[NewOrder],
        outcome: &mut Outcome,
    ) -> Result<(), Refusal> {
        if orders.is_empty() {
            return Ok(());
        }
        if orders.len() > ORDERS_PER_TURN_MAX {
            let (count, max) = (orders.len(), ORDERS_PER_TURN_MAX);
            return Err(Refusal::TooManyOrders { count, max });
        }
        let memory = std::mem::take(&mut self.memory.projection);
        let mut projection = Projection::new(self, memory);
        let refused = self.refused(orders, &mut projection);
        self.memory.projection = projection.into_memory();
        if !refused.is_empty() {
            return Err(Refusal::Orders(refused));
        }
        outcome.first_order = Some(OrderId(self.orders_seen + 1));
        self.queue.extend(orders.iter().map(|order| {
            self.orders_seen += 1;
            WorkingOrder::accepted(self.orders_seen, order, self.now)
        }));
        Ok(())
    }

    /// Every order that would be refused, by its place, if these came now and in this order.
    pub fn judge(&self, orders: &[NewOrder]) -> Vec<(usize, Reject)> {
        self.refused(orders, &mut Projection::new(self, Vec::new()))
    }

    fn refused(
        &self,
        orders: &[NewOrder],
        projection: &mut Projection<'_>,
    ) -> Vec<(usize, Reject)> {
        let mut refused = Vec::new();
        for (at, order) in orders.iter().enumerate() {
            if let Err(reject) = self.check(order, projection, self.queue.len() + at) {
                refused.push((at, reject));
            }
        }
        refused
    }

    fn check(
        &self,
        order: &NewOrder,
        projection: &mut Projection<'_>,
        waiting: usize,
    ) -> Result<(), Reject> {
        self.check_terms(order.side, order.quantity, order.kind)?;
        if waiting >= WORKING_ORDERS_MAX {
            return Err(Reject::QueueFull { max: WORKING_ORDERS_MAX });
        }
        let projected = projection.positions[order.symbol.index()];
        if order.side.opens() {
            self.check_entry(order, projection, projected)?;
        } else {
            self.check_exit(order, projected)?;
        }
        projection.add(order.symbol, order.side.direction() * order.quantity.units());
        Ok(())
    }

    /// What is wrong with an order whatever its instrument.
    pub fn check_terms(
        &self,
        side: Side,
        quantity: Quantity,
        kind: OrderKind,
    ) -> Result<(), Reject> {
        if self.liquidation_due {
            return Err(Reject::LiquidationDue);
        }
        if quantity <= Quantity::ZERO {
            return Err(Reject::QuantityNotPositive);
        }
        if quantity.units() > QUANTITY_MAX * SCALE {
            return Err(Reject::QuantityTooLarge { max: QUANTITY_MAX });
        }
        check_prices(kind)?;
        if side.position_sign() < 0 && !self.rules().short_enabled {
            return Err(Reject::ShortingDisabled);
        }
        Ok(())
    }

    fn check_exit(&self, order: &NewOrder, projected: i128) -> Result<(), Reject> {
        let free = quantity(order.side.own(projected).max(0));
        let asked = order.quantity;
        if asked <= free {
            return Ok(());
        }
        let symbol = self.market().symbol(order.symbol).to_owned();
        let now = self.position(order.symbol).quantity.units();
        let held = quantity(order.side.own(now.into()).max(0));
        let long = order.side == Side::Sell;
        Err(if free < held {
            let (side, promised) = (order.side.name(), held - free);
            Reject::Promised { side, asked, symbol, held, promised }
        } else if free == Quantity::ZERO {
            if long { Reject::NoLong { symbol } } else { Reject::NoShort { symbol } }
        } else if long {
            Reject::ExceedsLong { asked, held: free }
        } else {
            Reject::ExceedsShort { asked, held: free }
        })
    }

    fn check_entry(
        &self,
        order: &NewOrder,
        projection: &Projection<'_>,
        projected: i128,
    ) -> Result<(), Reject> {
        let symbol = || self.market().symbol(order.symbol).to_owned();
        if order.side.own(projected) < 0 {
            let long = projected > 0;
            return Err(Reject::CrossesZero {
                symbol: symbol(),
                held_side: if long { "long" } else { "short" },
                held: quantity(projected.abs()),
                side: order.side.name(),
                instead: if long { "sell" } else { "cover" },
            });
        }
        let mark = projection.marks[order.symbol.index()];
        if mark == Price::ZERO {
            return Err(Reject::NoBarYet { symbol: symbol() });
        }
        if projected.abs() + i128::from(order.quantity.units()) > i128::from(QUANTITY_MAX * SCALE) {
            return Err(Reject::PastLimit { what: "the position", max: QUANTITY_MAX });
        }
        let exposure = Money::from_exact(projection.gross + order.quantity.exact_value(mark));
        if exposure.units() > i128::from(GROSS_MAX) * i128::from(SCALE) {
            return Err(Reject::PastLimit { what: "gross exposure", max: GROSS_MAX });
        }
        if exposure > projection.allowed {
            return Err(Reject::BuyingPower {
                symbol: symbol(),
                exposure,
                allowed: projection.allowed,
            });
        }
        Ok(())
    }

    /// Ends the orders of an instrument that rested on one that is gone, or cuts them to size.
    pub(crate) fn prune(&mut self, symbol: SymbolId, outcome: &mut Outcome) {
        let mut projected = i128::from(self.ledger.positions[symbol.index()].quantity.units());
        self.queue.retain_mut(|working| {
            if working.order.symbol != symbol {
                return true;
            }
            let side = working.order.side;
            let held = side.own(projected);
            let keeps = match (side.opens(), held < 0) {
                (true, true) => 0,
                (true, false) => working.remaining.units(),
                (false, _) => working.remaining.units().min(quantity(held.max(0)).units()),
            };
            let gone = working.remaining.units() - keeps;
            if gone > 0 {
                outcome.rejections.push(Rejection {
                    order: working.id,
                    symbol,
                    quantity: Quantity::from_units(gone),
                    reason: Reason::PositionGone,
                });
                working.remaining = Quantity::from_units(keeps);
            }
            projected += i128::from(working.signed_remaining());
            keeps > 0
        });
    }

    /// Ends every waiting order.
    pub(crate) fn end_orders(&mut self, reason: Reason, outcome: &mut Outcome) {
        outcome.rejections.extend(self.queue.drain(..).map(|order| Rejection {
            order: order.id,
            symbol: order.order.symbol,
            quantity: order.remaining,
            reason,
        }));
    }
}

fn check_prices(kind: OrderKind) -> Result<(), Reject> {
    let (stop, limit) = kind.prices();
    let in_range = |price: Price| price > Price::ZERO && price.units() <= PRICE_MAX * SCALE;
    for (field, price) in [("stop_price", stop), ("limit_price", limit)] {
        if price.is_some_and(|price| !in_range(price)) {
            return Err(Reject::PriceOutOfRange { field, max: PRICE_MAX });
        }
    }
    Ok(())
}

/// Projected units as a quantity, for comparison with one and for messages.
fn quantity(units: i128) -> Quantity {
    Quantity::from_units(i64::try_from(units).unwrap_or(i64::MAX))
}
