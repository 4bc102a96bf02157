//! The schema: numbered files, forward only, embedded, each applied in one transaction.
//!
//! To change the schema add `migrations/000N_name.sql` (the portable part), its engine addendum if
//! it needs one, and a line in [`MIGRATIONS`]. A file that was released is never edited.

use super::error::StoreError;
use super::tx::Tx;
use super::{idempotency, runs, scores};
use crate::faults::{self, Bug};

/// An engine that has addenda of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Engine {
    /// `000N_name.sqlite.sql`.
    Sqlite,
}

/// One step of the schema.
#[derive(Debug)]
pub(crate) struct Migration {
    pub(crate) version: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) sqlite: &'static str,
    /// What SQL can not say, after it.
    pub(crate) then: fn(&mut dyn Tx) -> Result<(), StoreError>,
}

impl Migration {
    /// The statements for one engine, in order.
    pub(crate) fn statements(&self, engine: Engine) -> impl Iterator<Item = &'static str> {
        let addendum = match engine {
            Engine::Sqlite => self.sqlite,
        };
        split(self.sql).chain(split(addendum))
    }
}

/// Every step this program knows, oldest first.
pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "0001_init",
        sql: include_str!("migrations/0001_init.sql"),
        sqlite: include_str!("migrations/0001_init.sqlite.sql"),
        then: |_| Ok(()),
    },
    Migration {
        version: 2,
        name: "0002_seals",
        sql: include_str!("migrations/0002_seals.sql"),
        sqlite: include_str!("migrations/0002_seals.sqlite.sql"),
        then: |tx| {
            runs::seal_all(tx)?;
            idempotency::seal_all(tx)?;
            scores::seal_all(tx)
        },
    },
    Migration {
        version: 3,
        name: "0003_moves",
        sql: include_str!("migrations/0003_moves.sql"),
        sqlite: "",
        then: |_| Ok(()),
    },
    Migration {
        version: 4,
        name: "0004_credentials",
        sql: include_str!("migrations/0004_credentials.sql"),
        sqlite: include_str!("migrations/0004_credentials.sqlite.sql"),
        then: |_| Ok(()),
    },
    Migration {
        version: 5,
        name: "0005_paper",
        sql: include_str!("migrations/0005_paper.sql"),
        sqlite: include_str!("migrations/0005_paper.sqlite.sql"),
        then: |_| Ok(()),
    },
    Migration {
        version: 6,
        name: "0006_run_links",
        sql: include_str!("migrations/0006_run_links.sql"),
        sqlite: "",
        then: |_| Ok(()),
    },
    Migration {
        version: 7,
        name: "0007_billing",
        sql: include_str!("migrations/0007_billing.sql"),
        sqlite: "",
        then: |_| Ok(()),
    },
    Migration {
        version: 8,
        name: "0008_feed_heads",
        sql: include_str!("migrations/0008_feed_heads.sql"),
        sqlite: "",
        then: |_| Ok(()),
    },
    Migration {
        version: 9,
        name: "0009_latest_scores",
        sql: include_str!("migrations/0009_latest_scores.sql"),
        sqlite: "",
        then: |_| Ok(()),
    },
];

const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)";

/// The part of `known` that the database still lacks; refuses a database that is ahead of this
/// program or that took another way. The table `schema_version` must exist.
pub(crate) fn missing<'a>(
    tx: &mut dyn Tx,
    known: &'a [Migration],
) -> Result<&'a [Migration], StoreError> {
    let rows = tx.query("SELECT version, name FROM schema_version ORDER BY version", &[])?;
    for (i, row) in rows.iter().enumerate() {
        let (version, name) = (row.int("version")?, row.text("name")?);
        let Some(step) = known.get(i) else {
            let newest = known.last().map_or("nothing", |m| m.name);
            return Err(StoreError::Schema(format!(
                "the database is at {name} (version {version}), this bottrade knows up to \
                 {newest}: use a newer bottrade, or restore the backup made before the upgrade"
            )));
        };
        if (step.version, step.name) != (version, name.as_str()) {
            return Err(StoreError::Schema(format!(
                "the database has {name} as version {version} where this bottrade has {} as \
                 version {}",
                step.name, step.version
            )));
        }
    }
    Ok(known.get(rows.len()..).unwrap_or_default())
}

/// Makes the table that records the steps, if it is not there.
pub(crate) fn prepare(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.exec(CREATE, &[]).map(|_| ())
}

/// Applies one step and records it, inside the caller's transaction.
pub(crate) fn apply(tx: &mut dyn Tx, step: &Migration, engine: Engine) -> Result<(), StoreError> {
    for statement in step.statements(engine) {
        tx.exec(statement, &[]).map_err(|e| {
            let start = statement.lines().next().unwrap_or_default();
            StoreError::Schema(format!("{} stopped at `{start}`: {e}", step.name))
        })?;
        if faults::seeded(Bug::MigrateInPieces) {
            tx.exec("COMMIT", &[])?;
            tx.exec("BEGIN IMMEDIATE", &[])?;
        }
    }
    (step.then)(tx)?;
    tx.exec(
        "INSERT INTO schema_version (version, name) VALUES ($1, $2)",
        &[step.version.into(), step.name.into()],
    )?;
    Ok(())
}

/// Cuts a file at blank lines and leaves out the pieces that are only comment.
fn split(sql: &'static str) -> impl Iterator<Item = &'static str> {
    sql.split("\n\n")
        .map(str::trim)
        .filter(|piece| piece.lines().any(|line| !line.is_empty() && !line.starts_with("--")))
}
