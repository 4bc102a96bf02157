//! The planted needle: proof that the fuzzing has power.
//!
//! The input is a line of a journal. Behind the real decoder lies a panic at one narrow order: a
//! sell of exactly 7 units, fill or kill. `fuzz/run --needle` fails when it is not found.

#![no_main]

use bottrade::runs::codec;
use bottrade_fuzz::{mutate, worlds};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use sim::{
    Command, Quantity,
    order::{NewOrder, Side, TimeInForce},
};

/// 7 units.
const QUANTITY: Quantity = Quantity::from_units(700_000_000);

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::text(data, size, max_size, seed)
});

fuzz_target!(|line: &str| {
    let (_, scenario, _) = worlds::chosen("margin");
    if let Some((Command::Turn { orders, .. }, _)) = codec::decode(&scenario.market, line) {
        orders.iter().for_each(prick);
    }
});

fn prick(order: &NewOrder) {
    if order.side == Side::Sell && order.time_in_force == TimeInForce::Fok {
        assert!(order.quantity != QUANTITY, "the planted needle was found");
    }
}
