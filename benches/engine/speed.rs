//! Steps per second of CPU: the engine, the engine with its journal, and the bare loops.

use std::{hint::black_box, sync::Arc};

use anyhow::ensure;
use sim::{Run, Scenario};

use crate::{
    agent::{Agent, Cross, EqualWeight, Player},
    journal::Journal,
    measure::{float, median, median_ratio, timed},
    naive::{self, Bars, Books},
    report::{
        Report, Table,
        Target::{AtLeast, AtMost},
        short,
    },
};

/// Rounds in which everything is played once, by turns; figures are medians over them.
const ROUNDS: usize = 51;
/// How far the floats of the bare loop may be from the exact books, in units of currency.
const FLOATS_OFF: f64 = 0.005;

/// What a workload must come to, found independently in floats by other engines.
struct Expected {
    fills: usize,
    equity: &'static str,
}

const SMA20: Expected = Expected { fills: 3_916, equity: "10169536.452" };
const REBAL20: Expected = Expected { fills: 98_929, equity: "32725199.222395" };

/// Seconds of CPU per round.
#[derive(Default)]
struct Seconds {
    naive: Vec<f64>,
    engine: Vec<f64>,
    journal: Vec<f64>,
}

pub(crate) fn measure(scenario: &Arc<Scenario>, report: &mut Report) -> anyhow::Result<()> {
    let bars = Bars::of(&scenario.market);
    let cross = || Cross::new(&scenario.market);
    check(&play(scenario, cross())?, &naive::cross(&bars), &SMA20)?;
    check(&play(scenario, EqualWeight)?, &naive::equal_weight(&bars), &REBAL20)?;
    let (mut sma, mut rebal) = (Seconds::default(), Seconds::default());
    for _ in 0..ROUNDS {
        sma.round(scenario, cross, || naive::cross(&bars))?;
        rebal.round(scenario, || EqualWeight, || naive::equal_weight(&bars))?;
    }
    let table = report.table(
        "Speed",
        &["workload", "CPU", "per step", "steps/s", "symbol-bars/s", "× bare loop", "fills"],
    );
    let steps = float(scenario.decisions());
    let width = float(scenario.market.width());
    for (name, seconds, expected) in [("sma20", &sma, &SMA20), ("rebal20", &rebal, &REBAL20)] {
        let naive = median(seconds.naive.clone());
        let played = [
            ("bare `f64` loop", naive),
            ("engine", median(seconds.engine.clone())),
            ("engine, journal and chain", median(seconds.journal.clone())),
        ];
        for (engine, cpu) in played {
            table.row([
                format!("{name}, {engine}"),
                format!("{:.2} ms", cpu * 1e3),
                format!("{:.0} ns", cpu / steps * 1e9),
                short(steps / cpu),
                short(steps * width / cpu),
                format!("{:.1}", cpu / naive),
                expected.fills.to_string(),
            ]);
        }
    }
    targets(table, steps, width, &sma, &rebal);
    table.note(format!(
        "Medians of {ROUNDS} rounds that take turns. Every round of the engine makes a new run; \
         fills, final equity and the equity of every bar are those of the bare loop."
    ));
    Ok(())
}

fn targets(table: &mut Table, steps: f64, width: f64, sma: &Seconds, rebal: &Seconds) {
    let per_second = |seconds: &[f64]| steps / median(seconds.to_vec());
    let rate = per_second(&sma.engine);
    table.target("sma20, symbol-bars/s", rate * width, AtLeast(30e6));
    let ratio = median_ratio(&sma.engine, &sma.naive);
    table.target("sma20, × bare loop of its round", ratio, AtMost(10.0));
    table.target("rebal20, steps/s", per_second(&rebal.engine), AtLeast(400e3));
    table.target("sma20 with journal and chain, steps/s", per_second(&sma.journal), AtLeast(500e3));
}

impl Seconds {
    fn round<A: Agent>(
        &mut self,
        scenario: &Arc<Scenario>,
        agent: impl Fn() -> A,
        naive: impl Fn() -> Books,
    ) -> anyhow::Result<()> {
        // Once before it counts: the yardstick has its data in the cache.
        black_box(naive());
        let (books, seconds) = timed(naive);
        black_box(books);
        self.naive.push(seconds);
        let (run, seconds) = timed(|| play(scenario, agent()));
        black_box(run?);
        self.engine.push(seconds);
        let mut journal = Journal::new();
        let (run, seconds) = timed(|| Player::new(scenario, agent()).play(Some(&mut journal)));
        black_box(run?);
        ensure!(journal.entries == i64::try_from(scenario.decisions())?, "a command is missing");
        self.journal.push(seconds);
        Ok(())
    }
}

fn play(scenario: &Arc<Scenario>, agent: impl Agent) -> anyhow::Result<Run> {
    Player::new(scenario, agent).play(None)
}

/// Whether engine and bare loop did the same work, and what they should.
fn check(run: &Run, books: &Books, expected: &Expected) -> anyhow::Result<()> {
    let Expected { fills, equity } = *expected;
    ensure!(run.fills().len() == fills, "{} fills, not {fills}", run.fills().len());
    ensure!(books.fills == fills, "{} fills of the bare loop, not {fills}", books.fills);
    let last = run.last_sample().equity();
    ensure!(last.to_string() == equity, "the final equity is {last}, not {equity}");
    ensure!(run.samples().len() == books.equity.len(), "a bar has no equity");
    for (t, (sample, float)) in run.samples().iter().zip(&books.equity).enumerate() {
        let off = (sample.equity().to_f64() - float).abs();
        ensure!(off < FLOATS_OFF, "bar {t}: equity {} against {float}", sample.equity());
    }
    Ok(())
}
