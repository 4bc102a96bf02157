//! What goes wrong with a feed of quotes and those who push it.

use super::{Code, Error};

impl Error {
    /// A line that cannot be taken.
    pub fn invalid_line(place: &str, problem: &str) -> Self {
        Self { hint: None, ..Self::invalid_field(place, problem) }
            .hint("nothing of this batch was taken; correct the line and send the batch again")
    }

    /// A longer batch than any.
    pub fn too_many_lines(max: usize) -> Self {
        Self::new(Code::Rejected, format!("a batch has at most {max} lines"))
            .hint("nothing of this batch was taken; send it in parts, in order")
    }

    /// A season that is full.
    pub fn season_full(max: usize) -> Self {
        Self::new(Code::Rejected, format!("a season has at most {max} quotes"))
            .hint("nothing of this batch was taken; the next season begins empty")
    }

    /// A server that takes no quotes.
    pub fn nothing_is_pushed() -> Self {
        Self::new(Code::NotFound, "this server takes no quotes").hint(
            "start it with `--feed push` and the variable BOTTRADE_OPERATOR_TOKEN, and send \
             `Authorization: Bearer <token>`",
        )
    }

    /// Somebody who is not the operator.
    pub fn operator_required() -> Self {
        Self::new(Code::KeyInvalid, "the operator's token is required").hint(
            "send `Authorization: Bearer <token>` with the token that the server has as \
             BOTTRADE_OPERATOR_TOKEN",
        )
    }

    /// Two servers that write one season.
    pub fn season_moved() -> Self {
        Self::new(Code::Conflict, "another process pushes to this market too")
            .hint("nothing of this batch was taken; see that one server alone uses the database")
    }

    /// Stored quotes that are not what was written: never served.
    pub fn corrupt_feed(detail: impl std::fmt::Display) -> Self {
        tracing::error!(%detail, "the journal of the feed is corrupt");
        Self::new(Code::Internal, format!("this market cannot be served: {detail}"))
            .hint("restore the database from a backup")
    }
}
