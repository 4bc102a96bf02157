//! What a step allocates, and how much memory everything here took.

use std::sync::Arc;

use anyhow::ensure;
use sim::{Scenario, Status};

use crate::{
    agent::{Agent, Cross, EqualWeight, Player, SLOW},
    measure::{allocations, peak_mib},
    report::{Report, Target::AtMost},
};

/// Bars after which everything that grows with the universe has its size.
const WARM_UP: usize = 2 * SLOW as usize;
/// Doublings of the vectors that grow with what happens: the fills, and the longest queue.
const GROWTHS_MAX: usize = 24;

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
    for (name, steps) in [("sma20", &sma), ("rebal20", &rebal)] {
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
    ensure!(sma.quiet > 0, "sma20 has no step without orders");
    table.target("peak of this process, MiB", peak_mib()?, AtMost(100.0));
    table.note(format!(
        "Counted by the allocator after {WARM_UP} bars. The allocations that are left are the \
         doublings of the list of fills ({} bytes each) and of the queue.",
        size_of::<sim::run::Fill>()
    ));
    Ok(())
}

fn count(scenario: &Arc<Scenario>, agent: impl Agent) -> anyhow::Result<Steps> {
    let mut player = Player::new(scenario, agent);
    player.play_while(|run| run.now() < WARM_UP)?;
    let mut steps = Steps::default();
    while player.run.status() == Status::Active {
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
    ensure!(steps.fills > 0, "nothing was filled");
    Ok(steps)
}
