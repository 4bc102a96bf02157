//! One writer at the store alone, in this process: a step's unit of work without the server.

use std::{path::Path, time::Duration};

use bottrade::store::{
    Store, accounts,
    chain::Head,
    journal::{self, Append},
    runs::{self, Derived, Origin, RunStatus},
};

use crate::timer::now;

const RUN: &str = "run";

/// A store with one run, and the head of its journal.
pub(crate) struct OneRun {
    store: Store,
    head: Head,
}

fn derived(sim_time: i64) -> Derived {
    let status = RunStatus::Active;
    Derived { status, sim_time, cash: 1, equity: 1, completed_at: None }
}

impl OneRun {
    pub(crate) fn new(data: &Path) -> anyhow::Result<Self> {
        let store = Store::open(data.join("unit.sqlite"))?;
        let row = store.write_blocking(|tx| {
            let (id, name, plan) = ("account".to_owned(), "unit".to_owned(), "free".to_owned());
            accounts::create(
                tx,
                &accounts::Account {
                    id,
                    name,
                    plan,
                    handle: None,
                    created_at: 1,
                    deleted_at: None,
                },
            )?;
            let origin = Origin {
                id: RUN.into(),
                account_id: "account".into(),
                key_id: None,
                scenario_slug: "scenario".into(),
                scenario_version: 1,
                scenario_digest: "0".repeat(64),
                rules_version: 1,
                bot_name: None,
                agent_info: None,
                created_at: 1,
            };
            runs::insert_run(tx, &origin, &derived(0), |attempt| format!("header {attempt}"))
        })?;
        Ok(Self { store, head: row.head })
    }

    /// Appends so many steps, one after the other; how long each took until it was on the disk.
    pub(crate) fn steps(&mut self, steps: usize) -> anyhow::Result<Vec<Duration>> {
        let mut took = Vec::with_capacity(steps);
        for _ in 0..steps {
            let append = Append {
                run_id: RUN.into(),
                expected: self.head,
                at: self.head.seq + 2,
                command: r#"{"turn":{"steps":1}}"#.into(),
                derived: derived(self.head.seq),
                answer: None,
            };
            let began = now();
            self.head = self.store.write_blocking(move |tx| journal::append(tx, &append))?;
            took.push(began.elapsed());
        }
        Ok(took)
    }
}
