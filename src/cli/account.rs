//! `bottrade account`: the accounts of a server, for its operator.

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

use super::Data;
use crate::{
    accounts::Accounts,
    clock::SystemClock,
    ops::views::instant,
    plan::Plan,
    store::{Store, billing},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the accounts, oldest first.
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Print everything that is kept about an account, but for secrets, as JSON.
    Export {
        /// Its name or id.
        account: String,
        #[command(flatten)]
        data: Data,
    },
    /// Erase an account for good: identities, keys, sign-ins, programs that it allowed something,
    /// and all runs that were not published, with their reasoning. Published runs stay, under
    /// "deleted"; of the others the hashes of their journals stay. Asks first on a terminal. Works
    /// while a server runs.
    Delete {
        /// Its name or id.
        account: String,
        #[command(flatten)]
        data: Data,
    },
    /// Put an account on a plan.
    SetPlan {
        /// Its name or id.
        account: String,
        /// The plan.
        #[arg(value_parser = plans())]
        plan: Plan,
        #[command(flatten)]
        data: Data,
    },
}

/// Reads a plan, and lists them all in the help.
fn plans() -> impl TypedValueParser<Value = Plan> {
    let words = PossibleValuesParser::new(Plan::ALL.map(Plan::name));
    words.try_map(|word| Plan::parse(&word).ok_or("no such plan"))
}

impl Verb {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let (Self::List { data }
        | Self::Export { data, .. }
        | Self::Delete { data, .. }
        | Self::SetPlan { data, .. }) = &self;
        std::fs::create_dir_all(&data.data_dir)?;
        let store = Store::open(crate::app::database(&data.data_dir))?;
        let desk = Desk { accounts: Accounts::new(store.clone(), Arc::new(SystemClock)), store };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let told = runtime.block_on(async {
            match &self {
                Self::List { .. } => desk.list().await,
                Self::Export { account, .. } => desk.export(account).await,
                Self::Delete { account, .. } => desk.delete(account).await,
                Self::SetPlan { account, plan, .. } => desk.set_plan(account, *plan).await,
            }
        })?;
        // A reader that has seen enough is no failure.
        let _ = writeln!(std::io::stdout(), "{told}");
        Ok(ExitCode::SUCCESS)
    }
}

struct Desk {
    accounts: Accounts,
    store: Store,
}

impl Desk {
    async fn list(&self) -> anyhow::Result<String> {
        let mut lines = vec![format!("{:<36}  {:<10}  {:<20}  {}", "id", "plan", "made", "name")];
        for it in self.accounts.list().await? {
            let made = instant(it.created_at);
            lines.push(format!("{:<36}  {:<10}  {made:<20}  {}", it.id, it.plan, it.name));
        }
        Ok(lines.join("\n"))
    }

    async fn export(&self, asked: &str) -> anyhow::Result<String> {
        Ok(serde_json::to_string_pretty(&self.accounts.export(asked).await?)?)
    }

    async fn delete(&self, asked: &str) -> anyhow::Result<String> {
        let account = self.accounts.find(asked).await?;
        if std::io::stdin().is_terminal() {
            eprintln!(
                "This erases {} ({}) for good: identities, keys, sign-ins and all runs that were \
                 not published; published runs stay under \"deleted\".\nType its name to do it:",
                account.name, account.id
            );
            let mut typed = String::new();
            std::io::stdin().read_line(&mut typed)?;
            anyhow::ensure!(typed.trim() == account.name, "nothing was erased");
        }
        self.accounts.erase(&account.id).await?;
        let id = account.id.clone();
        let customer = self.store.read(move |tx| billing::customer(tx, &id)).await?;
        let remains = customer.map(|it| {
            let called = it.customer_id;
            format!(
                "\nStripe still has the customer {called}: what it pays for is ended, and it is \
                 forgotten, by a server with the key of Stripe within ten minutes, or by \
                 `bottrade billing reconcile`"
            )
        });
        let remains = remains.unwrap_or_default();
        Ok(format!("{} ({}) is erased{remains}", account.name, account.id))
    }

    async fn set_plan(&self, asked: &str, plan: Plan) -> anyhow::Result<String> {
        let account = self.accounts.find(asked).await?;
        self.accounts.set_plan(&account.id, plan).await?;
        Ok(format!("{} is on the plan {}", account.name, plan.name()))
    }
}
