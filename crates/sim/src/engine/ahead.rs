//! What waits ahead of an order in the queue, and what it lays claim to.
//!
//! Orders were accepted for the positions that those ahead of them would leave. An order that
//! fills before them must leave them their way: no exit takes what an earlier one is to sell, and
//! no entry comes before a turn to the other side of zero.

use crate::{market::SymbolId, order::WorkingOrder};

/// The waiting orders of one symbol for positions of one sign.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    symbol: SymbolId,
    sign: i64,
    /// Units that its exits are to take.
    exits: i128,
}

/// The orders passed so far that still wait.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ahead(Vec<Claim>);

impl Ahead {
    /// Forgets them, for the next time the queue is passed.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn add(&mut self, working: &WorkingOrder) {
        let (symbol, side) = (working.order.symbol, working.order.side);
        let sign = side.position_sign();
        let exits = if side.opens() { 0 } else { i128::from(working.remaining.units()) };
        match self.0.iter_mut().find(|claim| claim.symbol == symbol && claim.sign == sign) {
            Some(claim) => claim.exits += exits,
            None => self.0.push(Claim { symbol, sign, exits }),
        }
    }

    fn of(&self, symbol: SymbolId, sign: i64) -> Option<&Claim> {
        self.0.iter().find(|claim| claim.symbol == symbol && claim.sign == sign)
    }

    /// Units of a position of this sign that exits ahead are to take.
    pub(crate) fn exits(&self, symbol: SymbolId, sign: i64) -> i128 {
        self.of(symbol, sign).map_or(0, |claim| claim.exits)
    }

    /// Whether anything ahead is for a position of this sign.
    pub(crate) fn any(&self, symbol: SymbolId, sign: i64) -> bool {
        self.of(symbol, sign).is_some()
    }
}
