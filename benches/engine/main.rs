//! Figures of the simulator: `cargo bench --bench engine`.
//!
//! The common workload, 20 symbols over 5,000 daily bars, is played in this process on one core:
//! by the simulator with orders, books, costs, fills and the equity of every bar, and by a bare
//! loop over floats. What a figure depends on is checked every time: fills, equity and
//! allocations that are not what they should be end the benchmark with an error. The report is a
//! page of Markdown on the standard output.

mod agent;
mod history;
mod journal;
mod measure;
mod memory;
mod naive;
mod report;
mod speed;

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use bottrade::scenarios::Catalog;
use sim::Scenario;

use report::Report;

/// Where the scenarios of the benchmarks are.
const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/scenarios");

fn main() -> anyhow::Result<()> {
    let catalog = Catalog::default().with_folder(Path::new(SCENARIOS))?;
    let scenario: &Arc<Scenario> = catalog.get("daily20")?.scenario().map_err(Clone::clone)?;
    let mut report = Report::default();
    speed::measure(scenario, &mut report).context("speed")?;
    history::measure(scenario, &mut report).context("history")?;
    memory::measure(scenario, &mut report).context("memory")?;
    print!("{report}");
    Ok(())
}
