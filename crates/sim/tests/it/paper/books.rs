//! Money and orders: nothing is made, nothing is lost, and no limit is passed.

use proptest::prelude::*;
use sim::{
    Money, Price, Quantity, Timestamp,
    order::{OrderKind, TimeInForce},
    paper::{
        Account, AssetType, Fill, NewOrder, Order, OrderStatus, POSITION_LIMIT_PCT, Print,
        STARTING_CASH, Side, Tape, Tick, VOLUME_SHARE_PCT, Why,
    },
};

use super::world::{at, end, replay, trade, traders, worlds};

fn signed(fill: &Fill) -> i64 {
    if fill.side == Side::Buy { fill.quantity.units() } else { -fill.quantity.units() }
}

/// Cash is what came and went, positions are the sum of fills, and equity is both.
fn check_books(account: &Account, tape: &Tape) -> Result<(), TestCaseError> {
    let (mut cash, mut commission, mut slippage) = (STARTING_CASH, Money::ZERO, Money::ZERO);
    let mut held = vec![0_i64; tape.listings().len()];
    // The average cost is rounded to 1e-8 at every entry: so much may be off, for every unit held.
    let mut rounding = 10_i128;
    for fill in account.fills() {
        cash = if fill.side == Side::Buy { cash - fill.value } else { cash + fill.value };
        cash -= fill.commission;
        commission += fill.commission;
        slippage += fill.slippage;
        held[fill.instrument.index()] += signed(fill);
        rounding += 3 + i128::from(held[fill.instrument.index()].abs() / 100_000_000);
        let exact = i128::from(fill.quantity.units()) * i128::from(fill.price.units());
        prop_assert!((fill.value.units() * 100_000_000 - exact).abs() <= 100_000_000);
    }
    prop_assert_eq!(account.cash(), cash);
    prop_assert_eq!(account.costs().commission, commission);
    prop_assert_eq!(account.costs().slippage, slippage);
    let mut worth = 0_i128;
    let mut unrealized = Money::ZERO;
    for instrument in tape.instruments() {
        prop_assert_eq!(account.quantity(instrument).units(), held[instrument.index()]);
    }
    for holding in account.positions(tape) {
        worth += i128::from(holding.quantity.units()) * i128::from(holding.price.units());
        unrealized += holding.unrealized_pnl;
        prop_assert_eq!(Some(holding.price), tape.price(holding.instrument, account.moment()));
    }
    let equity = account.equity(tape);
    // To the unit: one rounding of the sum, half a unit of 1e-8 at most.
    prop_assert!(((equity - cash).units() * 100_000_000 - worth).abs() <= 50_000_000);
    let told = STARTING_CASH + account.realized_pnl() + unrealized - commission;
    prop_assert!((told - equity).units().abs() <= rounding, "{:?} {:?}", told, equity);
    Ok(())
}

/// What an order says of itself is what its fills say.
fn check_orders(account: &Account, tape: &Tape) -> Result<(), TestCaseError> {
    let waiting = account.orders().iter().filter(|it| !it.status.is_final()).count();
    prop_assert_eq!(account.working_orders(), waiting);
    for order in account.orders() {
        let fills = || account.fills().iter().filter(|it| it.order == Some(order.number));
        let units: i64 = fills().map(|it| it.quantity.units()).sum();
        prop_assert_eq!(order.filled.units(), units);
        prop_assert_eq!(order.fees, fills().map(|it| it.commission).sum::<Money>());
        prop_assert_eq!(order.slippage, fills().map(|it| it.slippage).sum::<Money>());
        let exact = |it: &Fill| i128::from(it.quantity.units()) * i128::from(it.price.units());
        let exact: i128 = fills().map(exact).sum();
        let value = Money::from_units((exact + 50_000_000) / 100_000_000);
        let kind = tape.listing(order.order.instrument).asset_type;
        if units > 0 {
            let owed = kind.commission(order.filled, value);
            prop_assert!((order.fees - owed).units().abs() <= 1, "{:?}", order);
            let average = i128::from(order.average_price().unwrap().units());
            prop_assert!((average * i128::from(units) - exact).abs() * 2 <= i128::from(units));
        }
        let (_, limit) = order.order.kind.prices();
        for fill in fills() {
            prop_assert_eq!(fill.side, order.order.side);
            prop_assert!(fill.commission >= Money::ZERO && fill.slippage >= Money::ZERO);
            let worse = |limit: Price| match fill.side {
                Side::Buy => fill.price > limit,
                Side::Sell => fill.price < limit,
            };
            prop_assert!(!limit.is_some_and(worse), "never worse than its limit: {:?}", fill);
        }
        check_status(order)?;
    }
    Ok(())
}

