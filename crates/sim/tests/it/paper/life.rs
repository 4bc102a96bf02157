//! How an order may go on, and the limits on how many there are.

use std::sync::Arc;

use sim::{
    Price, Quantity,
    order::{OrderKind, TimeInForce},
    paper::{
        Account, NewOrder, NotPlaced, ORDERS_MAX, OrderStatus, Print, Side, Tape, Tick,
        WORKING_ORDERS_MAX, Why,
    },
};

use super::world::{at, empty_tape};

const ALL: [OrderStatus; 5] = [
    OrderStatus::Open,
    OrderStatus::PartiallyFilled,
    OrderStatus::Filled,
    OrderStatus::Cancelled,
    OrderStatus::Rejected,
];

#[test]
fn every_transition_is_one_of_the_table() {
    // A row per status, a column per what may follow: open, part, filled, cancelled, rejected.
    let expected = ["01111", "01110", "00000", "00000", "00000"];
    for (from, row) in ALL.iter().zip(expected) {
        let found: String =
            ALL.iter().map(|to| if from.next().contains(to) { '1' } else { '0' }).collect();
        assert_eq!(found, row, "{}", from.name());
        assert_eq!(from.is_final(), row == "00000", "{}", from.name());
        assert_eq!(OrderStatus::TRANSITIONS.iter().filter(|it| it.0 == *from).count(), 1);
        assert_eq!(OrderStatus::from_name(from.name()), Some(*from));
    }
    assert_eq!(OrderStatus::TRANSITIONS.len(), ALL.len());
}

/// A market with one price, and an account in it.
fn opened() -> (Tape, Account) {
    let mut tape = empty_tape();
    let instrument = tape.find("EUR/USD").unwrap();
    tape.push(Tick { at: at(0), instrument, print: Print::Price(Price::whole(1)) }).unwrap();
    let account = Account::open(&tape, tape.moment(at(60)));
    (tape, account)
}

/// A small order that rests at this limit.
fn resting(tape: &Tape, limit: i64, id: Option<&str>) -> NewOrder {
    NewOrder {
        instrument: tape.find("EUR/USD").unwrap(),
        side: Side::Buy,
        quantity: Quantity::from_units(1),
        kind: OrderKind::Limit(Price::from_units(limit)),
        time_in_force: TimeInForce::Gtc,
        client_order_id: id.map(Arc::from),
    }
}

#[test]
fn a_limited_number_of_orders_waits() {
    let (tape, mut account) = opened();
    for limit in (1..).take(WORKING_ORDERS_MAX) {
        account.place(&tape, resting(&tape, limit, None)).unwrap();
    }
    assert_eq!(account.working_orders(), WORKING_ORDERS_MAX);
    let refused = account.place(&tape, resting(&tape, 9, None)).unwrap();
    assert_eq!((refused.status, refused.why), (OrderStatus::Rejected, Some(Why::TooManyWorking)));
    let at_once = NewOrder { kind: OrderKind::Market, ..resting(&tape, 9, None) };
    assert_eq!(account.place(&tape, at_once).unwrap().status, OrderStatus::Filled);
    account.cancel(7).unwrap();
    let placed = account.place(&tape, resting(&tape, 9, None)).unwrap();
    assert_eq!(placed.status, OrderStatus::Open);
}

#[test]
fn a_limited_number_of_orders_is_placed() {
    let (tape, mut account) = opened();
    let order = NewOrder { kind: OrderKind::Market, ..resting(&tape, 1, None) };
    for _ in 0..ORDERS_MAX {
        account.place(&tape, order.clone()).unwrap();
    }
    let before = account.clone();
    assert_eq!(account.place(&tape, order), Err(NotPlaced::TooManyOrders));
    assert!(account == before);
}

#[test]
fn a_client_order_id_names_one_order() {
    let (tape, mut account) = opened();
    let first = resting(&tape, 5, Some("mine"));
    account.place(&tape, first.clone()).unwrap();
    let before = account.clone();
    assert_eq!(account.place(&tape, first.clone()).unwrap().number, 1);
    assert!(account == before, "the same order again changes nothing");
    for other in [
        NewOrder { side: Side::Sell, ..first.clone() },
        NewOrder { quantity: Quantity::from_units(2), ..first.clone() },
        NewOrder { kind: OrderKind::Market, ..first.clone() },
        NewOrder { time_in_force: TimeInForce::Day, ..first.clone() },
        NewOrder { instrument: tape.find("WTI").unwrap(), ..first },
    ] {
        let refused = account.place(&tape, other);
        assert_eq!(refused, Err(NotPlaced::ClientOrderIdTaken { number: 1 }));
        assert!(account == before);
    }
    assert_eq!(account.by_client_order_id("mine").map(|it| it.number), Some(1));
    assert_eq!(account.by_client_order_id("yours"), None);
}

#[test]
fn an_instrument_of_another_tape_is_not_listed() {
    let (tape, mut account) = opened();
    let mut longer = tape.clone();
    let listing = sim::paper::Listing { symbol: "NEW".into(), ..longer.listings()[0].clone() };
    let instrument = longer.list(listing).unwrap();
    let order = NewOrder { instrument, ..resting(&tape, 5, None) };
    assert_eq!(account.place(&tape, order.clone()), Err(NotPlaced::NotListed));
    account.place(&longer, order).unwrap();
}

#[test]
fn an_idle_account_is_small() {
    let (tape, mut account) = opened();
    for limit in 1..=5 {
        account.place(&tape, resting(&tape, limit, Some(&format!("order-{limit}")))).unwrap();
    }
    let bytes = account.memory();
    assert!((500..4_096).contains(&bytes), "{bytes}");
}
