//! Whether an opening order still fits, valued at the prices of the bar it fills in.

use crate::{
    ledger::Ledger,
    market::{Market, SymbolId},
    num::{Money, Price, Quantity, SCALE},
    order::Side,
    rules::{GROSS_MAX, Rules},
};

/// The book valued at a bar's opens (a last close where an instrument has no bar), kept up to
/// date fill by fill. Sums are exact, in units of 1e-16.
#[derive(Debug)]
pub(crate) struct Valuation {
    value: i128,
    gross: i128,
}

/// An opening fill that is being considered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) symbol: SymbolId,
    pub(crate) side: Side,
    /// The price paid.
    pub(crate) price: Price,
    /// The price before slippage, at which the instrument is valued.
    pub(crate) reference: Price,
    /// The price at which the valuation so far holds the instrument.
    pub(crate) valued_at: Price,
}

impl Valuation {
    pub(crate) fn new(ledger: &Ledger, market: &Market, t: usize) -> Self {
        let (mut value, mut gross) = (0_i128, 0_i128);
        for (symbol, position) in market.symbols().zip(&ledger.positions) {
            if position.quantity != Quantity::ZERO {
                let exact = position.quantity.exact_value(market.opening(t, symbol));
                value += exact;
                gross += exact.abs();
            }
        }
        Self { value, gross }
    }

    /// Takes in a change of one position from `before` to `after`, valued at `price`.
    pub(crate) fn moved(&mut self, before: Quantity, after: Quantity, price: Price) {
        self.value += (after - before).exact_value(price);
        self.gross += (after.abs() - before.abs()).exact_value(price);
    }

    /// Whether gross exposure stays within the cap after buying `quantity` more.
    pub(crate) fn fits(
        &self,
        ledger: &Ledger,
        rules: &Rules,
        entry: Entry,
        quantity: Quantity,
    ) -> bool {
        let held = ledger.positions[entry.symbol.index()].quantity;
        let shift = entry.reference - entry.valued_at;
        let direction = entry.side.direction();
        let value = self.value
            + held.exact_value(shift)
            + i128::from(direction) * quantity.exact_value(entry.reference);
        let gross =
            self.gross + held.abs().exact_value(shift) + quantity.exact_value(entry.reference);
        let cost = quantity.value(entry.price);
        let commission = cost.bps(rules.commission_bps);
        let cash = if direction > 0 { ledger.cash - cost } else { ledger.cash + cost };
        let equity = cash - commission + Money::from_exact(value);
        let gross = Money::from_exact(gross);
        gross <= rules.leverage_cap.limit(equity)
            && gross.units() <= i128::from(GROSS_MAX) * i128::from(SCALE)
            && (held.abs() + quantity) <= quantity_max()
    }

    /// The largest part of `wanted` that fits.
    pub(crate) fn largest(
        &self,
        ledger: &Ledger,
        rules: &Rules,
        entry: Entry,
        wanted: Quantity,
    ) -> Quantity {
        if self.fits(ledger, rules, entry, wanted) {
            return wanted;
        }
        let (mut fitting, mut excessive) = (0_i64, wanted.units());
        while excessive - fitting > 1 {
            let middle = fitting + (excessive - fitting) / 2;
            if self.fits(ledger, rules, entry, Quantity::from_units(middle)) {
                fitting = middle;
            } else {
                excessive = middle;
            }
        }
        Quantity::from_units(fitting)
    }
}

/// The largest position.
pub(crate) fn quantity_max() -> Quantity {
    Quantity::from_units(crate::num::QUANTITY_MAX * SCALE)
}
