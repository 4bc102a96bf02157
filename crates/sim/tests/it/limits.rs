//! The named limits on how many orders may come and wait.

use std::sync::Arc;

use proptest::{strategy::Strategy, strategy::ValueTree, test_runner::TestRunner};
use sim::{
    Command, Market, Money, Price, Quantity, Rules, Run, Scenario, Timestamp,
    market::{Bar, Instrument, MarketData},
    order::{NewOrder, OrderKind, Side},
    outcome::{Refusal, Reject},
    rules::{ORDERS_PER_TURN_MAX, WORKING_ORDERS_MAX},
};

use crate::world::{free_rules, worlds};

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

/// A run on one instrument at the lowest price there is.
fn penny_run() -> Run {
    let tiny = Price::from_units(1);
    let bar = |day: i64| Bar {
        ts: Timestamp::from_seconds(day * 86_400),
        open: tiny,
        high: tiny,
        low: tiny,
        close: tiny,
        volume: 0.0,
    };
    let data = MarketData {
        instruments: vec![Instrument { symbol: "P".into(), slippage_bps: 0 }],
        bars: vec![(0..4).map(bar).collect()],
        ..MarketData::default()
    };
    let cash = Money::whole(1_000_000);
    let rules = Rules { starting_cash: cash, short_enabled: false, ..free_rules() };
    let market = Market::new(data, Timestamp::date).unwrap();
    Run::new(Arc::new(Scenario::new(rules, market).unwrap()))
}

#[test]
fn the_largest_orders_add_up_past_any_position_without_harm() {
    let mut run = penny_run();
    let symbol = run.market().symbols().next().unwrap();
    let most = Quantity::whole(1_000_000_000);
    // Through a limit of the lowest price nothing trades: entries rest, and their exits with them.
    let kind = OrderKind::Limit(Price::from_units(1));
    let entry = NewOrder { kind, ..NewOrder::market(symbol, Side::Buy, most) };
    let pair = [entry, NewOrder::market(symbol, Side::Sell, most)];
    let pairs: Vec<NewOrder> = pair.iter().cycle().take(500).cloned().collect();
    run.apply(&Command::order(pairs.clone())).unwrap();
    run.apply(&Command::order(pairs)).unwrap();
    run.apply(&Command::step(1)).unwrap();
    // Without the exits, 500 billion units are queued to be bought.
    let exits = run.working_orders().iter().filter(|it| it.order.side == Side::Sell);
    let cancel: Vec<_> = exits.map(|it| it.id).collect();
    for id in cancel {
        run.apply(&Command::Turn { cancel: vec![id], orders: vec![], steps: 0 }).unwrap();
    }
    assert_eq!(run.working_orders().len(), 500);
    let one = NewOrder::market(symbol, Side::Buy, Quantity::whole(1));
    assert!(matches!(run.apply(&Command::order(vec![one])), Err(Refusal::Orders(_))));
    run.apply(&Command::step(5)).unwrap();
}
