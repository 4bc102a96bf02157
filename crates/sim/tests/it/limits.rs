//! The named limits on how many orders may come and wait.

use proptest::{strategy::Strategy, strategy::ValueTree, test_runner::TestRunner};
use sim::{
    Command, Price, Quantity, Run,
    order::{NewOrder, OrderKind, Side},
    outcome::{Refusal, Reject},
    rules::{ORDERS_PER_TURN_MAX, WORKING_ORDERS_MAX},
};

use crate::world::worlds;

/// A run of some world, and so many small orders that rest in it.
fn run_and_orders(count: usize) -> (Run, Vec<NewOrder>) {
    let world = worlds().new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let run = world.run();
    let traded = |it: &sim::SymbolId| run.market().mark(run.now(), *it) > Price::ZERO;
    let symbol = run.market().symbols().find(traded).unwrap();
    let kind = OrderKind::Limit(Price::from_units(1));
    let order = NewOrder { kind, ..NewOrder::market(symbol, Side::Buy, Quantity::from_units(1)) };
    (run, vec![order; count])
}

#[test]
fn a_turn_carries_a_limited_number_of_orders() {
    let (mut run, orders) = run_and_orders(ORDERS_PER_TURN_MAX + 1);
    let (count, max) = (ORDERS_PER_TURN_MAX + 1, ORDERS_PER_TURN_MAX);
    let before = run.clone();
    let refused = run.apply(&Command::order(orders.clone()));
    assert_eq!(refused, Err(Refusal::TooManyOrders { count, max }));
    assert!(run == before);
    run.apply(&Command::order(orders[..ORDERS_PER_TURN_MAX].to_vec())).unwrap();
}

#[test]
fn a_limited_number_of_orders_waits() {
    let (mut run, orders) = run_and_orders(ORDERS_PER_TURN_MAX);
    for _ in 0..WORKING_ORDERS_MAX / ORDERS_PER_TURN_MAX {
        run.apply(&Command::order(orders.clone())).unwrap();
    }
    assert_eq!(run.working_orders().len(), WORKING_ORDERS_MAX);
    let full = Reject::QueueFull { max: WORKING_ORDERS_MAX };
    let refused = run.apply(&Command::order(orders[..1].to_vec()));
    assert_eq!(refused, Err(Refusal::Orders(vec![(0, full)])));
    // A turn that cancels one has room for one.
    let cancel = vec![run.working_orders()[7].id];
    let swap = Command::Turn { cancel, orders: orders[..1].to_vec(), steps: 0 };
    run.apply(&swap).unwrap();
    assert_eq!(run.working_orders().len(), WORKING_ORDERS_MAX);
}
