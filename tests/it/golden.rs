//! Every reference bot on every embedded scenario: a line each in `golden/bots.txt`.

use std::{
    fmt::Write as _,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bottrade::{
    scenarios::{Catalog, Entry},
    store::chain::{hex, sha256},
};
use sim::{Run, bots, metrics::Report};

use crate::files::check_golden;

/// The seed of `random`.
const SEED: u64 = 7;

/// Bots that rightly never trade on a scenario, and why. The list may only shrink.
const IDLE: &[(&str, &str, &str)] = &[];

/// One bot on one scenario.
struct Played {
    slug: String,
    bot: &'static str,
    fills: usize,
    line: String,
}

fn play(entry: &Entry, name: &'static str) -> Played {
    let mut run = Run::new(entry.scenario().unwrap().clone());
    let mut bot = bots::by_name(name, SEED).unwrap();
    bots::play(&mut run, bot.as_mut(), &mut |_| ()).unwrap();
    let report = Report::of(&run);
    let (slug, fills) = (entry.slug().to_owned(), run.fills().len());
    let line = format!(
        "{slug} {name} {fills} {} {} {}\n",
        report.return_pct,
        report.final_equity,
        &digest(&run)
    );
    Played { slug, bot: name, fills, line }
}

/// SHA-256 over every fill and every sample as exact text.
fn digest(run: &Run) -> String {
    let mut text = String::new();
    for fill in run.fills() {
        let symbol = run.market().symbol(fill.symbol);
        let (side, at) = (fill.side.name(), fill.at);
        writeln!(
            text,
            "{at} {symbol} {side} {} {} {} {} {} {}",
            fill.quantity,
            fill.price,
            fill.value,
            fill.slippage,
            fill.commission,
            fill.realized_pnl
        )
        .unwrap();
    }
    for sample in run.samples() {
        writeln!(text, "{} {} {}", sample.cash, sample.positions_value, sample.gross).unwrap();
    }
    hex(&sha256(text.as_bytes()))[..32].to_owned()
}

/// Plays everything, on as many threads as there are processors.
fn all() -> Vec<Played> {
    let catalog = Catalog::embedded().unwrap();
    let jobs: Vec<(&Entry, &'static str)> =
        catalog.entries().flat_map(|entry| bots::NAMES.map(|name| (&**entry, name))).collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(&(entry, name)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let played = play(entry, name);
                    done.lock().unwrap().push(played);
                }
            });
        }
    });
    let mut played = done.into_inner().unwrap();
    let place = |name: &str| bots::NAMES.iter().position(|it| *it == name);
    played.sort_by(|a, b| (&a.slug, place(a.bot)).cmp(&(&b.slug, place(b.bot))));
    played
}

#[test]
fn every_bot_trades_on_every_scenario_as_it_always_did() {
    let played = all();
    let idle: Vec<(&str, &str)> =
        played.iter().filter(|it| it.fills == 0).map(|it| (it.slug.as_str(), it.bot)).collect();
    let expected: Vec<(&str, &str)> = IDLE.iter().map(|(slug, bot, _)| (*slug, *bot)).collect();
    assert_eq!(idle, expected, "these never traded");
    let lines: String = played.into_iter().map(|it| it.line).collect();
    let head = "# slug bot fills return_pct final_equity sha256(fills and samples), first half\n";
    check_golden("bots.txt", &format!("{head}{lines}"));
}
