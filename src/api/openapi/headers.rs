//! The headers of answers, beside the ones that HTTP itself has.

use serde_json::{Map, Value, json};

use crate::ops::{Access, OpDef};

/// One header: its name, its name among the components, its type, an example, what it says.
struct Header {
    name: &'static str,
    component: &'static str,
    kind: &'static str,
    example: &'static str,
    about: &'static str,
    /// Whether it stands where calls are counted alone.
    counted: bool,
}

const HEADERS: &[Header] = &[
    Header {
        name: "X-Request-Id",
        component: "RequestId",
        kind: "string",
        example: "6a1c9c3e-9f0d-4d0b-9a57-0d8b5f3c2e11",
        about: "The name of the call, also in the server's log: the one that the request had in \
                this header, if it was 1 to 64 of `A-Za-z0-9._-`, or else a fresh one.",
        counted: false,
    },
    Header {
        name: "X-RateLimit-Limit",
        component: "RateLimitLimit",
        kind: "integer",
        example: "120",
        about: "Of paper trading the calls of the window in which fewest remain: requests or \
                orders of a minute, or calls of a month. Of a start the runs that a month of the \
                plan has; left out where there is no limit. The same as `X-VQ-RateLimit-Limit`.",
        counted: true,
    },
    Header {
        name: "X-RateLimit-Remaining",
        component: "RateLimitRemaining",
        kind: "integer",
        example: "117",
        about: "Those that remain. The same as `X-VQ-RateLimit-Remaining`.",
        counted: true,
    },
    Header {
        name: "X-RateLimit-Reset",
        component: "RateLimitReset",
        kind: "integer",
        example: "1893553500",
        about: "When the next window begins, in seconds since 1970. The same as \
                `X-VQ-RateLimit-Reset`.",
        counted: true,
    },
];

/// The headers of an operation's good answers.
pub(super) fn of(op: &OpDef) -> Value {
    refer(op.access == Access::Paper || op.starts_run)
}

/// The headers of a refusal, which may be one of paper trading or of a start.
pub(super) fn of_failure(status: u16, runs_out: bool) -> Value {
    refer(status == 429 || runs_out)
}

fn refer(counted: bool) -> Value {
    let stands = HEADERS.iter().filter(|it| counted || !it.counted);
    let refers = stands.map(|it| {
        let component = format!("#/components/headers/{}", it.component);
        (it.name.to_owned(), json!({ "$ref": component }))
    });
    refers.collect::<Map<_, _>>().into()
}

/// Every header, by the name that [`of`] refers to.
pub(super) fn components() -> Map<String, Value> {
    let component = |it: &Header| {
        let example = it.example.parse::<u64>().map_or_else(|_| json!(it.example), |it| json!(it));
        let value = json!({
            "description": it.about,
            "schema": { "type": it.kind },
            "example": example,
        });
        (it.component.to_owned(), value)
    };
    HEADERS.iter().map(component).collect()
}
