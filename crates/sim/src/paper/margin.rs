//! What an account may hold: buying power, position limits, short sales and margin calls.

use super::{Account, AssetType, NewOrder, POSITION_LIMIT_PCT, Side, Tape, Why, fill::Meeting};
use crate::{
    engine::buying_power::quantity_max,
    market::SymbolId,
    num::{Money, PRICE_MAX, Price, Quantity, SCALE},
    order::OrderKind,
};

/// Basis points in a percent.
const BPS_PER_PCT: u32 = 100;

/// An account at some prices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worth {
    /// Cash and positions.
    pub(super) equity: Money,
    /// The initial margin of the positions.
    pub(super) margin: Money,
}

/// An opening fill that is being considered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) instrument: SymbolId,
    /// The position afterwards.
    pub(super) after: Quantity,
    /// The price at which the instrument is valued.
    pub(super) valued_at: Price,
    /// Cash afterwards.
    pub(super) cash: Money,
}

impl AssetType {
    /// The initial margin of a position of this value.
    fn margin(self, value: Money) -> Money {
        value.bps(self.margin_pct() * BPS_PER_PCT)
    }
}

impl Account {
    /// What the account is worth once so many ticks have happened.
    pub(super) fn worth(&self, tape: &Tape, ticks: usize) -> Worth {
        self.worth_without(tape, ticks, None)
    }

    /// The same, leaving out one position.
    fn worth_without(&self, tape: &Tape, ticks: usize, out: Option<SymbolId>) -> Worth {
        let held = self.held().map(|(instrument, _)| instrument);
        let price = |instrument| tape.point(instrument, ticks).map_or(Price::ZERO, |it| it.price);
        let held = held.filter(|it| Some(*it) != out).map(|it| (it, price(it)));
        self.worth_at(tape, held)
    }

    /// What the account is worth at these prices, of every instrument that is held.
    pub(super) fn worth_at(
        &self,
        tape: &Tape,
        prices: impl Iterator<Item = (SymbolId, Price)>,
    ) -> Worth {
        let (mut value, mut margin) = (0_i128, Money::ZERO);
        for (instrument, price) in prices {
            let quantity = self.quantity(instrument);
            if quantity != Quantity::ZERO {
                let exact = quantity.exact_value(price);
                value += exact;
                let kind = tape.listing(instrument).asset_type;
                margin += kind.margin(Money::from_exact(exact.abs()));
            }
        }
        Worth { equity: self.ledger.cash + Money::from_exact(value), margin }
    }

    /// Whether an order may be taken.
    pub(super) fn check_order(&self, tape: &Tape, order: &NewOrder) -> Result<(), Why> {
        check_form(order)?;
        let held = self.quantity(order.instrument);
        let against = held.units().signum() == -order.side.direction();
        if against && order.quantity <= held.abs() {
            return Ok(());
        }
        let listing = tape.listing(order.instrument);
        if order.side == Side::Sell && !listing.asset_type.shortable() {
            return Err(Why::NotShortable { asked: order.quantity, held });
        }
        let equity = self.worth(tape, self.now.ticks).equity;
        let allowed = position_limit(equity);
        let value = self.exposure(tape, order.instrument, order.side, Some(order));
        if value > allowed {
            return Err(Why::PositionLimit { value, allowed });
        }
        let margin = self.projected_margin(tape, order);
        if margin > equity { Err(Why::BuyingPower { margin, equity }) } else { Ok(()) }
    }

    /// The initial margin of all positions, with what waits and this order filled as far as it
    /// opens.
    fn projected_margin(&self, tape: &Tape, order: &NewOrder) -> Money {
        let working = self.working.iter().map(|it| it.instrument);
        let held = self.held().map(|(instrument, _)| instrument);
        let mut instruments: Vec<SymbolId> =
            working.chain(held).chain([order.instrument]).collect();
        instruments.sort_unstable();
        instruments.dedup();
        let margin = |instrument: SymbolId| {
            let new = Some(order).filter(|it| it.instrument == instrument);
            let of = |side| self.exposure(tape, instrument, side, new.filter(|it| it.side == side));
            let value = of(Side::Buy).max(of(Side::Sell));
            tape.listing(instrument).asset_type.margin(value)
        };
        instruments.into_iter().map(margin).sum()
    }

