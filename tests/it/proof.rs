//! `bottrade verify` believes nothing: whatever is changed in a run's file is found.

use bottrade::{
    proof::{Refuted, verify},
    scenarios::Catalog,
    store::{
        Store,
        chain::{hex, link, parse_hex, sha256},
    },
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{Client, TestApp, market},
    files::root,
    world,
};

/// A file that an earlier build exported.
const KEPT: &str = "tests/it/golden/run.json";

/// Plays a run of `margin` in which everything happens: fills, a waiting order, a withdrawn one,
/// words that need quoting, a liquidation.
async fn played(ada: &Client) -> String {
    let start = json!({ "scenario_slug": "margin", "bot_name": "Ünï \"q\"",
        "agent_info": { "name": "a", "config": { "temperature": 1.0, "seed": 7 } } });
    let run = ada.post("/api/v1/runs", start).await.expect(201)["run"]["id"].clone();
    let run = run.as_str().unwrap().to_owned();
    let mut waiting = market("buy", "CALM", 2);
    waiting["order_type"] = json!("limit");
    waiting["limit_price"] = json!(0.5);
    waiting["reasoning"] = json!("„quotes“ and\n\"quotes\" \\ \t");
    let orders = [market("buy", "CALM", 10.5), market("buy", "CRASH", 300), waiting.clone()];
    ada.post(&format!("/api/v1/runs/{run}/turn"), json!({ "trades": orders })).await.expect(200);
    let order = ada.order(&run, waiting).await.expect(201)["order"]["id"].clone();
    ada.delete(&format!("/api/v1/runs/{run}/orders/{}", order.as_str().unwrap())).await.expect(200);
    while ada.on(&run, "").await["run"]["status"] == "active" {
        ada.step(&run, 1).await.expect(200);
    }
    run
}

/// The file of a played run.
async fn file() -> String {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = played(&ada).await;
    ada.get(&format!("/api/v1/runs/{run}/journal")).await.text
}

fn refuted(text: &str) -> Refuted {
    verify(text.as_bytes(), &world::catalog()).expect_err("it must be refused")
}

/// The file with a change and a digest that covers it, as a forger would write it.
fn forged(file: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(file).unwrap();
    change(&mut value);
    value.as_object_mut().unwrap().shift_remove("digest");
    let digest = hex(&sha256(value.to_string().as_bytes()));
    value["digest"] = json!(digest);
    value.to_string()
}

#[tokio::test]
async fn what_the_server_exports_is_proven_at_any_point_of_a_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    for bar in 0..=9 {
        let text = ada.get(&format!("/api/v1/runs/{run}/journal")).await.text;
        let proven = verify(text.as_bytes(), &world::catalog()).unwrap();
        assert_eq!((proven.file.events.len(), proven.file.equity.len()), (bar, bar + 1));
        assert_eq!(proven.headline.is_some(), bar == 9);
        ada.step(&run, 1).await;
    }
    let text = file().await;
    let proven = verify(text.as_bytes(), &world::catalog()).unwrap();
    assert!(proven.file.fills.len() >= 2 && proven.file.results.is_some());
    let untouched = forged(&text, |_| ());
    assert_eq!(untouched, text, "the forger writes as the server does");
}

#[tokio::test]
async fn an_abandoned_run_is_proven_too() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.order(&run, market("buy", "AAA", 1)).await.expect(201);
    ada.step(&run, 2).await.expect(200);
    app.clock.advance(6 * 86_400);
    app.app.runs.upkeep().await.unwrap();
    let text = ada.get(&format!("/api/v1/runs/{run}/journal")).await.text;
    let proven = verify(text.as_bytes(), &world::catalog()).unwrap();
    assert_eq!(proven.file.run.status, "abandoned");
}

