//! `bottrade play`: a reference bot plays a scenario.

use std::{io::IsTerminal as _, process::ExitCode};

use anyhow::{Context as _, bail};
use clap::{Args, builder::PossibleValuesParser};
use indicatif::{ProgressBar, ProgressStyle};
use sim::bots::{self, Bot};

use super::Scenarios;
use crate::play::{self, Played, scorecard};

#[derive(Debug, Args)]
pub(crate) struct Play {
    /// Slug of the scenario.
    #[arg(long, env = "BOTTRADE_SCENARIO", default_value = "sandbox-nov-2024")]
    scenario: String,
    /// The bot.
    #[arg(long, env = "BOTTRADE_BOT", default_value = "buy_hold")]
    #[arg(value_parser = PossibleValuesParser::new(bots::NAMES))]
    bot: String,
    /// Seed of the random bot.
    #[arg(long, env = "BOTTRADE_SEED", default_value_t = bots::baseline::SEED)]
    seed: u64,
    /// Play on this server instead of in process.
    #[arg(long, env = "BOTTRADE_API", value_name = "URL")]
    server: Option<String>,
    /// API key for the server.
    #[arg(long, env = "BOTTRADE_API_KEY", hide_env_values = true)]
    key: Option<String>,
    /// Print the results as JSON.
    #[arg(long, env = "BOTTRADE_JSON")]
    json: bool,
    #[command(flatten)]
    scenarios: Scenarios,
}

impl Play {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let Some(mut bot) = bots::by_name(&self.bot, self.seed) else {
            bail!("there is no bot \"{}\"; there are {}", self.bot, bots::NAMES.join(", "));
        };
        let played = self.played(bot.as_mut())?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&played.results)?);
        } else {
            print!("{}", scorecard::render(&self.bot, &self.scenario, &played));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn played(&self, bot: &mut (dyn Bot + Send)) -> anyhow::Result<Played> {
        match &self.server {
            None => {
                let catalog = self.scenarios.catalog()?;
                let entry = catalog.get(&self.scenario)?;
                let bar = progress(entry.span().decisions);
                play::local(entry, bot, &mut |bars| bar.set_position(bars as u64))
            }
            Some(server) => {
                let key = self.key.as_deref().context("--key (or BOTTRADE_API_KEY) is required")?;
                let bar = progress(0);
                let mut seen = |bars: usize, of: usize| {
                    bar.set_length(of as u64);
                    bar.set_position(bars as u64);
                };
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(play::remote(server, key, &self.scenario, bot, &mut seen))
            }
        }
    }
}

/// A progress bar on a terminal, nothing elsewhere.
fn progress(bars: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} bars  {eta} left");
    let bar = ProgressBar::new(bars as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
