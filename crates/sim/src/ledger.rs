//! The books of a run or of an account: cash, positions, and where the money went.

use crate::{
    market::SymbolId,
    num::{Money, Price, Quantity, div_half_even_wide},
    order::Side,
};

/// Units held of one instrument.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Units, negative when short.
    pub quantity: Quantity,
    /// What a unit cost on average, always positive; unchanged by reductions.
    pub avg_cost: Price,
    /// Commission paid to open what is still held.
    pub entry_commission: Money,
    /// The instant of the last fill: an index into the timeline of a run, or how many ticks of a
    /// tape had happened.
    pub updated_at: usize,
}

/// What trading cost, in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Costs {
    /// Paid through worse prices than the reference price.
    pub slippage: Money,
    /// Paid to the broker.
    pub commission: Money,
    /// Paid to borrow what is short.
    pub borrow: Money,
}

impl Costs {
    /// All of it.
    pub fn total(&self) -> Money {
        self.slippage + self.commission + self.borrow
    }
}

/// A trade as the ledger is to book it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trade {
    /// As [`Position::updated_at`].
    pub(crate) at: usize,
    pub(crate) symbol: SymbolId,
    pub(crate) side: Side,
    pub(crate) quantity: Quantity,
    pub(crate) price: Price,
    /// The price before slippage.
    pub(crate) reference: Price,
}

impl Trade {
    /// What its units are worth at its price.
    #[inline]
    pub(crate) fn value(&self) -> Money {
        self.quantity.value(self.price)
    }
}

/// What booking a trade came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Booked {
    pub(crate) value: Money,
    pub(crate) slippage: Money,
    pub(crate) commission: Money,
    pub(crate) realized_pnl: Money,
    pub(crate) net_pnl: Money,
}

/// Cash, positions and cumulated costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    pub(crate) cash: Money,
    pub(crate) positions: Vec<Position>,
    pub(crate) costs: Costs,
    pub(crate) traded: Money,
}

impl Ledger {
    pub(crate) fn new(cash: Money, width: usize) -> Self {
        Self {
            cash,
            positions: vec![Position::default(); width],
            costs: Costs::default(),
            traded: Money::ZERO,
        }
    }

    /// Books a trade at this commission: moves cash, changes the position, cumulates costs.
    pub(crate) fn book(&mut self, trade: Trade, commission: Money) -> Booked {
        let value = trade.value();
        let slippage = trade.quantity.value((trade.price - trade.reference).abs());
        let buys = trade.side.direction() > 0;
        let cash = if buys { self.cash - value } else { self.cash + value };
        self.cash = cash - commission;
        self.traded += value;
        self.costs.commission += commission;
        self.costs.slippage += slippage;
        let position = &mut self.positions[trade.symbol.index()];
        position.updated_at = trade.at;
        let (realized_pnl, net_pnl) = if trade.side.opens() {
            position.open(&trade, commission);
            (Money::ZERO, Money::ZERO)
        } else {
            let (realized, entry_commission) = position.close(&trade);
            (realized, realized - commission - entry_commission)
        };
        Booked { value, slippage, commission, realized_pnl, net_pnl }
    }

    pub(crate) fn pay_borrow(&mut self, amount: Money) {
        self.cash -= amount;
        self.costs.borrow += amount;
    }

    /// Sums of all positions at these prices, in units of 1e-16: signed value and gross.
    #[inline]
    pub(crate) fn exact_values(&self, prices: &[Price]) -> (i128, i128) {
        let (mut value, mut gross) = (0_i128, 0_i128);
        for (position, &price) in self.positions.iter().zip(prices) {
            let units = position.quantity.units();
            if units != 0 {
                let exact = position.quantity.exact_value(price);
                value += exact;
                gross += exact.abs();
            }
        }
        (value, gross)
    }
}

impl Position {
    fn open(&mut self, trade: &Trade, commission: Money) {
        let held = self.quantity.abs();
        let total = held + trade.quantity;
        let cost = held.exact_value(self.avg_cost) + trade.quantity.exact_value(trade.price);
        let avg = div_half_even_wide(cost, total.units().unsigned_abs());
        self.avg_cost = Price::from_units(i64::try_from(avg).unwrap_or(i64::MAX));
        self.entry_commission += commission;
        self.quantity += signed(trade);
    }

    /// Reduces the position; answers the realised profit and its share of the entry commission.
    fn close(&mut self, trade: &Trade) -> (Money, Money) {
        let gain = match trade.side.position_sign() {
            1 => trade.price - self.avg_cost,
            _ => self.avg_cost - trade.price,
        };
        let entry = self.entry_commission.portion(trade.quantity, self.quantity.abs());
        self.entry_commission -= entry;
        self.quantity += signed(trade);
        if self.quantity == Quantity::ZERO {
            self.avg_cost = Price::ZERO;
        }
        (trade.quantity.value(gain), entry)
    }
}

fn signed(trade: &Trade) -> Quantity {
    Quantity::from_units(trade.side.direction() * trade.quantity.units())
}
