//! Whether a file can be trusted to say which rows there are, asked when it is opened.
//!
//! Chains and seals notice a row that was changed, not one that a damaged index hides: a run would
//! not exist, an answer kept for a retry would not be found and its call be done again. So the
//! tables whose rows are looked up by an index are examined. The journal is not: its chain misses
//! a row that cannot be found.
//!
//! What an index says follows from its table. Where every row fits its seal the index is wrong and
//! is made anew; where one does not, the row is wrong, and the index still leads to its refusal.

use super::fault;
use super::tx::SqliteTx;
use crate::store::error::StoreError;
use crate::store::tx::Tx;
use crate::store::{idempotency, paper, runs, scores, usage};
use rusqlite::Connection;
use std::path::Path;

/// A table whose rows have seals or a header: its name, how it is examined and repaired, and who
/// checks its rows.
struct Sealed {
    name: &'static str,
    examine: &'static str,
    rebuild: &'static str,
    rows: fn(&mut dyn Tx) -> Result<(), StoreError>,
}

const TABLES: [Sealed; 5] = [
    Sealed {
        name: "runs",
        examine: "PRAGMA integrity_check(runs)",
        rebuild: "REINDEX runs",
        rows: runs::check_all,
    },
    Sealed {
        name: "idempotency",
        examine: "PRAGMA integrity_check(idempotency)",
        rebuild: "REINDEX idempotency",
        rows: idempotency::check_all,
    },
    Sealed {
        name: "scores",
        examine: "PRAGMA integrity_check(scores)",
        rebuild: "REINDEX scores",
        rows: scores::check_all,
    },
    Sealed {
        name: "paper_accounts",
        examine: "PRAGMA integrity_check(paper_accounts)",
        rebuild: "REINDEX paper_accounts",
        rows: paper::check_all,
    },
    Sealed {
        name: "bot_usage",
        examine: "PRAGMA integrity_check(bot_usage)",
        rebuild: "REINDEX bot_usage",
        rows: usage::check_all,
    },
];

/// Refuses a file whose tables are not whole. A row that was changed is named in the log and
/// refused where it is asked for.
pub(crate) fn examine(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    for table in &TABLES {
        let problems = problems(conn, table)?;
        if problems.is_empty() {
            continue;
        }
        if let Err(changed) = (table.rows)(&mut SqliteTx::new(conn)) {
            tracing::error!(%changed, "a row is damaged and will not be served");
            if problems.iter().all(|problem| of_index(problem)) {
                continue;
            }
        } else {
            tracing::warn!(table = table.name, ?problems, "a damaged index is made anew");
            conn.execute_batch(table.rebuild).map_err(|e| fault(&e))?;
            if self::problems(conn, table)?.is_empty() {
                continue;
            }
        }
        let what = format!("table {}: {}", table.name, problems.join("; "));
        return Err(StoreError::corrupt(path.display().to_string(), what));
    }
    Ok(())
}

/// What is wrong with a table and its indexes, but for values in single rows, which seals notice.
fn problems(conn: &Connection, table: &Sealed) -> Result<Vec<String>, StoreError> {
    let rows = SqliteTx::new(conn).query(table.examine, &[])?;
    let lines: Result<Vec<String>, _> =
        rows.iter().map(|row| row.text("integrity_check")).collect();
    Ok(lines?.into_iter().filter(|line| line != "ok" && !of_value(line)).collect())
}

fn of_value(problem: &str) -> bool {
    problem.starts_with("CHECK constraint failed") || problem.contains(" value in ")
}

fn of_index(problem: &str) -> bool {
    problem.contains(" index ")
}
