//! The two files of a scenario, through `scenario check` and through the loader.
//!
//! The input: the text of `scenario.toml`, then either `bars.arrow` as it is (its first bytes are
//! `ARROW1`) or a line `---` and rows `SYMBOL,SECONDS,OPEN,HIGH,LOW,CLOSE,VOLUME`.

#![no_main]

use bottrade::scenarios::{
    Card, Catalog,
    bars::{self, Bars, Row},
    check,
};
use bottrade_fuzz::{books::Audit, mutate, worlds};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use sim::{Command, Timestamp};

/// What an Arrow IPC file begins with.
const MAGIC: &[u8] = b"ARROW1";
/// What stands between a card and its rows.
const ROWS: &str = "\n---\n";
/// Scenarios up to this many decisions are played.
const DECISIONS_MAX: usize = 1_000;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::text(data, size, max_size, seed)
});

/// The product confines the panics of the Arrow reader; one that leaves the product still ends the
/// fuzzer, whatever the hook does.
fn let_arrow_panic() {
    let end = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.location().is_some_and(|at| at.file().contains("/arrow-")) {
            end(panic);
        }
    }));
}

fuzz_target!(init: let_arrow_panic(), |data: &[u8]| {
    let Some((card, bars)) = files(data) else { return };
    let files = worlds::at_home(card, bars);
    let (slug, checked) = (files.name.clone(), check::check_files(&files, "fuzz"));
    let loaded = Catalog::default().with_files(files, "fuzz");
    let report = match checked {
        Ok(report) => report,
        // The check asks for more than the loader; what it says can be shown.
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    report.write(&mut Vec::new()).expect("a report can be shown");
    let text = report.card.to_text().expect("a card can be written");
    assert_eq!(Card::parse(&text).as_ref(), Ok(&report.card), "the card does not read back");
    let catalog = loaded.unwrap_or_else(|error| panic!("checked, but not loaded: {error}"));
    let entry = catalog.get(&slug).expect("it was just added");
    assert_eq!(entry.digest(), Ok(report.digest.as_str()));
    assert_eq!(entry.span(), report.span);
    let scenario = entry.scenario().expect("it was loaded");
    if scenario.decisions() <= DECISIONS_MAX {
        let mut audit = Audit::new(scenario.clone());
        assert!(audit.apply(Command::step(u32::MAX)) && audit.run().done());
        audit.finish();
    }
});

fn files(data: &[u8]) -> Option<(String, Vec<u8>)> {
    if let Some(at) = data.windows(MAGIC.len()).position(|it| it == MAGIC) {
        return Some((String::from_utf8(data[..at].to_vec()).ok()?, data[at..].to_vec()));
    }
    let (card, rows) = std::str::from_utf8(data).ok()?.split_once(ROWS)?;
    let mut bars = Bars::default();
    for line in rows.lines() {
        let (symbol, rest) = line.split_once(',')?;
        let (seconds, rest) = rest.split_once(',')?;
        let seconds: i64 = seconds.parse().ok()?;
        // The file that is written below counts in milliseconds.
        seconds.checked_mul(1_000)?;
        let ts = Timestamp::from_seconds(seconds);
        let numbers: Vec<f64> = rest.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
        let &[open, high, low, close, volume] = numbers.as_slice() else { return None };
        let prices = [open, high, low, close];
        let symbol = bars.intern(symbol);
        bars.rows.push(Row { symbol, ts, prices, volume });
    }
    Some((card.to_owned(), bars::write(&bars).ok()?))
}
