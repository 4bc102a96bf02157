//! `bottrade key`: API keys.

use std::{process::ExitCode, sync::Arc};

use clap::Subcommand;

use super::Data;
use crate::{accounts::Accounts, clock::SystemClock, keys::Family, store::Store};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a key and print it, alone, on standard output. Works while a server runs.
    Create {
        /// A name to know it by.
        #[arg(long, env = "BOTTRADE_KEY_NAME", default_value = "key")]
        name: String,
        /// The account it belongs to; made when there is none of this name.
        #[arg(long, env = "BOTTRADE_ACCOUNT", default_value = "local")]
        account: String,
        /// Make a key of the bot API.
        #[arg(long, env = "BOTTRADE_KEY_BOT")]
        bot: bool,
        #[command(flatten)]
        data: Data,
    },
}

impl Verb {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Create { name, account, bot, data } = self;
        std::fs::create_dir_all(&data.data_dir)?;
        let store = Store::open(crate::app::database(&data.data_dir))?;
        let accounts = Accounts::new(store, Arc::new(SystemClock));
        let family = if bot { Family::Bot } else { Family::Benchmark };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let key = runtime.block_on(accounts.create_key(&account, &name, family))?;
        println!("{}", key.reveal());
        Ok(ExitCode::SUCCESS)
    }
}
