//! Copies of a database.

use super::{start, step, with_accounts};
use crate::store::backup::{Checked, backup, check, restore};
use crate::store::{Store, StoreError, journal, runs};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

/// A database with one run of three commands.
fn played(path: &Path) -> Store {
    let store = Store::open(path).unwrap();
    with_accounts(&store);
    store.write_blocking(|tx| start(tx, "run", "a")).unwrap();
    for _ in 0..3 {
        go_on(&store);
    }
    store
}

/// One more command; gives its number.
fn go_on(store: &Store) -> i64 {
    let head = store.read_blocking(|tx| runs::get(tx, "run")).unwrap().unwrap().head;
    let append = step("run", head);
    store.write_blocking(move |tx| journal::append(tx, &append)).unwrap().seq
}

#[test]
fn a_backup_is_the_database_and_restores_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let store = played(&path("db"));
    let good = Checked { journals: 1, commands: 3, older: false };
    assert_eq!(backup(&path("db"), &path("copy")).unwrap(), good);
    let mode = path("copy").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "a backup holds what the database holds");
    assert_eq!(go_on(&store), 4);
    assert_eq!(restore(&path("copy"), &path("new")).unwrap(), good);
    let restored = Store::open(path("new")).unwrap();
    assert_eq!(go_on(&restored), 4, "it goes on where the backup was");
    assert!(!path("copy.part").exists() && !path("new.part").exists());
}

#[test]
fn a_backup_made_while_others_write_holds_every_commit_made_before_it_began() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("db");
    let store = played(&database);
    let (written, stop) = (AtomicI64::new(3), AtomicBool::new(false));
    let copies: Vec<_> = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(SeqCst) {
                written.store(go_on(&store), SeqCst);
            }
        });
        let copy = |n| {
            let before = written.load(SeqCst);
            (before, backup(&database, &folder.path().join(format!("copy{n}"))))
        };
        let copies = (0..15).map(copy).collect();
        stop.store(true, SeqCst);
        copies
    });
    for (before, copy) in copies {
        let checked = copy.unwrap();
        assert!(checked.commands >= before.unsigned_abs(), "{checked:?}, {before} before");
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    drop(played(&path("db")));
    std::fs::write(path("mine"), "mine").unwrap();
    for refused in [backup(&path("db"), &path("mine")), restore(&path("db"), &path("mine"))] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("mine is there already: move it away first"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(path("mine")).unwrap(), "mine");
    // The log of a database that is gone would be played into the restored one.
    std::fs::write(path("new-wal"), "log").unwrap();
    assert!(matches!(restore(&path("db"), &path("new")), Err(StoreError::Conflict(_))));
}

#[test]
fn a_damaged_database_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    drop(played(&path("db")));
    let raw = rusqlite::Connection::open(path("db")).unwrap();
    raw.execute("DROP TRIGGER journal_is_append_only_update", []).unwrap();
    raw.execute("UPDATE journal SET command = 'x' WHERE seq = 2", []).unwrap();
    drop(raw);
    for copied in [backup(&path("db"), &path("copy")), check(&path("db"))] {
        let error = copied.unwrap_err().to_string();
        assert!(error.contains("run run: command 2: was changed"), "{error}");
    }
    assert!(!path("copy").exists() && !path("copy.part").exists());
    std::fs::write(path("noise"), [7; 5000]).unwrap();
    let error = backup(&path("noise"), &path("copy")).unwrap_err();
    assert!(matches!(&error, StoreError::Corrupt { table, .. } if table.ends_with("noise")));
    let theirs = rusqlite::Connection::open(path("theirs")).unwrap();
    theirs.execute("CREATE TABLE songs (id)", []).unwrap();
    let error = restore(&path("theirs"), &path("new")).unwrap_err().to_string();
    assert!(error.contains("theirs is not a database of bottrade"), "{error}");
}

#[test]
fn a_row_without_its_seal_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    drop(played(&path("db")));
    let raw = rusqlite::Connection::open(path("db")).unwrap();
    raw.execute("UPDATE runs SET cash = cash + 1", []).unwrap();
    drop(raw);
    let error = backup(&path("db"), &path("copy")).unwrap_err().to_string();
    assert!(error.contains("does not fit its seal") && !path("copy").exists(), "{error}");
}
