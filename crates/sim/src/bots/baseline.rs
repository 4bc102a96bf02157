//! What the reference bots make of a scenario: the company in which a result is shown.

use std::sync::Arc;

use super::{NAMES, by_name, play};
use crate::{
    metrics::{Benchmark, Report, Series},
    outcome::Status,
    run::Run,
    scenario::Scenario,
};

/// The seed of the random bot whose result is shown, and with which it plays unless told
/// otherwise; the others have no dice.
pub const SEED: u64 = 1;

/// A reference bot's run of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// One of [`NAMES`].
    pub bot: &'static str,
    /// What it was worth.
    pub report: Report,
    /// Whether its positions were closed by force.
    pub liquidated: bool,
    /// Its equity at every bar from the start bar on, in currency ([`Series::equity`]).
    pub equity: Vec<f64>,
}

/// Every reference bot's run, in order of [`NAMES`].
///
/// A bot that the engine refuses would be a defect of the bot; it is left out.
pub fn baselines(scenario: &Arc<Scenario>, benchmark: &Benchmark) -> Vec<Baseline> {
    let baseline = |bot: &'static str| {
        let mut run = Run::new(Arc::clone(scenario));
        play(&mut run, by_name(bot, SEED)?.as_mut(), &mut |_| ()).ok()?;
        let report = Report::against(&run, benchmark);
        let liquidated = run.status() == Status::Liquidated;
        Some(Baseline { bot, report, liquidated, equity: Series::of(&run).equity })
    };
    NAMES.into_iter().filter_map(baseline).collect()
}
