//! Turns wishes into orders that the engine accepts: sizes, limits and buying power.
//!
//! The engine judges an order against everything queued before it. A desk keeps an upper bound
//! of the exposure that results, so that no batch of a bot is ever refused.

use super::{Intent, Observation, Seen};
use crate::{
    num::{Money, Price, QUANTITY_MAX, Quantity, SCALE},
    order::Side,
    rules::{GROSS_MAX, ORDERS_PER_TURN_MAX, WORKING_ORDERS_MAX},
};

/// The share of equity that may be invested, in percent: the rest meets slippage and costs.
const INVESTED_PCT: i128 = 99;
/// Openings are multiples of this many raw units: 0.0001.
const STEP: i128 = SCALE as i128 / 10_000;
/// Drifts below this part of a target are left alone.
const TOLERANCE: i128 = 100;

/// What a bot remembers of its own orders.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    /// Per instrument, the units its last order may still open.
    opening: Vec<Quantity>,
}

/// The orders of one decision.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    desk: &'a mut Desk,
    seen: &'a Observation,
    /// Exposure that may still be opened.
    room: Money,
    /// Orders that may still be sent.
    orders_left: usize,
    intents: Vec<Intent>,
}

/// The share of equity that may be invested.
pub(crate) fn investable(seen: &Observation) -> Money {
    let most = i128::from(GROSS_MAX) * i128::from(SCALE);
    Money::from_units(seen.equity.units().min(most) * INVESTED_PCT / 100)
}

/// An equal part of what may be invested.
pub(crate) fn part(seen: &Observation, parts: usize) -> Money {
    let parts = i128::try_from(parts.max(1)).unwrap_or(i128::MAX);
    Money::from_units(investable(seen).units() / parts)
}

/// The units that `value` buys at `price`, cut to four decimals; none for a negative value.
pub(crate) fn units(value: Money, price: Price) -> Quantity {
    let exact = value.units().max(0) * i128::from(SCALE) / i128::from(price.units().max(1));
    let cut = (exact - exact % STEP).min(i128::from(QUANTITY_MAX) * i128::from(SCALE));
    Quantity::from_units(i64::try_from(cut).unwrap_or(0))
}

impl Desk {
    /// Opens a decision; `None` while the engine refuses every order.
    pub(crate) fn batch<'a>(&'a mut self, seen: &'a Observation) -> Option<Batch<'a>> {
        if seen.liquidation_due {
            return None;
        }
        self.opening.resize(seen.instruments.len(), Quantity::ZERO);
        let exposure: Money = seen
            .instruments
            .iter()
            .zip(&self.opening)
            .map(|(it, &opening)| {
                let coming = if it.pending { opening } else { Quantity::ZERO };
                let close = it.last_close().unwrap_or_default();
                it.position.abs().value(close) + coming.value(close)
            })
            .sum();
        // Below one unit of currency rounding could outweigh the reserve.
        let solvent = seen.equity >= Money::whole(1);
        let room = if solvent { investable(seen) - exposure } else { Money::ZERO };
        let waiting = seen.instruments.iter().filter(|it| it.pending).count();
        let orders_left = ORDERS_PER_TURN_MAX.min(WORKING_ORDERS_MAX.saturating_sub(waiting));
        Some(Batch { desk: self, seen, room, orders_left, intents: Vec::new() })
    }
}

impl Batch<'_> {
    /// The orders, in the order in which they were wished for.
    pub(crate) fn done(self) -> Vec<Intent> {
        self.intents
    }

    /// Closes the whole position of an instrument.
    pub(crate) fn close(&mut self, instrument: usize) {
        self.reduce(instrument, self.seen.instruments[instrument].position.abs());
    }

    /// Opens or adds to a position by `value`, as far as there is room; never across zero.
    pub(crate) fn open(&mut self, instrument: usize, side: Side, value: Money) {
        let Some((it, price)) = self.free(instrument) else { return };
        let other_way = it.position.units().signum() * side.position_sign() < 0;
        let most = Quantity::from_units(QUANTITY_MAX * SCALE) - it.position.abs();
        let quantity = units(value.min(self.room), price).min(most);
        if !other_way && quantity > Quantity::ZERO {
            self.room -= quantity.value(price);
            self.desk.opening[instrument] = quantity;
            self.send(Intent { instrument, side, quantity });
        }
    }

    /// Moves long positions to their target values, sales first; `None` leaves one as it is.
    ///
    /// A drift below 1 % of its target is left alone, a target of zero closes whole.
    pub(crate) fn rebalance(&mut self, targets: &[Option<Money>]) {
        let drifts: Vec<(usize, Money, Money)> = targets
            .iter()
            .enumerate()
            .filter_map(|(at, target)| {
                let (it, price) = self.free(at)?;
                let target = (*target)?;
                Some((at, target, it.position.value(price) - target))
            })
            .filter(|(_, target, drift)| drift.abs().units() * TOLERANCE >= target.units())
            .collect();
        for &(at, target, drift) in drifts.iter().filter(|(_, _, drift)| *drift >= Money::ZERO) {
            let it = &self.seen.instruments[at];
            let excess = units(drift, it.last_close().unwrap_or_default());
            let closes = target == Money::ZERO;
            self.reduce(at, if closes { it.position } else { excess.min(it.position) });
        }
        for &(at, _, drift) in drifts.iter().filter(|(_, _, drift)| *drift < Money::ZERO) {
            self.open(at, Side::Buy, -drift);
        }
    }

    fn reduce(&mut self, instrument: usize, quantity: Quantity) {
        let Some((it, price)) = self.free(instrument) else { return };
        if quantity > Quantity::ZERO {
            let side = if it.position > Quantity::ZERO { Side::Sell } else { Side::Cover };
            self.room += quantity.value(price);
            self.desk.opening[instrument] = Quantity::ZERO;
            self.send(Intent { instrument, side, quantity });
        }
    }

    /// An instrument and its last close, if it may be ordered now.
    fn free(&self, instrument: usize) -> Option<(&Seen, Price)> {
        let it = &self.seen.instruments[instrument];
        if it.pending || self.orders_left == 0 { None } else { Some((it, it.last_close()?)) }
    }

    fn send(&mut self, intent: Intent) {
        self.orders_left -= 1;
        self.intents.push(intent);
    }
}