    /// What the position on one side would be worth if every order of that side filled, `new` as
    /// the last: what is held at the displayed price, what opens at that or the order's own price,
    /// whichever is dearer. Zero while it would remain on the other side.
    fn exposure(
        &self,
        tape: &Tape,
        instrument: SymbolId,
        side: Side,
        new: Option<&NewOrder>,
    ) -> Money {
        let displayed = tape.price(instrument, self.now).unwrap_or(Price::ZERO);
        let mut position =
            i128::from(side.direction()) * i128::from(self.quantity(instrument).units());
        let mut value = if position > 0 {
            self.quantity(instrument).abs().value(displayed)
        } else {
            Money::ZERO
        };
        let waiting = self.working_in(instrument).filter_map(|it| self.order(it.number));
        let waiting = waiting.filter(|it| it.order.side == side);
        let waiting = waiting.map(|it| (it.remaining(), it.order.kind));
        for (quantity, kind) in waiting.chain(new.map(|it| (it.quantity, it.kind))) {
            let after = position + i128::from(quantity.units());
            let opens = after.max(0) - position.max(0);
            position = after;
            let opens = Quantity::from_units(i64::try_from(opens).unwrap_or(i64::MAX));
            value += opens.value(dearer(displayed, kind));
        }
        value
    }

    /// Whether an opening fill leaves the account within its limits.
    pub(super) fn check_fill(&self, tape: &Tape, ticks: usize, entry: Entry) -> Result<(), Why> {
        let Entry { instrument, after, valued_at, cash } = entry;
        let kind = tape.listing(instrument).asset_type;
        if after.abs() > quantity_max() {
            return Err(Why::PositionTooLarge);
        }
        let others = self.worth_without(tape, ticks, Some(instrument));
        let equity = others.equity - self.ledger.cash + cash + after.value(valued_at);
        let value = after.abs().value(valued_at);
        let margin = others.margin + kind.margin(value);
        if margin > equity {
            return Err(Why::BuyingPower { margin, equity });
        }
        let allowed = position_limit(equity);
        if value > allowed { Err(Why::PositionLimit { value, allowed }) } else { Ok(()) }
    }

    /// Closes everything if the margin is gone at a print.
    pub(super) fn call_margin(&mut self, worth: Worth, meeting: &Meeting<'_>) {
        let Worth { equity, margin } = worth;
        // Below half of the margin, as equity that is not above zero always is.
        if equity + equity >= margin {
            return;
        }
        let why = Why::MarginCall { equity, margin };
        for working in std::mem::take(&mut self.working) {
            if let Some(order) = self.order_mut(working.number) {
                order.cancel(why, meeting.at);
            }
        }
        let held: Vec<_> = self.held().map(|(it, position)| (it, position.quantity)).collect();
        for (instrument, quantity) in held {
            self.close_by_force((instrument, quantity), why, meeting);
        }
    }
}

/// Whether quantity and prices are in range.
fn check_form(order: &NewOrder) -> Result<(), Why> {
    if order.quantity <= Quantity::ZERO || order.quantity > quantity_max() {
        return Err(Why::QuantityOutOfRange { asked: order.quantity });
    }
    let max = Price::from_units(PRICE_MAX * SCALE);
    let (stop, limit) = order.kind.prices();
    for (field, price) in [("stop_price", stop), ("limit_price", limit)] {
        if let Some(asked) = price.filter(|it| *it <= Price::ZERO || *it > max) {
            return Err(Why::PriceOutOfRange { field, asked });
        }
    }
    Ok(())
}

/// The most that one position may be worth.
fn position_limit(equity: Money) -> Money {
    equity.bps(POSITION_LIMIT_PCT * BPS_PER_PCT)
}

/// The highest of the displayed price and an order's own.
fn dearer(displayed: Price, kind: OrderKind) -> Price {
    let (stop, limit) = kind.prices();
    [stop, limit].into_iter().flatten().fold(displayed, Price::max)
}