fn check_status(order: &Order) -> Result<(), TestCaseError> {
    let (asked, filled) = (order.order.quantity, order.filled);
    let part = Quantity::ZERO < filled && filled < asked;
    let fits = match order.status {
        OrderStatus::Open | OrderStatus::Rejected => filled == Quantity::ZERO,
        OrderStatus::PartiallyFilled => part,
        OrderStatus::Filled => filled == asked,
        OrderStatus::Cancelled => filled < asked,
    };
    prop_assert!(fits, "{:?}", order);
    let ended = matches!(order.status, OrderStatus::Rejected | OrderStatus::Cancelled);
    prop_assert_eq!(order.why.is_some(), ended);
    match order.order.time_in_force {
        TimeInForce::Fok => {
            prop_assert!(matches!(order.status, OrderStatus::Filled | OrderStatus::Rejected));
        }
        TimeInForce::Ioc => prop_assert!(order.status.is_final()),
        TimeInForce::Gtc | TimeInForce::Day => {}
    }
    Ok(())
}

/// How the orders went on from one look to the next, looked at after every print and command.
fn check_transitions(before: &Account, account: &Account) -> Result<(), TestCaseError> {
    for (old, new) in before.orders().iter().zip(account.orders()) {
        let went = old.status == new.status || old.status.next().contains(&new.status);
        // Two steps within a print: a part fills, and at the same second nothing more is wanted.
        let twice = old.status.next().iter().any(|it| it.next().contains(&new.status));
        prop_assert!(went || twice, "{:?} → {:?}", old, new);
        if old.status.is_final() {
            prop_assert_eq!(old, new);
        }
        prop_assert!(new.filled >= old.filled && new.fees >= old.fees);
    }
    prop_assert!(account.fills().starts_with(before.fills()));
    Ok(())
}

/// The limits, where they can be seen from outside: right after an order was placed.
fn check_limits(before: &Account, account: &Account, tape: &Tape) -> Result<(), TestCaseError> {
    for fill in &account.fills()[before.fills().len()..] {
        let instrument = fill.instrument;
        let (was, is) = (before.quantity(instrument), account.quantity(instrument));
        let kind = tape.listing(instrument).asset_type;
        let crossed = was.units().signum() * is.units().signum() < 0;
        if is.abs() > was.abs() || crossed {
            let equity = account.equity(tape);
            prop_assert!(account.initial_margin(tape) <= equity + Money::from_units(10));
            let price = tape.price(instrument, account.moment()).unwrap();
            let most = equity.bps(POSITION_LIMIT_PCT * 100);
            prop_assert!(is.abs().value(price) <= most + Money::from_units(10), "{:?}", fill);
        }
        prop_assert!(kind != AssetType::Crypto || is >= Quantity::ZERO);
    }
    Ok(())
}

/// What was taken at one print, and that there was a session to take it in.
fn check_liquidity(
    before: &Account,
    account: &Account,
    tape: &Tape,
    taken: &mut Vec<(usize, usize, i64)>,
) -> Result<(), TestCaseError> {
    for fill in &account.fills()[before.fills().len()..] {
        if fill.order.is_none() {
            continue;
        }
        let ticks = &tape.ticks()[..account.moment().ticks];
        let mine = |it: &&Tick| it.instrument == fill.instrument;
        let print = ticks.iter().rposition(|it| mine(&it)).unwrap();
        let volume = ticks.iter().rev().filter(mine).find_map(|it| match it.print {
            Print::Bar { volume, .. } => Some(volume.units()),
            _ => None,
        });
        let key = (fill.instrument.index(), print);
        let nth = taken.iter().position(|it| (it.0, it.1) == key).unwrap_or_else(|| {
            taken.push((key.0, key.1, 0));
            taken.len() - 1
        });
        taken[nth].2 += fill.quantity.units();
        if let Some(volume) = volume.filter(|it| *it > 0) {
            prop_assert!(taken[nth].2 <= volume / 100 * VOLUME_SHARE_PCT, "{:?}", fill);
        }
        let calendar = &tape.listing(fill.instrument).calendar;
        let just_before = Timestamp::from_seconds(fill.at.seconds() - 1);
        let traded = calendar.session(fill.at).or_else(|| calendar.session(just_before));
        prop_assert!(traded.is_some(), "outside a session: {:?}", fill);
    }
    Ok(())
}

