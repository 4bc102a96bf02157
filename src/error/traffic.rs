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
    /// More calls of paper trading than an account has in a minute; `what` is a kind of them.
    pub fn minute_is_full(what: &str, max: u32, wait: Duration) -> Self {
        Self::too_many(&format!("{what}: an account has {max} a minute"), wait)
    }

    /// More calls of paper trading than the month of a plan has.
    pub fn month_is_full(plan: &str, max: u32, wait: Duration) -> Self {
        let error = Self::too_many(&format!("calls: the plan {plan} has {max} a month"), wait);
        let seconds = error.retry_after.unwrap_or_default();
        error.hint(format!(
            "nothing was done; the next month of UTC begins in {seconds} s, as `Retry-After` says; \
             a larger plan has more: the operator's `bottrade account set-plan` changes it"
        ))
    }
}