/// Another byte of the same class: digit, letter, structure, or anything else.
fn flipped(byte: u8) -> u8 {
    match byte {
        b'9' => b'8',
        b'0'..=b'8' | b'a'..=b'y' | b'A'..=b'Y' => byte + 1,
        b'z' | b'Z' => byte - 1,
        b'{' => b'[',
        b'}' => b']',
        b'[' => b'{',
        b']' => b'}',
        b',' => b':',
        b':' => b',',
        b'"' => b'\'',
        other => other ^ 1,
    }
}

#[tokio::test]
async fn no_byte_of_a_file_can_be_changed() {
    let text = file().await;
    let catalog = world::catalog();
    assert!(verify(text.as_bytes(), &catalog).is_ok());
    let mut bytes = text.into_bytes();
    assert!(bytes.len() > 4_000, "a few thousand flips");
    for at in 0..bytes.len() {
        let kept = bytes[at];
        let others = [flipped(kept), kept ^ 0x20, b' '];
        // Every byte within its class, every eleventh in other ways too.
        for &other in &others[..if at % 11 == 0 { 3 } else { 1 }] {
            if other != kept {
                bytes[at] = other;
                let place = || String::from_utf8_lossy(&bytes[at.saturating_sub(20)..=at]);
                assert!(verify(&bytes, &catalog).is_err(), "byte {at}: …{}", place());
            }
        }
        bytes[at] = kept;
    }
    for length in (0..bytes.len()).step_by(97) {
        assert!(verify(&bytes[..length], &catalog).is_err(), "cut at {length}");
    }
    for at in (0..=bytes.len()).step_by(97) {
        let mut longer = bytes.clone();
        longer.insert(at, b'\n');
        assert!(verify(&longer, &catalog).is_err(), "a line break at {at}");
    }
}

#[tokio::test]
async fn the_first_thing_that_is_not_so_is_named() {
    let text = file().await;
    let differs = |field: &str, change: fn(&mut Value)| {
        let found = refuted(&forged(&text, change));
        assert!(matches!(&found, Refuted::Differs { field: it, .. } if it == field), "{found}");
    };
    differs("fills[0].fill_price", |file| file["fills"][0]["fill_price"] = json!("1"));
    differs("fills[1].id", |file| drop(file["fills"].as_array_mut().unwrap().remove(1)));
    differs("equity[3].equity", |file| file["equity"][3]["equity"] = json!("100001"));
    differs("results.return_pct", |file| file["results"]["return_pct"] = json!(12.5));
    differs("results.won", |file| file["results"]["won"] = json!(true));
    differs("run.status", |file| file["run"]["status"] = json!("completed"));
    let event = |seq: i64, change: fn(&mut Value)| {
        let found = refuted(&forged(&text, change));
        assert!(matches!(&found, Refuted::Event { seq: it, .. } if *it == seq), "{found}");
    };
    event(0, |file| file["run"]["attempt"] = json!(2));
    event(0, |file| file["run"]["id"] = json!("01943a7b-0000-7000-8000-000000000000"));
    event(1, |file| file["events"][0]["command"]["turn"]["orders"][0]["quantity"] = json!("11"));
    event(3, |file| file["events"][2]["at"] = json!(0));
    event(2, |file| drop(file["events"].as_array_mut().unwrap().remove(1)));
    event(2, |file| file["events"].as_array_mut().unwrap().swap(1, 2));
    event(1, |file| file["events"][0]["hash"] = json!("00"));
}

#[tokio::test]
async fn a_chain_that_holds_does_not_save_commands_that_were_never_accepted() {
    let text = file().await;
    let rewritten = forged(&text, |file| {
        // The quantity of the first order, with every hash after it made anew.
        let order = &mut file["events"][0]["command"]["turn"]["orders"][0];
        order["quantity"] = json!("999999999");
        let genesis = file["run"]["genesis"].as_str().unwrap().to_owned();
        let mut prev = parse_hex(&genesis).unwrap();
        for event in file["events"].as_array_mut().unwrap() {
            let (seq, at) = (event["seq"].as_i64().unwrap(), event["at"].as_i64().unwrap());
            let hash = link(&prev, seq, at, &event["command"].to_string());
            event["prev"] = json!(hex(&prev));
            event["hash"] = json!(hex(&hash));
            prev = hash;
        }
    });
    let what = "is no command that the run accepts at this point".into();
    assert_eq!(refuted(&rewritten), Refuted::Event { seq: 1, what });
}

