//! Random markets and traders for the properties of paper trading.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*};
use sim::{
    Price, Quantity, SymbolId, Timestamp,
    order::{OrderKind, TimeInForce},
    paper::{
        Account, AssetType, Calendar, Listing, Moment, NewOrder, Order, Print, Session, Side,
        Snapshots, Tape, Tick,
    },
};

/// A Monday.
const BASE: i64 = 1_699_833_600;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;
/// Days of a random market.
const DAYS: i64 = 12;
pub(crate) const TIFS: [TimeInForce; 4] =
    [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok];

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(BASE + seconds)
}

/// The last second that is looked at: all traders are done, and all DAY orders have ended.
pub(crate) fn end() -> Timestamp {
    at((DAYS + 150) * DAY)
}

/// 9 to 16 on every weekday.
pub(crate) fn daily() -> Arc<[Session]> {
    let day =
        |day: i64| Session { opens: at(day * DAY + 9 * HOUR), closes: at(day * DAY + 16 * HOUR) };
    (0..200).filter(|it| it % 7 < 5).map(day).collect()
}

/// Instruments of a random market.
const WIDTH: usize = 8;

/// How a print differs from the one before, in per mille of the price: the gap, and then the way;
/// at the end a die that leaves it out, or makes eight times the gap of it.
type Moves = (i64, i64, i64, i64, u32, u8);

fn moves() -> impl Strategy<Value = Moves> {
    (-80..=80_i64, -80..=80_i64, 0..=60_i64, 0..=60_i64, 0..2_000_u32, 0..60_u8)
}

/// A market in a form that is easily changed: the first prices in cents, and for every instrument
/// and quarter of a session how it moves.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) first: Vec<i64>,
    pub(crate) moves: Vec<Vec<Moves>>,
}

pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let steps = usize::try_from(DAYS * 4).unwrap();
    let heat = prop_oneof![Just(1_i64), Just(5)];
    (vec(500..20_000_i64, WIDTH), vec(vec(moves(), steps), WIDTH), heat).prop_map(
        |(first, mut moves, heat)| {
            moves.iter_mut().flatten().for_each(|it| it.0 *= heat);
            World { first, moves }
        },
    )
}

pub(crate) fn listings() -> Vec<Listing> {
    let daily = Calendar::Listed(daily());
    let rows = [
        ("A", AssetType::Stock, daily.clone(), 2),
        ("BTC/USD", AssetType::Crypto, Calendar::Always, 10),
        ("EUR/USD", AssetType::Forex, Calendar::Weekdays, 1),
        ("WTI", AssetType::Commodity, Calendar::Weekdays, 5),
        ("B", AssetType::Etf, daily.clone(), 2),
        ("C", AssetType::Stock, daily, 0),
        ("GBP/USD", AssetType::Forex, Calendar::Weekdays, 0),
        ("USD/JPY", AssetType::Forex, Calendar::Always, 1),
    ];
    let listing = |(symbol, asset_type, calendar, slippage_bps)| {
        let (symbol, name) = (String::from(symbol), String::from(symbol));
        Listing { symbol, name, asset_type, slippage_bps, calendar }
    };
    rows.into_iter().map(listing).collect()
}

pub(crate) fn empty_tape() -> Tape {
    let closes = daily().iter().map(|it| it.closes).collect();
    Tape::new(listings(), 252, Snapshots::At(closes)).unwrap()
}

