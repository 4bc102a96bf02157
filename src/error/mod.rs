//! The one error that leaves the service: a stable code, a sentence, and what to do next.
//!
//! Every failure a caller can see is made by a constructor in this file, those of the MCP door in
//! `mcp`, those of plans and payments in `billing`, of credentials in `credentials`, of pushed
//! quotes in `feed`, of paper accounts in `paper`, of a sign-in in `sign_in`, of who calls too
//! often in `traffic`.

mod billing;
mod code;
mod credentials;
mod dialect;
mod feed;
mod mcp;
mod paper;
mod sign_in;
mod told;
mod traffic;

use serde::Serialize;
use sim::{
    Status,
    outcome::{Refusal, Reject},
};

pub use billing::RunLimit;
pub use code::Code;
pub use dialect::Dialect;

/// Characters of a message: what a caller sent is not echoed at length.
const MESSAGE_MAX: usize = 300;

fn short(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// One of several problems in a call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldProblem {
    /// Where, such as `orders[1].quantity`.
    pub location: String,
    /// What was expected.
    pub message: String,
}

impl FieldProblem {
    /// Why an order is refused; `place` names the list it stands in, or is empty for a lone order.
    pub fn of_order(place: &str, at: usize, reject: &Reject) -> Self {
        let field = reject.field();
        let location = match place {
            "" => field.to_owned(),
            list if field.is_empty() => format!("{list}[{at}]"),
            list => format!("{list}[{at}].{field}"),
        };
        Self { location, message: reject.to_string() }
    }
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The reason, for programs.
    pub code: Code,
    /// The reason, in a sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Every problem, where there are several or the place matters.
    pub fields: Vec<FieldProblem>,
    /// Seconds after which the same call may succeed, where that is known.
    pub retry_after: Option<u32>,
    /// The scope whose want is the failure, where it is one.
    pub scope: Option<&'static str>,
    /// How the account stands, where it may start no more runs.
    pub run_limit: Option<Box<RunLimit>>,
    /// How it is told.
    dialect: Dialect,
}

