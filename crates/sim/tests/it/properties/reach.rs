//! The random runs go everywhere: a property that nothing reaches shows nothing.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sim::{
    Run,
    outcome::{Reason, Refusal, Reject},
};

use crate::world::{Reply, agents, play, worlds};

/// Counts what was met, by name.
type Met = BTreeMap<&'static str, u32>;

fn look(run: &Run, replies: &[Reply], met: &mut Met) {
    let mut saw = |name| *met.entry(name).or_default() += 1;
    saw(run.status().name());
    if run.ambiguous_bars() > 0 {
        saw("ambiguous bar");
    }
    for fill in run.fills() {
        saw(if fill.order.is_none() { "forced" } else { fill.side.name() });
        let bar = run.market().bar(fill.at, fill.symbol);
        if bar.is_some_and(|bar| fill.price < bar.low || fill.price > bar.high) {
            saw("slippage past the bar");
        }
    }
    for reply in replies {
        match reply {
            Ok(outcome) => outcome.rejections.iter().for_each(|it| {
                saw(match it.reason {
                    Reason::CutToBuyingPower => "cut",
                    Reason::NoBuyingPower => "no power",
                    Reason::NotFilledAtOnce => "ioc",
                    Reason::NotFilledWhole => "fok",
                    Reason::SessionEnded => "day",
                    Reason::PositionGone => "orphan",
                    Reason::Liquidated => "order liquidated",
                    Reason::RunEnded => "order expired",
                });
            }),
            Err(Refusal::Orders(orders)) => orders.iter().for_each(|(_, reject)| {
                saw(match reject {
                    Reject::BuyingPower { .. } => "refused: power",
                    Reject::CrossesZero { .. } => "refused: crossing",
                    Reject::LiquidationDue => "refused: due",
                    Reject::ShortingDisabled => "refused: short",
                    Reject::NoBarYet { .. } => "refused: no bar",
                    _ => "refused: other",
                });
            }),
            Err(_) => saw("refused: ended"),
        }
    }
}

#[test]
fn random_runs_reach_every_rule() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let cases = (worlds(), agents());
    let mut met = Met::new();
    for _ in 0..500 {
        let (world, agent) = cases.new_tree(&mut runner).unwrap().current();
        let (run, log) = play(world.run(), &agent, false);
        let replies: Vec<Reply> = log.into_iter().map(|(_, reply)| reply).collect();
        look(&run, &replies, &mut met);
    }
    let all = [
        "active",
        "completed",
        "liquidated",
        "ambiguous bar",
        "forced",
        "buy",
        "sell",
        "short",
        "cover",
        "cut",
        "no power",
        "ioc",
        "fok",
        "day",
        "orphan",
        "order liquidated",
        "order expired",
        "refused: power",
        "refused: crossing",
        "refused: due",
        "refused: short",
        "refused: no bar",
        "refused: other",
        "refused: ended",
    ];
    for name in all {
        assert!(met.get(name).is_some_and(|&count| count >= 3), "{name} is too rare: {met:#?}");
    }
}
