//! What a step allocates, and how much memory everything here took.

use std::sync::Arc;

use anyhow::ensure;
use sim::{
    Price, Run, Scenario,
    num::SCALE,
    order::{NewOrder, OrderKind, Side},
};

use crate::{
    agent::{Agent, Cross, EqualWeight, Player, SLOW},
    measure::{allocations, peak_mib},
    report::{Report, Target::AtMost},
};

/// Bars after which everything that grows with the universe has its size.
const WARM_UP: usize = 2 * SLOW as usize;
/// Doublings of the vectors that grow with what happens: the fills, and the longest queue.
const GROWTHS_MAX: usize = 24;

/// Orders at once what it will never get: every later step works through a queue that waits.
struct Patient;

impl Agent for Patient {
    fn decide(&mut self, run: &Run, orders: &mut Vec<NewOrder>) {
        if run.now() > run.rules().warmup {
            return;
        }
        let one = sim::Quantity::from_units(SCALE);
        orders.extend(run.market().symbols().map(|symbol| NewOrder {
            kind: OrderKind::Limit(Price::from_units(1)),
            ..NewOrder::market(symbol, Side::Buy, one)
        }));
    }
}

/// Allocations of the steps of one run.
#[derive(Default)]
struct Steps {
    quiet: usize,
    quiet_allocations: usize,
    fills: usize,
    allocations: usize,
}

pub(crate) fn measure(scenario: &Arc<Scenario>, report: &mut Report) -> anyhow::Result<()> {
    let table = report.table(
        "Memory",
        &["workload", "steps without orders", "allocations", "fills in other steps", "allocations"],
    );
    let sma = count(scenario, Cross::new(&scenario.market))?;
    let rebal = count(scenario, EqualWeight)?;
    let patient = count(scenario, Patient)?;
    for (name, steps) in [("sma20", &sma), ("rebal20", &rebal), ("resting orders", &patient)] {
        let Steps { quiet, quiet_allocations, fills, allocations } = *steps;
        table.row([
            name.into(),
            quiet.to_string(),
            quiet_allocations.to_string(),
            fills.to_string(),
            allocations.to_string(),
        ]);
        ensure!(quiet_allocations == 0, "{name}: a step without orders allocates");
        ensure!(allocations <= GROWTHS_MAX, "{name}: fills allocate {allocations} times");
    }
    ensure!(sma.quiet > 0 && patient.quiet > 0, "there is no step without orders");
    ensure!(sma.fills > 0 && rebal.fills > 0, "nothing is filled");
    table.target("peak of this process, MiB", peak_mib()?, AtMost(100.0));
    table.note(format!(
        "Counted by the allocator after {WARM_UP} bars. The allocations that are left are the \
         doublings of the list of fills ({} bytes each) and of the queue. The resting orders are \
         a limit order per symbol that waits from the first bar to the last.",
        size_of::<sim::run::Fill>()
    ));
    Ok(())
}

fn count(scenario: &Arc<Scenario>, agent: impl Agent) -> anyhow::Result<Steps> {
    let mut player = Player::new(scenario, agent);
    player.play_while(|run| run.now() < WARM_UP)?;
    let mut steps = Steps::default();
    // The last step reports the orders that expire with the run.
    while player.run.now() + 1 < scenario.market.last() {
        let (fills, before) = (player.run.fills().len(), allocations());
        player.step(None)?;
        let made = allocations() - before;
        if player.sent > 0 {
            steps.fills += player.run.fills().len() - fills;
            steps.allocations += made;
        } else {
            steps.quiet += 1;
            steps.quiet_allocations += made;
        }
    }
    Ok(steps)
}
