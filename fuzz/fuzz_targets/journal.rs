//! Lines of a journal, decoded and replayed.
//!
//! The input: perhaps a scenario's slug, then a line of a journal per line. A line that is
//! accepted is the one form of its command, and after every command the books balance.

#![no_main]

use bottrade::runs::codec;
use bottrade_fuzz::{books::Audit, needle, worlds};
use libfuzzer_sys::fuzz_target;
use sim::Command;

/// Lines of one input that are read.
const LINES_MAX: usize = 32;

fuzz_target!(|text: &str| {
    let (_, scenario, lines) = worlds::chosen(text);
    let market = &scenario.market;
    let mut audit = Audit::new(scenario.clone());
    for line in lines.lines().take(LINES_MAX) {
        let Some(command) = codec::decode(market, line) else { continue };
        assert_eq!(codec::encode(market, &command).as_deref().ok(), Some(line), "two forms");
        let orders = orders(&command);
        if audit.apply(command) {
            orders.into_iter().for_each(|(side, time, units)| needle::prick(side, time, units));
        }
    }
    audit.finish();
});

type Shown = (sim::order::Side, sim::order::TimeInForce, sim::Quantity);

/// The orders of a command as the needle sees them.
fn orders(command: &Command) -> Vec<Shown> {
    match command {
        Command::Abandon => Vec::new(),
        Command::Turn { orders, .. } => {
            orders.iter().map(|it| (it.side, it.time_in_force, it.quantity)).collect()
        }
    }
}
