//! A panic in a caller's closure becomes an error of that caller alone.

use super::error::StoreError;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; a panic in it is a [`StoreError::Internal`].
///
/// The caller of this function undoes whatever `work` had changed (it rolls back), which is what
/// makes it unwind safe.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = message(panic.as_ref());
        tracing::error!(what, "a unit of work panicked");
        Err(StoreError::Internal(format!("a unit of work panicked: {what}")))
    })
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
