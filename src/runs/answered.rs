//! An answer that leaves once, and may be asked for again.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

/// The answer of a command: made by this call, or by the one that came first with its key.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answered<T> {
    /// Made now.
    Now(T),
    /// Made then, and kept.
    Before(Value),
}

impl<T> Answered<T> {
    /// What was made now.
    pub fn made(self) -> Option<T> {
        match self {
            Self::Now(answer) => Some(answer),
            Self::Before(_) => None,
        }
    }
}

impl<T> Answered<Option<T>> {
    /// Nothing, if what was made now is nothing.
    pub fn transpose(self) -> Option<Answered<T>> {
        match self {
            Self::Now(answer) => answer.map(Answered::Now),
            Self::Before(answer) => Some(Answered::Before(answer)),
        }
    }
}

/// Both have the same shape.
impl<T: JsonSchema> JsonSchema for Answered<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
