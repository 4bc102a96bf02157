//! Random markets, rules and agents for the property tests.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*};
use sim::{
    Command, Market, Money, Price, Quantity, Rules, Run, Scenario, SymbolId, Timestamp,
    market::{Bar, Instrument, MarketData},
    num::Leverage,
    order::{NewOrder, OrderId, OrderKind, Side, TimeInForce},
    outcome::{Outcome, Refusal},
    rules::{LimitFill, PathPolicy},
};

/// Bars in a session of a random market.
const SESSION: usize = 3;
pub(crate) const SIDES: [Side; 4] = [Side::Buy, Side::Sell, Side::Short, Side::Cover];
const TIFS: [TimeInForce; 4] =
    [TimeInForce::Gtc, TimeInForce::Day, TimeInForce::Ioc, TimeInForce::Fok];

/// Rules without costs or leverage, from which the fixtures and the random rules start.
pub(crate) fn free_rules() -> Rules {
    Rules {
        starting_cash: Money::whole(100_000),
        leverage_cap: Leverage::ONE,
        short_enabled: true,
        commission_bps: 0,
        borrow_bps_annual: 0,
        sessions_per_year: 252,
        limit_fill: LimitFill::Through,
        path_policy: PathPolicy::Worst,
        participation_pct: None,
        warmup: 0,
    }
}

/// A bar in cents.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    pub(crate) volume: u32,
}

/// A scenario in a form that is easily changed.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) rules: Rules,
    pub(crate) slippage: Vec<u32>,
    /// A row per instant, a cell per symbol.
    pub(crate) rows: Vec<Vec<Option<Cell>>>,
    /// Raw units in one cent.
    pub(crate) cent: i64,
}

impl World {
    pub(crate) fn scenario(&self) -> Arc<Scenario> {
        let bar = |t: usize, cell: &Cell| Bar {
            ts: instant(t),
            open: Price::from_units(cell.open * self.cent),
            high: Price::from_units(cell.high * self.cent),
            low: Price::from_units(cell.low * self.cent),
            close: Price::from_units(cell.close * self.cent),
            volume: f64::from(cell.volume),
        };
        let column = |s: usize| {
            let cells = self.rows.iter().enumerate();
            cells.filter_map(|(t, row)| row[s].as_ref().map(|cell| bar(t, cell))).collect()
        };
        let instruments = self.slippage.iter().enumerate();
        let data = MarketData {
            instruments: instruments
                .map(|(s, &slippage_bps)| Instrument { symbol: format!("S{s}"), slippage_bps })
                .collect(),
            bars: (0..self.slippage.len()).map(column).collect(),
            ..MarketData::default()
        };
        let market = Market::new(data, Timestamp::date).expect("good bars");
        Arc::new(Scenario::new(self.rules.clone(), market).expect("good rules"))
    }

    pub(crate) fn run(&self) -> Run {
        Run::new(self.scenario())
    }

    /// The same world with its columns in reverse order.
    pub(crate) fn mirrored(&self) -> Self {
        let mut world = self.clone();
        world.slippage.reverse();
        world.rows.iter_mut().for_each(|row| row.reverse());
        world
    }
}

fn instant(t: usize) -> Timestamp {
    let t = i64::try_from(t).unwrap();
    let session = i64::try_from(SESSION).unwrap();
    Timestamp::from_seconds(1_700_006_400 + t / session * 86_400 + t % session * 3_600)
}

/// How a bar differs from the one before, in per mille of the price.
type Moves = (i64, i64, i64, i64, u32, u8);

fn moves() -> impl Strategy<Value = Moves> {
    (-120..=120_i64, -120..=120_i64, 0..=80_i64, 0..=80_i64, 0..3_000_u32, 0..5_u8)
}

/// Bars of a random walk. Some bar exists at every instant, so that indices are instants.
fn rows(width: usize, first: &[i64], moves: &[Vec<Moves>]) -> Vec<Vec<Option<Cell>>> {
    let mut last = first.to_vec();
    let mut rows = Vec::new();
    for (t, row) in moves.iter().enumerate() {
        let cell = |s: usize| {
            let (gap, drift, up, down, volume, presence) = row[s];
            if presence == 0 && t % width != s {
                return None;
            }
            let open = (last[s] + last[s] * gap / 1_000).max(10);
            let close = (open + open * drift / 1_000).max(10);
            let high = open.max(close) + open * up / 1_000;
            let low = (open.min(close) - open * down / 1_000).max(1);
            Some(Cell { open, high, low, close, volume })
        };
        let cells: Vec<Option<Cell>> = (0..width).map(cell).collect();
        for (last, cell) in last.iter_mut().zip(&cells) {
            *last = cell.map_or(*last, |cell| cell.close);
        }
        rows.push(cells);
    }
    rows
}