impl World {
    /// Shares have bars in sessions, coins all day long; currencies have quotes, oil a fix a day.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        let ids: Vec<SymbolId> = empty_tape().instruments().collect();
        let mut ticks = Vec::new();
        for (column, &instrument) in ids.iter().enumerate() {
            let mut last = self.first[column];
            for (step, &moves) in (0..).zip(&self.moves[column]) {
                let (day, quarter) = (step / 4, step % 4);
                let (begins, lasts) = match column {
                    0 | 4 | 5 => (day * DAY + 9 * HOUR + quarter * 7 * HOUR / 4, 7 * HOUR / 4),
                    1 => (day * DAY + quarter * 6 * HOUR, 6 * HOUR),
                    2 | 6 | 7 => (day * DAY + quarter * 5 * HOUR + 17, 0),
                    _ if quarter == 0 => (day * DAY + 16 * HOUR, 0),
                    _ => continue,
                };
                let closed = matches!(column, 0 | 4 | 5) && day % 7 > 4;
                if moves.5 > 9 && !closed {
                    last = print(&mut ticks, (instrument, begins, lasts), last, moves);
                }
            }
        }
        ticks.sort_by_key(|it| (it.at, matches!(it.print, Print::Open(_)), it.instrument));
        ticks
    }

    pub(crate) fn tape(&self) -> Tape {
        tape_of(&self.ticks())
    }
}

pub(crate) fn tape_of(ticks: &[Tick]) -> Tape {
    let mut tape = empty_tape();
    for tick in ticks {
        tape.push(*tick).unwrap();
    }
    tape
}

/// Appends a bar, or one price where it lasts no time; answers the last price in cents.
fn print(
    ticks: &mut Vec<Tick>,
    (instrument, begins, lasts): (SymbolId, i64, i64),
    last: i64,
    (gap, drift, up, down, volume, die): Moves,
) -> i64 {
    let gap = if die > 57 { gap * 8 } else { gap };
    let price = |cents: i64| Price::from_units(cents * 1_000_000);
    let tick = |seconds, print| Tick { at: at(seconds), instrument, print };
    let open = (last + last * gap / 1_000).clamp(10, 100_000_000);
    if lasts == 0 {
        ticks.push(tick(begins, Print::Price(price(open))));
        return open;
    }
    let close = (open + open * drift / 1_000).max(10);
    let high = price(open.max(close) + open * up / 1_000);
    let low = price((open.min(close) - open * down / 1_000).max(1));
    let volume = Quantity::whole(i32::try_from(volume).unwrap());
    let (open, end) = (price(open), close);
    let close = price(close);
    ticks.push(tick(begins, Print::Open(open)));
    ticks.push(tick(begins + lasts, Print::Bar { high, low, close, volume }));
    end
}

/// An order as a trader has it in mind.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    instrument: usize,
    buys: bool,
    /// Closes what there is, if anything.
    closes: bool,
    /// Of equity.
    percent: i64,
    kind: u8,
    offsets: (i64, i64),
    time_in_force: usize,
}

/// What a trader does, so many seconds after what it did before.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) after: i64,
    /// Before the last print of that second, as when prints are pushed.
    early: bool,
    cancel: Option<usize>,
    wishes: Vec<Wish>,
}

fn wish() -> impl Strategy<Value = Wish> {
    let offset = || -60..=60_i64;
    let tif = prop_oneof![2 => Just(0), 2 => 0..4_usize];
    let percent = prop_oneof![1 => 1..=24_i64, 1 => 20..=24_i64, 1 => 23..=27_i64];
    let ways = (any::<bool>(), any::<bool>());
    (0..WIDTH, ways, percent, 0..4_u8, (offset(), offset()), tif).prop_map(
        |(instrument, (buys, closes), percent, kind, offsets, time_in_force)| Wish {
            instrument,
            buys,
            closes,
            percent,
            kind,
            offsets,
            time_in_force,
        },
    )
}

pub(crate) fn traders() -> impl Strategy<Value = Vec<Deed>> {
    let after = prop_oneof![1 => 0..3_i64, 3 => 1..20 * HOUR, 1 => 1..72 * HOUR];
    let cancel = option::weighted(0.2, 0..8_usize);
    let deed = (after, any::<bool>(), cancel, vec(wish(), 0..5));
    let deed =
        deed.prop_map(|(after, early, cancel, wishes)| Deed { after, early, cancel, wishes });
    vec(deed, 1..20)
}

