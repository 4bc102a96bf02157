//! A run is its journal: restarts, races, isolation, damage.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use bottrade::scenarios::Catalog;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{Client, TestApp, market},
    tamper::tamper,
    world::{self, Sketch},
};

struct File {
    folder: TempDir,
}

impl File {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bottrade.sqlite")
    }

    fn open(&self) -> TestApp {
        TestApp::on_file(world::catalog(), &self.path())
    }
}

/// Everything a client can read of a run.
async fn reads(client: &Client, run: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for rest in ["", "/market?lookback=9", "/trades", "/equity", "/results", "/public"] {
        texts.push(client.get(&format!("/api/v1/runs/{run}{rest}")).await.text);
    }
    texts.push(client.get("/api/v1/runs").await.text);
    texts
}

/// A run of `margin` with fills, a waiting order and a withdrawn one.
async fn played(client: &Client) -> String {
    let run = client.start("margin").await;
    let turn = json!({ "trades": [market("buy", "CALM", 10.5), market("short", "CRASH", 1)] });
    client.post(&format!("/api/v1/runs/{run}/turn"), turn).await.expect(200);
    let mut waiting = market("buy", "CALM", 2);
    waiting["order_type"] = json!("limit");
    waiting["limit_price"] = json!(0.5);
    waiting["reasoning"] = json!("„quotes“ and\n\"quotes\" \\");
    client.order(&run, waiting.clone()).await.expect(201);
    let order = client.order(&run, waiting).await.expect(201)["order"]["id"].clone();
    let path = format!("/api/v1/runs/{run}/orders/{}", order.as_str().unwrap());
    client.delete(&path).await.expect(200);
    client.step(&run, 2).await.expect(200);
    run
}

