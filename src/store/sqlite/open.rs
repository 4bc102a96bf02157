//! Opening a database file: its rights, its settings, its schema.

use super::examine::examine;
use super::tx::{STATEMENTS_MAX, SqliteTx};
use super::{fault, is_failed_sync};
use crate::faults::{self, Bug};
use crate::store::error::StoreError;
use crate::store::migrations::{self, Engine, Migration};
use crate::store::tx::Tx;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// The first SQLite whose WAL can not be reset under a reader (3.51.3).
const VERSION_MIN: i32 = 3_051_003;
/// How often switching to WAL is tried while another process does the same.
const WAL_TRIES_MAX: u32 = 50;
/// Pages that the writer keeps in memory, in KiB: rows of ten thousand active runs, their places in
/// the indexes and the ends of their journals.
const WRITER_CACHE_KIB: i64 = 64 << 10;
/// The WAL file is cut back to this size when it starts again from its beginning.
const WAL_BYTES_KEPT: i64 = 64 << 20;

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// How long a statement waits for another process that writes.
    pub(crate) busy: Duration,
    /// `synchronous=FULL`; off only for a database that lives as long as its process.
    pub(crate) durable: bool,
}

impl Settings {
    /// The level of `PRAGMA synchronous`: 2 is FULL, 1 NORMAL, 0 OFF.
    fn synchronous(self) -> i64 {
        match self.durable {
            true if faults::seeded(Bug::SyncNormal) => 1,
            true => 2,
            false => 0,
        }
    }
}

/// Refuses an SQLite with the WAL-reset bug.
pub(crate) fn check_engine(version: i32, name: &str) -> Result<(), StoreError> {
    if version >= VERSION_MIN {
        return Ok(());
    }
    Err(StoreError::Schema(format!(
        "SQLite {name} can lose the end of its log (fixed in 3.51.3): build bottrade with its \
         bundled SQLite"
    )))
}

/// Opens the connection that writes, making the file and its schema where they are missing.
pub(crate) fn writer(
    path: &Path,
    settings: Settings,
    known: &[Migration],
) -> Result<Connection, StoreError> {
    check_engine(rusqlite::version_number(), rusqlite::version())?;
    let created = create(path)?;
    let conn = connect(path, settings, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    prepare(&conn, path, settings, known).map_err(|e| e.in_file(path))?;
    if created && settings.durable {
        sync_folders(path).map_err(|e| cannot("sync the folder of", path, &e))?;
    }
    Ok(conn)
}

/// Makes a connection ready to write: its settings, its schema, and whether its tables are whole.
fn prepare(
    conn: &Connection,
    path: &Path,
    settings: Settings,
    known: &[Migration],
) -> Result<(), StoreError> {
    refuse_foreign(conn, path)?;
    enter_wal(conn)?;
    check_settings(conn, settings)?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB).map_err(|e| fault(&e))?;
    migrate(conn, known)?;
    if settings.durable { examine(conn, path) } else { Ok(()) }
}

/// Opens a connection that only reads.
pub(crate) fn reader(path: &Path, settings: Settings) -> Result<Connection, StoreError> {
    let conn = connect(path, settings, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    conn.execute_batch("PRAGMA query_only = ON").map_err(|e| fault(&e))?;
    Ok(conn)
}

/// Makes the file, readable by its owner only, so that the WAL beside it inherits that.
fn create(path: &Path) -> Result<bool, StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(true),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(cannot("create", path, &e)),
    }
}

/// The new names, of the file and of its folder, survive a power cut too.
pub(crate) fn sync_folders(path: &Path) -> io::Result<()> {
    let path = path.canonicalize()?;
    path.ancestors().skip(1).take(2).try_for_each(|folder| File::open(folder)?.sync_all())
}

pub(crate) fn cannot(what: &str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::unavailable(format!("cannot {what} {}: {error}", path.display()))
}

