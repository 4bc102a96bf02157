//! How many runs a month has: exact at every door and in a crowd, over restarts and month's ends.

use std::collections::BTreeMap;

use bottrade::{
    api,
    api::limits::Limits,
    app::{App, Outside},
    clock::TestClock,
    plan::{Change, Plan, Plans},
    store::Store,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{on, on_plan};
use crate::{
    app::{Client, Era, Reply, START, TestApp, URL},
    world,
};

const RUNS: &str = "/api/v1/runs";
const FULL: &str = "Monthly run limit reached";
/// 2030-02-01T00:00:00Z, in seconds.
const FEBRUARY: i64 = 1_896_134_400;
/// From the beginning of every test to that.
const REST_OF_JANUARY: i64 = FEBRUARY - 1_893_553_445;

fn tiny() -> Value {
    json!({ "scenario_slug": "tiny" })
}

async fn start_many(client: &Client, number: usize) {
    for _ in 0..number {
        client.start("tiny").await;
    }
}

/// Limit, remaining and reset, as an answer says them.
#[track_caller]
fn standing(reply: &Reply) -> Option<(i64, i64, i64)> {
    let read = |name: &str| {
        let value = reply.headers.get(format!("x-ratelimit-{name}"))?;
        Some(value.to_str().unwrap().parse::<i64>().unwrap())
    };
    Some((read("limit")?, read("remaining")?, read("reset")?))
}

async fn used(client: &Client) -> Value {
    client.get("/api/v1/billing/account").await.expect(200)["runs_used"].clone()
}

#[tokio::test]
async fn the_run_after_the_last_is_refused_with_one_body_at_every_door() {
    let (app, ada) = on(Plan::Free).await;
    for number in 1..=25 {
        let started = match number % 3 {
            0 => ada.call_tool(Era::Modern, "start_run", tiny()).await,
            1 => ada.post(RUNS, tiny()).await,
            _ => ada.post("/api/v1/smoke-test", tiny()).await,
        };
        assert_eq!(standing(&started), Some((25, 25 - number, FEBRUARY)), "{}", started.text);
    }
    let refused = ada.post(RUNS, tiny()).await;
    let body = refused.problem(402, FULL);
    let expected = json!({
        "title": "Payment Required",
        "runs_used": 25,
        "runs_limit": 25,
        "resets_at": "2030-02-01T00:00:00Z",
        "checkout_url": format!("{URL}/pricing"),
        "upgrade_hint": format!("pro has 200 runs a month for $19.99, max has 1000 runs a month \
            for $79.99: {URL}/pricing"),
        "code": "payment_required",
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    assert_eq!(standing(&refused), Some((25, 0, FEBRUARY)));
    assert!(!refused.headers.contains_key("retry-after"));

    let smoke = ada.post("/api/v1/smoke-test", json!({})).await;
    assert_eq!(smoke.problem(402, FULL), body);
    for era in [Era::Legacy, Era::Modern] {
        for tool in ["start_run", "run_sandbox_smoke_test"] {
            let reply = ada.call_tool(era, tool, tiny()).await;
            assert_eq!(standing(&reply), Some((25, 0, FEBRUARY)));
            let told = ada.tool_as(era, tool, tiny()).await;
            assert!(told.is_error);
            assert_eq!(told.value, body);
            for fact in ["25 of 25", "2030-02-01T00:00:00Z", "pro has 200", "/pricing"] {
                assert!(told.text.contains(fact), "{fact}: {}", told.text);
            }
        }
    }
    let other = app.account("ada").await;
    other.post(RUNS, tiny()).await.problem(402, FULL);
    let eve = app.account("eve").await;
    assert_eq!(standing(&eve.post(RUNS, tiny()).await), None, "the operator's own have no limit");
    assert_eq!(used(&ada).await, 25);
}

#[tokio::test]
async fn a_plan_that_is_paid_for_waits_for_the_next_month() {
    let (app, ada) = on(Plan::Pro).await;
    start_many(&ada, 200).await;
    let refused = ada.post(RUNS, tiny()).await;
    let body = refused.problem(429, FULL);
    assert_eq!((&body["runs_used"], &body["runs_limit"]), (&json!(200), &json!(200)));
    assert_eq!(body["code"], "run_limit_reached");
    assert!(body["upgrade_hint"].as_str().unwrap().starts_with("max has 1000 runs"), "{body}");
    assert_eq!(refused.headers["retry-after"], REST_OF_JANUARY.to_string().as_str());
    on_plan(&app, "ada", Plan::Max).await;
    assert_eq!(standing(&ada.post(RUNS, tiny()).await), Some((1_000, 799, FEBRUARY)));
    on_plan(&app, "ada", Plan::Free).await;
    ada.post(RUNS, tiny()).await.problem(402, FULL);
    on_plan(&app, "ada", Plan::Unlimited).await;
    assert_eq!(standing(&ada.post(RUNS, tiny()).await), None);
    let account = ada.get("/api/v1/billing/account").await.expect(200);
    assert_eq!((&account["runs_used"], &account["runs_limit"]), (&json!(202), &Value::Null));
}

#[tokio::test]
async fn the_largest_plan_has_no_larger_one() {
    let plans = Plans::default().with(&["free=1", "pro=1", "max=2"].map(|it| it.parse().unwrap()));
    let (app, ada) = with_plans(plans.unwrap(), Store::in_memory().unwrap()).await;
    on_plan(&app, "ada", Plan::Max).await;
    start_many(&ada, 2).await;
    let body = ada.post(RUNS, tiny()).await.problem(429, FULL);
    assert_eq!(body["upgrade_hint"], "there is no larger plan; wait for the next month");
    assert_eq!(body["checkout_url"], format!("{URL}/pricing"));
}

/// A server with other plans, and somebody whose account the operator made.
async fn with_plans(plans: Plans, store: Store) -> (TestApp, Client) {
    let clock = TestClock::at(START.parse().unwrap());
    let outside = Outside { plans, ..Outside::none(URL, clock.clone()).unwrap() };
    let app = App::new(URL, world::catalog(), store, clock.clone(), outside);
    let app = TestApp { router: api::router(&app, &Limits::default()), app, clock };
    let ada = app.account("ada").await;
    (app, ada)
}

#[tokio::test]
async fn the_operator_says_what_a_plan_has() {
    let change: Change = "free=2".parse().unwrap();
    let plans = Plans::default().with(&[change]).unwrap();
    let (app, ada) = with_plans(plans, Store::in_memory().unwrap()).await;
    on_plan(&app, "ada", Plan::Free).await;
    start_many(&ada, 2).await;
    assert_eq!(ada.post(RUNS, tiny()).await.problem(402, FULL)["runs_limit"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_at_once_with_room_for_one_exactly_one_starts() {
    let (app, ada) = on(Plan::Free).await;
    start_many(&ada, 24).await;
    let other = app.account("ada").await;
    let starts: Vec<_> = (0..50)
        .map(|number| {
            let client = if number % 2 == 0 { ada.clone() } else { other.clone() };
            tokio::spawn(async move {
                if number % 3 == 0 {
                    let told = client.tool("start_run", tiny()).await;
                    told.value["status"].as_u64().unwrap_or(201)
                } else {
                    client.post(RUNS, tiny()).await.status.into()
                }
            })
        })
        .collect();
    let mut counts = BTreeMap::new();
    for start in starts {
        *counts.entry(start.await.unwrap()).or_insert(0) += 1;
    }
    // A started run's own status is a word.
    assert_eq!(counts, BTreeMap::from([(201, 1), (402, 49)]));
    assert_eq!(used(&ada).await, 25);
}

#[tokio::test]
async fn a_failed_start_uses_nothing_up() {
    let (_, ada) = on(Plan::Free).await;
    start_many(&ada, 24).await;
    ada.post(RUNS, json!({ "scenario_slug": "none" })).await.expect(404);
    ada.post(RUNS, json!({})).await.expect(400);
    ada.post(RUNS, json!({ "scenario_slug": 1 })).await.expect(422);
    ada.post(RUNS, json!({ "scenario_slug": "tiny", "agent_info": { "name": "" } }))
        .await
        .expect(400);
    assert!(ada.tool("run_sandbox_smoke_test", json!({ "scenario_slug": "no" })).await.is_error);
    assert_eq!(used(&ada).await, 24);
    ada.post(RUNS, tiny()).await.expect(201);
    assert_eq!(used(&ada).await, 25);
}

#[tokio::test]
async fn what_a_run_is_refused_for_first() {
    let (app, ada) = on(Plan::Free).await;
    start_many(&ada, 25).await;
    app.anon().post(RUNS, tiny()).await.expect(401);
    ada.post(RUNS, json!({ "scenario_slug": 1 })).await.expect(422);
    // What a month has comes before what is wrong with the run.
    for wrong in [json!({}), json!({ "scenario_slug": "none" })] {
        ada.post(RUNS, wrong).await.problem(402, FULL);
    }
}

#[tokio::test]
async fn nothing_gives_a_run_back() {
    let (app, ada) = on(Plan::Free).await;
    start_many(&ada, 24).await;
    let run = ada.start("tiny").await;
    ada.post(&format!("{RUNS}/{run}/liquidate-and-finish"), json!({})).await;
    ada.step(&run, 100).await;
    app.clock.advance(6 * 24 * 3_600);
    app.app.runs.upkeep().await.unwrap();
    ada.post(RUNS, tiny()).await.problem(402, FULL);
}

#[tokio::test]
async fn a_month_begins_with_its_first_microsecond() {
    let (app, ada) = on(Plan::Free).await;
    app.clock.advance(REST_OF_JANUARY - 1);
    start_many(&ada, 25).await;
    let refused = ada.post(RUNS, tiny()).await.problem(402, FULL);
    assert_eq!(refused["resets_at"], "2030-02-01T00:00:00Z");
    app.clock.advance(1);
    assert_eq!(used(&ada).await, 0);
    assert_eq!(standing(&ada.post(RUNS, tiny()).await), Some((25, 24, FEBRUARY + 28 * 86_400)));
    // A clock that is set back finds the old month as full as it was.
    app.clock.advance(-1);
    assert_eq!(used(&ada).await, 25);
    ada.post(RUNS, tiny()).await.problem(402, FULL);
}

#[tokio::test]
async fn a_restart_and_another_process_keep_the_count() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("db");
    let app = TestApp::on_file(world::catalog(), &path);
    let key = app.account("ada").await.key.unwrap();
    on_plan(&app, "ada", Plan::Free).await;
    start_many(&app.with_key(&key), 13).await;
    app.stop().await;
    let (one, two) =
        (TestApp::on_file(world::catalog(), &path), TestApp::on_file(world::catalog(), &path));
    start_many(&one.with_key(&key), 6).await;
    start_many(&two.with_key(&key), 6).await;
    for app in [&one, &two] {
        app.with_key(&key).post(RUNS, tiny()).await.problem(402, FULL);
    }
}

#[tokio::test]
async fn who_is_erased_starts_nothing() {
    let (app, ada) = on(Plan::Free).await;
    let id = app.app.accounts.find("ada").await.unwrap().id;
    assert!(app.app.accounts.erase(&id).await.unwrap());
    ada.post(RUNS, tiny()).await.problem(401, "Invalid API key");
}
