//! What a run keeps between steps for its memory alone, so that a step allocates nothing.

use crate::{
    engine::{ahead::Ahead, inside::Inside},
    market::SymbolId,
    num::Quantity,
};

/// Lists that are empty between commands: they are no part of a run's state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Projected units per column, while orders are judged.
    pub(crate) projection: Vec<i128>,
    /// What a pass through the queue has passed by.
    pub(crate) ahead: Ahead,
    /// Positions that changed after a bar's open.
    pub(crate) inside: Vec<Inside>,
    /// Units already filled in a bar per instrument, where participation is capped.
    pub(crate) taken: Vec<(SymbolId, Quantity)>,
}

impl Memory {
    /// The same memory with nothing in it.
    pub(crate) fn cleared(mut self) -> Self {
        self.projection.clear();
        self.ahead.clear();
        self.inside.clear();
        self.taken.clear();
        self
    }
}
