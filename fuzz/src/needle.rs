//! The planted needle: a panic that only fuzzing with power finds.
//!
//! It hides behind the real parsers and rules: a sell order of exactly 7.25 units, fill or kill,
//! that the market accepted. `fuzz/run --needle` plants it and fails when it is not found.

use std::sync::LazyLock;

use sim::{
    Quantity,
    order::{Side, TimeInForce},
};

/// The variable that plants it.
pub const PLANT: &str = "BOTTRADE_FUZZ_NEEDLE";
/// 7.25 units.
const QUANTITY: Quantity = Quantity::from_units(725_000_000);

/// Panics at an accepted order of one narrow kind, if the needle is planted.
pub fn prick(side: Side, time_in_force: TimeInForce, quantity: Quantity) {
    static PLANTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os(PLANT).is_some());
    if *PLANTED && side == Side::Sell && time_in_force == TimeInForce::Fok {
        assert!(quantity != QUANTITY, "the planted needle was found");
    }
}
