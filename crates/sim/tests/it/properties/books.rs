//! Money and positions: nothing is made, nothing is lost, and no limit is passed.

use proptest::prelude::*;
use sim::{
    Money, Price, Quantity, Run,
    order::{OrderId, Side},
    outcome::Refusal,
};

use crate::world::{agents, flows, market_agents, play, worlds};

/// Signed units of each symbol after the first `count` fills.
fn positions(run: &Run, count: usize) -> Vec<i64> {
    let mut held = vec![0; run.market().width()];
    for fill in &run.fills()[..count] {
        held[fill.symbol.index()] += fill.side.direction() * fill.quantity.units();
    }
    held
}

/// Value and gross of these positions, in units of 1e-16.
fn worth(held: &[i64], prices: &[Price]) -> (i128, i128) {
    let values = held.iter().zip(prices).map(|(&q, p)| i128::from(q) * i128::from(p.units()));
    values.fold((0, 0), |(value, gross), it| (value + it, gross + it.abs()))
}

fn check_books(run: &Run) -> Result<(), TestCaseError> {
    let start = run.rules().starting_cash;
    prop_assert_eq!(start + flows(run) - run.costs().borrow, run.cash());
    let held = positions(run, run.fills().len());
    for (symbol, held) in run.market().symbols().zip(&held) {
        prop_assert_eq!(run.position(symbol).quantity.units(), *held);
    }
    let sample = run.last_sample();
    let (value, gross) = worth(&held, run.market().marks(run.now()));
    // The one rounding of a sample: half a unit of 1e-8 at most.
    prop_assert!((sample.positions_value.units() * 100_000_000 - value).abs() <= 50_000_000);
    prop_assert!((sample.gross.units() * 100_000_000 - gross).abs() <= 50_000_000);
    prop_assert_eq!(sample.cash, run.cash());
    prop_assert_eq!(sample.equity(), sample.cash + sample.positions_value);
    prop_assert_eq!(run.samples().len(), run.now() - run.rules().warmup + 1);
    Ok(())
}

