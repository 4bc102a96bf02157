//! A text form for one rule of paper trading: a market, what a trader does, and what came of it.
//!
//! ```text
//! # The rule, and why it is so.
//! A STOCK daily slippage 2        listings: symbol, kind, calendar (`always` unless said)
//!
//! at        | A                   what was printed; a time is `day.hour:minute`, day 0 a Monday
//! 0.10-0.11 | 100 110 95 105 v30  a bar: open high low close, volume; or open and close, or one
//! 0.12      | 104                 one price
//!
//! > 0.10:30 cancel 1; buy A 10 limit 95 day as mine
//! #2 OPEN                         what follows is written by `UPDATE=1 cargo test`
//! ```
//!
//! The calendar `daily` has a session from 9 to 16 on every weekday. Equity is sampled at 16.

use std::{fmt::Write as _, sync::Arc};

use sim::{
    Money, Price, Quantity, SymbolId, Timestamp,
    order::{OrderKind, TimeInForce},
    paper::{
        Account, AssetType, Calendar, Fill, Listing, NewOrder, Order, Print, STARTING_CASH, Sample,
        Session, Side, Snapshots, Tape, Tick,
    },
};

const BASE: i64 = 1_699_833_600;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Plays a fixture and answers its text with what really happened after each command.
pub(crate) fn play(text: &str) -> String {
    assert!(text.starts_with("# "), "a fixture begins with its rule");
    let commands = text.find("\n>").expect("a fixture has commands") + 1;
    let (head, script) = text.split_at(commands);
    let tape = read_tape(head);
    let start = tape.moment(Timestamp::from_seconds(BASE));
    let mut account = Account::open(&tape, start);
    let mut restless = account.clone();
    let mut written = head.to_owned();
    for line in script.lines() {
        if line.is_empty() || line.starts_with(['#', '>']) {
            written.extend([line, "\n"]);
        }
        if let Some(line) = line.strip_prefix("> ") {
            let before = account.clone();
            let (at, commands) = line.split_once(' ').unwrap_or((line, "look"));
            let at = read_time(at);
            let mut errors = Vec::new();
            account.advance(&tape, tape.moment(at));
            for minute in (restless.moment().at.seconds()..at.seconds()).step_by(60) {
                restless.advance(&tape, tape.moment(Timestamp::from_seconds(minute)));
            }
            restless.advance(&tape, tape.moment(at));
            for command in commands.split(';') {
                errors.extend(carry_out(&mut account, &tape, command.trim()));
                carry_out(&mut restless, &tape, command.trim());
            }
            assert!(account == restless, "who looks every minute changes nothing");
            for line in errors.into_iter().chain(render(&before, &account, &tape)) {
                written.extend([&line, "\n"]);
            }
        }
    }
    let cash = account.fills().iter().fold(STARTING_CASH, |cash, fill| {
        let value = if fill.side == Side::Buy { -fill.value } else { fill.value };
        cash + value - fill.commission
    });
    assert_eq!(cash, account.cash(), "money comes and goes with fills alone");
    written
}

fn read_time(text: &str) -> Timestamp {
    let (day, clock) = text.split_once('.').unwrap_or((text, "0"));
    let (hour, minute) = clock.split_once(':').unwrap_or((clock, "0"));
    let number = |text: &str| text.parse::<i64>().expect(text);
    let seconds = number(day) * DAY + number(hour) * HOUR + number(minute) * 60;
    Timestamp::from_seconds(BASE + seconds)
}

/// What is shown of an instant, as it is written.
fn time(at: Timestamp) -> String {
    let seconds = at.seconds() - BASE;
    let (hour, minute) = (seconds % DAY / HOUR, seconds % HOUR / 60);
    let minute = if minute == 0 { String::new() } else { format!(":{minute:02}") };
    format!("{}.{hour:02}{minute}", seconds / DAY)
}

/// The weekdays of half a year.
fn daily() -> Arc<[Session]> {
    let day = |day: i64| Session {
        opens: Timestamp::from_seconds(BASE + day * DAY + 9 * HOUR),
        closes: Timestamp::from_seconds(BASE + day * DAY + 16 * HOUR),
    };
    (0..180).filter(|it| it % 7 < 5).map(day).collect()
}

fn read_tape(head: &str) -> Tape {
    let closes = daily().iter().map(|it| it.closes).collect();
    let mut tape = Tape::new(Vec::new(), 252, Snapshots::At(closes)).unwrap();
    let (mut columns, mut ticks) = (Vec::new(), Vec::new());
    for line in head.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["at", symbols @ ..] => columns = symbols.iter().map(|it| tape.find(it)).collect(),
            [listing] => {
                tape.list(read_listing(listing)).unwrap();
            }
            [label, cells @ ..] => {
                for (instrument, cell) in columns.iter().zip(cells) {
                    let instrument = instrument.expect("a listed instrument");
                    ticks.extend(read_prints(instrument, label, cell));
                }
            }
            [] => {}
        }
    }
    // A bar ends before the next one begins.
    ticks.sort_by_key(|it: &Tick| (it.at, matches!(it.print, Print::Open(_))));
    for tick in ticks {
        tape.push(tick).unwrap();
    }
    tape
}