fn connect(path: &Path, settings: Settings, mode: OpenFlags) -> Result<Connection, StoreError> {
    let open = || -> rusqlite::Result<Connection> {
        let conn = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        conn.busy_timeout(settings.busy)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // The writer checkpoints by hand: an automatic one hides its errors and runs before the
        // callers have their answer. Recursive triggers make REPLACE obey the append-only ones.
        conn.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA cell_size_check = ON;
             PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0;",
        )?;
        conn.pragma_update(None, "synchronous", settings.synchronous())?;
        conn.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        Ok(conn)
    };
    open().map_err(|e| match fault(&e) {
        StoreError::Unavailable(why) => {
            StoreError::Unavailable(format!("{}: {why}", path.display()))
        }
        other => other.in_file(path),
    })
}

/// A file with tables but without ours belongs to somebody else.
fn refuse_foreign(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let tables = SqliteTx::new(conn).query(sql, &[]).map_err(|e| e.in_file(path))?;
    let names: Result<Vec<String>, _> = tables.iter().map(|row| row.text("name")).collect();
    match names?.as_slice() {
        [first, ..] if !has_version(conn)? => Err(StoreError::Schema(format!(
            "{} is not a database of bottrade (it has a table {first} and no schema_version)",
            path.display()
        ))),
        _ => Ok(()),
    }
}

pub(crate) fn has_version(conn: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'";
    Ok(!SqliteTx::new(conn).query(sql, &[])?.is_empty())
}

/// Switches the file to WAL. Two processes that open a new file together refuse each other for a
/// moment without waiting, so this tries again.
fn enter_wal(conn: &Connection) -> Result<(), StoreError> {
    for _ in 0..WAL_TRIES_MAX {
        let mode: Result<String, _> =
            conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => return Err(StoreError::Unavailable(format!("no WAL here, only {mode}"))),
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(e) => return Err(fault(&e)),
        }
    }
    Err(StoreError::unavailable("another process keeps the database from entering WAL mode"))
}

/// The settings that the promises rest on are read back, not assumed.
fn check_settings(conn: &Connection, settings: Settings) -> Result<(), StoreError> {
    for (name, expected) in [("synchronous", settings.synchronous()), ("foreign_keys", 1)] {
        let got: i64 = conn.pragma_query_value(None, name, |r| r.get(0)).map_err(|e| fault(&e))?;
        if got != expected {
            return Err(StoreError::internal(format!("PRAGMA {name} is {got}, not {expected}")));
        }
    }
    Ok(())
}

/// Brings the schema up to `known`, each step in its own transaction. Two processes may do this at
/// once: what is missing is read again under the write lock.
pub(crate) fn migrate(conn: &Connection, known: &[Migration]) -> Result<(), StoreError> {
    if has_version(conn)? && migrations::missing(&mut SqliteTx::new(conn), known)?.is_empty() {
        return Ok(());
    }
    loop {
        conn.execute_batch("BEGIN IMMEDIATE").map_err(|e| fault(&e))?;
        match migrate_one(conn, known) {
            Ok(None) => return conn.execute_batch("COMMIT").map_err(|e| fault(&e)),
            Ok(Some(name)) => {
                conn.execute_batch("COMMIT").map_err(|e| fault(&e))?;
                tracing::info!(step = name, "the database schema moved on");
            }
            Err(error) => {
                if let Err(e) = conn.execute_batch("ROLLBACK") {
                    tracing::warn!(error = %e, "a failed schema step could not be rolled back");
                }
                return Err(error);
            }
        }
    }
}

fn migrate_one(conn: &Connection, known: &[Migration]) -> Result<Option<&'static str>, StoreError> {
    let mut tx = SqliteTx::new(conn);
    migrations::prepare(&mut tx)?;
    let Some(step) = migrations::missing(&mut tx, known)?.first() else {
        return Ok(None);
    };
    migrations::apply(&mut tx, step, Engine::Sqlite)?;
    Ok(Some(step.name))
}

/// Writes the log into the database file as far as readers allow; `Ok(false)` when they did not
/// allow all of it.
pub(crate) fn checkpoint(conn: &Connection, last: bool) -> Result<bool, (StoreError, bool)> {
    let sql =
        if last { "PRAGMA wal_checkpoint(TRUNCATE)" } else { "PRAGMA wal_checkpoint(PASSIVE)" };
    let counts = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, i64, i64)> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    };
    let (busy, log, done) =
        conn.query_row(sql, [], counts).map_err(|e| (fault(&e), is_failed_sync(&e)))?;
    Ok(busy == 0 && log == done)
}
