//! How a run moves: acceptance of orders, their execution on a bar, and the bar's settlement.

pub(crate) mod accept;
pub(crate) mod ahead;
pub(crate) mod buying_power;
pub(crate) mod execute;
pub(crate) mod inside;
pub(crate) mod memory;
pub(crate) mod path;
pub(crate) mod settle;
