//! Reference bots at play: in process, or over REST like any client.

mod remote;
pub mod scorecard;

use serde_json::Value;
use sim::{
    Run,
    bots::{self, Bot},
    metrics::Report,
};

pub use remote::remote;

use crate::{
    ops::{
        results::{Facts, Results, headline},
        views::shorten,
    },
    scenarios::Entry,
};

/// A finished game.
#[derive(Debug)]
pub struct Played {
    /// The results, as `GET …/results` answers them.
    pub results: Value,
    /// Where it was played: a server and a run, or nothing for this process.
    pub place: Option<String>,
    /// The results in a few sentences.
    pub headline: String,
    /// Equity bar by bar.
    pub equity: Vec<f64>,
    /// The benchmark at the same bars, 1 at the first.
    pub benchmark: Vec<f64>,
}

/// Plays in this process; `progress` hears how many bars are done.
pub fn local(
    entry: &Entry,
    bot: &mut (dyn Bot + Send),
    progress: &mut dyn FnMut(usize),
) -> anyhow::Result<Played> {
    let mut run = Run::new(entry.scenario().map_err(Clone::clone)?.clone());
    bots::play(&mut run, bot, progress)?;
    let benchmark = entry.benchmark().map_err(Clone::clone)?;
    let report = Report::against(&run, benchmark);
    let results = Results::of("local", &run, &report, run.sim_time().to_string());
    let mut shown = serde_json::to_value(&results)?;
    shorten(&mut shown);
    let currency = &entry.card().currency;
    Ok(Played {
        place: None,
        headline: headline(&Facts { run: &run, report: &report, currency, attempts: None }),
        results: shown,
        equity: run.samples().iter().map(|sample| sample.equity().to_f64()).collect(),
        benchmark: benchmark.curve.iter().copied().take(run.samples().len()).collect(),
    })
}