impl Error {
    fn new(code: Code, message: impl Into<String>) -> Self {
        let (message, fields) = (short(&message.into()), Vec::new());
        let dialect = Dialect::default();
        let (hint, retry_after, scope, run_limit) = (None, None, None, None);
        Self { code, message, hint, fields, retry_after, scope, run_limit, dialect }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, with its place in the request.
    #[must_use]
    pub fn at(mut self, location: &str) -> Self {
        let message = self.message.clone();
        self.fields.push(FieldProblem { location: location.into(), message });
        self
    }

    /// The same error of something that was asked for by its address.
    #[must_use]
    pub fn as_not_found(self) -> Self {
        Self { code: Code::NotFound, ..self }
    }

    /// The request cannot be read at all.
    pub fn malformed_request(problem: impl std::fmt::Display) -> Self {
        Self::new(Code::MalformedRequest, format!("the request is not valid HTTP: {problem}"))
            .hint("nothing was done; send the call with an ordinary HTTP/1.1 client")
    }

    /// The body cannot be read as JSON at all.
    pub fn malformed_body(problem: impl std::fmt::Display) -> Self {
        Self::new(Code::MalformedBody, format!("the body is not valid JSON: {problem}"))
            .hint("send one JSON object; numbers must be finite, NaN and Infinity are not JSON")
    }

    /// More bytes than a body may have.
    pub fn body_too_large(max: usize) -> Self {
        Self::new(Code::BodyTooLarge, format!("the body is larger than {max} bytes"))
            .hint("nothing was done; split the call")
    }

    /// A body of which some is still missing.
    pub fn too_slow() -> Self {
        Self::new(Code::TooSlow, "the body did not arrive in time")
            .hint("nothing was done; send the call again, its body without a pause")
    }

    /// A field does not have the shape the schema asks for.
    pub fn invalid_field(location: &str, problem: &str) -> Self {
        let place = if location.is_empty() || location == "." { "input" } else { location };
        let mut error = Self::new(Code::InvalidInput, format!("`{place}`: {problem}"));
        error.fields.push(FieldProblem { location: short(place), message: short(problem) });
        error.hint("nothing was done; correct the field and repeat the call")
    }

    /// A field fits its schema and breaks a rule that no schema says.
    pub fn broken_rule(location: &str, problem: &str) -> Self {
        Self { code: Code::Rejected, ..Self::invalid_field(location, problem) }
    }

    /// A rule of this call is broken.
    pub fn rejected(message: impl Into<String>, hint: &str) -> Self {
        Self::new(Code::Rejected, message).hint(hint)
    }

    /// A run of another account.
    pub fn foreign_run() -> Self {
        Self::new(Code::NotYours, "you do not own this run")
            .hint("use a key of the account that started it; a published run is at …/{id}/public")
    }

    /// Nobody else can watch this run, or any, for now.
    pub fn too_many_watch() -> Self {
        let mut error = Self::new(Code::Unavailable, "too many watch runs at this moment");
        error.retry_after = Some(10);
        error.hint("the page shows the run as it is whenever it is loaded")
    }

    /// An unknown run.
    pub fn no_such_run() -> Self {
        Self::new(Code::NotFound, "no such run").hint("`GET /api/v1/runs` lists yours")
    }

    /// A cursor that no page of the caller's runs gave.
    pub fn no_such_page() -> Self {
        Self::broken_rule("cursor", "is not the `next_cursor` of a page of your runs")
            .hint("send it as it came, or start again without one")
    }

    /// An unknown scenario. `noun` says how it was asked for, such as `scenario with slug`.
    pub fn no_such_scenario(noun: &str, asked: &str, nearest: &[String]) -> Self {
        let error = Self::new(Code::NotFound, format!("no {noun} \"{asked}\""));
        error.hint(if nearest.is_empty() {
            "`list_scenarios` lists them all".into()
        } else {
            format!("did you mean {}?", nearest.join(", "))
        })
    }

    /// A symbol that cannot be traded here.
    pub fn no_such_symbol(location: &str, asked: &str, nearest: &[String]) -> Self {
        let message = format!("symbol \"{asked}\" not in scenario universe");
        let mut error = Self::new(Code::Rejected, message.clone());
        error.fields.push(FieldProblem { location: location.into(), message: short(&message) });
        error.hint(if nearest.is_empty() {
            "`get_scenario` lists the universe".into()
        } else {
            format!("did you mean {}? `get_scenario` lists the universe", nearest.join(", "))
        })
    }

    /// An order that does not wait (any more).
    pub fn no_such_order(id: &str) -> Self {
        Self::new(Code::NotFound, format!("no working order \"{id}\""))
            .hint("`get_run` lists queued_orders; filled and ended orders cannot be cancelled")
    }

    /// An unknown address.
    pub fn no_such_route(method: &str, path: &str) -> Self {
        Self::new(Code::NotFound, format!("no route {method} {path}"))
            .hint("`/api/openapi.json` describes every route")
    }

    /// A page that is not there, asked for with a browser.
    pub fn no_such_address(path: &str) -> Self {
        Self::new(Code::NotFound, format!("there is no page {path}"))
            .hint("the menu leads to every page; a run that is not published is seen by nobody")
    }

    /// A text that the operator did not give.
    pub fn no_text_of(file: &str) -> Self {
        let hint = "whoever runs this server gives it a folder with that file: --legal DIR";
        Self::new(Code::NotFound, format!("this server has no {file}")).hint(hint)
    }

    /// A known address, called with a method it does not have.
    pub fn method_not_allowed(method: &str, path: &str) -> Self {
        Self::new(Code::MethodNotAllowed, format!("{path} has no method {method}"))
            .hint("`/api/openapi.json` describes every route")
    }

    /// No form of the answer is one that the caller takes.
    pub fn not_acceptable(asked: &str, forms: &str, suffixes: &str) -> Self {
        let message = format!("`Accept: {}` fits no form of this answer", short(asked));
        let hint = format!("there are {forms}; or add one of {suffixes} to the path");
        Self::new(Code::NotAcceptable, message).hint(hint)
    }

    /// An idempotency key that was used for something else.
    pub fn key_reused() -> Self {
        Self::new(Code::Conflict, "idempotency_key previously used with a different request body")
            .hint(
                "use a fresh key for a new call; \
             repeat a call with its own key and body to replay it",
            )
    }

    /// Two calls raced on one run.
    pub fn run_moved() -> Self {
        Self::new(Code::Conflict, "the run was changed by another process meanwhile")
            .hint("read the run again, then decide")
    }

    /// The score was asked for too early.
    pub fn still_active() -> Self {
        Self::new(Code::Rejected, "run is still active; cannot compute results yet")
            .hint("step until `done` is true")
    }

    /// The scenario a run was played on is not (or no longer exactly) here.
    pub fn scenario_changed(slug: &str, version: u32) -> Self {
        Self::new(
            Code::Unavailable,
            format!("scenario {slug} version {version} of this run is not installed unchanged"),
        )
        .hint(format!(
            "give the server that version too: a folder named {slug}@{version} under --scenarios"
        ))
    }

    /// The bars or rules of a scenario were edited without a new version.
    pub fn scenario_edited(slug: &str, version: u32) -> Self {
        Self::new(
            Code::Conflict,
            format!("scenario {slug} version {version} was played before with other bars or rules"),
        )
        .hint("raise `version` in its scenario.toml and start the server again")
    }

    /// A journal that does not replay: never served.
    pub fn corrupt_run(run: &str, seq: i64) -> Self {
        Self::corrupt(format!("run {run}: entry {seq} does not replay"))
    }

    /// A journal that replays to something else than was answered: never served.
    pub fn other_books(run: &str) -> Self {
        Self::corrupt(format!(
            "run {run}: its journal does not replay to the books it was kept with"
        ))
    }

    /// Stored bytes are not what was written: never served.
    pub fn corrupt(detail: impl std::fmt::Display) -> Self {
        tracing::error!(%detail, "the store is corrupt");
        Self::new(Code::Internal, format!("this cannot be served: {detail}"))
            .hint("restore the database from a backup")
    }

    /// The store refuses work for now.
    pub fn unavailable(detail: impl std::fmt::Display) -> Self {
        tracing::warn!(%detail, "store is unavailable");
        Self::new(Code::Unavailable, "the store cannot take this call now").hint(
            "repeat the call with the same idempotency_key: it is done once, if it was not yet",
        )
    }

    /// Every connection that the server takes has a call under way.
    pub fn no_room() -> Self {
        Self::new(Code::Unavailable, "the server has no connection left")
            .hint("nothing was done; try again shortly, and use connections for several calls")
    }

    /// A call that was given up.
    pub fn took_too_long() -> Self {
        tracing::warn!("a call took too long and was given up");
        Self::new(Code::Unavailable, "the call took too long").hint(
            "repeat the call with the same idempotency_key: it is done once, if it was not yet",
        )
    }

    /// A bug or a broken disk; the detail goes to the log.
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        tracing::error!(%detail, "internal error");
        Self::new(Code::Internal, "internal error")
            .hint("try again; the log of the server says why")
    }

    /// An order that the simulator would refuse; `location` is the field that says why.
    pub fn refused_order(location: &str, reject: &Reject) -> Self {
        let (location, message) = (location.to_owned(), reject.to_string());
        let error = Self::new(Code::Rejected, message.clone());
        Self { fields: vec![FieldProblem { location, message }], ..error }
    }

    /// What the simulator refused, with the place of each order.
    pub fn refused(refusal: Refusal, orders_at: &str) -> Self {
        let message = refusal.to_string();
        let error = Self::new(Code::Rejected, message);
        match refusal {
            Refusal::NotActive(Status::Completed) => error.hint("`get_results` has its score"),
            Refusal::NotActive(_) => error.hint("start a new run to trade again"),
            Refusal::TooManyOrders { .. } => error.hint("split them over several calls"),
            Refusal::NoSuchOrder(id) => Self::no_such_order(&id.0.to_string()),
            Refusal::Orders(rejects) => {
                let fields = rejects
                    .iter()
                    .map(|(at, reject)| FieldProblem::of_order(orders_at, *at, reject))
                    .collect();
                let hint = "correct them and send the whole call again; none of it was done";
                Self { fields, ..error.hint(hint) }
            }
        }
    }
}
