//! Markets and commands drawn from bytes: small, whole, and often enough sensible.

use std::sync::Arc;

use arbitrary::Arbitrary;
use sim::{
    Command, Date, Market, Money, Price, Quantity, Rules, Run, Scenario, SymbolId, Timestamp,
    market::{Bar, Instrument, MarketData},
    num::Leverage,
    order::{NewOrder, OrderId, OrderKind, Side, TimeInForce},
    rules::{LimitFill, PathPolicy},
};

/// Bars of a market.
const ROWS_MAX: usize = 24;
/// Instruments of a market.
const WIDTH_MAX: usize = 3;
/// Bars in a session.
const SESSION: i64 = 3;
const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

const SIDES: [Side; 4] = [Side::Buy, Side::Sell, Side::Short, Side::Cover];
const TIMES: [TimeInForce; 4] =
    [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok];
const POLICIES: [PathPolicy; 5] = [
    PathPolicy::Worst,
    PathPolicy::Best,
    PathPolicy::HighFirst,
    PathPolicy::LowFirst,
    PathPolicy::Nearest,
];

/// A market and what somebody does in it.
#[derive(Debug, Arbitrary)]
pub struct Play {
    costs: Costs,
    rows: Vec<[Option<Cell>; WIDTH_MAX]>,
    /// What is done, in order.
    pub turns: Vec<Turn>,
}

#[derive(Debug, Arbitrary)]
struct Costs {
    cash: u32,
    leverage: u8,
    short_enabled: bool,
    commission_bps: u16,
    borrow_bps: u32,
    slippage_bps: [u16; WIDTH_MAX],
    touch: bool,
    policy: u8,
    participation: Option<u8>,
    warmup: u8,
    /// Prices are counted in this power of ten raw units.
    decimals: u8,
}

#[derive(Debug, Arbitrary)]
struct Cell {
    prices: [u16; 4],
    volume: u16,
}

/// One decision.
#[derive(Debug, Arbitrary)]
pub enum Turn {
    /// Cancel, order and step.
    Trade { cancel: Option<u8>, wishes: Vec<Wish>, steps: u8 },
    /// Step as far as this goes.
    Far(u32),
    /// Give up.
    Abandon,
}

/// An order in terms of what is held and what can be afforded.
#[derive(Debug, Arbitrary)]
pub struct Wish {
    symbol: u8,
    side: u8,
    units: Units,
    kind: Kind,
    time_in_force: u8,
}

#[derive(Debug, Arbitrary)]
enum Units {
    /// A share of the position that there will be, or of the buying power.
    Percent(u8),
    /// As it is.
    Raw(i64),
}

#[derive(Debug, Arbitrary)]
enum Kind {
    Market,
    Limit(Level),
    Stop(Level),
    StopLimit(Level, Level),
}

#[derive(Debug, Arbitrary)]
enum Level {
    /// Per mille away from the last close.
    Near(i8),
    /// As it is.
    Raw(i64),
}

impl Play {
    /// The scenario, if the bytes make one.
    pub fn scenario(&self) -> Option<Arc<Scenario>> {
        let rows = &self.rows[..self.rows.len().min(ROWS_MAX)];
        let scale = 10_i64.pow(u32::from(self.costs.decimals % 13));
        let column = |at: usize| -> Vec<Bar> {
            let cells = rows.iter().zip(0_i64..);
            let bars = cells.filter_map(|(row, t)| Some(row[at].as_ref()?.bar(t, scale)));
            bars.collect()
        };
        let columns =
            (0..WIDTH_MAX).map(|at| (at, column(at))).filter(|(_, bars)| !bars.is_empty());
        let (instruments, bars) = columns
            .map(|(at, bars)| {
                let slippage_bps = u32::from(self.costs.slippage_bps[at] % 5_000);
                (Instrument { symbol: format!("S{at}"), slippage_bps }, bars)
            })
            .unzip();
        let data = MarketData { instruments, bars, benchmark: None, reference: None };
        let market = Market::new(data, |ts| {
            Date::from_days(i32::try_from(ts.seconds() / DAY).expect("a few days"))
        });
        Scenario::new(self.costs.rules(), market.ok()?).ok().map(Arc::new)
    }
}

