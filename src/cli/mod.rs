//! The command line: what a person types. Each verb is a file.

mod account;
mod backup;
mod billing;
mod environment;
mod feed;
mod key;
mod login_link;
mod mcp_stdio;
mod place;
mod play;
mod scenario;
mod serve;
mod verify;

use std::{io::IsTerminal as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use tracing_subscriber::{
    filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::scenarios::Catalog;

/// The market that witnesses an AI trading agent's track record.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    serve: serve::Serve,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Serve MCP and REST (the default).
    Serve(Box<serve::Serve>),
    /// Make API keys.
    Key {
        #[command(subcommand)]
        verb: key::Verb,
    },
    /// List, export and erase accounts.
    Account {
        #[command(subcommand)]
        verb: account::Verb,
    },
    /// Compare what people pay for with what Stripe says.
    Billing {
        #[command(subcommand)]
        verb: billing::Verb,
    },
    /// Print a link that signs the account `local` in, once.
    LoginLink(login_link::LoginLink),
    /// List, check, import and cut scenarios.
    Scenario {
        #[command(subcommand)]
        verb: scenario::Verb,
    },
    /// Send quotes to a server that trades on them.
    Feed {
        #[command(subcommand)]
        verb: feed::Verb,
    },
    /// Let a reference bot play a scenario and show its scorecard.
    Play(play::Play),
    /// Carry MCP between standard input and output and a server, for clients that start a program.
    McpStdio(mcp_stdio::McpStdio),
    /// Copy the database of a server, also while it runs, and check the copy.
    Backup(backup::Backup),
    /// Make the database of a new data folder from a backup.
    Restore(backup::Restore),
    /// Recompute an exported run; succeeds only if every byte is right.
    Verify(verify::Verify),
}

/// Where the data lives.
#[derive(Debug, Clone, Args)]
pub(crate) struct Data {
    /// Folder of the database, of the first key and of the keys that sign for the server.
    #[arg(long, env = "BOTTRADE_DATA_DIR", default_value = "./data", value_name = "DIR")]
    data_dir: PathBuf,
}

impl Data {
    /// Keeps everybody else who would write there off the data folder: two servers would each
    /// answer from their own memory.
    ///
    /// The lock ends with the process, however it ends.
    fn alone(&self) -> anyhow::Result<std::fs::File> {
        let path = self.data_dir.join("server.lock");
        let lock = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = lock.with_context(|| format!("cannot open {}", path.display()))?;
        lock.try_lock().with_context(|| {
            let folder = self.data_dir.display();
            format!("another server uses {folder}; give this one its own --data-dir")
        })?;
        Ok(lock)
    }
}

/// Which scenarios there are.
#[derive(Debug, Clone, Args)]
pub(crate) struct Scenarios {
    /// A folder of scenarios beside the embedded ones.
    #[arg(long = "scenarios", env = "BOTTRADE_SCENARIOS", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// `clear` serves only sets whose origin documents a grant.
    #[arg(long, env = "BOTTRADE_RIGHTS", value_parser = ["all", "clear"], default_value = "all")]
    rights: String,
}

impl Scenarios {
    fn catalog(&self) -> anyhow::Result<Catalog> {
        let mut catalog = Catalog::embedded()?;
        if let Some(folder) = &self.folder {
            catalog = catalog.with_folder(folder)?;
        }
        Ok(if self.clear_rights() { catalog.with_clear_rights() } else { catalog })
    }

    /// Whether only sets are wanted whose origin documents a grant.
    fn clear_rights(&self) -> bool {
        self.rights == "clear"
    }
}

/// Parses the arguments and does what they say.
pub fn main() -> ExitCode {
    log();
    let cli = Cli::parse();
    environment::warn_of_unknown::<Cli>();
    let done = match cli.verb.unwrap_or_else(|| Verb::Serve(Box::new(cli.serve))) {
        Verb::Serve(serve) => serve.run(),
        Verb::Key { verb } => verb.run(),
        Verb::Account { verb } => verb.run(),
        Verb::Billing { verb } => verb.run(),
        Verb::LoginLink(link) => link.run(),
        Verb::Scenario { verb } => verb.run(&mut std::io::stdout()),
        Verb::Feed { verb } => verb.run(),
        Verb::Play(play) => play.run(),
        Verb::McpStdio(bridge) => bridge.run(),
        Verb::Backup(backup) => backup.run(),
        Verb::Restore(restore) => restore.run(),
        Verb::Verify(verify) => verify.run(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bottrade: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Logs go to standard error; `RUST_LOG` such as `info,hyper=warn` chooses.
fn log() {
    let asked = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let filter = asked.unwrap_or_else(|| Targets::new().with_default(tracing::Level::WARN));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry().with(filter).with(lines).init();
}
