//! `bottrade billing`: what people pay for, for the operator of a server.

use std::{io::Write as _, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Subcommand;

use super::Data;
use crate::{
    accounts::Accounts,
    billing::{Billing, StripeArgs},
    clock::{Clock, SystemClock},
    store::Store,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Ask Stripe about every customer, put each account on the plan that it pays for, and end what
    /// erased accounts still pay for. Makes good what no event told. Works while a server runs.
    Reconcile {
        #[command(flatten)]
        data: Data,
        #[command(flatten)]
        stripe: StripeArgs,
    },
}

impl Verb {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Reconcile { data, stripe } = self;
        let stripe = stripe.stripe()?.context("there is no key of Stripe: --stripe-key-file")?;
        std::fs::create_dir_all(&data.data_dir)?;
        let store = Store::open(crate::app::database(&data.data_dir))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let accounts = Arc::new(Accounts::new(store.clone(), Arc::clone(&clock)));
        // No page is made here that would lead back.
        let billing = Billing::new(store, accounts, clock, Some(stripe), "");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let changed = runtime.block_on(billing.reconcile())?;
        let mut told: Vec<String> = Vec::new();
        for it in &changed {
            let word = |plan: &Option<String>| plan.clone().unwrap_or_else(|| "nothing".to_owned());
            let (before, after) = (word(&it.before), word(&it.after));
            told.push(format!("{}: paid for {before}, now {after}", it.account_id));
        }
        told.push(match changed.len() {
            0 => "every account is on the plan that it pays for".to_owned(),
            number => format!("{number} changed"),
        });
        // A reader that has seen enough is no failure.
        let _ = writeln!(std::io::stdout(), "{}", told.join("\n"));
        Ok(ExitCode::SUCCESS)
    }
}
