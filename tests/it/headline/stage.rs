//! Scenarios and players made for headlines, beside those that are embedded.

use std::sync::LazyLock;

use bottrade::{scenarios::Catalog, store::Store};
use serde_json::{Value, json};
use sim::bots::{self, Intent, Observation};
use tempfile::TempDir;

use crate::{
    app::{Client, TestApp},
    world::{Sketch, margin, tiny},
};

struct Disk {
    catalog: Catalog,
    _folder: TempDir,
}

/// The embedded scenarios and some that are made up, written once per process.
pub(super) fn catalog() -> Catalog {
    static DISK: LazyLock<Disk> = LazyLock::new(|| {
        let folder = TempDir::new().unwrap();
        let all = [tiny(), margin(), steady(), still(), frozen(), ruin()];
        for sketch in all {
            sketch.write(folder.path());
        }
        let catalog = Catalog::embedded().unwrap().with_folder(folder.path()).unwrap();
        Disk { catalog, _folder: folder }
    });
    DISK.catalog.clone()
}

pub(super) fn app() -> TestApp {
    TestApp::with(catalog(), Store::in_memory().unwrap())
}

/// A number from 0 to 1 that looks like chance.
fn noise(day: u32, kind: u32) -> f64 {
    let mixed = (day * 7_919 + kind * 104_729).wrapping_mul(2_654_435_761);
    f64::from((mixed >> 16) & 0xffff) / 65_536.0
}

/// Closes that each day grow by `drift` and a noise of up to `scale` either way, in percent.
fn walk(days: u32, kind: u32, drift: f64, scale: f64) -> Vec<(f64, f64)> {
    let mut price = 100.0;
    let mut prices = Vec::new();
    for day in 0..days {
        let open = price;
        price *= 1.0 + (drift + scale * (2.0 * noise(day, kind) - 1.0)) / 100.0;
        price = (price * 100.0_f64).round() / 100.0;
        prices.push((open, price));
    }
    prices
}

/// Sixty days: FADE falls and STAR rises whatever MATE, the benchmark, does; WELL rises less.
fn steady() -> Sketch {
    let symbols = [("FADE", 0), ("MATE", 0), ("STAR", 0), ("WELL", 0)];
    let mut sketch = Sketch::new("steady", &symbols, &[r#"benchmark_symbol = "MATE""#]);
    sketch.days("FADE", walk(60, 1, -0.3, 1.5));
    sketch.days("MATE", walk(60, 2, 0.0, 1.5));
    sketch.days("STAR", walk(60, 3, 0.4, 1.5));
    sketch.days("WELL", walk(60, 4, 0.16, 1.5));
    sketch
}

/// Sixty days on which the benchmark does not move.
fn still() -> Sketch {
    let symbols = [("MOVE", 0), ("STILL", 0)];
    let mut sketch = Sketch::new("still", &symbols, &[r#"benchmark_symbol = "STILL""#]);
    sketch.days("MOVE", walk(60, 5, 0.3, 1.5));
    sketch.days("STILL", (0..60).map(|_| (50.0, 50.0)));
    sketch
}

/// Forty days on which nothing moves.
fn frozen() -> Sketch {
    let mut sketch = Sketch::new("frozen", &[("ICE", 0)], &[]);
    sketch.days("ICE", (0..40).map(|_| (50.0, 50.0)));
    sketch
}

/// Forty days of leverage; on the third the price is ten times what it was.
fn ruin() -> Sketch {
    let rules = ["leverage_cap = 4.0", "short_enabled = true"];
    let mut sketch = Sketch::new("ruin", &[("JUMP", 0)], &rules);
    sketch.days("JUMP", (0..40).map(|day| if day < 2 { (10.0, 10.0) } else { (100.0, 100.0) }));
    sketch
}

/// Plays a bot in process and gives the orders of every bar.
pub(super) fn turns(slug: &str, bot: &str, seed: u64) -> (sim::Run, Vec<Vec<Value>>) {
    let catalog = catalog();
    let mut run = sim::Run::new(catalog.get(slug).unwrap().scenario().unwrap().clone());
    let mut turns = Vec::new();
    let mut bot = Recorder { bot: bots::by_name(bot, seed).unwrap(), turns: &mut turns };
    bots::play(&mut run, &mut bot, &mut |_| ()).unwrap();
    (run, turns)
}

/// Notes what a bot orders.
struct Recorder<'a> {
    bot: Box<dyn bots::Bot + Send>,
    turns: &'a mut Vec<Vec<Value>>,
}

impl bots::Bot for Recorder<'_> {
    fn name(&self) -> &'static str {
        self.bot.name()
    }

    fn decide(&mut self, seen: &Observation) -> Vec<Intent> {
        let intents = self.bot.decide(seen);
        let order = |it: &Intent| {
            json!({ "symbol": seen.instruments[it.instrument].symbol, "side": it.side,
                "quantity": it.quantity.to_f64() })
        };
        self.turns.push(intents.iter().map(order).collect());
        intents
    }
}

/// Plays these orders over REST, bar by bar, to the end; gives the run.
pub(super) async fn play(client: &Client, slug: &str, turns: &[Vec<Value>]) -> String {
    let run = client.start(slug).await;
    for trades in turns {
        let body = json!({ "trades": trades, "step_count": 1 });
        client.post(&format!("/api/v1/runs/{run}/turn"), body).await.expect(200);
    }
    run
}