fn check_fills(run: &Run) -> Result<(), TestCaseError> {
    let (mut commission, mut slippage) = (Money::ZERO, Money::ZERO);
    for (count, fill) in run.fills().iter().enumerate() {
        let held = positions(run, count)[fill.symbol.index()] * fill.side.position_sign();
        prop_assert!(fill.quantity > Quantity::ZERO);
        prop_assert!(held >= 0, "a fill works on its own side only: {:?}", fill);
        if !fill.side.opens() {
            prop_assert!(fill.quantity.units() <= held, "no exit crosses zero: {:?}", fill);
        }
        if fill.side == Side::Short {
            prop_assert!(run.rules().short_enabled);
        }
        prop_assert_eq!(fill.value, fill.quantity.value(fill.price));
        prop_assert_eq!(fill.commission, fill.value.bps(run.rules().commission_bps));
        let bar = run.market().bar(fill.at, fill.symbol);
        prop_assert!(bar.is_some() || fill.order.is_none(), "only a forced fill needs no bar");
        commission += fill.commission;
        slippage += fill.slippage;
    }
    prop_assert_eq!(run.costs().commission, commission);
    prop_assert_eq!(run.costs().slippage, slippage);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn money_is_conserved_and_positions_are_the_sum_of_fills(
        world in worlds(), agent in agents(),
    ) {
        let mut run = world.run();
        for plan in &agent {
            for command in plan.commands(&run, false) {
                let _ = run.apply(&command);
                check_books(&run)?;
            }
        }
        check_fills(&run)?;
    }

    /// What an order asked for is filled, rejected, withdrawn or still waiting; nothing is lost.
    #[test]
    fn every_unit_of_an_order_is_accounted_for(world in worlds(), agent in agents()) {
        let (run, log) = play(world.run(), &agent, false);
        let mut open = std::collections::BTreeMap::<OrderId, i64>::new();
        for (command, reply) in &log {
            let (sim::Command::Turn { cancel, orders, .. }, Ok(outcome)) = (command, reply) else {
                continue;
            };
            for (id, order) in (outcome.first_order.map_or(0, |id| id.0)..).zip(orders) {
                open.insert(OrderId(id), order.quantity.units());
            }
            for it in &outcome.rejections {
                *open.get_mut(&it.order).unwrap() -= it.quantity.units();
            }
            for id in cancel {
                open.remove(id);
            }
        }
        for fill in run.fills() {
            if let Some(left) = fill.order.and_then(|id| open.get_mut(&id)) {
                *left -= fill.quantity.units();
            }
        }
        for working in run.working_orders() {
            *open.get_mut(&working.id).unwrap() -= working.remaining.units();
        }
        prop_assert!(open.values().all(|&left| left == 0), "{:?}", open);
    }

    /// With market orders alone every entry happens at an open, and there the cap holds.
    #[test]
    fn no_entry_passes_the_leverage_cap(world in worlds(), agent in market_agents()) {
        let (run, _) = play(world.run(), &agent, false);
        let mut cash = run.rules().starting_cash;
        let mut paid_at = run.rules().warmup;
        for (count, fill) in run.fills().iter().enumerate() {
            if fill.at != paid_at {
                // Borrow leaves between bars: the books of the bar before have it.
                cash = run.samples()[fill.at - 1 - run.rules().warmup].cash;
                paid_at = fill.at;
            }
            cash -= fill.commission;
            cash = if fill.side.direction() > 0 { cash - fill.value } else { cash + fill.value };
            if !fill.side.opens() {
                continue;
            }
            let (market, t) = (run.market(), fill.at);
            let open = |symbol| market.open(t, symbol).unwrap_or_else(|| market.mark(t, symbol));
            let prices: Vec<Price> = market.symbols().map(open).collect();
            let (value, gross) = worth(&positions(&run, count + 1), &prices);
            let cap = i128::from(run.rules().leverage_cap.units());
            let allowed = (cash.units() * 100_000_000 + value) * cap / 10_000;
            // Equity and gross are rounded to 1e-8 before they are compared.
            let rounding = 100_000_000 * (1 + cap / 10_000);
            prop_assert!(gross <= allowed + rounding, "{:?}: {} > {}", fill, gross, allowed);
        }
    }

    /// Walked through in order of arrival, the queue never crosses zero.
    #[test]
    fn no_queue_crosses_zero(world in worlds(), agent in agents()) {
        let mut run = world.run();
        for plan in &agent {
            for command in plan.commands(&run, false) {
                let _ = run.apply(&command);
                let mut held = positions(&run, run.fills().len());
                for working in run.working_orders() {
                    let (side, units) = (working.order.side, working.remaining.units());
                    let there = &mut held[working.order.symbol.index()];
                    prop_assert!(units > 0);
                    prop_assert!(*there * side.position_sign() >= 0, "{:?}", working);
                    *there += side.direction() * units;
                    prop_assert!(*there * side.position_sign() >= 0, "{:?}", working);
                }
            }
        }
    }

    /// At acceptance positions and queue together stay within equity × cap.
    #[test]
    fn no_queue_passes_the_leverage_cap(world in worlds(), agent in agents()) {
        let mut run = world.run();
        for plan in &agent {
            for command in plan.commands(&run, false) {
                let accepted = run.apply(&command);
                let entry = matches!(&command, sim::Command::Turn { orders, .. }
                    if orders.iter().any(|order| order.side.opens()));
                if !entry || accepted.is_err() {
                    continue;
                }
                let mut held = positions(&run, run.fills().len());
                for working in run.working_orders() {
                    let units = working.order.side.direction() * working.remaining.units();
                    held[working.order.symbol.index()] += units;
                }
                let (_, gross) = worth(&held, run.market().marks(run.now()));
                let equity = run.last_sample().equity();
                let allowed = run.rules().leverage_cap.limit(equity).units() * 100_000_000;
                prop_assert!(gross <= allowed + 50_000_000);
            }
        }
    }

    #[test]
    fn a_refused_command_changes_nothing_and_the_end_is_final(
        world in worlds(), agent in agents(),
    ) {
        let mut run = world.run();
        for plan in &agent {
            for command in plan.commands(&run, false) {
                let before = run.clone();
                let reply = run.apply(&command);
                if before.status() != sim::Status::Active {
                    prop_assert_eq!(&reply, &Err(Refusal::NotActive(before.status())));
                }
                if reply.is_err() {
                    prop_assert!(run == before);
                }
                prop_assert!(run.now() <= run.market().last());
                prop_assert_eq!(run.done(), run.status() == sim::Status::Completed);
                if run.status() != sim::Status::Active {
                    prop_assert!(run.working_orders().is_empty() && !run.liquidation_due());
                }
            }
        }
    }
}
