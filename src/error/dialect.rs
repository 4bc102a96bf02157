//! In the words of which contract a failure is told.

use http::StatusCode as S;

use super::{Code, Error};

/// The two contracts tell the same failures in other words, and by other statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Benchmark runs: 400 for a broken rule, 422 for a field that does not fit its schema.
    #[default]
    Benchmark,
    /// Paper trading: 422 for both.
    Bot,
}

impl Dialect {
    /// The HTTP status of a failure.
    pub(super) const fn status(self, code: Code) -> S {
        match (self, code) {
            (Self::Bot, Code::Rejected | Code::MalformedBody) => S::UNPROCESSABLE_ENTITY,
            _ => code.status(),
        }
    }
}

impl Error {
    /// The same failure as this contract tells it.
    #[must_use]
    pub fn told_in(self, dialect: Dialect) -> Self {
        Self { dialect, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_hear_one_status_of_what_they_sent() {
        let refusals = [
            Error::rejected("no", "try another"),
            Error::invalid_field("side", "no such side"),
            Error::malformed_body("no"),
        ];
        assert_eq!(refusals.clone().map(|it| it.status().as_u16()), [400, 422, 400]);
        let told = refusals.map(|it| it.told_in(Dialect::Bot));
        assert_eq!(told.map(|it| it.problem()["status"].clone()), [422, 422, 422]);
    }

    #[test]
    fn a_key_that_opens_nothing_is_told_as_bots_know_it() {
        for (error, code) in [
            (Error::bot_key_required(), Code::KeyRequired),
            (Error::bot_key_invalid(), Code::KeyInvalid),
        ] {
            let told = error.told_in(Dialect::Bot);
            assert_eq!((told.status().as_u16(), told.code), (401, code));
            assert_eq!(told.problem()["detail"], "Invalid or revoked bot API key");
            assert!(told.header().is_some());
        }
        let other = Error::no_room();
        assert_eq!(other.clone().told_in(Dialect::Bot).problem(), other.problem());
    }
}
