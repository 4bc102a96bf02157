//! Anything at all: the largest and the smallest of everything, and nothing overflows.

use proptest::{collection::vec, prelude::*, sample::select};
use sim::{
    Price, Quantity,
    num::{PRICE_MAX, SCALE},
    order::OrderKind,
    paper::{Account, Kpi, NewOrder, Order, Print, STARTING_CASH, Side, Tick},
};

use super::world::{TIFS, at, empty_tape};

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => select(vec![i64::MIN, i64::MAX, -1, 0, 1, SCALE, PRICE_MAX * SCALE]),
        1 => any::<i64>(),
        3 => 1..1_000_000_000_000_i64,
    ]
}

fn price() -> impl Strategy<Value = Price> {
    let units = prop_oneof![
        select(vec![1, 2, SCALE, PRICE_MAX * SCALE]),
        1..=PRICE_MAX * SCALE,
        1..1_000 * SCALE,
    ];
    units.prop_map(Price::from_units)
}

fn kind() -> impl Strategy<Value = OrderKind> {
    (0..4_u8, number(), number()).prop_map(|(kind, one, two)| {
        let (one, two) = (Price::from_units(one), Price::from_units(two));
        match kind {
            0 => OrderKind::Market,
            1 => OrderKind::Limit(one),
            2 => OrderKind::Stop(one),
            _ => OrderKind::StopLimit { stop: one, limit: two },
        }
    })
}

/// Something that happens within the next hours: a price, a bar, an order or a cancellation.
#[derive(Debug, Clone)]
enum Event {
    Price(usize, Price),
    Bar(usize, [Price; 4], i64),
    Order(usize, bool, i64, OrderKind, usize),
    Cancel(u32),
}

fn events() -> impl Strategy<Value = Vec<(i64, Event)>> {
    let event = prop_oneof![
        (0..8_usize, price()).prop_map(|(nth, price)| Event::Price(nth, price)),
        (0..8_usize, [price(), price(), price(), price()], select(vec![0, 1, 500, i64::MAX]))
            .prop_map(|(nth, prices, volume)| Event::Bar(nth, prices, volume)),
        (0..8_usize, any::<bool>(), number(), kind(), 0..4_usize)
            .prop_map(|(nth, buys, units, kind, tif)| Event::Order(nth, buys, units, kind, tif)),
        (0..30_u32).prop_map(Event::Cancel),
    ];
    vec((0..200_000_i64, event), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn nothing_overflows_and_cash_is_what_fills_moved(events in events()) {
        let mut tape = empty_tape();
        let ids: Vec<_> = tape.instruments().collect();
        let mut account = Account::open(&tape, tape.moment(at(0)));
        let mut seconds = 0;
        for (after, event) in events {
            seconds += after;
            let tick = |nth: usize, print| Tick { at: at(seconds), instrument: ids[nth], print };
            match event {
                Event::Price(nth, price) => tape.push(tick(nth, Print::Price(price))).unwrap(),
                Event::Bar(nth, prices, volume) => {
                    let [open, .., close] = prices;
                    let (high, low) = (prices.into_iter().max(), prices.into_iter().min());
                    let (high, low) = (high.unwrap(), low.unwrap());
                    let volume = Quantity::from_units(volume);
                    tape.push(tick(nth, Print::Open(open))).unwrap();
                    tape.push(tick(nth, Print::Bar { high, low, close, volume })).unwrap();
                }
                Event::Order(nth, buys, units, kind, tif) => {
                    account.advance(&tape, tape.moment(at(seconds)));
                    let order = NewOrder {
                        instrument: ids[nth],
                        side: if buys { Side::Buy } else { Side::Sell },
                        quantity: Quantity::from_units(units),
                        kind,
                        time_in_force: TIFS[tif],
                        client_order_id: None,
                    };
                    account.place(&tape, order).unwrap();
                }
                Event::Cancel(number) => {
                    account.advance(&tape, tape.moment(at(seconds)));
                    let waits = |it: &Order| !it.status.is_final();
                    let waited = account.order(number).is_some_and(waits);
                    prop_assert_eq!(account.cancel(number).is_ok(), waited);
                }
            }
        }
        account.advance(&tape, tape.moment(at(seconds + 1)));
        let cash = account.fills().iter().fold(STARTING_CASH, |cash, fill| {
            let value = if fill.side == Side::Buy { -fill.value } else { fill.value };
            cash + value - fill.commission
        });
        prop_assert_eq!(account.cash(), cash);
        let kpi = Kpi::of(&account, &tape);
        let metrics = kpi.metrics().into_iter().filter_map(|(_, metric)| metric.ok());
        prop_assert!(metrics.chain([kpi.total_return_pct]).all(f64::is_finite));
        prop_assert!((0.0..=100.0).contains(&kpi.max_drawdown_pct));
        for order in account.orders() {
            if let Some(why) = order.why {
                prop_assert!(why.to_string().len() > 10);
            }
        }
    }
}
