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

    /// A link that was followed before, or is too old.
    pub fn link_used() -> Self {
        Self::new(Code::Rejected, "this link was used before, or is older than ten minutes")
            .hint("`bottrade login-link` prints another one")
    }

    /// A question of a client that the person answered before, or too late.
    pub fn question_answered() -> Self {
        Self::new(Code::Rejected, "this question was answered before, or is older than ten minutes")
            .hint("begin again in the program that asked")
    }

    /// A link that is opened from elsewhere than the server's own computer.
    pub fn link_from_elsewhere() -> Self {
        Self::new(Code::ForeignOrigin, "a sign-in link works on the server's own computer alone")
            .hint("open it there, at the loopback address; or set up a sign-in provider")
    }

    /// A client that cannot even be told why it is refused.
    pub fn client_refused(word: &str, description: &str) -> Self {
        Self::new(Code::Rejected, format!("{description} ({word})"))
            .hint("nothing was allowed; connect again from the program that sent you here")
    }

    /// A form that does not come from the page that we showed.
    pub fn foreign_form() -> Self {
        Self::new(Code::ForeignOrigin, "this form did not come from a page of this server")
            .hint("go back, reload the page and send it again")
    }

    /// A page that needs a person.
    pub fn sign_in_required(message: &str) -> Self {
        Self::new(Code::KeyRequired, message).hint("sign in at /login")
    }

    /// A provider that does not work, for now.
    pub fn provider_unavailable(problem: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(Code::Unavailable, problem.to_string()).hint(hint)
    }
}
