//! SQLite: one thread that writes, a few connections that read, durable before it answers.
//!
//! What the rest of the store may rely on here:
//! - WAL with `synchronous=FULL`: a COMMIT that returned is on the disk. (Killing the process does
//!   not test that, cutting the power does.)
//! - A connection of this module never sees a step before it is durable: SQLite shows a WAL frame
//!   to readers after the sync.
//! - The database file is opened by SQLite alone. Another descriptor of the same process on it,
//!   once closed, would drop SQLite's locks.

pub(crate) mod examine;
pub(crate) mod open;
pub(crate) mod readers;
pub(crate) mod scratch;
pub(crate) mod tx;
pub(crate) mod writer;

use super::error::StoreError;
use rusqlite::{ErrorCode, ffi};

/// Turns SQLite's error into ours.
pub(crate) fn fault(error: &rusqlite::Error) -> StoreError {
    let text = error.to_string();
    let Some(code) = error.sqlite_error_code() else {
        return StoreError::Internal(text);
    };
    match code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            StoreError::Unavailable(format!("another writer holds the database ({text})"))
        }
        ErrorCode::DiskFull => StoreError::Unavailable(format!("no space left ({text})")),
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OutOfMemory
        | ErrorCode::OperationInterrupted
        | ErrorCode::PermissionDenied => StoreError::Unavailable(text),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::corrupt("database", text)
        }
        ErrorCode::ConstraintViolation if is_duplicate(error) => StoreError::Conflict(text),
        _ => StoreError::Internal(text),
    }
}

fn is_duplicate(error: &rusqlite::Error) -> bool {
    matches!(
        extended(error),
        ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_FOREIGNKEY
    )
}

/// A failed fsync: the kernel may have dropped the pages and a second fsync would succeed without
/// them, so the only safe way on is a restart that reads what the disk really holds.
pub(crate) fn is_failed_sync(error: &rusqlite::Error) -> bool {
    matches!(extended(error), ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC)
}

fn extended(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |e| e.extended_code)
}
