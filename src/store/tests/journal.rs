//! The journal: one head, one order, every edit seen.

use super::{Store, StoreError, Tx, start, step, store};
use crate::store::chain::{Head, link, sha256};
use crate::store::idempotency::{self, Answer, Seen};
use crate::store::journal::{self, Append, verify_run};
use crate::store::runs::{self, Run, RunStatus};
use crate::store::sqlite::tx::SqliteTx;
use rusqlite::Connection;

fn append(store: &Store, new: &Append) -> Result<Head, StoreError> {
    let new = new.clone();
    store.write_blocking(move |tx| journal::append(tx, &new))
}

fn begin(store: &Store) -> Head {
    store.write_blocking(|tx| start(tx, "r1", "a")).unwrap().head
}

fn conflict(result: Result<Head, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_chain_is_what_the_documentation_says() {
    let store = store();
    let genesis = begin(&store);
    assert_eq!(genesis, Head { seq: 0, hash: sha256(b"{\"run\":\"r1\",\"attempt\":1}") });
    let head = append(&store, &step("r1", genesis)).unwrap();
    let mut bytes = genesis.hash.to_vec();
    bytes.extend(1_i64.to_be_bytes());
    bytes.extend(101_i64.to_be_bytes());
    bytes.extend(b"{\"step\":1}");
    assert_eq!(head, Head { seq: 1, hash: sha256(&bytes) });
    let run = store.read_blocking(|tx| runs::get(tx, "r1")).unwrap().unwrap();
    let entries = store.read_blocking(|tx| journal::load(tx, "r1")).unwrap();
    assert_eq!((run.head, run.last_activity_at, run.derived.sim_time), (head, 101, 1));
    assert_eq!((entries.len(), entries[0].prev, entries[0].hash), (1, genesis.hash, head.hash));
    verify_run(&run, &entries).unwrap();
}

#[test]
fn only_the_head_can_be_appended_to() {
    let store = store();
    let genesis = begin(&store);
    let head = append(&store, &step("r1", genesis)).unwrap();
    assert_eq!(conflict(append(&store, &step("r1", genesis))), "run r1 is at command 1, not 0");
    let fork = Head { hash: [7; 32], ..head };
    let what = "run r1 has another command 1 than the one this was computed on";
    assert_eq!(conflict(append(&store, &step("r1", fork))), what);
    assert_eq!(conflict(append(&store, &step("r9", head))), "there is no run r9");
    let mut last = step("r1", head);
    (last.derived.status, last.derived.completed_at) = (RunStatus::Completed, Some(102));
    let head = append(&store, &last).unwrap();
    assert_eq!(conflict(append(&store, &step("r1", head))), "run r1 is completed, not active");
    assert_eq!(store.read_blocking(|tx| journal::load(tx, "r1")).unwrap().len(), 2);
}

#[test]
fn two_commands_in_one_unit_are_both_there_or_neither() {
    let store = store();
    let genesis = begin(&store);
    let pair = move |tx: &mut dyn Tx, second: &str| {
        let head = journal::append(tx, &step("r1", genesis))?;
        journal::append(tx, &step(second, head))
    };
    assert!(store.write_blocking(move |tx| pair(tx, "r9")).is_err());
    assert!(store.read_blocking(|tx| journal::load(tx, "r1")).unwrap().is_empty());
    assert_eq!(store.write_blocking(move |tx| pair(tx, "r1")).unwrap().seq, 2);
}

#[test]
fn sixteen_writers_on_one_head_make_one_command() {
    let store = store();
    let genesis = begin(&store);
    let threads: Vec<_> = (0..16)
        .map(|n| {
            let (store, mut new) = (store.clone(), step("r1", genesis));
            new.command = format!("writer {n}");
            std::thread::spawn(move || append(&store, &new).is_ok())
        })
        .collect();
    let won = threads.into_iter().filter_map(|t| t.join().unwrap().then_some(())).count();
    assert_eq!(won, 1);
    let (run, entries) = load(&store);
    assert_eq!(entries.len(), 1);
    verify_run(&run, &entries).unwrap();
}

fn load(store: &Store) -> (runs::Run, Vec<journal::Entry>) {
    let both = |tx: &mut dyn Tx| Ok((runs::get(tx, "r1")?, journal::load(tx, "r1")?));
    let (run, entries) = store.read_blocking(both).unwrap();
    (run.unwrap(), entries)
}

#[test]
fn a_second_row_with_the_same_number_is_refused_by_the_table() {
    let store = store();
    let head = begin(&store);
    append(&store, &step("r1", head)).unwrap();
    let again = |tx: &mut dyn Tx| {
        tx.exec(
            "/* test */ INSERT INTO journal SELECT run_id, seq, at, 'other', prev, hash \
             FROM journal",
            &[],
        )
    };
    assert!(matches!(store.write_blocking(again), Err(StoreError::Conflict(_))));
    let changes: [&'static str; 5] = [
        "/* test */ UPDATE journal SET command = 'x'",
        "/* test */ DELETE FROM journal",
        "/* test */ REPLACE INTO journal SELECT run_id, seq, at, 'x', prev, hash FROM journal",
        "/* test */ UPDATE runs SET header = 'x'",
        "/* test */ UPDATE runs SET attempt = 7",
    ];
    for sql in changes {
        assert!(store.write_blocking(move |tx| tx.exec(sql, &[])).is_err(), "{sql}");
    }
    let (run, entries) = load(&store);
    verify_run(&run, &entries).unwrap();
}

fn answer(fingerprint: u8) -> Answer {
    let body = "{\"done\":false}".to_owned();
    Answer { key: "k".into(), fingerprint: [fingerprint; 32], body }
}

#[test]
fn an_answer_is_kept_with_its_effect_and_given_to_the_same_request_only() {
    let store = store();
    let head = begin(&store);
    let look = |store: &Store, run: &'static str, print: u8| {
        store.read_blocking(|tx| idempotency::lookup(tx, run, "k", &[print; 32])).unwrap()
    };
    assert_eq!(look(&store, "r1", 1), Seen::Never);
    let mut first = step("r1", head);
    first.answer = Some(answer(1));
    let head = append(&store, &first).unwrap();
    assert_eq!(look(&store, "r1", 1), Seen::Same(answer(1)));
    assert_eq!(look(&store, "r1", 2), Seen::Different);
    assert_eq!(look(&store, "r2", 1), Seen::Never);
    // The same key again, on the right head: nothing of the unit stays.
    let mut second = step("r1", head);
    second.answer = Some(answer(2));
    let what = conflict(append(&store, &second));
    assert_eq!(what, "the idempotency key \"k\" has an answer already");
    assert_eq!(load(&store).0.head, head);
    assert_eq!(look(&store, "r1", 1), Seen::Same(answer(1)));
    // Sweeping takes what is older than the instant, a bounded number at a time.
    let sweep = |before, limit| {
        store.write_blocking(move |tx| idempotency::sweep(tx, before, limit)).unwrap()
    };
    assert_eq!((sweep(101, 10), sweep(102, 0), sweep(102, 10)), (0, 0, 1));
    assert_eq!(look(&store, "r1", 1), Seen::Never);
    append(&store, &second).unwrap();
}

