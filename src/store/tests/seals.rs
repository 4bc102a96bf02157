//! Seals: a changed row is refused by name, an older database is sealed as it stands, and an index
//! that hides a row is made anew.

use super::{Store, StoreError, Tx, start, step, with_accounts};
use crate::store::idempotency::{self, Answer};
use crate::store::migrations::MIGRATIONS;
use crate::store::sqlite::open::{self, Settings};
use crate::store::{journal, runs};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

const SETTINGS: Settings = Settings { busy: Duration::from_secs(1), durable: true };

/// A run with an answer kept, in a file that nobody has open.
fn file(path: &Path) {
    let store = Store::open(path).unwrap();
    with_accounts(&store);
    let head = store.write_blocking(|tx| start(tx, "r1", "a")).unwrap().head;
    let answer = Answer { key: "k".into(), fingerprint: [7; 32], body: "{}".into() };
    let append = journal::Append { answer: Some(answer), ..step("r1", head) };
    store.write_blocking(move |tx| journal::append(tx, &append)).unwrap();
    store.close_blocking();
}

fn edit(path: &Path, sql: &str) {
    let conn = Connection::open(path).unwrap();
    conn.execute_batch("DROP TRIGGER run_origin_is_frozen; PRAGMA writable_schema = ON").unwrap();
    conn.execute_batch(sql).unwrap();
}

fn look(store: &Store) -> Result<(), StoreError> {
    store.read_blocking(|tx: &mut dyn Tx| {
        runs::get(tx, "r1")?;
        idempotency::lookup(tx, "r1", "k", &[7; 32]).map(drop)
    })
}

#[test]
fn a_changed_row_is_refused_by_name() {
    for (sql, named) in [
        ("UPDATE runs SET bot_name = 'another'", "runs: row \"r1\""),
        ("UPDATE runs SET equity = 1", "runs: row \"r1\""),
        ("UPDATE idempotency SET body = '[]'", "idempotency: row \"r1\""),
        ("UPDATE idempotency SET seq = 2", "idempotency: row \"r1\""),
        ("UPDATE idempotency SET body = CAST(x'ff' AS TEXT)", "idempotency: row \"r1\""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        file(&path);
        edit(&path, sql);
        let error = look(&Store::open(&path).unwrap()).expect_err(sql).to_string();
        assert!(error.starts_with("corrupt data in ") && error.contains(named), "{sql}: {error}");
    }
}

#[test]
fn the_rows_of_an_older_database_are_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    file(&path);
    // Back to the schema before the seals.
    edit(
        &path,
        "DROP TABLE customers; DROP TABLE checkouts; DROP TABLE stripe_events;
         DROP TABLE run_links; DROP TRIGGER run_origin_seal_is_frozen;
         DROP INDEX scores_by_publication; DELETE FROM schema_version WHERE version > 1;
         DROP INDEX runs_active; CREATE INDEX runs_by_activity ON runs (status, last_activity_at);
         ALTER TABLE runs DROP COLUMN origin_seal; ALTER TABLE runs DROP COLUMN state_seal;
         ALTER TABLE idempotency DROP COLUMN seal; ALTER TABLE scores DROP COLUMN seal;
         CREATE TRIGGER run_origin_is_frozen BEFORE UPDATE OF id ON runs
         BEGIN SELECT RAISE(ABORT, 'the origin of a run never changes'); END;
         DROP INDEX accounts_by_handle; ALTER TABLE accounts DROP COLUMN handle;
         ALTER TABLE accounts DROP COLUMN deleted_at; DROP TABLE identities; DROP TABLE sessions;
         DROP TABLE tickets; DROP TABLE oauth_clients; DROP TABLE tokens; DROP TABLE grants;
         DROP TABLE audit; DROP TABLE paper_journal; DROP TABLE paper_accounts;
         DROP TABLE feed_journal; DROP TABLE feed_heads; DROP TABLE bot_usage;
         DROP TRIGGER journal_is_append_only_delete; DROP TABLE erased_journal;
         CREATE TRIGGER journal_is_append_only_delete BEFORE DELETE ON journal
         BEGIN SELECT RAISE(ABORT, 'a journal row is never deleted'); END;",
    );
    drop(open::writer(&path, SETTINGS, MIGRATIONS).unwrap());
    look(&Store::open(&path).unwrap()).unwrap();
}

#[test]
fn an_index_that_hides_a_row_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    file(&path);
    let empty = "SELECT name FROM sqlite_schema WHERE name = 'idempotency_by_age'";
    let conn = Connection::open(&path).unwrap();
    assert!(conn.query_row(empty, [], |_| Ok(())).is_ok());
    drop(conn);
    // A partial index for a moment, so that it lacks the row; then the schema claims it is whole.
    edit(
        &path,
        "DROP INDEX idempotency_by_age;
         CREATE INDEX idempotency_by_age ON idempotency (at) WHERE at < 0;
         UPDATE sqlite_schema SET sql = 'CREATE INDEX idempotency_by_age ON idempotency (at)'
         WHERE name = 'idempotency_by_age'",
    );
    let check = |conn: &Connection| -> String {
        conn.query_row("PRAGMA integrity_check(idempotency)", [], |row| row.get(0)).unwrap()
    };
    assert_ne!(check(&Connection::open(&path).unwrap()), "ok");
    assert_eq!(check(&open::writer(&path, SETTINGS, MIGRATIONS).unwrap()), "ok");
}