/// Rows for the instants after `t` that differ from the world's own, in prices and in gaps.
pub(crate) fn other_future(world: &World, t: usize, first: &[i64], moves: &[Vec<Moves>]) -> World {
    let width = world.slippage.len();
    let other = rows(width, first, moves);
    let mut world = world.clone();
    for at in t + 1..world.rows.len() {
        world.rows[at].clone_from(&other[at % other.len()]);
        // The forced bar of an instant is that of its own row.
        let forced = at % width;
        if world.rows[at][forced].is_none() {
            world.rows[at][forced] = Some(Cell { open: 5, high: 9, low: 2, close: 7, volume: 1 });
        }
    }
    world
}

pub(crate) fn futures(width: usize) -> impl Strategy<Value = (Vec<i64>, Vec<Vec<Moves>>)> {
    (vec(1_000..20_000_i64, width), vec(vec(moves(), width), 4..8))
}

fn rules() -> impl Strategy<Value = Rules> {
    let costs = (0..3_usize, any::<bool>(), 0..60_u32, 0..3_000_u32);
    let fills = (any::<bool>(), 0..5_usize, option::weighted(0.3, 1..50_u32), 0..3_usize);
    (costs, fills).prop_map(|((cap, short_enabled, commission, borrow), fills)| Rules {
        leverage_cap: Leverage::from_f64([1.0, 2.0, 4.0][cap]).unwrap(),
        short_enabled,
        commission_bps: commission,
        borrow_bps_annual: borrow,
        limit_fill: if fills.0 { LimitFill::Through } else { LimitFill::Touch },
        path_policy: PathPolicy::from_name(PathPolicy::NAMES[fills.1]).unwrap(),
        participation_pct: fills.2,
        warmup: fills.3,
        ..free_rules()
    })
}

/// Markets of one to four symbols with gaps, over six to 23 bars, with any rules.
pub(crate) fn worlds() -> impl Strategy<Value = World> {
    (1..=4_usize).prop_flat_map(|width| {
        let market = (vec(1_000..20_000_i64, width), vec(vec(moves(), width), 6..24));
        (rules(), vec(0..40_u32, width), market).prop_map(
            move |(rules, slippage, (first, moves))| World {
                rules,
                slippage,
                rows: rows(width, &first, &moves),
                cent: 1_000_000,
            },
        )
    })
}

/// An order as an agent has it in mind, before it looks at its books.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    symbol: usize,
    side: usize,
    /// Of the position for an exit, of equity × cap for an entry.
    percent: i64,
    kind: u8,
    offsets: (i64, i64),
    time_in_force: usize,
}

/// A turn in mind.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    cancel: Option<usize>,
    wishes: Vec<Wish>,
    steps: u32,
}

fn wish(kinds: u8) -> impl Strategy<Value = Wish> {
    let offset = || -100..=100_i64;
    // Two thirds of all orders are good till cancelled.
    let tif = prop_oneof![2 => Just(0), 1 => 0..4_usize];
    let percent = prop_oneof![3 => 1..=40_i64, 2 => 80..=100_i64, 1 => 100..=120_i64];
    (0..4_usize, 0..4_usize, percent, 0..kinds, (offset(), offset()), tif).prop_map(
        |(symbol, side, percent, kind, offsets, time_in_force)| Wish {
            symbol,
            side,
            percent,
            kind,
            offsets,
            time_in_force,
        },
    )
}

fn plans(kinds: u8) -> impl Strategy<Value = Vec<Plan>> {
    let cancel = option::weighted(0.2, 0..4_usize);
    let plan = (cancel, vec(wish(kinds), 0..4), 0..3_u32)
        .prop_map(|(cancel, wishes, steps)| Plan { cancel, wishes, steps });
    vec(plan, 1..18)
}

/// Agents that use every kind of order.
pub(crate) fn agents() -> impl Strategy<Value = Vec<Plan>> {
    plans(4)
}

/// Agents that use market orders only.
pub(crate) fn market_agents() -> impl Strategy<Value = Vec<Plan>> {
    plans(1)
}

