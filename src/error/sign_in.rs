//! Sign-ins that came to nothing.

use super::{Code, Error};

impl Error {
    /// A way to sign in that is not set up.
    pub fn no_such_provider(hint: &str) -> Self {
        Self::new(Code::NotFound, "this server has no such way to sign in").hint(hint)
    }

    /// An answer of a provider that signs nobody in.
    pub fn sign_in_refused(problem: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(Code::Rejected, problem.to_string()).hint(hint)
    }

    /// A provider that does not work, for now.
    pub fn provider_unavailable(problem: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(Code::Unavailable, problem.to_string()).hint(hint)
    }
}
