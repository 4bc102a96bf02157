//! A call that changes a run, and how a repeated one is recognised.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    store::{Digest, chain::sha256},
};

/// A call that changes a run.
pub struct Turn<'a> {
    pub(super) run_id: &'a str,
    /// The caller's key and the fingerprint of the request.
    pub(super) key: Option<(String, Digest)>,
    /// Why, in the agent's own words; kept in the journal.
    pub(super) rationale: Option<&'a str>,
}

/// A repeated key gets the first answer.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct IdempotencyKey(#[schemars(length(max = Self::MAX))] String);

impl IdempotencyKey {
    /// Characters a key may have.
    const MAX: usize = 200;

    /// What is wrong with a key, if anything.
    pub fn check(key: Option<&Self>) -> Result<(), Error> {
        if key.is_some_and(|key| key.0.chars().count() > Self::MAX) {
            let problem = format!("must be at most {} characters", Self::MAX);
            return Err(Error::invalid_field("idempotency_key", &problem));
        }
        Ok(())
    }
}

impl<'a> Turn<'a> {
    /// A call of operation `op` with this request in its normal form; an empty key is none.
    pub fn new(
        run_id: &'a str,
        key: Option<&IdempotencyKey>,
        op: &str,
        request: &impl Serialize,
    ) -> Result<Self, Error> {
        let Some(key) = key.filter(|key| !key.0.is_empty()) else {
            return Ok(Self { run_id, key: None, rationale: None });
        };
        IdempotencyKey::check(Some(key))?;
        let request = serde_json::to_string(request).map_err(Error::internal)?;
        let fingerprint = sha256(format!("{op} {request}").as_bytes());
        Ok(Self { run_id, key: Some((key.0.clone(), fingerprint)), rationale: None })
    }

    /// The same with the agent's reasons.
    #[must_use]
    pub fn because(self, rationale: Option<&'a str>) -> Self {
        Self { rationale, ..self }
    }
}