impl Costs {
    fn rules(&self) -> Rules {
        let cash = i32::try_from(self.cash % 1_000_000_000).expect("below a billion") + 1;
        Rules {
            starting_cash: Money::whole(cash),
            leverage_cap: Leverage::from_f64(f64::from(self.leverage % 100) + 1.0)
                .expect("between 1 and 100"),
            short_enabled: self.short_enabled,
            commission_bps: u32::from(self.commission_bps % 1_001),
            borrow_bps_annual: self.borrow_bps % 100_001,
            sessions_per_year: 252,
            limit_fill: if self.touch { LimitFill::Touch } else { LimitFill::Through },
            path_policy: POLICIES[usize::from(self.policy) % POLICIES.len()],
            participation_pct: self.participation.map(|it| u32::from(it % 100) + 1),
            warmup: usize::from(self.warmup % 4),
        }
    }
}

impl Cell {
    fn bar(&self, t: i64, scale: i64) -> Bar {
        let raw = self.prices.map(|it| (i64::from(it) + 1) * scale);
        let [open, close, one, two] = raw.map(Price::from_units);
        Bar {
            ts: Timestamp::from_seconds(t / SESSION * DAY + t % SESSION * HOUR),
            open,
            close,
            high: open.max(close).max(one).max(two),
            low: open.min(close).min(one).min(two),
            volume: f64::from(self.volume),
        }
    }
}

impl Turn {
    /// The command in this state of the run.
    pub fn command(&self, run: &Run) -> Command {
        match self {
            Self::Abandon => Command::Abandon,
            Self::Far(steps) => Command::step(*steps),
            Self::Trade { cancel, wishes, steps } => Command::Turn {
                cancel: cancel.iter().map(|&at| waiting(run, at)).collect(),
                orders: wishes.iter().map(|wish| wish.order(run)).collect(),
                steps: u32::from(*steps % 8),
            },
        }
    }
}

/// Mostly an order that waits.
fn waiting(run: &Run, at: u8) -> OrderId {
    let waiting = run.working_orders().get(usize::from(at));
    waiting.map_or(OrderId(at.into()), |order| order.id)
}

impl Wish {
    fn order(&self, run: &Run) -> NewOrder {
        let symbols: Vec<SymbolId> = run.market().symbols().collect();
        let symbol = symbols[usize::from(self.symbol) % symbols.len()];
        let side = SIDES[usize::from(self.side) % SIDES.len()];
        let mark = run.market().mark(run.now(), symbol).units();
        NewOrder {
            kind: self.kind.at(mark),
            time_in_force: TIMES[usize::from(self.time_in_force) % TIMES.len()],
            ..NewOrder::market(symbol, side, self.units.of(run, symbol, side, mark))
        }
    }
}

impl Units {
    fn of(&self, run: &Run, symbol: SymbolId, side: Side, mark: i64) -> Quantity {
        let percent = match self {
            Self::Raw(units) => return Quantity::from_units(*units),
            Self::Percent(percent) => i128::from(*percent),
        };
        let whole = if side.opens() {
            let room = run.rules().leverage_cap.limit(run.last_sample().equity()).units().max(0);
            room * i128::from(sim::num::SCALE) / i128::from(mark.max(1))
        } else {
            let orders = run.working_orders().iter().filter(|it| it.order.symbol == symbol);
            let queued: i64 =
                orders.map(|it| it.order.side.direction() * it.remaining.units()).sum();
            i128::from(run.position(symbol).quantity.units() + queued).abs()
        };
        Quantity::from_units(i64::try_from(whole * percent / 100).unwrap_or(i64::MAX))
    }
}

impl Kind {
    fn at(&self, mark: i64) -> OrderKind {
        match self {
            Self::Market => OrderKind::Market,
            Self::Limit(level) => OrderKind::Limit(level.at(mark)),
            Self::Stop(level) => OrderKind::Stop(level.at(mark)),
            Self::StopLimit(stop, limit) => {
                OrderKind::StopLimit { stop: stop.at(mark), limit: limit.at(mark) }
            }
        }
    }
}

impl Level {
    fn at(&self, mark: i64) -> Price {
        Price::from_units(match self {
            Self::Near(offset) => mark + mark / 1_000 * i64::from(*offset),
            Self::Raw(units) => *units,
        })
    }
}
