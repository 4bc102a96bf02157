//! Lines of a journal, decoded and replayed.
//!
//! The input: perhaps a scenario's slug, then a line of a journal per line. A line that is
//! accepted is the one form of its command, and after every command the books balance.

#![no_main]

use bottrade::runs::codec;
use bottrade_fuzz::{books::Audit, mutate, worlds};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

/// Lines of one input that are read.
const LINES_MAX: usize = 32;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::text(data, size, max_size, seed)
});

fuzz_target!(|text: &str| {
    let (_, scenario, lines) = worlds::chosen(text);
    let market = &scenario.market;
    let mut audit = Audit::new(scenario.clone());
    for line in lines.lines().take(LINES_MAX) {
        let Some((command, rationale)) = codec::decode(market, line) else { continue };
        let encoded = codec::encode(market, &command, rationale.as_deref());
        assert_eq!(encoded.as_deref().ok(), Some(line), "two forms");
        audit.apply(command);
    }
    audit.finish();
});
