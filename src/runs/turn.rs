//! A call that changes a run, and how a repeated one is recognised.

use serde::Serialize;

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

impl Turn<'_> {
    /// Characters an idempotency key may have.
    pub const KEY_MAX: usize = 200;
}

impl<'a> Turn<'a> {
    /// A call of operation `op` with this request in its normal form; an empty key is none.
    pub fn new(
        run_id: &'a str,
        key: Option<&str>,
        op: &str,
        request: &impl Serialize,
    ) -> Result<Self, Error> {
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return Ok(Self { run_id, key: None, rationale: None });
        };
        Self::check_key(Some(key))?;
        let request = serde_json::to_string(request).map_err(Error::internal)?;
        let fingerprint = sha256(format!("{op} {request}").as_bytes());
        Ok(Self { run_id, key: Some((key.to_owned(), fingerprint)), rationale: None })
    }

    /// What is wrong with a key, if anything.
    pub fn check_key(key: Option<&str>) -> Result<(), Error> {
        if key.is_some_and(|key| key.chars().count() > Self::KEY_MAX) {
            let problem = format!("must be at most {} characters", Self::KEY_MAX);
            return Err(Error::invalid_field("idempotency_key", &problem));
        }
        Ok(())
    }

    /// The same with the agent's reasons.
    #[must_use]
    pub fn because(self, rationale: Option<&'a str>) -> Self {
        Self { rationale, ..self }
    }
}
