//! A position that changes inside its bar, after the open: what may act on it, and from when.

use crate::{engine::path::Start, market::SymbolId, num::Quantity, order::Side};

/// What the fills inside one bar did to one position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inside {
    pub(crate) symbol: SymbolId,
    /// Units held since the open that no exit has taken, signed.
    left: i64,
    /// The lowest and the highest position of this bar, the open's included.
    lowest: i64,
    highest: i64,
    /// When it was last changed; `None` when the order of the changes is not known.
    changed: Option<Start>,
    /// When an entry last changed it.
    entered: Option<Start>,
}

impl Inside {
    pub(crate) fn new(symbol: SymbolId, held: Quantity) -> Self {
        let held = held.units();
        let never = Some(Start::Open);
        Self { symbol, left: held, lowest: held, highest: held, changed: never, entered: never }
    }

    /// From when an order can act, an exit on the last of `units` units; `None` when that is not
    /// known.
    pub(crate) fn start_of(&self, side: Side, units: i64) -> Option<Start> {
        let sign = side.position_sign();
        let since_open = if side.opens() {
            self.lowest * sign >= 0 && self.highest * sign >= 0
        } else {
            self.left * sign >= units
        };
        match (since_open, side.opens()) {
            (true, _) => Some(Start::Open),
            (false, true) => self.changed,
            (false, false) => self.entered,
        }
    }

    /// Takes in a fill by an order that acted from `start` on and was met at `moment`.
    pub(crate) fn change(
        &mut self,
        before: Quantity,
        after: Quantity,
        start: Start,
        moment: Start,
    ) {
        let later = |known: Option<Start>| known.and_then(|known| known.later(moment));
        if after.abs() > before.abs() {
            self.entered = if start == Start::Open { later(self.entered) } else { Some(moment) };
        } else {
            // An exit that acted since the open took what was held since then; a later one took
            // what came inside first.
            let most = if start == Start::Open {
                self.left.abs() - (before - after).abs().units()
            } else {
                self.left.abs().min(after.abs().units())
            };
            self.left = self.left.signum() * most.max(0);
        }
        self.lowest = self.lowest.min(after.units());
        self.highest = self.highest.max(after.units());
        let onward = self.changed == Some(start);
        self.changed = if onward { Some(moment) } else { later(self.changed) };
    }
}