impl Wish {
    fn order(&self, account: &Account, tape: &Tape) -> NewOrder {
        let instrument = tape.instruments().nth(self.instrument).unwrap();
        let held = account.quantity(instrument).units();
        let displayed = tape.price(instrument, account.moment());
        let price = displayed.unwrap_or(Price::whole(10)).units();
        let room = i64::try_from(account.equity(tape).units() / 100).unwrap() * self.percent;
        let cents = (price / 1_000_000).max(1);
        let (side, units) = if self.closes && held != 0 {
            (if held > 0 { Side::Sell } else { Side::Buy }, held.abs())
        } else {
            (if self.buys { Side::Buy } else { Side::Sell }, room.max(100) / cents * 100)
        };
        let own = |offset: i64| Price::from_units((price + price / 1_000 * offset).max(1));
        let (one, two) = (own(self.offsets.0), own(self.offsets.1));
        NewOrder {
            instrument,
            side,
            quantity: Quantity::from_units(units),
            kind: match self.kind {
                0 => OrderKind::Market,
                1 => OrderKind::Limit(one),
                2 => OrderKind::Stop(one),
                _ => OrderKind::StopLimit { stop: one, limit: two },
            },
            time_in_force: TIFS[self.time_in_force],
            client_order_id: None,
        }
    }
}

/// What happened at a moment: the command of a journal.
#[derive(Debug, Clone)]
pub(crate) enum Command {
    Place(NewOrder),
    Cancel(u32),
}

impl Command {
    pub(crate) fn apply(&self, account: &mut Account, tape: &Tape) {
        match self {
            Self::Place(order) => {
                account.place(tape, order.clone()).unwrap();
            }
            Self::Cancel(number) => {
                account.cancel(*number).unwrap();
            }
        }
    }
}

/// What a trader does on a tape, with `watch` called after every step, from the opening on.
pub(crate) fn trade(
    tape: &Tape,
    trader: &[Deed],
    mut watch: impl FnMut(&Account),
) -> (Account, Vec<(Moment, Command)>) {
    let mut account = Account::open(tape, tape.moment(at(0)));
    let mut journal = Vec::new();
    watch(&account);
    for deed in trader {
        let to = account.moment().at.seconds() + deed.after;
        let mut moments = moments(tape, account.moment(), Timestamp::from_seconds(to));
        if deed.early && moments.len() > 1 {
            moments.truncate(moments.len() - 2);
        }
        for moment in moments {
            account.advance(tape, moment);
            watch(&account);
        }
        let waits = |it: &&Order| !it.status.is_final();
        let cancel = deed.cancel.and_then(|nth| account.orders().iter().filter(waits).nth(nth));
        let mut commands: Vec<Command> =
            cancel.map(|it| Command::Cancel(it.number)).into_iter().collect();
        commands.extend(deed.wishes.iter().map(|wish| Command::Place(wish.order(&account, tape))));
        for command in commands {
            command.apply(&mut account, tape);
            watch(&account);
            journal.push((account.moment(), command));
        }
    }
    for moment in moments(tape, account.moment(), end()) {
        account.advance(tape, moment);
        watch(&account);
    }
    (account, journal)
}

/// The moments after `from` through `to`, one after each tick.
pub(crate) fn moments(tape: &Tape, from: Moment, to: Timestamp) -> Vec<Moment> {
    let last = tape.moment(to);
    let ticks = from.ticks + 1..=last.ticks;
    let mut all: Vec<Moment> =
        ticks.map(|ticks| Moment { ticks, at: tape.ticks()[ticks - 1].at }).collect();
    all.push(last);
    all
}

/// The account of a journal, looked at in between wherever `cuts` says.
pub(crate) fn replay(
    tape: &Tape,
    journal: &[(Moment, Command)],
    to: Moment,
    cuts: &[Moment],
) -> Account {
    let mut account = Account::open(tape, tape.moment(at(0)));
    for (moment, command) in journal {
        for cut in cuts.iter().filter(|it| *it < moment) {
            account.advance(tape, *cut);
        }
        account.advance(tape, *moment);
        command.apply(&mut account, tape);
    }
    for cut in cuts {
        account.advance(tape, *cut);
    }
    account.advance(tape, to);
    account
}
