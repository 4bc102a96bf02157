//! The rows of an answer as CSV or as an Arrow stream, with the columns that its schema names.
//!
//! A row is a JSON object, and a column a member of it: what the forms say is the same. Decimals
//! are 64-bit floats, as in JSON; instants are microseconds in UTC; an absent member is null.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    },
    datatypes::{DataType, Field, Schema, TimeUnit},
    error::ArrowError,
    ipc::writer::StreamWriter,
};
use serde_json::Value;

use super::form::Form;
use crate::{error::Error, ops::OpDef};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Instant,
    Text,
    Number,
    Whole,
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
struct Column {
    name: String,
    kind: Kind,
    /// Whether a row may lack it.
    nullable: bool,
}

/// The table that the answers of an operation hold.
#[derive(Debug)]
pub(super) struct Table {
    rows: &'static str,
    columns: Vec<Column>,
}

impl Table {
    /// The table of an operation, if its answers hold one.
    pub(super) fn of(op: &OpDef) -> Option<Self> {
        let rows = op.rows?;
        let schema = (op.output)().to_value();
        let row = &schema["properties"][rows]["items"];
        let required = row["required"].as_array();
        let required = |name: &str| required.is_some_and(|it| it.iter().any(|it| it == name));
        let columns = row["properties"].as_object().into_iter().flatten();
        let columns = columns.map(|(name, schema)| Column {
            name: name.clone(),
            kind: Kind::of(schema),
            nullable: !required(name),
        });
        Some(Self { rows, columns: columns.collect() })
    }

    /// An answer in this form.
    pub(super) fn write(&self, form: Form, answer: &Value) -> Result<Vec<u8>, Error> {
        let rows = answer[self.rows].as_array().map_or(&[][..], Vec::as_slice);
        match form {
            Form::Json => serde_json::to_vec(answer).map_err(Error::internal),
            Form::Csv => self.csv(rows).map_err(Error::internal),
            Form::Arrow => self.arrow(rows).map_err(Error::internal),
        }
    }

    fn csv(&self, rows: &[Value]) -> Result<Vec<u8>, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns.iter().map(|column| &column.name))?;
        for row in rows {
            writer.write_record(self.columns.iter().map(|column| column.cell(row)))?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }

    fn arrow(&self, rows: &[Value]) -> Result<Vec<u8>, ArrowError> {
        let fields = self
            .columns
            .iter()
            .map(|column| Field::new(&column.name, column.kind.data_type(), column.nullable));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let columns = self.columns.iter().map(|column| column.array(rows)).collect();
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
        writer.write(&batch)?;
        writer.into_inner()
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("number"), _) => Self::Number,
            (Some("integer"), _) => Self::Whole,
            (_, Some(_)) => Self::Instant,
            _ => Self::Text,
        }
    }

    fn data_type(self) -> DataType {
        match self {
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text => DataType::Utf8,
            Self::Number => DataType::Float64,
            Self::Whole => DataType::Int64,
        }
    }
}

impl Column {
    fn cell(&self, row: &Value) -> String {
        match &row[&self.name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            // With its fraction, so that no reader takes a column of decimals for whole numbers.
            value if self.kind == Kind::Number => {
                value.as_f64().map_or_else(String::new, |it| Value::from(it).to_string())
            }
            value => value.to_string(),
        }
    }

    fn array(&self, rows: &[Value]) -> ArrayRef {
        let values = rows.iter().map(|row| &row[&self.name]);
        match self.kind {
            Kind::Instant => {
                let micros = values
                    .map(|it| Some(it.as_str()?.parse::<jiff::Timestamp>().ok()?.as_microsecond()));
                Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
            }
            Kind::Text => Arc::new(values.map(Value::as_str).collect::<StringArray>()),
            Kind::Number => Arc::new(values.map(Value::as_f64).collect::<Float64Array>()),
            Kind::Whole => Arc::new(values.map(Value::as_i64).collect::<Int64Array>()),
        }
    }
}
