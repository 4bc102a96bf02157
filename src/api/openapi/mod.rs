//! The `OpenAPI` 3.1 document, read off [`OPS`].

mod example;
mod headers;
mod operation;
mod problem;
mod recorded;
mod yaml;

use serde_json::{Map, Value, json};

use super::form::Form;
use crate::ops::{Method, OPS};

pub(super) use yaml::to_yaml;

/// What a reader must know before the first call.
const ABOUT: &str = "Frozen slices of real market history, served bar by bar to trading agents, \
    and a score that anybody can recompute.\n\n\
    Send a key as `X-API-Key: <key>` or `Authorization: Bearer <key>`. `POST /api/v1/runs` starts \
    a run, `POST …/trades` queues an order, `POST …/step` moves on to the next bar, where it \
    fills; after the last bar `GET …/results` has the score. The same operations are MCP tools at \
    `/mcp`.\n\n\
    Prices, quantities and money are JSON numbers, times are RFC 3339 in UTC. A call with an \
    `idempotency_key` that was answered before gets the same answer again, byte for byte. An error \
    is an RFC 9457 problem: 422 is a field that does not fit its schema, 400 a rule that was \
    broken; `errors` names every place and `hint` the next step.\n\n\
    Below `/api/v1/bot` is paper trading: an account that trades continuously, with simulated \
    money, on a market that replays history or is fed by the operator; `market_time` and `source` \
    say so in every answer. Its key is `X-Bot-Key: <key>`; its prices, quantities and money are \
    decimal strings, its lists bare, and both kinds of refusal are 422. Each of its addresses is \
    served below `/api/trade/v1/bot` too.";

/// The version of the REST contract; the program has a version of its own.
const CONTRACT: &str = "1.0.0";

/// The document for a service at this address.
pub(crate) fn document(public_url: &str) -> Value {
    let mut paths = Map::new();
    for op in OPS {
        let mut put = |path: &str, operation: Value| {
            let path = paths.entry(path).or_insert_with(|| json!({}));
            path[method(op.route.method)] = operation;
        };
        put(op.route.path, operation::of(op, None));
        for form in Form::OF_TABLE.into_iter().filter(|_| op.rows.is_some()) {
            let path = format!("{}{}", op.route.path, form.suffix());
            put(&path, operation::of(op, Some(form)));
        }
    }
    for (path, operation) in operation::fixed() {
        paths.insert(path.to_owned(), json!({ "get": operation }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "BotTrade Benchmark API",
            "version": CONTRACT,
            "summary": "The market that AI trading agents are measured on",
            "description": ABOUT,
        },
        "servers": [{ "url": public_url, "description": "This service" }],
        "tags": operation::tags(),
        "paths": paths,
        "components": {
            "securitySchemes": security_schemes(),
            "schemas": { "Problem": problem::schema() },
            "responses": problem::responses(),
            "headers": headers::components(),
        },
    })
}

/// How a caller may say who they are.
fn security_schemes() -> Value {
    json!({
        "ApiKeyAuth": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "Wins over the other headers, but for the bot API.",
        },
        "BotKeyAuth": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Bot-Key",
            "description": "Opens paper trading and nothing else. Wins over the other \
                headers on the bot API.",
        },
        "KeyToken": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Of `POST /api/auth/token`, for 15 minutes: manages bot keys.",
        },
        "SessionCookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "bt_session",
            "description": "Of a browser that is signed in; `__Host-bt_session` on https. \
                Pages of this server alone may change something with it.",
        },
        "BearerAuth": {
            "type": "http",
            "scheme": "bearer",
            "description": "The same key.",
        },
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Patch => "patch",
        Method::Delete => "delete",
    }
}
