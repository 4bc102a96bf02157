//! The failures of an operation: which can happen is read off its row, how they look off
//! [`Error`].

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::headers;
use crate::{
    api::{form::Form, limits::BODY_BYTES_MAX},
    error::{Dialect, Error, RunLimit},
    month::Month,
    ops::{Access, Effect, OpDef},
    plan::{Plan, Plans},
};

/// The month after the one of the examples: February 2030.
const NEXT_MONTH: i64 = 721;

/// A status of failure.
struct Failure {
    status: u16,
    /// Its name among the components.
    name: &'static str,
    about: &'static str,
    /// The operations that can meet it.
    meets: fn(&OpDef) -> bool,
    /// What it looks like; nothing where the making of one is logged.
    samples: fn() -> Vec<Error>,
}

const FAILURES: &[Failure] = &[
    Failure {
        status: 400,
        name: "BadRequest",
        about: "A rule was broken, or the body is not JSON. Nothing was done.",
        meets: |_| true,
        samples: || vec![Error::still_active(), Error::malformed_body("expected value")],
    },
    Failure {
        status: 401,
        name: "Unauthorized",
        about: "No key, where one is needed, or a wrong one.",
        meets: |op| op.access != Access::Paper,
        samples: || vec![Error::key_required(), Error::key_invalid()],
    },
    Failure {
        status: 401,
        name: "NoBotKey",
        about: "No bot key and nothing in its place, or a wrong one.",
        meets: |op| op.access == Access::Paper,
        samples: || vec![Error::bot_key_required(), Error::bot_key_invalid()],
    },
    Failure {
        status: 402,
        name: "PaymentRequired",
        about: "A plan that is paid for has it. Nothing was done.",
        meets: |op| op.starts_run || op.access == Access::Payer && op.effect == Effect::Write,
        samples: || vec![used_up(true)],
    },
    Failure {
        status: 403,
        name: "Forbidden",
        about: "The run belongs to another account, or the credential does not open this.",
        meets: |op| op.access != Access::Public,
        samples: || {
            vec![
                Error::foreign_run(),
                Error::scope_required("bottrade:trade"),
                Error::person_required(),
            ]
        },
    },
    Failure {
        status: 404,
        name: "NotFound",
        about: "There is no such run, order, scenario or key.",
        meets: |op| op.route.path.contains('{') || names_scenario(op),
        samples: || {
            let near = ["tech-2024-q2".to_owned()];
            vec![
                Error::no_such_run(),
                Error::no_such_scenario("scenario with id or slug", "tech-2024", &near),
            ]
        },
    },
    Failure {
        status: 406,
        name: "NotAcceptable",
        about: "No form of the table fits `Accept`.",
        meets: |op| op.rows.is_some(),
        samples: || vec![Form::refused("image/png")],
    },
    Failure {
        status: 408,
        name: "RequestTimeout",
        about: "The body did not arrive in time.",
        meets: |_| true,
        samples: || vec![Error::too_slow()],
    },
    Failure {
        status: 409,
        name: "Conflict",
        about: "The call contradicts an earlier one.",
        meets: |op| op.effect == Effect::Write,
        samples: || vec![Error::key_reused(), Error::run_moved()],
    },
    Failure {
        status: 413,
        name: "ContentTooLarge",
        about: "The body is larger than any call needs.",
        meets: |_| true,
        samples: || vec![Error::body_too_large(BODY_BYTES_MAX)],
    },
    Failure {
        status: 422,
        name: "UnprocessableContent",
        about: "A field does not fit its schema. Nothing was done.",
        meets: |op| op.dialect == Dialect::Benchmark,
        samples: || vec![Error::invalid_field("limit", "must be between 1 and 100")],
    },
    Failure {
        status: 422,
        name: "NotAnOrder",
        about: "A field does not fit its schema, or a rule was broken, or the body is not JSON. \
                Nothing was done. An order that breaks a rule of trading is no error: it is \
                REJECTED.",
        meets: |op| op.dialect == Dialect::Bot,
        samples: || {
            let samples = [
                Error::invalid_field("side", "must be BUY|SELL (got \"HOLD\")"),
                Error::not_listed("symbol", "APPL", &["AAPL".to_owned()]),
            ];
            samples.map(|it| it.told_in(Dialect::Bot)).into()
        },
    },
    Failure {
        status: 429,
        name: "TooManyRequests",
        about: "The account calls too often. Nothing was done; `Retry-After` says when to repeat \
                the call.",
        meets: |op| !op.starts_run,
        samples: || vec![too_often()],
    },
    Failure {
        status: 429,
        name: "TooManyRuns",
        about: "The month of a paid plan has no more runs, or the account calls too often. Nothing \
                was done; `Retry-After` says when to repeat the call.",
        meets: |op| op.starts_run,
        samples: || vec![too_often(), used_up(false)],
    },
    Failure {
        status: 500,
        name: "InternalServerError",
        about: "A bug or a broken disk.",
        meets: |_| true,
        samples: Vec::new,
    },
    Failure {
        status: 501,
        name: "NotImplemented",
        about: "The operator has not set this up.",
        meets: sells,
        samples: || vec![Error::nothing_sold()],
    },
    Failure {
        status: 503,
        name: "ServiceUnavailable",
        about: "The service cannot take the call now. Repeat it with the same `idempotency_key`.",
        meets: |_| true,
        samples: || vec![Error::no_room()],
    },
];