/// No order waits past a quote that it should have met.
fn check_waiting(account: &Account, tape: &Tape) -> Result<(), TestCaseError> {
    let ticks = &tape.ticks()[..account.moment().ticks];
    let Some(Tick { at, instrument, print: Print::Price(price) }) = ticks.last() else {
        return Ok(());
    };
    let calendar = &tape.listing(*instrument).calendar;
    let just_before = Timestamp::from_seconds(at.seconds() - 1);
    if calendar.session(*at).or_else(|| calendar.session(just_before)).is_none() {
        return Ok(());
    }
    let waits = |it: &&Order| !it.status.is_final() && it.order.instrument == *instrument;
    for order in account.orders().iter().filter(waits).filter(|it| it.placed_at < *at) {
        let (stop, limit) = order.order.kind.prices();
        let facing = |price: Price| price.units() * order.order.side.direction();
        let woken = stop.is_none_or(|stop| facing(*price) >= facing(stop));
        let past = limit.is_none_or(|limit| facing(*price) < facing(limit));
        prop_assert!(!(woken && past), "missed {:?}: {:?}", price, order);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_account_keeps_its_books_and_its_limits(world in worlds(), trader in traders()) {
        let tape = world.tape();
        let mut before: Option<Account> = None;
        let mut found = Ok(());
        let mut taken = Vec::new();
        let (account, _) = trade(&tape, &trader, |account| {
            if let (Some(before), Ok(())) = (&before, &found) {
                let placed = before.moment() == account.moment();
                let limits = if placed { check_limits(before, account, &tape) } else { Ok(()) };
                let waiting = if placed { Ok(()) } else { check_waiting(account, &tape) };
                found = limits
                    .and(waiting)
                    .and_then(|()| check_transitions(before, account))
                    .and_then(|()| check_liquidity(before, account, &tape, &mut taken))
                    .and_then(|()| check_books(account, &tape))
                    .and_then(|()| check_orders(account, &tape));
            }
            before = Some(account.clone());
        });
        found?;
        for order in account.orders() {
            let due = order.order.time_in_force == TimeInForce::Day;
            prop_assert!(!due || order.status.is_final(), "a DAY order ends: {:?}", order);
        }
    }

    /// An order that only takes a position back is never refused by a limit.
    #[test]
    fn an_exit_is_always_possible(world in worlds(), trader in traders()) {
        let tape = world.tape();
        let (_, journal) = trade(&tape, &trader, |_| {});
        let last = tape.moment(at(9 * 86_400 + 12 * 3_600));
        let journal: Vec<_> = journal.into_iter().filter(|it| it.0 <= last).collect();
        let mut account = replay(&tape, &journal, last, &[]);
        let waits = |it: &&Order| !it.status.is_final();
        let waiting: Vec<u32> =
            account.orders().iter().filter(waits).map(|it| it.number).collect();
        for number in waiting {
            account.cancel(number).unwrap();
        }
        let placed = account.orders().len();
        for holding in account.positions(&tape).collect::<Vec<_>>() {
            let exit = NewOrder {
                instrument: holding.instrument,
                side: if holding.quantity > Quantity::ZERO { Side::Sell } else { Side::Buy },
                quantity: holding.quantity.abs(),
                kind: OrderKind::Market,
                time_in_force: TimeInForce::Gtc,
                client_order_id: None,
            };
            account.place(&tape, exit).unwrap();
        }
        account.advance(&tape, tape.moment(end()));
        for exit in &account.orders()[placed..] {
            let refused = exit.why.filter(|why| {
                !matches!(why, Why::MarginCall { .. } | Why::GtcEnded { .. })
            });
            prop_assert_eq!(refused, None, "{:?}", exit);
        }
    }
}