impl Wish {
    /// The order, given the books: an entry that is likely to fit, an exit of what there will be.
    fn order(&self, run: &Run, whole: bool) -> NewOrder {
        let symbols: Vec<SymbolId> = run.market().symbols().collect();
        let symbol = symbols[self.symbol % symbols.len()];
        let queued = run.working_orders().iter().filter(|it| it.order.symbol == symbol);
        let queued: i64 = queued.map(|it| it.order.side.direction() * it.remaining.units()).sum();
        let held = run.position(symbol).quantity.units() + queued;
        let side = match (SIDES[self.side], held.signum()) {
            // Most wishes suit the position that there will be.
            (Side::Sell | Side::Cover, 1) => Side::Sell,
            (Side::Sell | Side::Cover, -1) => Side::Cover,
            (Side::Sell, 0) if self.percent > 10 => Side::Buy,
            (Side::Short, _) if !run.rules().short_enabled && self.percent > 10 => Side::Buy,
            (side, _) => side,
        };
        let mark = i128::from(run.market().mark(run.now(), symbol).units());
        let units = if side.opens() {
            let room = run.rules().leverage_cap.limit(run.last_sample().equity()).units().max(0);
            let room = room * i128::from(self.percent) * 1_000_000;
            i64::try_from(room.checked_div(mark).unwrap_or(1)).unwrap_or(i64::MAX)
        } else {
            held.abs() / 100 * self.percent.min(100)
        };
        let units = if whole { units / 100_000_000 * 100_000_000 } else { units };
        let mark = i64::try_from(mark).unwrap();
        let price = |offset: i64| Price::from_units((mark + mark / 1_000 * offset).max(1));
        let (one, two) = (price(self.offsets.0), price(self.offsets.1));
        NewOrder {
            kind: match self.kind {
                0 => OrderKind::Market,
                1 => OrderKind::Limit(one),
                2 => OrderKind::Stop(one),
                _ => OrderKind::StopLimit { stop: one, limit: two },
            },
            time_in_force: TIFS[self.time_in_force],
            ..NewOrder::market(symbol, side, Quantity::from_units(units))
        }
    }
}

impl Plan {
    /// The turn's commands: each order alone, so that one refusal does not silence the rest, and
    /// step by step.
    pub(crate) fn commands(&self, run: &Run, whole: bool) -> Vec<Command> {
        let mut commands = Vec::new();
        if let Some(order) = self.cancel.and_then(|at| run.working_orders().get(at)) {
            commands.push(Command::Turn { cancel: vec![order.id], orders: Vec::new(), steps: 0 });
        }
        let orders = self.wishes.iter().map(|wish| wish.order(run, whole));
        commands.extend(orders.map(|order| Command::order(vec![order])));
        commands.extend((0..self.steps).map(|_| Command::step(1)));
        commands
    }
}

/// What a command came to.
pub(crate) type Reply = Result<Outcome, Refusal>;

/// Plays an agent; answers the run, and every command with its reply.
pub(crate) fn play(mut run: Run, agent: &[Plan], whole: bool) -> (Run, Vec<(Command, Reply)>) {
    let mut log = Vec::new();
    for plan in agent {
        for command in plan.commands(&run, whole) {
            let reply = run.apply(&command);
            log.push((command, reply));
        }
    }
    (run, log)
}

/// Any command at all.
pub(crate) fn chaos(run: &Run) -> BoxedStrategy<Command> {
    let symbols: Vec<SymbolId> = run.market().symbols().collect();
    let number = || {
        prop_oneof![
            Just(i64::MIN),
            Just(i64::MAX),
            Just(0),
            Just(1),
            Just(100_000_000),
            Just(100_000_000_000_000_000),
            any::<i64>(),
            1..1_000_000_000_000_i64,
        ]
    };
    let kind = (0..4_u8, number(), number()).prop_map(|(kind, one, two)| {
        let (one, two) = (Price::from_units(one), Price::from_units(two));
        match kind {
            0 => OrderKind::Market,
            1 => OrderKind::Limit(one),
            2 => OrderKind::Stop(one),
            _ => OrderKind::StopLimit { stop: one, limit: two },
        }
    });
    let order = (proptest::sample::select(symbols), 0..4_usize, number(), kind, 0..4_usize)
        .prop_map(|(symbol, side, quantity, kind, tif)| NewOrder {
            kind,
            time_in_force: TIFS[tif],
            ..NewOrder::market(symbol, SIDES[side], Quantity::from_units(quantity))
        });
    let id = prop_oneof![0..6_u32, any::<u32>()].prop_map(OrderId);
    let steps = prop_oneof![4 => 0..2_u32, 1 => any::<u32>(), 1 => Just(u32::MAX)];
    let turn = (vec(id, 0..2), vec(order, 0..3), steps)
        .prop_map(|(cancel, orders, steps)| Command::Turn { cancel, orders, steps });
    prop_oneof![12 => turn, 1 => Just(Command::Abandon)].boxed()
}

/// What the fills of a run did to its cash, commissions included.
pub(crate) fn flows(run: &Run) -> Money {
    run.fills().iter().fold(Money::ZERO, |flows, fill| {
        let value = if fill.side.direction() > 0 { -fill.value } else { fill.value };
        flows + value - fill.commission
    })
}
