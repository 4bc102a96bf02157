//! `bottrade verify`: recomputing an exported run.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;

use super::Scenarios;
use crate::proof::{self, Proven};

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The file of a run, from `GET /api/v1/runs/{run_id}/journal`.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    scenarios: Scenarios,
}

impl Verify {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let place = self.file.display();
        let bytes = std::fs::read(&self.file).with_context(|| format!("cannot read {place}"))?;
        let catalog = self.scenarios.catalog()?;
        match proof::verify(&bytes, &catalog) {
            Ok(proven) => {
                show(&proven);
                Ok(ExitCode::SUCCESS)
            }
            Err(refuted) => {
                eprintln!("{place} is refuted: {refuted}");
                Ok(ExitCode::FAILURE)
            }
        }
    }
}

fn show(Proven { file, headline }: &Proven) {
    let (run, scenario) = (&file.run, &file.scenario);
    println!("Run {} is proven: every fill, every bar and every figure was recomputed.", run.id);
    println!(
        "  scenario  {} version {}, digest {}",
        scenario.slug, scenario.version, scenario.digest
    );
    println!(
        "  journal   {} events, {} fills, {} bars, {}",
        file.events.len(),
        file.fills.len(),
        file.equity.len(),
        run.status
    );
    if let Some(headline) = headline {
        println!("  result    {headline}");
    }
    println!("  digest    {}", file.digest);
    println!("The bot's name and its agent are what its owner declared.");
}
