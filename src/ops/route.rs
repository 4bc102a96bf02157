//! Where REST serves an operation, and in which form.

use serde_json::{Value, json};

use crate::error::Dialect;

/// Where the operations of paper trading are.
const BOT: &str = "/api/v1/bot";
/// The same where the contract has them behind its edge.
const BOT_EDGE: &str = "/api/trade/v1/bot";

/// The status of a success that says nothing.
const NO_CONTENT: u16 = 204;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or moves on.
    Post,
    /// Changes a part.
    Patch,
    /// Withdraws.
    Delete,
}

impl Method {
    /// Whether the fields that the path does not name are sent as a body; else as the query.
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Patch)
    }
}

/// The REST address of an operation, and how its answer is wrapped.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path; `{name}` is the request's field of that name.
    pub path: &'static str,
    /// The status of success.
    pub status: u16,
    /// The member that holds the answer, where the contract has one.
    pub envelope: Option<&'static str>,
    /// The member of the answer that is shown alone, where the contract has a bare list.
    pub bare: Option<&'static str>,
}

impl Route {
    const fn new(method: Method, path: &'static str) -> Self {
        Self { method, path, status: 200, envelope: None, bare: None }
    }

    /// `GET path`.
    pub const fn get(path: &'static str) -> Self {
        Self::new(Method::Get, path)
    }

    /// `POST path`.
    pub const fn post(path: &'static str) -> Self {
        Self::new(Method::Post, path)
    }

    /// `PATCH path`.
    pub const fn patch(path: &'static str) -> Self {
        Self::new(Method::Patch, path)
    }

    /// `DELETE path`.
    pub const fn delete(path: &'static str) -> Self {
        Self::new(Method::Delete, path)
    }

    /// Answers 201 on success.
    #[must_use]
    pub const fn created(mut self) -> Self {
        self.status = 201;
        self
    }

    /// Answers 204 on success: there is nothing to read.
    #[must_use]
    pub const fn silent(mut self) -> Self {
        self.status = NO_CONTENT;
        self
    }

    /// Answers the member of this name alone.
    #[must_use]
    pub const fn bare(mut self, name: &'static str) -> Self {
        self.bare = Some(name);
        self
    }

    /// Answers `{ name: … }`.
    #[must_use]
    pub const fn wrapped(mut self, name: &'static str) -> Self {
        self.envelope = Some(name);
        self
    }

    /// The answer as it is shown here: in its envelope, or the one member of it.
    pub fn shown(&self, mut answer: Value) -> Value {
        match (self.envelope, self.bare) {
            (Some(name), _) => json!({ name: answer }),
            (None, Some(name)) => answer.get_mut(name).map(Value::take).unwrap_or_default(),
            (None, None) => answer,
        }
    }

    /// Whether success has a body.
    pub const fn has_answer(&self) -> bool {
        self.status != NO_CONTENT
    }

    /// Every address that serves it: bots know theirs by two.
    pub fn addresses(&self) -> impl Iterator<Item = String> {
        let edge = self.path.strip_prefix(BOT).map(|rest| format!("{BOT_EDGE}{rest}"));
        [self.path.to_owned()].into_iter().chain(edge)
    }
}

/// In the words of which contract whatever is at this address answers.
pub fn dialect_at(path: &str) -> Dialect {
    if below_bot(path).is_some() { Dialect::Bot } else { Dialect::Benchmark }
}

/// Whether bot keys are managed at this address.
pub fn is_of_bot_keys(path: &str) -> bool {
    below_bot(path).is_some_and(|rest| rest == "/keys" || rest.starts_with("/keys/"))
}

/// The rest of an address of paper trading.
fn below_bot(path: &str) -> Option<&str> {
    let below = |prefix| path.strip_prefix(prefix).filter(|rest: &&str| rest.starts_with('/'));
    below(BOT).or_else(|| below(BOT_EDGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bots_have_two_addresses() {
        let of = |path| Route::get(path).addresses().collect::<Vec<_>>();
        assert_eq!(of("/api/v1/runs"), ["/api/v1/runs"]);
        assert_eq!(of("/api/v1/bot/kpi"), ["/api/v1/bot/kpi", "/api/trade/v1/bot/kpi"]);
        for path in ["/api/v1/bot/orders/x", "/api/trade/v1/bot/nowhere"] {
            assert_eq!(dialect_at(path), Dialect::Bot, "{path}");
        }
        for path in ["/api/v1/runs", "/api/v1/bots", "/mcp", "/api/trade"] {
            assert_eq!(dialect_at(path), Dialect::Benchmark, "{path}");
        }
        for path in ["/api/v1/bot/keys", "/api/trade/v1/bot/keys/x", "/api/v1/bot/keys/"] {
            assert!(is_of_bot_keys(path), "{path}");
        }
        for path in ["/api/v1/keys", "/api/v1/bot/keysmith", "/api/v1/bot", "/api/v1/bot/orders"] {
            assert!(!is_of_bot_keys(path), "{path}");
        }
    }
}