/// A copy of a store with one run of six commands, its triggers dropped.
fn naked_copy(folder: &std::path::Path) -> Connection {
    let store = Store::open(folder.join("db")).unwrap();
    super::with_accounts(&store);
    let mut head = begin(&store);
    for _ in 0..6 {
        head = append(&store, &step("r1", head)).unwrap();
    }
    store.close_blocking();
    let live = Connection::open(folder.join("db")).unwrap();
    let copy = folder.join("copy");
    live.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let copy = Connection::open(copy).unwrap();
    copy.execute_batch(
        "PRAGMA foreign_keys = OFF; DROP TRIGGER journal_is_append_only_update;
         DROP TRIGGER journal_is_append_only_delete; DROP TRIGGER run_origin_is_frozen;",
    )
    .unwrap();
    copy
}

fn verdict(conn: &Connection) -> Result<(), StoreError> {
    let mut tx = SqliteTx::new(conn);
    let entries = journal::load(&mut tx, "r1")?;
    let run = runs::get(&mut tx, "r1")?.unwrap();
    verify_run(&run, &entries)
}

#[test]
fn every_edit_of_a_journal_is_found_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let copy = naked_copy(folder.path());
    verdict(&copy).unwrap();
    let edits = [
        "UPDATE journal SET at = at + 1 WHERE seq = {seq}",
        "UPDATE journal SET command = command || ' ' WHERE seq = {seq}",
        "UPDATE journal SET prev = zeroblob(32) WHERE seq = {seq}",
        "UPDATE journal SET hash = zeroblob(32) WHERE seq = {seq}",
        "UPDATE journal SET hash = (SELECT hash FROM journal WHERE seq = 7 - {seq}) \
         WHERE seq = {seq}",
        "DELETE FROM journal WHERE seq = {seq}",
        "UPDATE journal SET seq = seq + 100 WHERE seq = {seq}",
        "UPDATE journal SET run_id = 'r2' WHERE seq >= {seq}",
    ];
    let mut seen = 0;
    for edit in edits {
        for seq in 1..=6 {
            let sql = edit.replace("{seq}", &seq.to_string());
            copy.execute_batch("BEGIN").unwrap();
            copy.execute(&sql, []).unwrap();
            let error = verdict(&copy).expect_err(&sql).to_string();
            let named = format!("corrupt data in journal: run r1: command {seq}: ");
            assert!(error.starts_with(&named), "{sql} gave {error}");
            copy.execute_batch("ROLLBACK").unwrap();
            seen += 1;
        }
    }
    assert_eq!(seen, 48);
    verdict(&copy).unwrap();
}

