//! What can go wrong in the store, in five kinds that a caller can act on.

use std::path::Path;

/// A failed read or unit of work.
///
/// It is `Clone` because one failed COMMIT is the answer to every caller of its batch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The stored state is not the one the caller assumed (a moved run head, a name taken, a
    /// changed scenario). Nothing was written; look again, then decide.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The store cannot answer now: busy, full, closing, or stopped after a failed sync. Nothing
    /// was answered as done; whether a COMMIT that failed reached the disk is unknown, so a caller
    /// retries with the same idempotency key.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// Stored bytes are not what this program wrote.
    #[error("corrupt data in {table}: {what}")]
    Corrupt {
        /// The table, or `database` when the file itself is damaged.
        table: String,
        /// What is wrong, with the row's id where it has one.
        what: String,
    },
    /// The database belongs to another version of this program, or to another program.
    #[error("schema: {0}")]
    Schema(String),
    /// A bug in this program: a refused statement, a panic in a unit of work.
    #[error("internal store error: {0}")]
    Internal(String),
}

impl StoreError {
    /// The stored state is not the one the caller assumed.
    pub fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict(what.into())
    }

    /// The store cannot answer now.
    pub fn unavailable(why: impl Into<String>) -> Self {
        Self::Unavailable(why.into())
    }

    /// Stored bytes of `table` are not what this program wrote.
    pub fn corrupt(table: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Corrupt { table: table.into(), what: what.into() }
    }

    /// The same of a database in this file: what is wrong with it is told by the file's name.
    #[must_use]
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            Self::Corrupt { what, .. } => Self::corrupt(path.display().to_string(), what),
            Self::Schema(what) => Self::Schema(format!("{}: {what}", path.display())),
            other => other,
        }
    }

    /// A bug in this program.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Internal(what.into())
    }
}
