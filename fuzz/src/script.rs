//! Calls that change a run, written as lines.
//!
//! Perhaps a scenario's slug, then a call per line: `turn BODY`, `order BODY`, `step BODY` or
//! `cancel PLACE-IN-THE-QUEUE`; any other line is the body of a turn.

use crate::{
    service::{Reply, Service},
    worlds,
};

/// Calls that one script makes.
const CALLS_MAX: usize = 8;

/// The scenario that the first line names, else `margin`; and the calls.
pub fn read(data: &[u8]) -> (&str, impl Iterator<Item = &[u8]>) {
    let (first, rest) = cut(data, b'\n');
    let named = std::str::from_utf8(first).ok().filter(|it| worlds::catalog().get(it).is_ok());
    let lines = if named.is_some() { rest } else { data };
    (named.unwrap_or("margin"), lines.split(|&byte| byte == b'\n').take(CALLS_MAX))
}

/// Makes a line's call on the run at `path`, if it is one.
pub fn call(service: &Service, path: &str, line: &[u8]) -> Option<Reply> {
    let (verb, body) = cut(line, b' ');
    let post = |to: &str, body: &[u8]| service.rest("POST", &format!("{path}{to}"), body.to_vec());
    Some(match verb {
        b"turn" => post("/turn", body),
        b"order" => post("/trades", body),
        b"step" => post("/step", body),
        b"cancel" => {
            let place = std::str::from_utf8(body).ok()?.parse::<usize>().ok()?;
            let run = service.rest("GET", path, Vec::new()).json();
            let id = run["queued_orders"][place]["id"].as_str()?.to_owned();
            service.rest("DELETE", &format!("{path}/orders/{id}"), Vec::new())
        }
        _ => post("/turn", line),
    })
}

/// What is before and after the first `mark`.
fn cut(bytes: &[u8], mark: u8) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&byte| byte == mark) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}