#[test]
fn an_edited_run_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let copy = naked_copy(folder.path());
    let edits = [
        ("UPDATE runs SET header = header || ' '", "row \"r1\" was changed"),
        ("UPDATE runs SET genesis = zeroblob(32)", "row \"r1\" was changed"),
        ("UPDATE runs SET head_hash = zeroblob(32)", "row \"r1\" was changed"),
        ("UPDATE runs SET head_seq = 7", "row \"r1\" was changed"),
        ("UPDATE runs SET bot_name = NULL", "row \"r1\" was changed"),
        ("UPDATE runs SET published_at = 1", "row \"r1\" was changed"),
        ("UPDATE runs SET state_seal = NULL", "column state_seal holds NULL"),
        ("UPDATE journal SET command = x'00' WHERE seq = 2", "column command holds BYTEA"),
        ("UPDATE journal SET hash = x'00' WHERE seq = 2", "CHECK"),
        ("UPDATE runs SET sim_time = 'noon'", "column sim_time holds TEXT, expected an integer"),
    ];
    for (sql, what) in edits {
        copy.execute_batch("BEGIN").unwrap();
        let error = match copy.execute(sql, []) {
            Ok(_) => verdict(&copy).expect_err(sql).to_string(),
            Err(e) => e.to_string(),
        };
        assert!(error.contains(what), "{sql} gave {error}");
        copy.execute_batch("ROLLBACK").unwrap();
    }
}

#[test]
fn a_rewritten_chain_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let copy = naked_copy(folder.path());
    // A row that fits its seals and not its journal.
    let mut tx = SqliteTx::new(&copy);
    let (run, entries) =
        (runs::get(&mut tx, "r1").unwrap().unwrap(), journal::load(&mut tx, "r1").unwrap());
    let beyond = Head { seq: 7, ..run.head };
    let other = Head { hash: [0; 32], ..run.head };
    for (run, what) in [
        (Run { header: String::new(), ..run.clone() }, "the genesis is not the hash of the header"),
        (Run { genesis: [0; 32], ..run.clone() }, "the genesis is not the hash of the header"),
        (Run { head: other, ..run.clone() }, "command 6: is not the head of the run"),
        (Run { head: beyond, ..run }, "command 7: is missing"),
    ] {
        let error = verify_run(&run, &entries).unwrap_err().to_string();
        assert!(error.ends_with(what), "{error}");
    }
    // The whole tail computed anew: only the head of the run still knows.
    let mut prev = entries[2].prev;
    for entry in &entries[2..] {
        let command = entry.command.replace("step", "STEP");
        let hash = link(&prev, entry.seq, entry.at, &command);
        copy.execute(
            "UPDATE journal SET command = ?1, prev = ?2, hash = ?3 WHERE seq = ?4",
            (&command, &prev[..], &hash[..], entry.seq),
        )
        .unwrap();
        prev = hash;
    }
    let error = verdict(&copy).unwrap_err().to_string();
    assert!(error.ends_with("run r1: command 6: is not the head of the run"), "{error}");
}
