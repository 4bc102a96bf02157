//! Orders and steps as REST reads them, from bytes to refusal or acceptance.
//!
//! The input is a script ([`script`]).

#![no_main]

use bottrade_fuzz::{
    books, mutate, script,
    service::{Reply, Service},
};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::text(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| Service::with(|service| play(service, data)));

fn play(service: &Service, data: &[u8]) {
    let (slug, lines) = script::read(data);
    let path = format!("/api/v1/runs/{}", service.start(slug));
    for line in lines {
        if let Some(reply) = script::call(service, &path, line) {
            reply.accepted();
        }
    }
    // Only what was accepted is in the journal: a refusal that changed something shows here.
    assert_eq!(service.replayed(&path), look(service, &path), "the replay differs");
    let results = service.rest("GET", &format!("{path}/results"), Vec::new()).accepted();
    // JSON writes what is not a number as null.
    assert!(results.is_none_or(|it| !books::holds_null(&it)), "not a number");
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
