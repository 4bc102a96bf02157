//! JSON-RPC posted to `/mcp`, from bytes to the answer.
//!
//! The input: a body per line, where `$run` stands for a run of the caller. The headers are those
//! that a client of the version named in the body sends.

#![no_main]

use bottrade_fuzz::{
    mutate,
    service::{Reply, Service, check_problem},
};
use http::HeaderValue;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::Value;

/// Calls that one input makes.
const CALLS_MAX: usize = 6;
/// JSON-RPC's word for a fault of the server.
const INTERNAL_ERROR: i64 = -32_603;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::text(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| Service::with(|service| play(service, data)));

fn play(service: &Service, data: &[u8]) {
    let run = service.start("margin");
    for line in data.split(|&byte| byte == b'\n').take(CALLS_MAX) {
        let body = replaced(line, b"$run", run.as_bytes());
        let call = serde_json::from_slice(&body).unwrap_or(Value::Null);
        check(&service.mcp(&headers(&call), body));
    }
    let reply = service.rest("GET", &format!("/api/v1/runs/{run}"), Vec::new());
    assert!(reply.accepted().is_some(), "the run is not whole: {reply:?}");
    assert_eq!(service.replayed(&format!("/api/v1/runs/{run}")), reply, "the replay differs");
}

/// What a client sends along with this call.
fn headers(call: &Value) -> Vec<(&'static str, HeaderValue)> {
    let params = &call["params"];
    let named = [
        ("mcp-protocol-version", &params["_meta"]["io.modelcontextprotocol/protocolVersion"]),
        ("mcp-method", &call["method"]),
        ("mcp-name", &params["name"]),
    ];
    let header = |(name, value): (&'static str, &Value)| {
        Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
    };
    named.into_iter().filter_map(header).collect()
}

/// An answer is JSON-RPC, and whatever is wrong is the caller's fault.
fn check(reply: &Reply) {
    if reply.status >= 300 || reply.body.is_empty() {
        return;
    }
    match reply.json() {
        Value::Array(batch) => batch.iter().for_each(check_message),
        message => check_message(&message),
    }
}

fn check_message(message: &Value) {
    assert_eq!(message["jsonrpc"], "2.0", "{message}");
    assert_ne!(message["error"]["code"], INTERNAL_ERROR, "{message}");
    let result = &message["result"];
    if result["isError"] == true {
        check_problem(&result["structuredContent"]);
    }
}

fn replaced(text: &[u8], word: &[u8], with: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + with.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(word) {
            out.extend_from_slice(with);
            at += word.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}