#[tokio::test]
async fn other_forms_of_the_same_facts_are_refused() {
    let text = file().await;
    let value: Value = serde_json::from_str(&text).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(refuted(&pretty), Refuted::Form(1));
    assert_eq!(refuted(&format!("{text}\n")), Refuted::Form(text.len()));
    let longer = forged(&text, |file| file["fills"][0]["quantity"] = json!("10.50"));
    assert!(verify(longer.as_bytes(), &world::catalog()).is_err());
    let shape = |text: &str| {
        let found = refuted(text);
        assert!(matches!(found, Refuted::Shape(_)), "{found}");
        found.to_string()
    };
    shape("");
    shape("[]");
    shape("{}");
    shape(&format!("{text}{text}"));
    let twice = text.replacen("\"attempt\":1", "\"attempt\":1,\"attempt\":1", 1);
    assert!(shape(&twice).contains("duplicate field `attempt`"));
    let more = forged(&text, |file| file["fills"][0]["luck"] = json!(1));
    assert!(shape(&more).contains("`fills[0].luck`: unknown field"), "{}", shape(&more));
    let deep = "[".repeat(100_000);
    shape(&deep);
}

#[tokio::test]
async fn a_scenario_that_is_not_here_as_it_was_is_named() {
    let text = file().await;
    let scenario = |change: fn(&mut Value)| refuted(&forged(&text, change)).to_string();
    let rules = scenario(|file| file["rules_version"] = json!(2));
    assert_eq!(rules, "`rules_version` is 2; this bottrade recomputes 1");
    let format = scenario(|file| file["format"] = json!("bottrade-run/2"));
    assert!(format.contains("recomputes bottrade-run/1"), "{format}");
    let elsewhere = verify(text.as_bytes(), &Catalog::embedded().unwrap()).unwrap_err();
    assert_eq!(
        elsewhere.to_string(),
        "`scenario`: margin version 1 is not here; --scenarios names a folder that has it"
    );
    let mut edited = world::margin();
    edited.card.commission_bps += 1;
    let folder = TempDir::new().unwrap();
    edited.write(folder.path());
    let edited = Catalog::default().with_folder(folder.path()).unwrap();
    let elsewhere = verify(text.as_bytes(), &edited).unwrap_err();
    assert_eq!(
        elsewhere.to_string(),
        "`scenario`: margin version 1 was played with other rules or bars than are here"
    );
}

/// The kept file was exported by another build at another time. `UPDATE=1` leaves it as it is, for
/// only an old file shows that old files are proven; it exports one where none is.
#[tokio::test]
async fn a_file_of_an_earlier_build_is_proven_still() {
    let path = root().join(KEPT);
    if std::env::var_os("UPDATE").is_some() && !path.exists() {
        let app = TestApp::with(Catalog::embedded().unwrap(), Store::in_memory().unwrap());
        let ada = app.account("ada").await;
        let run = ada.start("sandbox-nov-2024").await;
        let view = ada.on(&run, "/market?lookback=1").await;
        let symbol = view["bars"].as_object().unwrap().keys().next().unwrap().clone();
        for side in ["buy", "sell", "buy"] {
            ada.order(&run, market(side, &symbol, json!(1.5))).await.expect(201);
            ada.step(&run, 3).await.expect(200);
        }
        ada.step(&run, 100_000).await.expect(200);
        let text = ada.get(&format!("/api/v1/runs/{run}/journal")).await.text;
        std::fs::write(&path, text).unwrap();
    }
    let bytes = std::fs::read(path).unwrap();
    let proven = verify(&bytes, &Catalog::embedded().unwrap()).unwrap();
    assert!(proven.file.fills.len() >= 3 && proven.file.run.status == "completed");
}
