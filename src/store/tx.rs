//! The seam between the typed rows and an engine: two methods, five kinds of value, one SQL text.
//!
//! SQL is written in the subset that SQLite and Postgres share: parameters `$1…`, types BIGINT,
//! DOUBLE PRECISION, TEXT and BYTEA, times as microseconds, ids as TEXT, no booleans, no JSON
//! columns, `ON CONFLICT` and `RETURNING` where they help. A unit of work that meets a duplicate
//! must not rely on the engine's error (it ends a Postgres transaction): it says `ON CONFLICT DO
//! NOTHING` and looks at the number of rows.

use super::error::StoreError;
use std::sync::Arc;

/// A SHA-256 digest, as stored in a BYTEA column.
pub type Digest = [u8; 32];

/// One transaction, or one unit of work inside it, on some engine.
///
/// SQL is `'static`: a statement is never built from input, and it is prepared once.
pub trait Tx {
    /// Runs a statement that answers rows, all of them.
    fn query(&mut self, sql: &'static str, params: &[Val]) -> Result<Vec<Row>, StoreError>;

    /// Runs a statement that answers none; gives the number of rows it changed.
    fn exec(&mut self, sql: &'static str, params: &[Val]) -> Result<u64, StoreError>;
}

/// Runs a query whose answer is one row or none.
pub(crate) fn query_opt(
    tx: &mut dyn Tx,
    sql: &'static str,
    params: &[Val],
) -> Result<Option<Row>, StoreError> {
    let mut rows = tx.query(sql, params)?;
    match rows.len() {
        0 | 1 => Ok(rows.pop()),
        n => Err(StoreError::internal(format!("{n} rows where one was expected: {sql}"))),
    }
}

/// Runs a query that always answers exactly one row.
pub(crate) fn query_one(
    tx: &mut dyn Tx,
    sql: &'static str,
    params: &[Val],
) -> Result<Row, StoreError> {
    query_opt(tx, sql, params)?
        .ok_or_else(|| StoreError::internal(format!("no row where one was expected: {sql}")))
}

/// A value on its way into or out of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// DOUBLE PRECISION; only finite numbers are accepted.
    Real(f64),
    /// TEXT.
    Text(String),
    /// BYTEA.
    Blob(Vec<u8>),
}

impl Val {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "BIGINT",
            Self::Real(_) => "DOUBLE PRECISION",
            Self::Text(_) => "TEXT",
            Self::Blob(_) => "BYTEA",
        }
    }
}

impl From<i64> for Val {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<f64> for Val {
    fn from(x: f64) -> Self {
        Self::Real(x)
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Val {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Val {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Blob(bytes)
    }
}

impl From<&Digest> for Val {
    fn from(digest: &Digest) -> Self {
        Self::Blob(digest.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Val {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What the rows of one answer have in common.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) sql: &'static str,
    pub(crate) columns: Vec<String>,
}

/// One row of an answer. A getter that finds another type than it expects answers
/// [`StoreError::Corrupt`] with the table, the row's first column and the column's name.
#[derive(Clone, Debug)]
pub struct Row {
    shape: Arc<Shape>,
    values: Vec<Val>,
}

impl Row {
    pub(crate) fn new(shape: Arc<Shape>, values: Vec<Val>) -> Self {
        Self { shape, values }
    }

    fn get(&self, column: &str) -> Result<&Val, StoreError> {
        let index = self.shape.columns.iter().position(|name| name == column);
        index.and_then(|i| self.values.get(i)).ok_or_else(|| {
            StoreError::internal(format!("no column {column} in the answer of: {}", self.shape.sql))
        })
    }

    /// The error for a column of this row that does not hold what it should.
    pub fn corrupt(&self, column: &str, expected: &str) -> StoreError {
        let held = self.get(column).map_or("nothing", Val::kind);
        let row = match self.values.first() {
            Some(Val::Text(id)) => format!("row {id:?}: "),
            _ => String::new(),
        };
        let what = format!("{row}column {column} holds {held}, expected {expected}");
        StoreError::corrupt(table_of(self.shape.sql), what)
    }

    /// The error for a row that does not fit its seal.
    pub fn changed(&self) -> StoreError {
        let row = match self.values.first() {
            Some(Val::Text(id)) => format!("row {id:?}"),
            _ => "a row".to_owned(),
        };
        let what = format!("{row} was changed: it does not fit its seal");
        StoreError::corrupt(table_of(self.shape.sql), what)
    }

    /// An integer.
    pub fn int(&self, column: &str) -> Result<i64, StoreError> {
        match self.get(column)? {
            Val::Int(n) => Ok(*n),
            _ => Err(self.corrupt(column, "an integer")),
        }
    }

    /// An integer or NULL.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        self.nullable(column, Self::int)
    }

    /// A floating-point number.
    pub fn real(&self, column: &str) -> Result<f64, StoreError> {
        match self.get(column)? {
            Val::Real(x) => Ok(*x),
            _ => Err(self.corrupt(column, "a number")),
        }
    }

    /// A floating-point number or NULL.
    pub fn opt_real(&self, column: &str) -> Result<Option<f64>, StoreError> {
        self.nullable(column, Self::real)
    }

    /// A text.
    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        match self.get(column)? {
            Val::Text(text) => Ok(text.clone()),
            _ => Err(self.corrupt(column, "a text")),
        }
    }

    /// A text or NULL.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.nullable(column, Self::text)
    }

    /// A blob of 32 bytes.
    pub fn digest(&self, column: &str) -> Result<Digest, StoreError> {
        match self.get(column)? {
            Val::Blob(bytes) => Digest::try_from(bytes.as_slice())
                .map_err(|_| self.corrupt(column, "a digest of 32 bytes")),
            _ => Err(self.corrupt(column, "a digest of 32 bytes")),
        }
    }

    /// A blob or NULL.
    pub fn opt_blob(&self, column: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.get(column)? {
            Val::Null => Ok(None),
            Val::Blob(bytes) => Ok(Some(bytes.clone())),
            _ => Err(self.corrupt(column, "bytes")),
        }
    }

    fn nullable<T>(
        &self,
        column: &str,
        read: fn(&Self, &str) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match self.get(column)? {
            Val::Null => Ok(None),
            _ => read(self, column).map(Some),
        }
    }
}

/// The first table a statement names, for error texts.
fn table_of(sql: &str) -> &str {
    let mut words = sql.split_whitespace();
    while let Some(word) = words.next() {
        if matches!(word, "FROM" | "INTO" | "UPDATE") {
            return words.next().unwrap_or("?").trim_end_matches(['(', ',']);
        }
    }
    "?"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let columns = vec!["id".to_owned(), "seq".to_owned(), "hash".to_owned()];
        let shape = Arc::new(Shape { sql: "SELECT id, seq, hash FROM runs WHERE x", columns });
        Row::new(shape, vec!["r1".into(), Val::Real(1.5), Val::Blob(vec![1, 2])])
    }

    #[test]
    fn a_mismatch_names_table_row_and_column() {
        let error = row().int("seq").unwrap_err();
        let what = "row \"r1\": column seq holds DOUBLE PRECISION, expected an integer";
        assert_eq!(error, StoreError::corrupt("runs", what));
        let error = row().digest("hash").unwrap_err().to_string();
        assert!(
            error.contains("column hash holds BYTEA, expected a digest of 32 bytes"),
            "{error}"
        );
        assert!(matches!(row().int("nope"), Err(StoreError::Internal(_))));
    }
}
