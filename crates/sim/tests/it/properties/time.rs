//! Time: no fill knows what comes after it, and a journal is the whole truth.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sim::{
    Command, Run,
    market::Bar,
    order::{OrderId, OrderKind, WorkingOrder},
    run::{Fill, Sample},
};

use crate::world::{Cell, Reply, World, agents, futures, other_future, play, worlds};

/// All that can be read of a run without looking past its instant.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    reply: Reply,
    fills: Vec<Fill>,
    samples: Vec<Sample>,
    positions: Vec<(usize, sim::ledger::Position)>,
    working: Vec<WorkingOrder>,
    bars: Vec<Vec<Bar>>,
    rest: (sim::Money, sim::ledger::Costs, u32, bool),
}

fn seen(run: &Run, reply: Reply) -> Seen {
    let bars = |symbol| run.market().bars(run.now(), symbol, 1_000).collect();
    Seen {
        reply,
        fills: run.fills().to_vec(),
        samples: run.samples().to_vec(),
        positions: run.positions().map(|(symbol, it)| (symbol.index(), *it)).collect(),
        working: run.working_orders().to_vec(),
        bars: run.market().symbols().map(bars).collect(),
        rest: (run.cash(), run.costs(), run.ambiguous_bars(), run.liquidation_due()),
    }
}

/// What is seen after each command, while the run has not come past `t`.
fn seen_up_to(world: &World, commands: &[Command], t: usize) -> Vec<Seen> {
    let mut run = world.run();
    let mut all = Vec::new();
    for command in commands {
        let reply = run.apply(command);
        if run.now() > t {
            break;
        }
        all.push(seen(&run, reply));
    }
    all
}

/// Fills at `t` of market orders, and forced ones: what happens at an open whatever comes later.
fn open_fills(world: &World, commands: &[Command], t: usize) -> Vec<Fill> {
    let mut run = world.run();
    let mut at_market = BTreeSet::<Option<OrderId>>::from([None]);
    for command in commands {
        let reply = run.apply(command);
        if let (Command::Turn { orders, .. }, Ok(outcome)) = (command, &reply) {
            let first = outcome.first_order.map_or(0, |id| id.0);
            let ids = (first..).zip(orders).filter(|(_, it)| it.kind == OrderKind::Market);
            at_market.extend(ids.map(|(id, _)| Some(OrderId(id))));
        }
        if run.now() >= t {
            break;
        }
    }
    let fills = run.fills().iter().filter(|fill| fill.at == t && at_market.contains(&fill.order));
    fills.cloned().collect()
}

/// The same cell with another way from its open.
fn another_way(cell: Cell, (up, down, close): (i64, i64, i64)) -> Cell {
    let high = cell.open + cell.open * up / 1_000;
    let low = (cell.open - cell.open * down / 1_000).max(1);
    Cell { high, low, close: low + (high - low) * close / 1_000, ..cell }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn the_past_does_not_know_the_future(
        (world, future) in worlds().prop_flat_map(|it| {
            let width = it.slippage.len();
            (Just(it), futures(width))
        }),
        agent in agents(),
        cut in 0..23_usize,
    ) {
        let t = cut % world.rows.len();
        let other = other_future(&world, t, &future.0, &future.1);
        let (_, log) = play(world.run(), &agent, false);
        let commands: Vec<Command> = log.into_iter().map(|(command, _)| command).collect();
        let (one, two) = (seen_up_to(&world, &commands, t), seen_up_to(&other, &commands, t));
        prop_assert_eq!(one, two);
    }

    #[test]
    fn an_open_does_not_know_its_bar(
        world in worlds(),
        agent in agents(),
        cut in 0..23_usize,
        ways in prop::collection::vec((0..300_i64, 0..300_i64, 0..=1_000_i64), 4),
    ) {
        let t = world.rules.warmup + 1 + cut % (world.rows.len() - world.rules.warmup - 1);
        let mut other = world.clone();
        for (cell, &way) in other.rows[t].iter_mut().zip(&ways) {
            *cell = cell.map(|cell| another_way(cell, way));
        }
        // On the last bar a liquidation is at the close, which is another matter.
        prop_assume!(t + 1 < world.rows.len());
        let (_, log) = play(world.run(), &agent, false);
        let commands: Vec<Command> = log.into_iter().map(|(command, _)| command).collect();
        prop_assert_eq!(open_fills(&world, &commands, t), open_fills(&other, &commands, t));
    }

    #[test]
    fn a_journal_replays_to_the_same_run(world in worlds(), agent in agents()) {
        let mut run = world.run();
        let mut states = vec![run.clone()];
        let mut journal = Vec::new();
        for plan in &agent {
            for command in plan.commands(&run, false) {
                if run.apply(&command).is_ok() {
                    journal.push(command);
                    states.push(run.clone());
                }
            }
        }
        let scenario = world.scenario();
        for (length, state) in states.iter().enumerate() {
            let replayed = Run::replay(scenario.clone(), &journal[..length]).unwrap();
            prop_assert!(replayed == *state, "after {} commands", length);
        }
    }

    /// Steps may be taken one by one or at once.
    #[test]
    fn steps_add_up(world in worlds(), agent in agents(), steps in 1..20_u32) {
        let (run, _) = play(world.run(), &agent[..1], false);
        let (mut once, mut often) = (run.clone(), run);
        let _ = once.apply(&Command::step(steps));
        for _ in 0..steps {
            let _ = often.apply(&Command::step(1));
        }
        prop_assert!(once == often);
    }
}
