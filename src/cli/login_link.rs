//! `bottrade login-link`: into the browser without a password.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context as _, ensure};
use clap::Args;

use super::{Data, place::Place};
use crate::{
    accounts::Accounts,
    app::database,
    clock::{Clock, SystemClock},
    sign_in::{Desk, Providers},
    store::Store,
};

/// Print a link that signs the account `local` in, once and within ten minutes, alone on standard
/// output. Works while a server runs; give it what the server was given.
#[derive(Debug, Args)]
pub(crate) struct LoginLink {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    data: Data,
}

impl LoginLink {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let database = database(&self.data.data_dir);
        // Where no server has been, there is no account either.
        ensure!(database.exists(), "there is no database at {}", database.display());
        let (store, clock): (_, Arc<dyn Clock>) = (Store::open(database)?, Arc::new(SystemClock));
        let accounts = Arc::new(Accounts::new(store, Arc::clone(&clock)));
        let public_url = self.place.public_url(self.place.listen);
        let desk = Desk::new(&public_url, accounts, Providers::none(clock));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let link = runtime.block_on(desk.link()).context("no link for the account `local`")?;
        println!("{link}");
        Ok(ExitCode::SUCCESS)
    }
}
