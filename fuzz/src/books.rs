//! What holds of a run whatever the commands: the books balance, and refusals change nothing.

use std::sync::Arc;

use bottrade::ops::results::Results;
use serde_json::Value;
use sim::{Command, Money, Quantity, Run, Scenario, Status, metrics::Report, outcome::Refusal};

/// Exact products of price and quantity per unit of money.
const EXACT: i128 = 100_000_000;

/// A run whose books are checked after every command.
pub struct Audit {
    run: Run,
    applied: Vec<Command>,
}

impl Audit {
    /// A run at its start.
    pub fn new(scenario: Arc<Scenario>) -> Self {
        Self { run: Run::new(scenario), applied: Vec::new() }
    }

    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// Applies a command and checks what it did; whether it was accepted.
    pub fn apply(&mut self, command: Command) -> bool {
        let before = self.run.clone();
        let reply = self.run.apply(&command);
        if before.status() != Status::Active {
            assert_eq!(reply, Err(Refusal::NotActive(before.status())), "an ended run moved");
        }
        if reply.is_err() {
            assert!(self.run == before, "a refused command changed the run: {command:?}");
            return false;
        }
        self.applied.push(command);
        check(&self.run);
        true
    }

    /// Checks the run as a whole, its score and its replay, if anything was done.
    pub fn finish(&self) {
        if self.applied.is_empty() {
            return;
        }
        check_fills(&self.run);
        let replayed = Run::replay(Arc::clone(self.run.scenario()), &self.applied);
        assert!(replayed.as_ref() == Ok(&self.run), "the replay differs");
        let results = Results::of("run", &self.run, &Report::of(&self.run), String::new());
        let results = serde_json::to_value(&results).expect("results are JSON");
        // JSON writes what is not a number as null.
        assert!(!holds_null(&results), "not a number: {results}");
    }
}

/// Whether there is a null anywhere.
pub fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(members) => members.values().any(holds_null),
        _ => false,
    }
}

/// Cash, positions, sample and queue agree with each other.
fn check(run: &Run) {
    let mut cash = run.rules().starting_cash - run.costs().borrow;
    let mut held = vec![0_i64; run.market().width()];
    for fill in run.fills() {
        cash -= fill.commission;
        cash = if fill.side.direction() > 0 { cash - fill.value } else { cash + fill.value };
        held[fill.symbol.index()] += fill.side.direction() * fill.quantity.units();
    }
    assert_eq!(run.cash(), cash, "money was made or lost");
    let (mut value, mut gross) = (0_i128, 0_i128);
    for (symbol, &units) in run.market().symbols().zip(&held) {
        assert_eq!(run.position(symbol).quantity.units(), units, "a position is not its fills");
        let exact = i128::from(units) * i128::from(run.market().mark(run.now(), symbol).units());
        value += exact;
        gross += exact.abs();
    }
    let sample = run.last_sample();
    // The one rounding of a sample: half a unit at most.
    assert!((sample.positions_value.units() * EXACT - value).abs() <= EXACT / 2);
    assert!((sample.gross.units() * EXACT - gross).abs() <= EXACT / 2);
    assert_eq!(sample.cash, run.cash());
    assert_eq!(sample.equity(), sample.cash + sample.positions_value);
    assert_eq!(run.samples().len(), run.now() - run.rules().warmup + 1);
    assert!(run.now() <= run.market().last());
    assert_eq!(run.done(), run.status() == Status::Completed);
    if run.status() != Status::Active {
        assert!(run.working_orders().is_empty() && !run.liquidation_due());
    }
    check_queue(run, held);
}

/// Walked through in order of arrival, the queue never crosses zero.
fn check_queue(run: &Run, mut held: Vec<i64>) {
    for working in run.working_orders() {
        let (side, units) = (working.order.side, working.remaining.units());
        let there = &mut held[working.order.symbol.index()];
        assert!(units > 0 && working.remaining <= working.order.quantity);
        assert!(*there * side.position_sign() >= 0, "against its position: {working:?}");
        *there += side.direction() * units;
        assert!(*there * side.position_sign() >= 0, "the queue crosses zero: {working:?}");
    }
}

/// Every fill is in its place and the costs are their sum.
fn check_fills(run: &Run) {
    let mut held = vec![0_i64; run.market().width()];
    let (mut commission, mut slippage, mut traded) = (Money::ZERO, Money::ZERO, Money::ZERO);
    for fill in run.fills() {
        let units = &mut held[fill.symbol.index()];
        let before = *units * fill.side.position_sign();
        assert!(fill.quantity > Quantity::ZERO && before >= 0, "{fill:?}");
        assert!(fill.side.opens() || fill.quantity.units() <= before, "crosses zero: {fill:?}");
        *units += fill.side.direction() * fill.quantity.units();
        assert_eq!(fill.value, fill.quantity.value(fill.price));
        assert_eq!(fill.commission, fill.value.bps(run.rules().commission_bps));
        let bar = run.market().bar(fill.at, fill.symbol);
        assert!(bar.is_some() || fill.order.is_none(), "an order filled without a bar: {fill:?}");
        commission += fill.commission;
        slippage += fill.slippage;
        traded += fill.value;
    }
    let costs = run.costs();
    assert_eq!((costs.commission, costs.slippage), (commission, slippage));
    assert_eq!(run.traded(), traded);
}
