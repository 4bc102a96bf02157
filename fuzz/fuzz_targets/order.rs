//! Orders and steps as REST reads them, from bytes to refusal or acceptance.
//!
//! The input is a script ([`script`]).

#![no_main]

use bottrade_fuzz::{
    books, needle, script,
    service::{Reply, Service},
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sim::Quantity;

fuzz_target!(|data: &[u8]| Service::with(|service| play(service, data)));

fn play(service: &Service, data: &[u8]) {
    let (slug, lines) = script::read(data);
    let path = format!("/api/v1/runs/{}", service.start(slug));
    let mut seen = look(service, &path);
    for line in lines {
        let Some(reply) = script::call(service, &path, &seen, line) else { continue };
        let now = look(service, &path);
        match reply.accepted() {
            Some(answer) => prick(&answer),
            None => assert_eq!(now.body, seen.body, "a refusal changed the run: {reply:?}"),
        }
        seen = now;
    }
    assert_eq!(service.replayed(&path), seen, "the replay differs");
    for page in ["/trades", "/equity", "/results"] {
        let answer = service.rest("GET", &format!("{path}{page}"), Vec::new()).accepted();
        // JSON writes what is not a number as null.
        assert!(answer.is_none_or(|it| !books::holds_null(&it)), "{page}: not a number");
    }
}

/// The run as its owner sees it; the books it shows balance.
fn look(service: &Service, path: &str) -> Reply {
    let reply = service.rest("GET", path, Vec::new());
    let view = reply.accepted().expect("a run can be looked at");
    let figure = |name: &str| view["last_equity"][name].as_f64().expect("a number");
    let (cash, positions, equity) = (figure("cash"), figure("positions_value"), figure("equity"));
    let rounding = (cash.abs() + positions.abs()) * 1e-15 + 1e-8;
    assert!((cash + positions - equity).abs() <= rounding, "{view}");
    reply
}

/// Shows the accepted orders to the needle.
fn prick(answer: &Value) {
    let queued = answer["queued_orders"].as_array().into_iter().flatten();
    for order in queued.chain(answer.get("order")) {
        let read = |member: &str| order[member].clone();
        let side = serde_json::from_value(read("side")).expect("a side");
        let time_in_force = serde_json::from_value(read("time_in_force")).expect("a time in force");
        let quantity = Quantity::parse_cut(&read("quantity").to_string()).expect("a quantity");
        needle::prick(side, time_in_force, quantity);
    }
}
