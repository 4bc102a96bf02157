//! Tests of the store as a whole; what they share is here.

mod backup;
mod commit;
mod credentials;
mod files;
mod journal;
mod nouns;
mod seals;
mod sources;

use super::accounts::Account;
use super::chain::Head;
use super::journal::Append;
use super::runs::{Derived, Origin, Run, RunStatus};
use super::{Store, StoreError, Tx, accounts, runs};
use std::sync::mpsc;

const SLUG: &str = "sandbox-nov-2024";

fn account(id: &str) -> Account {
    Account {
        id: id.to_owned(),
        name: format!("name-{id}"),
        plan: "free".into(),
        handle: None,
        created_at: 1,
        deleted_at: None,
    }
}

fn derived(sim_time: i64) -> Derived {
    let status = RunStatus::Active;
    Derived { status, sim_time, cash: 10_000, equity: 10_000, completed_at: None }
}

fn origin(id: &str, account_id: &str) -> Origin {
    Origin {
        id: id.to_owned(),
        account_id: account_id.to_owned(),
        key_id: None,
        scenario_slug: SLUG.to_owned(),
        scenario_version: 1,
        scenario_digest: "d1".to_owned(),
        rules_version: 1,
        bot_name: Some("bot".to_owned()),
        agent_info: None,
        created_at: 100,
    }
}

fn start(tx: &mut dyn Tx, id: &str, account_id: &str) -> Result<Run, StoreError> {
    start_from(tx, &origin(id, account_id))
}

fn start_from(tx: &mut dyn Tx, origin: &Origin) -> Result<Run, StoreError> {
    let header = |attempt| format!("{{\"run\":\"{}\",\"attempt\":{attempt}}}", origin.id);
    runs::insert_run(tx, origin, &derived(0), header)
}

fn step(run_id: &str, expected: Head) -> Append {
    let seq = expected.seq + 1;
    Append {
        run_id: run_id.to_owned(),
        expected,
        at: 100 + seq,
        command: format!("{{\"step\":{seq}}}"),
        derived: derived(seq),
        answer: None,
    }
}

/// A store in memory with the accounts `a` and `b`.
fn store() -> Store {
    let store = Store::in_memory().unwrap();
    with_accounts(&store);
    store
}

fn with_accounts(store: &Store) {
    let make = |tx: &mut dyn Tx| {
        accounts::create(tx, &account("a"))?;
        accounts::create(tx, &account("b"))
    };
    store.write_blocking(make).unwrap();
}

/// Keeps the writer inside a unit of work until the gate is opened.
struct Gate {
    open: mpsc::Sender<()>,
    thread: std::thread::JoinHandle<Result<(), StoreError>>,
}

impl Gate {
    fn shut(store: &Store) -> Self {
        let (open, gate) = mpsc::channel::<()>();
        let (entered, inside) = mpsc::channel();
        let (gate, store) = (std::sync::Mutex::new(gate), store.clone());
        let unit = move |_: &mut dyn Tx| {
            entered.send(()).unwrap();
            gate.lock().unwrap().recv().unwrap();
            Ok(())
        };
        let thread = std::thread::spawn(move || store.write_blocking(unit));
        inside.recv().unwrap();
        Self { open, thread }
    }

    fn open(self) {
        self.open.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }
}