#[tokio::test]
async fn a_restart_shows_the_same_bytes() {
    let file = File::new();
    let app = file.open();
    let ada = app.account("ada").await;
    let key = ada.key.clone().unwrap();
    let active = played(&ada).await;
    app.clock.advance(60);
    let ended = played(&ada).await;
    let step = json!({ "count": 99, "idempotency_key": "last" });
    let answer = ada.post(&format!("/api/v1/runs/{ended}/step"), step.clone()).await;
    assert_eq!(answer.expect(200)["done"], true);
    ada.post(&format!("/api/v1/runs/{ended}/publish"), json!({})).await.expect(200);
    let before = (reads(&ada, &active).await, reads(&ada, &ended).await);
    app.stop().await;

    let app = file.open();
    app.clock.advance(86_400);
    let ada = app.with_key(&key);
    assert_eq!(reads(&ada, &active).await, before.0);
    assert_eq!(reads(&ada, &ended).await, before.1);
    let again = ada.post(&format!("/api/v1/runs/{ended}/step"), step).await;
    assert_eq!((again.status, again.text), (200, answer.text), "a retry reaches over a restart");
    ada.step(&active, 1).await.expect(200);
    ada.order(&active, market("sell", "CALM", 10.5)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_steps_each_advance_the_run_once() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (ada, run) = (ada.clone(), run.clone());
        calls.spawn(async move {
            let mut times = Vec::new();
            for _ in 0..3 {
                let step = ada.step(&run, 1).await.expect(200);
                times.push(step["new_sim_time"].as_str().unwrap().to_owned());
            }
            times
        });
    }
    let times: Vec<String> = calls.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<&String> = times.iter().collect();
    assert_eq!((times.len(), distinct.len()), (48, 48));
    let after = ada.on(&run, "").await;
    assert_eq!(after["run"]["bars_left"], 100 - 48);
    assert_eq!(after["run"]["sim_time"], json!(distinct.last().unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_hangs_up_leaves_the_run_whole() {
    let file = File::new();
    let app = file.open();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    for micros in 0..60_u64 {
        // Dropped somewhere between the first poll and the answer.
        let call = ada.step(&run, 1);
        let _ = tokio::time::timeout(Duration::from_micros(micros * 40), call).await;
        let before = ada.on(&run, "").await["run"]["bars_left"].as_u64().unwrap();
        if before == 0 {
            break;
        }
        let step = ada.step(&run, 1).await;
        step.expect(200);
        let after = ada.on(&run, "").await["run"]["bars_left"].as_u64().unwrap();
        assert_eq!(after, before - 1, "after {micros}");
    }
    let before = reads(&ada, &run).await;
    let key = ada.key.clone().unwrap();
    app.stop().await;
    assert_eq!(reads(&file.open().with_key(&key), &run).await, before, "memory is the journal");
}

#[tokio::test]
async fn runs_of_two_accounts_do_not_touch() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let (of_ada, of_bob) = (ada.start("margin").await, bob.start("margin").await);
    let mut order = market("buy", "CALM", 10);
    order["idempotency_key"] = json!("same");
    ada.order(&of_ada, order.clone()).await.expect(201);
    order["quantity"] = json!(20);
    bob.order(&of_bob, order).await.expect(201);
    ada.step(&of_ada, 3).await.expect(200);
    let bobs = bob.on(&of_bob, "").await;
    assert_eq!(bobs["run"]["sim_time"], "2024-01-01T00:00:00Z");
    assert_eq!(bobs["queued_orders"][0]["quantity"], json!(20));
    bob.step(&of_bob, 1).await.expect(200);
    assert_eq!(ada.on(&of_ada, "").await["positions"][0]["quantity"], json!(10));
    ada.get(&format!("/api/v1/runs/{of_bob}")).await.problem(403, "you do not own this run");
}

#[tokio::test]
async fn damage_is_refused_by_name_while_other_runs_are_served() {
    // `$1` is the damaged run; each entry of its journal is one command of `played`.
    let cases = [
        (
            "UPDATE journal SET command = replace(command, '10.5', '99.5') WHERE run_id = '$1'",
            "command 1: was changed",
        ),
        (
            "UPDATE journal SET at = at + 1 WHERE run_id = '$1' AND seq = 2",
            "command 2: was changed",
        ),
        ("DELETE FROM journal WHERE run_id = '$1' AND seq = 2", "command 2: is missing"),
        ("DELETE FROM journal WHERE run_id = '$1' AND seq = 5", "command 5: is missing"),
        ("UPDATE runs SET header = header || ' ' WHERE id = '$1'", "does not fit its seal"),
        ("UPDATE runs SET equity = equity + 1 WHERE id = '$1'", "does not fit its seal"),
    ];
    for (sql, what) in cases {
        let file = File::new();
        let app = file.open();
        let ada = app.account("ada").await;
        let key = ada.key.clone().unwrap();
        let (good, bad) = (played(&ada).await, played(&ada).await);
        let before = reads(&ada, &good).await;
        app.stop().await;
        assert!(tamper(&file.path(), &sql.replace("$1", &bad)) > 0, "{sql}");
        let app = file.open();
        let checked = app.app.check().await.unwrap();
        assert_eq!((checked.journals, checked.damaged), (2, 1), "{sql}");
        let ada = app.with_key(&key);
        for _ in 0..2 {
            let problem = ada.get(&format!("/api/v1/runs/{bad}")).await.any_problem();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(what) && detail.contains(&bad), "{sql}: {problem}");
            assert_eq!(ada.step(&bad, 1).await.any_problem()["status"], 500);
        }
        let mut after = reads(&ada, &good).await;
        if sql.starts_with("UPDATE runs") {
            // The list, the last of them, holds the damaged row: it is refused and names it.
            let list = after.pop().unwrap();
            assert!(list.contains(what) && list.contains(&bad), "{sql}: {list}");
        }
        assert_eq!(after, before[..after.len()], "{sql}");
        ada.step(&good, 1).await.expect(200);
    }
}

#[tokio::test]
async fn attempts_count_the_runs_of_an_account_on_a_scenario() {
    let file = File::new();
    let app = file.open();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let attempt = async |client: &Client, slug: &str| {
        let run = client.post("/api/v1/runs", json!({ "scenario_slug": slug })).await.expect(201);
        run["run"]["attempt"].as_u64().unwrap()
    };
    assert_eq!(attempt(&ada, "tiny").await, 1);
    assert_eq!(attempt(&ada, "tiny").await, 2);
    assert_eq!(attempt(&ada, "gaps").await, 1);
    assert_eq!(attempt(&bob, "tiny").await, 1);
    assert_eq!(attempt(&app.account("ada").await, "tiny").await, 3, "another key, one account");
    app.stop().await;
    let app = file.open();
    assert_eq!(attempt(&app.account("ada").await, "tiny").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attempts_that_start_together_are_counted_one_by_one() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let ada = ada.clone();
        calls.spawn(async move {
            let run =
                ada.post("/api/v1/runs", json!({ "scenario_slug": "tiny" })).await.expect(201);
            run["run"]["attempt"].as_u64().unwrap()
        });
    }
    let attempts: BTreeSet<u64> = calls.join_all().await.into_iter().collect();
    assert_eq!(attempts, (1..=16).collect());
}

/// A catalogue with `tiny` changed by `edit`.
fn changed(edit: impl FnOnce(&mut Sketch)) -> Catalog {
    let folder = TempDir::new().unwrap();
    let mut sketch = world::tiny();
    edit(&mut sketch);
    sketch.write(folder.path());
    Catalog::default().with_folder(folder.path()).unwrap()
}

#[tokio::test]
async fn a_scenario_that_changed_is_refused() {
    let file = File::new();
    let app = file.open();
    let ada = app.account("ada").await;
    let key = ada.key.clone().unwrap();
    let run = ada.start("tiny").await;
    let before = ada.on(&run, "").await;
    app.stop().await;
    let price = |sketch: &mut Sketch| sketch.bars.rows[15].prices = [60.0; 4];
    let version = |sketch: &mut Sketch| sketch.card.version = 2;
    let text = |sketch: &mut Sketch| sketch.card.description = "Another word.".into();
    for (catalog, what) in [
        (changed(price), "a price"),
        (changed(version), "the version"),
        (Catalog::default(), "all of it"),
    ] {
        let app = TestApp::on_file(catalog, &file.path());
        let ada = app.with_key(&key);
        for rest in ["", "/market", "/trades"] {
            let reply = ada.get(&format!("/api/v1/runs/{run}{rest}")).await;
            let detail = "scenario tiny version 1 of this run is not installed unchanged";
            reply.problem(503, detail);
            assert!(reply.headers.contains_key("retry-after"), "{what}");
        }
        assert_eq!(ada.step(&run, 1).await.any_problem()["status"], 503, "{what}");
        assert_eq!(ada.get("/api/v1/runs").await.expect(200)["runs"][0]["id"], run);
        app.stop().await;
    }
    // Words about it are not its rules.
    let app = TestApp::on_file(changed(text), &file.path());
    assert_eq!(app.with_key(&key).on(&run, "").await, before);
}

#[tokio::test]
async fn an_older_version_beside_the_newest_keeps_its_runs() {
    let file = File::new();
    let app = file.open();
    let ada = app.account("ada").await;
    let key = ada.key.clone().unwrap();
    let run = ada.start("tiny").await;
    ada.step(&run, 3).await.expect(200);
    let before = ada.on(&run, "").await;
    app.stop().await;
    let folder = TempDir::new().unwrap();
    world::tiny().write(folder.path());
    std::fs::rename(folder.path().join("tiny"), folder.path().join("tiny@1")).unwrap();
    let mut next = world::tiny();
    next.card.version = 2;
    next.bars.rows[15].prices = [60.0; 4];
    next.write(folder.path());
    let catalog = Catalog::default().with_folder(folder.path()).unwrap();
    let app = TestApp::on_file(catalog, &file.path());
    let ada = app.with_key(&key);
    assert_eq!(ada.on(&run, "").await, before);
    ada.step(&run, 1).await.expect(200);
    let listed = ada.get("/api/v1/scenarios").await.expect(200);
    assert_eq!(listed["scenarios"].as_array().unwrap().len(), 1);
    let newest = ada.start("tiny").await;
    let newest = ada.on(&newest, "").await["run"].clone();
    assert_eq!((&newest["scenario_version"], &newest["attempt"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn a_version_that_was_played_is_not_started_with_other_bars() {
    let file = File::new();
    let app = file.open();
    let ada = app.account("ada").await;
    let key = ada.key.clone().unwrap();
    ada.start("tiny").await;
    app.stop().await;
    let catalog = changed(|sketch| sketch.bars.rows[15].prices = [60.0; 4]);
    let app = TestApp::on_file(catalog, &file.path());
    let reply = app.with_key(&key).post("/api/v1/runs", json!({ "scenario_slug": "tiny" })).await;
    let problem = reply.any_problem();
    assert!(reply.status == 409 || reply.status == 503, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("scenario tiny"), "it says what is wrong: {problem}");
    let runs = app.with_key(&key).get("/api/v1/runs").await.expect(200);
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(1));
    assert_ne!(runs, Value::Null);
}
