//! The file of a run, as `bottrade verify` reads it.
//!
//! The input is a file (it begins with `{`), which is also tried with its hashes made right, as
//! somebody would who wants to deceive; or it is a script ([`script`]), whose run is exported,
//! must be proven, and with any one byte changed must not.

#![no_main]

use bottrade::{
    proof::{self, Refuted},
    runs::{header, hex},
    store::{
        chain::{link, sha256},
        runs::Origin,
    },
};
use bottrade_fuzz::{mutate, script, service::Service, worlds};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use serde_json::Value;

/// Changes that are tried on one proven file.
const CHANGES: u32 = 8;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::text(data, size, max_size, seed)
});

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"{") {
        verify(data);
        if let Some(file) = rechained(data) {
            verify(&file);
        }
        return;
    }
    let file = Service::with(|service| {
        let (slug, lines) = script::read(data);
        let path = format!("/api/v1/runs/{}", service.start(slug));
        for line in lines {
            script::call(service, &path, line);
        }
        service.rest("GET", &format!("{path}/journal"), Vec::new()).body
    });
    assert!(verify(&file), "an honest file is refuted: {}", String::from_utf8_lossy(&file));
});

/// Whether the file is proven. If it is, no byte of it can be changed.
fn verify(file: &[u8]) -> bool {
    match proof::verify(file, worlds::catalog()) {
        Ok(_) => {}
        Err(Refuted::Internal(why)) => panic!("verify failed by itself: {why}"),
        Err(why) => {
            assert!(!why.to_string().is_empty());
            return false;
        }
    }
    let mut changed = file.to_vec();
    for change in 0..CHANGES {
        let draw = crc32fast::hash(&[file, &change.to_le_bytes()].concat()) as usize;
        let (at, bit) = (draw / 8 % file.len(), draw % 8);
        changed[at] ^= 1 << bit;
        let refuted = proof::verify(&changed, worlds::catalog()).is_err();
        assert!(refuted, "byte {at} does not matter: {}", String::from_utf8_lossy(&changed));
        changed[at] = file[at];
    }
    true
}

/// The file with genesis, chain and digest as its other members would have them.
fn rechained(data: &[u8]) -> Option<Vec<u8>> {
    let mut file: Value = serde_json::from_slice(data).ok()?;
    let (run, scenario) = (&file["run"], &file["scenario"]);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let origin = Origin {
        id: text(&run["id"])?,
        account_id: String::new(),
        key_id: None,
        scenario_slug: text(&scenario["slug"])?,
        scenario_version: scenario["version"].as_i64()?,
        scenario_digest: text(&scenario["digest"])?,
        rules_version: file["rules_version"].as_i64()?,
        bot_name: None,
        agent_info: None,
        created_at: run["created_at"].as_i64()?,
    };
    let genesis = sha256(header(&origin, run["attempt"].as_i64()?).as_bytes());
    file["run"]["genesis"] = hex(&genesis).into();
    let mut prev = genesis;
    for event in file["events"].as_array_mut()? {
        let command = event["command"].to_string();
        let hash = link(&prev, event["seq"].as_i64()?, event["at"].as_i64()?, &command);
        let event = event.as_object_mut()?;
        event.insert("prev".into(), hex(&prev).into());
        event.insert("hash".into(), hex(&hash).into());
        prev = hash;
    }
    let file = file.as_object_mut()?;
    // The digest is the last member.
    file.shift_remove("digest");
    let digest = sha256(serde_json::to_string(file).ok()?.as_bytes());
    file.insert("digest".into(), hex(&digest).into());
    serde_json::to_vec(file).ok()
}
