//! [`Tx`] on one SQLite connection.

use super::{fault, is_failed_sync};
use crate::store::error::StoreError;
use crate::store::tx::{Row, Shape, Tx, Val};
use rusqlite::types::{Null, ValueRef};
use rusqlite::{CachedStatement, Connection};
use std::sync::Arc;

/// Statements kept prepared on each connection.
pub(crate) const STATEMENTS_MAX: usize = 128;

/// A transaction that somebody else began and will end.
pub(crate) struct SqliteTx<'a> {
    conn: &'a Connection,
    /// A statement met a failed fsync; see [`is_failed_sync`].
    pub(crate) sync_failed: bool,
}

impl<'a> SqliteTx<'a> {
    pub(crate) fn new(conn: &'a Connection) -> Self {
        Self { conn, sync_failed: false }
    }

    fn fault(&mut self, error: &rusqlite::Error) -> StoreError {
        self.sync_failed |= is_failed_sync(error);
        fault(error)
    }
}

impl Tx for SqliteTx<'_> {
    fn query(&mut self, sql: &'static str, params: &[Val]) -> Result<Vec<Row>, StoreError> {
        let mut stmt = self.conn.prepare_cached(sql).map_err(|e| self.fault(&e))?;
        bind(&mut stmt, sql, params)?;
        let columns: Vec<String> = stmt.column_names().map(str::to_owned).collect();
        let (width, shape) = (columns.len(), Arc::new(Shape { sql, columns }));
        let mut rows = stmt.raw_query();
        let mut answer = Vec::new();
        while let Some(row) = rows.next().map_err(|e| self.fault(&e))? {
            let mut values = Vec::with_capacity(width);
            for i in 0..width {
                values.push(value(row.get_ref(i).map_err(|e| fault(&e))?));
            }
            answer.push(Row::new(Arc::clone(&shape), values));
        }
        Ok(answer)
    }

    fn exec(&mut self, sql: &'static str, params: &[Val]) -> Result<u64, StoreError> {
        let mut stmt = self.conn.prepare_cached(sql).map_err(|e| self.fault(&e))?;
        bind(&mut stmt, sql, params)?;
        let changed = stmt.raw_execute().map_err(|e| self.fault(&e))?;
        u64::try_from(changed).map_err(|e| StoreError::internal(e.to_string()))
    }
}

/// Binds `$1…`. SQLite takes `$2` as a *name* and numbers names as they appear, Postgres takes it
/// as a position: binding by name makes both mean the same.
fn bind(stmt: &mut CachedStatement<'_>, sql: &str, params: &[Val]) -> Result<(), StoreError> {
    let wrong = |why: &str| StoreError::internal(format!("{why}: {sql}"));
    if stmt.parameter_count() != params.len() {
        return Err(wrong("the number of parameters differs from the statement's"));
    }
    for index in 1..=params.len() {
        let number = stmt.parameter_name(index).and_then(|name| name.strip_prefix('$'));
        let position = number.and_then(|n| n.parse::<usize>().ok()).and_then(|n| n.checked_sub(1));
        let value = position.and_then(|p| params.get(p));
        let bound = match value.ok_or_else(|| wrong("parameters are $1, $2, …"))? {
            Val::Null => stmt.raw_bind_parameter(index, Null),
            Val::Int(n) => stmt.raw_bind_parameter(index, n),
            Val::Real(x) if !x.is_finite() => return Err(wrong("a number is not finite")),
            Val::Real(x) => stmt.raw_bind_parameter(index, x),
            Val::Text(text) => stmt.raw_bind_parameter(index, text),
            Val::Blob(bytes) => stmt.raw_bind_parameter(index, bytes.as_slice()),
        };
        bound.map_err(|e| fault(&e))?;
    }
    Ok(())
}

/// A text that is not UTF-8 is passed on as the bytes it is: whoever reads it names its row.
fn value(column: ValueRef<'_>) -> Val {
    match column {
        ValueRef::Null => Val::Null,
        ValueRef::Integer(n) => Val::Int(n),
        ValueRef::Real(x) => Val::Real(x),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Val::Text(text.to_owned()),
            Err(_) => Val::Blob(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Val::Blob(bytes.to_vec()),
    }
}
