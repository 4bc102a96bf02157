//! The figures of an account, beside numbers worked out by hand.

use sim::{
    Money, Price, Quantity,
    metrics::NullReason,
    order::{OrderKind, TimeInForce},
    paper::{Account, Kpi, NewOrder, Print, Sample, Side, Snapshots, Tape, Tick},
};

use super::world::{at, listings};

const DAY: i64 = 86_400;

/// A market of one instrument without costs and with one price a day, sampled at midnight.
fn market(prices: &[i32]) -> Tape {
    let free = listings().into_iter().filter(|it| it.symbol == "GBP/USD");
    let mut listing = free.last().unwrap();
    listing.calendar = sim::paper::Calendar::Always;
    let mut tape = Tape::new(vec![listing], 365, Snapshots::Midnights).unwrap();
    let instrument = tape.find("GBP/USD").unwrap();
    for (day, &price) in (0..).zip(prices) {
        let print = Print::Price(Price::whole(price));
        tape.push(Tick { at: at(day * DAY + 60), instrument, print }).unwrap();
    }
    tape
}

fn deal(account: &mut Account, tape: &Tape, day: i64, side: Side, units: i32) {
    account.advance(tape, tape.moment(at(day * DAY + 3_600)));
    let instrument = tape.find("GBP/USD").unwrap();
    let order = NewOrder {
        instrument,
        side,
        quantity: Quantity::whole(units),
        kind: OrderKind::Market,
        time_in_force: TimeInForce::Fok,
        client_order_id: None,
    };
    assert_eq!(account.place(tape, order).unwrap().why, None);
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}

#[test]
fn a_new_account_has_no_figures_yet() {
    let tape = market(&[100]);
    let account = Account::open(&tape, tape.moment(at(3_600)));
    let kpi = Kpi::of(&account, &tape);
    assert_eq!(kpi.equity, Money::whole(100_000));
    close(kpi.total_return_pct, 0.0);
    close(kpi.max_drawdown_pct, 0.0);
    let reasons: Vec<_> = kpi.null_reasons().collect();
    assert_eq!(reasons.len(), 5);
    assert!(reasons.iter().all(|it| it.1 == NullReason::NoTrade), "{reasons:?}");
    assert_eq!((kpi.total_trades, kpi.consecutive_wins, kpi.consecutive_losses), (0, 0, 0));
}

#[test]
fn trades_are_counted_as_they_close() {
    let tape = market(&[100, 110, 120, 100, 90, 100, 100, 70]);
    let mut account = Account::open(&tape, tape.moment(at(3_600)));
    deal(&mut account, &tape, 0, Side::Buy, 200);
    deal(&mut account, &tape, 1, Side::Sell, 100); // +1000
    deal(&mut account, &tape, 2, Side::Sell, 100); // +2000
    deal(&mut account, &tape, 3, Side::Buy, 100);
    deal(&mut account, &tape, 4, Side::Sell, 200); // −1000, and short 100 at 90
    deal(&mut account, &tape, 5, Side::Buy, 50); // −500
    deal(&mut account, &tape, 6, Side::Buy, 50); // −500
    let kpi = Kpi::of(&account, &tape);
    assert_eq!(kpi.equity, Money::whole(101_000));
    close(kpi.total_return_pct, 1.0);
    assert_eq!(kpi.total_trades, 5);
    close(kpi.win_rate_pct.unwrap(), 40.0);
    close(kpi.profit_factor.unwrap(), 1.5);
    close(kpi.expectancy.unwrap(), 200.0);
    assert_eq!((kpi.consecutive_wins, kpi.consecutive_losses), (2, 3));
    // Samples: 100,000 and 102,000 (half of it held at 110) and 103,000, and then the losses.
    let sampled: Vec<Sample> = account.samples(&tape).collect();
    let equity = [100_000, 102_000, 103_000, 103_000, 102_000, 101_000];
    let expected: Vec<Sample> = (1..)
        .zip(equity)
        .map(|(day, equity)| Sample { at: at(day * DAY), equity: Money::whole(equity) })
        .collect();
    assert_eq!(sampled, expected);
    close(kpi.max_drawdown_pct, 2_000.0 / 103_000.0 * 100.0);
    assert_eq!(kpi.sharpe_ratio, Err(NullReason::InsufficientSample));
}

#[test]
fn returns_are_annualised_once_there_are_enough() {
    // Up and down by turns, with half a quarter of the equity in it.
    let prices: Vec<i32> = (0..40).map(|day| if day % 2 == 0 { 100 } else { 104 }).collect();
    let tape = market(&prices);
    let mut account = Account::open(&tape, tape.moment(at(3_600)));
    deal(&mut account, &tape, 0, Side::Buy, 125);
    for (day, enough) in [(27, false), (29, true)] {
        account.advance(&tape, tape.moment(at(day * DAY + 3_600)));
        assert_eq!(Kpi::of(&account, &tape).sharpe_ratio.is_ok(), enough, "{day}");
    }
    let kpi = Kpi::of(&account, &tape);
    // 29 returns: 0 first, then +0.5 % and its way back by turns.
    let (up, down) = (0.005, 100_000.0 / 100_500.0 - 1.0);
    let mut returns = vec![0.0];
    returns.extend((0..28).map(|nth| if nth % 2 == 0 { up } else { down }));
    let mean = returns.iter().sum::<f64>() / 29.0;
    let squares: f64 = returns.iter().map(|it| (it - mean) * (it - mean)).sum();
    let losses: f64 = returns.iter().map(|it| it.min(0.0) * it.min(0.0)).sum();
    close(kpi.sharpe_ratio.unwrap(), mean / (squares / 28.0).sqrt() * 365.0_f64.sqrt());
    close(kpi.sortino_ratio.unwrap(), mean / (losses / 29.0).sqrt() * 365.0_f64.sqrt());
    close(kpi.max_drawdown_pct, 500.0 / 100_500.0 * 100.0);
    assert_eq!(kpi.win_rate_pct, Err(NullReason::NoClosedTrade));
}

#[test]
fn ruin_is_a_drawdown_of_all() {
    let tape = market(&[100, 100, 2_000, 100]);
    let mut account = Account::open(&tape, tape.moment(at(3_600)));
    deal(&mut account, &tape, 0, Side::Sell, 250);
    account.advance(&tape, tape.moment(at(3 * DAY + 3_600)));
    let kpi = Kpi::of(&account, &tape);
    assert_eq!(kpi.equity, Money::whole(-375_000));
    close(kpi.total_return_pct, -475.0);
    close(kpi.max_drawdown_pct, 100.0);
    assert_eq!(kpi.sharpe_ratio, Err(NullReason::InsufficientSample));
    assert_eq!((kpi.total_trades, kpi.consecutive_losses), (1, 1));
}
