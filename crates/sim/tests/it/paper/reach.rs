//! The random traders go everywhere: a property that nothing reaches shows nothing.

use std::collections::BTreeMap;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sim::{
    Quantity,
    paper::{Account, Side, Tape},
};

use super::world::{trade, traders, worlds};

/// Counts what was met, by name.
type Met = BTreeMap<String, u32>;

fn look(account: &Account, tape: &Tape, met: &mut Met) {
    let mut saw = |name: String| *met.entry(name).or_default() += 1;
    for order in account.orders() {
        let filled = if order.filled > Quantity::ZERO { " filled" } else { "" };
        saw(format!("{}{filled}", order.status.name()));
        if let Some(why) = order.why {
            saw(format!("{}{filled}", why.name()));
        }
        let fills = account.fills().iter().filter(|it| it.order == Some(order.number)).count();
        if fills > 1 {
            saw(format!("tranches {}", order.order.time_in_force.name()));
        }
    }
    let mut held = vec![0_i64; tape.listings().len()];
    for fill in account.fills() {
        let units = fill.quantity.units();
        let here = &mut held[fill.instrument.index()];
        let before = *here;
        *here += if fill.side == Side::Buy { units } else { -units };
        if before.signum() * here.signum() < 0 {
            saw("crossing".into());
        }
        if *here < 0 {
            saw("short".into());
        }
        if fill.order.is_none() {
            saw("forced".into());
        }
    }
}

#[test]
fn random_traders_reach_every_rule() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let cases = (worlds(), traders());
    let mut met = Met::new();
    for _ in 0..256 {
        let (world, trader) = cases.new_tree(&mut runner).unwrap().current();
        let tape = world.tape();
        let (account, _) = trade(&tape, &trader, |_| {});
        look(&account, &tape, &mut met);
    }
    for name in [
        "FILLED filled",
        "CANCELLED",
        "CANCELLED filled",
        "REJECTED",
        "not_shortable",
        "buying_power",
        "position_limit",
        "position_limit filled",
        "market_closed",
        "no_price_yet",
        "not_at_once",
        "not_at_once filled",
        "not_whole",
        "day_ended",
        "day_ended filled",
        "gtc_ended",
        "gtc_ended filled",
        "on_request",
        "margin_call",
        "tranches gtc",
        "tranches day",
        "crossing",
        "short",
        "forced",
    ] {
        assert!(met.get(name).is_some_and(|&count| count >= 3), "{name} is too rare: {met:#?}");
    }
}