/// Whether it takes somebody who sells plans.
fn sells(op: &OpDef) -> bool {
    op.route.path.strip_prefix("/api/v1/billing/").is_some_and(|rest| rest != "account")
}

fn too_often() -> Error {
    Error::too_many("calls of this account", Duration::from_millis(1))
}

/// The refusal of a run more than the month of a plan has.
fn used_up(payable: bool) -> Error {
    let plans = Plans::default();
    let plan = if payable { Plan::Free } else { Plan::Max };
    let runs = plans.of(plan).runs.unwrap_or_default();
    let hint = plans.larger(plan);
    let limit = RunLimit {
        runs_used: runs,
        runs_limit: runs,
        resets_at: Month(NEXT_MONTH).begins(),
        checkout_url: "https://example.com/pricing".into(),
        upgrade_hint: if hint.is_empty() { "there is no larger plan".into() } else { hint },
    };
    Error::run_limit(plan.name(), payable, limit, Month(NEXT_MONTH - 1).begins())
}

fn names_scenario(op: &OpDef) -> bool {
    let schema = (op.input)().to_value();
    let mut fields = schema["properties"].as_object().into_iter().flatten();
    fields.any(|(name, _)| name.starts_with("scenario"))
}

/// The failures of an operation, as members of its `responses`.
pub(super) fn of(op: &OpDef) -> impl Iterator<Item = (String, Value)> {
    let met = FAILURES.iter().filter(|failure| (failure.meets)(op));
    met.map(|failure| {
        let name = format!("#/components/responses/{}", failure.name);
        (failure.status.to_string(), json!({ "$ref": name }))
    })
}

/// Every failure, by the name that [`of`] refers to.
pub(super) fn responses() -> Map<String, Value> {
    FAILURES.iter().map(|failure| (failure.name.to_owned(), response(failure))).collect()
}

fn response(failure: &Failure) -> Value {
    let samples = (failure.samples)();
    let examples: Map<String, Value> = samples
        .iter()
        .map(Error::problem)
        .map(|problem| (text(&problem, "code"), json!({ "value": problem })))
        .collect();
    let mut content = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    if !examples.is_empty() {
        content["examples"] = examples.into();
    }
    let runs_out = samples.iter().any(|it| it.run_limit.is_some());
    let mut response = json!({
        "description": failure.about,
        "headers": headers::of_failure(failure.status == 429 || runs_out),
        "content": { "application/problem+json": content },
    });
    if let Some((name, value)) = samples.iter().find_map(Error::header) {
        response["headers"][name.as_str()] = json!({
            "schema": { "type": "string" },
            "example": value.to_str().unwrap_or_default(),
        });
    }
    response
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

/// RFC 9457 problem details, with `error` and `message` for older clients.
pub(super) fn schema() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let count = |about: &str| json!({ "type": "integer", "minimum": 0, "description": about });
    json!({
        "type": "object",
        "description": "What went wrong and what to do next (RFC 9457).",
        "required": ["type", "title", "status", "detail", "error", "message", "code"],
        "properties": {
            "type": text("A name of the kind of failure."),
            "title": text("The status in words."),
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": text("What went wrong, in a sentence."),
            "error": text("The same as `detail`."),
            "message": text("The same as `detail`."),
            "code": text("A word that programs can rely on."),
            "hint": text("What to do next."),
            "errors": {
                "type": "array",
                "description": "Every problem with its place.",
                "items": {
                    "type": "object",
                    "required": ["location", "message"],
                    "properties": {
                        "location": text("Such as `trades[1].quantity`."),
                        "message": text("What was expected."),
                    },
                    "additionalProperties": false,
                },
            },
            "runs_used": count("Runs of this month, where there are no more."),
            "runs_limit": count("Runs that the month of its plan has."),
            "resets_at": {
                "type": "string",
                "format": "date-time",
                "description": "When the next month of UTC begins.",
            },
            "checkout_url": text("Where plans are compared and bought."),
            "upgrade_hint": text("What a larger plan has."),
        },
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_the_status_that_they_stand_for() {
        for failure in FAILURES {
            for sample in (failure.samples)() {
                assert_eq!(sample.status().as_u16(), failure.status, "{sample}");
            }
        }
        assert!(FAILURES.is_sorted_by_key(|failure| failure.status));
    }
}
