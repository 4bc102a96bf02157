//! Parameters of a request, each at most once.

use super::error::{OauthError, Word};

/// Bytes of one parameter.
const VALUE_MAX: usize = 4_096;

/// Names and values as they were sent.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Takes pairs in their order.
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// A parameter; an empty one is none (RFC 6749, 3.1).
    pub fn get(&self, name: &str) -> Result<Option<&str>, OauthError> {
        let mut found = self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        let value = found.next().map(String::as_str);
        if found.next().is_some() {
            return Err(wrong(name, "is given more than once"));
        }
        if value.is_some_and(|value| value.len() > VALUE_MAX) {
            return Err(wrong(name, &format!("is longer than {VALUE_MAX} bytes")));
        }
        Ok(value.filter(|value| !value.is_empty()))
    }

    /// A parameter that must be there.
    pub fn need(&self, name: &str) -> Result<&str, OauthError> {
        self.get(name)?.ok_or_else(|| wrong(name, "is missing"))
    }
}

fn wrong(name: &str, problem: &str) -> OauthError {
    OauthError::new(Word::InvalidRequest, format!("{name} {problem}"))
}
