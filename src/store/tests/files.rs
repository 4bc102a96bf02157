//! Database files: their schema, their damage, and other processes that hold them.

use super::{Store, StoreError, account, store, with_accounts};
use crate::store::accounts;
use crate::store::migrations::{MIGRATIONS, Migration};
use crate::store::sqlite::open::{self, Settings, check_engine};
use rusqlite::Connection;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const CHILD_ENV: &str = "BOTTRADE_TEST_STORE";
const CHILD_WRITES: usize = 40;

fn quick() -> Settings {
    Settings { busy: Duration::from_millis(50), durable: false }
}

fn refused(path: &Path) -> StoreError {
    Store::open(path).err().unwrap()
}

#[test]
fn an_old_sqlite_is_refused() {
    let error = check_engine(3_051_002, "3.51.2").unwrap_err().to_string();
    assert!(error.contains("SQLite 3.51.2 can lose"), "{error}");
    check_engine(rusqlite::version_number(), rusqlite::version()).unwrap();
}

#[test]
fn a_file_is_made_for_its_owner_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    with_accounts(&Store::open(&path).unwrap());
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let again = Store::open(&path).unwrap();
    assert_eq!(again.read_blocking(accounts::list).unwrap().len(), 2);
    let nowhere = refused(&folder.path().join("no/such/db"));
    assert!(matches!(nowhere, StoreError::Unavailable(_)), "{nowhere}");
}

#[test]
fn a_scratch_store_leaves_nothing_behind() {
    let first = store();
    let second = Store::in_memory().unwrap();
    assert!(second.read_blocking(accounts::list).unwrap().is_empty(), "they are one");
    let path =
        |tx: &mut dyn crate::store::Tx| tx.query("PRAGMA database_list", &[])?[0].text("file");
    let path = first.read_blocking(path).unwrap();
    assert!(Path::new(&path).exists());
    drop(first);
    assert!(!Path::new(&path).parent().unwrap().exists());
}

#[test]
fn a_newer_database_is_refused_by_name_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    drop(Store::open(&path).unwrap());
    let raw = Connection::open(&path).unwrap();
    raw.execute("INSERT INTO schema_version VALUES (9999, '9999_future')", []).unwrap();
    let error = refused(&path).to_string();
    assert!(error.contains("is at 9999_future (version 9999)"), "{error}");
    raw.execute("UPDATE schema_version SET version = 1, name = '0001_other' WHERE version = 1", [])
        .unwrap();
    let error = refused(&path).to_string();
    assert!(error.contains("has 0001_other as version 1"), "{error}");
}

#[test]
fn a_file_of_somebody_else_or_a_damaged_one_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs");
    Connection::open(&path).unwrap().execute("CREATE TABLE songs (id)", []).unwrap();
    let error = refused(&path).to_string();
    assert!(error.contains("theirs is not a database of bottrade"), "{error}");
    let mode: String = Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "delete", "their file was changed");
    let path = folder.path().join("noise");
    std::fs::write(&path, [7; 5000]).unwrap();
    let error = refused(&path);
    assert!(matches!(&error, StoreError::Corrupt { table, .. } if table.ends_with("noise")));
}

#[test]
fn a_schema_step_is_all_or_nothing_and_goes_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let first = &MIGRATIONS[0];
    let step = |sql| Migration { version: 2, name: "0002_next", sql, sqlite: "", then: |_| Ok(()) };
    let known = |second| {
        let Migration { version, name, sql, sqlite, then } = *first;
        [Migration { version, name, sql, sqlite, then }, second]
    };
    let broken =
        known(step("CREATE TABLE half (id TEXT);\n\n-- next\n\nCREATE TABLE half (id TEXT);"));
    let conn = open::writer(&path, quick(), &MIGRATIONS[..1]).unwrap();
    let error = open::migrate(&conn, &broken).unwrap_err().to_string();
    assert!(error.contains("0002_next stopped at `CREATE TABLE half"), "{error}");
    assert_eq!(tables(&conn, "half"), 0, "half a step stayed");
    let good = known(step("CREATE TABLE half (id TEXT);"));
    open::migrate(&conn, &good).unwrap();
    open::migrate(&conn, &good).unwrap();
    assert_eq!(tables(&conn, "half"), 1);
    assert!(matches!(refused(&path), StoreError::Schema(_)));
}

fn tables(conn: &Connection, name: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM sqlite_schema WHERE name = ?1";
    conn.query_row(sql, [name], |row| row.get(0)).unwrap()
}

#[test]
fn another_writer_is_waited_for_and_then_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let store = Store::open_with(&path, quick(), None).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.write_blocking(|tx| accounts::create(tx, &account("a"))).unwrap_err();
    assert!(
        matches!(&error, StoreError::Unavailable(why) if why.contains("another writer")),
        "{error}"
    );
    assert!(store.read_blocking(accounts::list).unwrap().is_empty(), "reads wait for nobody");
    other.execute_batch("COMMIT").unwrap();
    store.write_blocking(|tx| accounts::create(tx, &account("a"))).unwrap();
}

#[test]
fn many_handles_may_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let threads: Vec<_> = (0..6)
        .map(|n| {
            let path = path.clone();
            std::thread::spawn(move || {
                let store = Store::open(path).unwrap();
                let new = account(&format!("t{n}"));
                store.write_blocking(move |tx| accounts::create(tx, &new)).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let store = Store::open(path).unwrap();
    assert_eq!(store.read_blocking(accounts::list).unwrap().len(), 6);
}

fn write_accounts(path: &Path, who: &str) {
    let store = Store::open(path).unwrap();
    for n in 0..CHILD_WRITES {
        let new = account(&format!("{who}-{n}"));
        store.write_blocking(move |tx| accounts::create(tx, &new)).unwrap();
    }
}

/// The test starts itself twice as the other processes.
#[test]
fn two_processes_write_one_file_at_once() {
    if let Ok(args) = std::env::var(CHILD_ENV) {
        let (n, path) = args.split_once(' ').unwrap();
        return write_accounts(Path::new(path), &format!("child-{n}"));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut children: Vec<_> = (0..2)
        .map(|n| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", &format!("{module}::two_processes_write_one_file_at_once")])
                .env(CHILD_ENV, format!("{n} {}", path.display()))
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    write_accounts(&path, "parent");
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let store = Store::open(&path).unwrap();
    assert_eq!(store.read_blocking(accounts::list).unwrap().len(), 3 * CHILD_WRITES);
}
