//! What an operation answers.

use std::sync::Arc;

use serde_json::Value;

use crate::{app::kept, error::Error};

/// JSON without an envelope.
#[derive(Debug)]
pub enum Answer {
    /// Made for this call.
    Fresh(Value),
    /// Made once for every call that asks the same.
    Kept(Arc<kept::Json>),
}

impl Answer {
    /// As text.
    pub fn text(&self) -> Result<String, Error> {
        match self {
            // Several times faster than its `Display`, which formats.
            Self::Fresh(value) => serde_json::to_string(value).map_err(Error::internal),
            Self::Kept(json) => Ok(json.text.clone()),
        }
    }

    /// As a value.
    pub fn into_value(self) -> Value {
        match self {
            Self::Fresh(value) => value,
            Self::Kept(json) => json.value.clone(),
        }
    }
}