fn read_listing(line: &str) -> Listing {
    let mut words = line.split_whitespace();
    let (symbol, kind) = (words.next().unwrap(), words.next().unwrap());
    let asset_type = AssetType::from_name(kind).expect(kind);
    let (mut calendar, mut slippage_bps) = (Calendar::Always, 0);
    while let Some(word) = words.next() {
        match word {
            "daily" => calendar = Calendar::Listed(daily()),
            "weekdays" => calendar = Calendar::Weekdays,
            "slippage" => slippage_bps = words.next().unwrap().parse().unwrap(),
            _ => panic!("no such setting: {word}"),
        }
    }
    let (symbol, name) = (symbol.to_owned(), format!("{symbol} of a fixture"));
    Listing { symbol, name, asset_type, slippage_bps, calendar }
}

fn read_prints(instrument: SymbolId, label: &str, cell: &str) -> Vec<Tick> {
    if cell.is_empty() || cell == "-" {
        return Vec::new();
    }
    let (prices, volume) = cell.split_once('v').unwrap_or((cell, "0"));
    let prices: Vec<Price> = prices.split_whitespace().map(|it| it.parse().unwrap()).collect();
    let volume = volume.trim().parse().unwrap();
    let tick = |at: &str, print| Tick { at: read_time(at), instrument, print };
    let Some((begins, ends)) = label.split_once('-') else {
        return vec![tick(label, Print::Price(prices[0]))];
    };
    let [open, high, low, close] = match *prices.as_slice() {
        [price] => [price; 4],
        [open, close] => [open, open.max(close), open.min(close), close],
        [open, high, low, close] => [open, high, low, close],
        _ => panic!("a bar has one, two or four prices: {cell}"),
    };
    vec![tick(begins, Print::Open(open)), tick(ends, Print::Bar { high, low, close, volume })]
}

/// Does one thing; answers why not.
fn carry_out(account: &mut Account, tape: &Tape, command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["look"] => None,
        ["cancel", number] => {
            let cancelled = account.cancel(number.parse().unwrap());
            cancelled.err().map(|it| format!("not cancelled: {it}"))
        }
        [side, symbol, quantity, rest @ ..] => {
            let side = Side::from_name(&side.to_uppercase()).expect("a side");
            let instrument = tape.find(symbol).expect("a symbol of the fixture");
            let order = read_order(instrument, side, quantity.parse().unwrap(), rest);
            account.place(tape, order).err().map(|it| format!("not placed: {it}"))
        }
        _ => panic!("no such command: {command}"),
    }
}

fn read_order(instrument: SymbolId, side: Side, quantity: Quantity, rest: &[&str]) -> NewOrder {
    let (mut stop, mut limit, mut id) = (None, None, None);
    let mut time_in_force = TimeInForce::Gtc;
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        let mut price = || Some(words.next().unwrap().parse::<Price>().unwrap());
        match *word {
            "limit" => limit = price(),
            "stop" => stop = price(),
            "as" => id = Some(Arc::from(*words.next().unwrap())),
            tif => {
                let all = [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok];
                time_in_force = all.into_iter().find(|it| it.name() == tif).expect(tif);
            }
        }
    }
    let kind = match (stop, limit) {
        (None, None) => OrderKind::Market,
        (None, Some(limit)) => OrderKind::Limit(limit),
        (Some(stop), None) => OrderKind::Stop(stop),
        (Some(stop), Some(limit)) => OrderKind::StopLimit { stop, limit },
    };
    NewOrder { instrument, side, quantity, kind, time_in_force, client_order_id: id }
}

/// What has changed: fills, orders, and where the account stands.
fn render(before: &Account, account: &Account, tape: &Tape) -> Vec<String> {
    let mut lines: Vec<String> =
        account.fills()[before.fills().len()..].iter().map(|it| render_fill(it, tape)).collect();
    let changed = account.orders().iter().filter(|it| before.order(it.number) != Some(it));
    lines.extend(changed.map(render_order));
    let sampled: Vec<Sample> = account.samples(tape).skip(before.samples(tape).count()).collect();
    if let [.., last] = sampled.as_slice() {
        let many = if sampled.len() > 1 { format!(" of {}", sampled.len()) } else { String::new() };
        lines.push(format!("{} sample{many} {}", time(last.at), last.equity));
    }
    let holds: Vec<String> = account
        .positions(tape)
        .map(|it| {
            let symbol = &tape.listing(it.instrument).symbol;
            format!("{symbol} {} at {}, now {}", it.quantity, it.avg_cost, it.price)
        })
        .collect();
    let holds = if holds.is_empty() { String::new() } else { format!("; {}", holds.join(", ")) };
    lines.push(format!("cash {} equity {}{holds}", account.cash(), account.equity(tape)));
    lines
}

fn render_fill(fill: &Fill, tape: &Tape) -> String {
    let order = fill.order.map_or_else(|| "forced".to_owned(), |number| format!("#{number}"));
    let symbol = &tape.listing(fill.instrument).symbol;
    let mut text = format!(
        "{} {order} {} {} {symbol} @ {}",
        time(fill.at),
        fill.side.name().to_lowercase(),
        fill.quantity,
        fill.price
    );
    for (name, cost) in [("slippage", fill.slippage), ("commission", fill.commission)] {
        if cost != Money::ZERO {
            write!(text, " {name} {cost}").unwrap();
        }
    }
    if let Some(net) = fill.net_pnl {
        write!(text, " realised {} net {net}", fill.realized_pnl).unwrap();
    }
    fill.why.map_or(text.clone(), |why| format!("{text}: {why}"))
}

fn render_order(order: &Order) -> String {
    let mut text = format!("{} #{} {}", time(order.updated_at), order.number, order.status.name());
    if let Some(average) = order.average_price() {
        write!(text, " {} of {} at {average}", order.filled, order.order.quantity).unwrap();
    }
    order.why.map_or(text.clone(), |why| format!("{text}: {why}"))
}
