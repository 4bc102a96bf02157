//! Copies of a database: made while it is in use, believed only after they were read whole.
//!
//! A copy is written beside its final name, checked, synced and only then given that name, so that
//! a file that is there is a good one.

use super::check::KINDS;
use super::error::StoreError;
use super::migrations::{self, MIGRATIONS};
use super::sqlite::fault;
use super::sqlite::open::{self, Settings, cannot};
use super::sqlite::tx::SqliteTx;
use super::tx::Tx;
use super::{BUSY_MAX, feed, idempotency, runs, scores, usage};
use rusqlite::Connection;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Problems of a damaged database that are told.
const PROBLEMS_MAX: usize = 5;

/// What a database was found to hold when all of it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Journals, of runs and paper accounts, whose chain holds.
    pub journals: u64,
    /// Commands in them.
    pub commands: u64,
    /// The schema is older than this program's: pages and references were checked, rows were not.
    pub older: bool,
}

/// Copies the database at `database` to the new file `to`, as it was at one moment between two
/// commits. Others may go on writing meanwhile.
pub fn backup(database: &Path, to: &Path) -> Result<Checked, StoreError> {
    copy(database, to)
}

/// Makes the database at `database`, which must not be there, from a backup.
pub fn restore(from: &Path, database: &Path) -> Result<Checked, StoreError> {
    for ending in ["-wal", "-shm", "-journal"] {
        refuse_existing(&beside(database, ending))?;
    }
    copy(from, database)
}

/// Reads a whole database: its pages, its references, its seals, and the chain of every journal.
pub fn check(database: &Path) -> Result<Checked, StoreError> {
    checked(&connect(database)?, database)
}

fn copy(from: &Path, to: &Path) -> Result<Checked, StoreError> {
    refuse_existing(to)?;
    let draft = beside(to, ".part");
    // One may be left of a copy that was cut short.
    let _ = fs::remove_file(&draft);
    let copied = copy_into(from, &draft).and_then(|checked| {
        let settle = || -> io::Result<()> {
            File::open(&draft)?.sync_all()?;
            fs::rename(&draft, to)?;
            open::sync_folders(to)
        };
        settle().map_err(|e| cannot("settle", to, &e))?;
        Ok(checked)
    });
    if copied.is_err() {
        let _ = fs::remove_file(&draft);
    }
    copied
}

fn copy_into(from: &Path, draft: &Path) -> Result<Checked, StoreError> {
    let conn = connect(from)?;
    // SQLite takes an empty file for a new one, and this one has the rights of a secret.
    let create = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft);
    create.map_err(|e| cannot("create", draft, &e))?;
    let name = draft.to_str().ok_or_else(|| {
        StoreError::unavailable(format!("{}: the name is not UTF-8", draft.display()))
    })?;
    // The file is open for reading only; this would forbid the other one too.
    conn.execute_batch("PRAGMA query_only = OFF").map_err(|e| named(from, &e))?;
    conn.execute("VACUUM INTO ?1", [name]).map_err(|e| named(from, &e))?;
    check(draft)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let conn = open::reader(path, Settings { busy: BUSY_MAX, durable: true })?;
    if !open::has_version(&conn).map_err(|e| e.in_file(path))? {
        let what = format!("{} is not a database of bottrade", path.display());
        return Err(StoreError::Schema(what));
    }
    Ok(conn)
}

fn checked(conn: &Connection, path: &Path) -> Result<Checked, StoreError> {
    let snapshot = conn.unchecked_transaction().map_err(|e| named(path, &e))?;
    let mut tx = SqliteTx::new(&snapshot);
    let broken = |what: String| StoreError::corrupt(path.display().to_string(), what);
    let problems = texts(&snapshot, "PRAGMA integrity_check").map_err(|e| named(path, &e))?;
    if problems != ["ok"] {
        return Err(broken(problems[..problems.len().min(PROBLEMS_MAX)].join("; ")));
    }
    let strays = texts(&snapshot, "PRAGMA foreign_key_check").map_err(|e| named(path, &e))?;
    if let Some(table) = strays.first() {
        return Err(broken(format!("a row of {table} belongs to nothing")));
    }
    if !migrations::missing(&mut tx, MIGRATIONS)?.is_empty() {
        return Ok(Checked { older: true, ..Checked::default() });
    }
    runs::check_all(&mut tx)?;
    idempotency::check_all(&mut tx)?;
    scores::check_all(&mut tx)?;
    usage::check_all(&mut tx)?;
    feed::check_all(&mut tx)?;
    chains(&mut tx)
}

/// Walks the chain of every journal.
fn chains(tx: &mut dyn Tx) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    for kind in &KINDS {
        kind.each(tx, |tx, id| {
            checked.journals += 1;
            checked.commands += (kind.verify)(tx, id)? as u64;
            Ok(())
        })?;
    }
    Ok(checked)
}

/// The first column of every row.
fn texts(conn: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn refuse_existing(path: &Path) -> Result<(), StoreError> {
    // A dangling link is something too.
    match path.symlink_metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(cannot("look for", path, &e)),
        Ok(_) => {
            let why = format!("{} is there already: move it away first", path.display());
            Err(StoreError::Conflict(why))
        }
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

fn named(path: &Path, error: &rusqlite::Error) -> StoreError {
    fault(error).in_file(path)
}
