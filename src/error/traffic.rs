//! What goes wrong when somebody calls too often.

use std::time::Duration;

use super::{Code, Error};

impl Error {
    /// More of something than its limit; `wait` is how long until there may be one more.
    pub fn too_many(what: &str, wait: Duration) -> Self {
        // A client that waits a whole number of seconds must not come a moment too early.
        let seconds = wait.as_micros().div_ceil(1_000_000).try_into().unwrap_or(u32::MAX);
        let error = Self::new(Code::TooManyCalls, format!("too many {what}"));
        Self { retry_after: Some(seconds), ..error }
            .hint(format!("nothing was done; try again in {seconds} s, as `Retry-After` says"))
    }
}
