//! `POST /api/v1/runs/{id}/trades` and `GET …/trades`: fills, idempotency.

use serde_json::{Value, json};

use crate::app::{Client, Reply, TestApp, market};

fn keyed(mut body: Value, key: &str) -> Value {
    body["idempotency_key"] = json!(key);
    body
}

async fn queued(client: &Client, run: &str) -> usize {
    client.on(run, "").await["queued_orders"].as_array().unwrap().len()
}

const REUSED: &str = "idempotency_key previously used with a different request body";

#[tokio::test]
async fn an_accepted_order_is_echoed_and_fills_at_the_next_open() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let mut order = market("BUY ", " aaa", 10);
    order["reasoning"] = json!("  it rises  ");
    let queued = ada.order(&run, order).await.expect(201)["order"].clone();
    assert_eq!((&queued["symbol"], &queued["side"]), (&json!("AAA"), &json!("buy")));
    assert_eq!((&queued["quantity"], &queued["reasoning"]), (&json!(10), &json!("it rises")));
    assert_eq!(
        (&queued["order_type"], &queued["time_in_force"]),
        (&json!("market"), &json!("gtc"))
    );
    assert_eq!(ada.on(&run, "/trades").await["trades"], json!([]));
    ada.step(&run, 9).await.expect(200);
    let trades = ada.on(&run, "/trades").await;
    let trade = &trades["trades"][0];
    assert_eq!((&trade["fill_price"], &trade["total_value"]), (&json!(101), &json!(1_010)));
    assert_eq!((&trade["order_id"], &trade["run_id"]), (&queued["id"], &json!(run)));
    assert_eq!((&trade["realized_pnl"], &trade["slippage_bps"]), (&json!(0), &json!(0)));
    assert_eq!(trade["sim_time_filled"], "2024-01-02T00:00:00Z");
    // Contract vector 1.
    assert_eq!(ada.on(&run, "").await["last_equity"]["equity"], json!(100_085));
}

#[tokio::test]
async fn the_same_key_and_body_give_the_same_bytes_and_happen_once() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let order = keyed(market("buy", "AAA", 3), "t1");
    let first = ada.order(&run, order.clone()).await;
    first.expect(201);
    app.clock.advance(600);
    let again = ada.order(&run, order.clone()).await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    assert_eq!(queued(&ada, &run).await, 1);
    ada.order(&run, keyed(market("buy", "AAA", 4), "t1")).await.problem(409, REUSED);
    let reordered = json!({ "idempotency_key": "t1", "quantity": 3.0, "side": "buy",
        "symbol": "AAA", "reasoning": null });
    assert_eq!(
        ada.order(&run, reordered).await.text,
        first.text,
        "the order of members is nothing"
    );
    assert_eq!(queued(&ada, &run).await, 1);
    // Without a key, or with an empty one, every call is a new order.
    for body in [market("buy", "AAA", 3), keyed(market("buy", "AAA", 3), "")] {
        ada.order(&run, body).await.expect(201);
    }
    assert_eq!(queued(&ada, &run).await, 3);
}

#[tokio::test]
async fn the_header_is_the_key_where_the_body_has_none() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let send = async |header: &str, body: Value| {
        let request = http::Request::post(format!("/api/v1/runs/{run}/trades"));
        let request = request.header("idempotency-key", header);
        ada.send(request.body(axum::body::Body::from(body.to_string())).unwrap()).await
    };
    let first = send("h1", market("buy", "AAA", 3)).await;
    first.expect(201);
    assert_eq!(send("h1", market("buy", "AAA", 3)).await.text, first.text);
    assert_eq!(send("h1", keyed(market("buy", "AAA", 3), "h1")).await.text, first.text);
    let problem = send("h1", keyed(market("buy", "AAA", 3), "b1")).await.any_problem();
    assert_eq!(problem["errors"][0]["location"], "idempotency_key");
    assert_eq!(queued(&ada, &run).await, 1);
}

/// One call of each kind that takes a key, with bodies under the same and under another key.
async fn replays(client: &Client, run: &str, rest: &str, body: Value) -> (Reply, Reply) {
    let path = format!("/api/v1/runs/{run}/{rest}");
    (client.post(&path, body.clone()).await, client.post(&path, body).await)
}

#[tokio::test]
async fn step_and_turn_replay_their_real_answers() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    let turn = json!({ "trades": [market("buy", "CALM", 7.5), market("short", "CRASH", 1)],
        "step_count": 1, "idempotency_key": "u1" });
    let (first, again) = replays(&ada, &run, "turn", turn).await;
    assert_eq!((first.status, again.status, &again.text), (200, 200, &first.text));
    assert_eq!(first.json()["step"]["fills"].as_array().unwrap().len(), 2);
    ada.order(&run, market("sell", "CALM", 2.5)).await.expect(201);
    let step = json!({ "count": 2, "idempotency_key": "s1" });
    let (first, again) = replays(&ada, &run, "step", step).await;
    assert_eq!((first.status, again.status, &again.text), (200, 200, &first.text));
    let body = first.json();
    assert_eq!(body["bars_advanced"], 2);
    assert_eq!(body["fills"].as_array().unwrap().len(), 1);
    assert_eq!(ada.on(&run, "").await["run"]["sim_time"], "2024-01-04T00:00:00Z");
}

#[tokio::test]
async fn a_replay_outlives_the_end_of_the_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let order = keyed(market("buy", "AAA", 3), "t1");
    let ordered = ada.order(&run, order.clone()).await;
    let last = json!({ "count": 50, "idempotency_key": "s1" });
    let (first, again) = replays(&ada, &run, "step", last).await;
    assert_eq!(first.expect(200)["done"], true);
    assert_eq!(again.text, first.text);
    assert_eq!(ada.order(&run, order).await.text, ordered.text);
    let late = ada.order(&run, keyed(market("buy", "AAA", 3), "t2")).await;
    late.problem(400, "run is completed, not active");
}

#[tokio::test]
async fn trades_steps_and_turns_share_one_namespace_per_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.order(&run, keyed(market("buy", "AAA", 3), "k")).await.expect(201);
    let path = |rest: &str| format!("/api/v1/runs/{run}/{rest}");
    for rest in ["step", "turn"] {
        ada.post(&path(rest), json!({ "idempotency_key": "k" })).await.problem(409, REUSED);
    }
    assert_eq!(ada.on(&run, "").await["run"]["sim_time"], "2024-01-01T00:00:00Z");
    let other = ada.start("tiny").await;
    ada.order(&other, keyed(market("buy", "AAA", 5), "k")).await.expect(201);
    // An absent count is a count of 1.
    let first = ada.post(&path("step"), json!({ "idempotency_key": "s" })).await;
    let again = ada.post(&path("step"), json!({ "count": 1, "idempotency_key": "s" })).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
}

#[tokio::test]
async fn a_failed_call_can_be_retried_under_its_key() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let sell = keyed(market("sell", "AAA", 1), "k");
    ada.order(&run, sell.clone()).await.problem(400, "no long position in AAA to sell");
    ada.order(&run, market("buy", "AAA", 1)).await.expect(201);
    ada.step(&run, 1).await.expect(200);
    ada.order(&run, sell).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn simultaneous_identical_calls_execute_once() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    for round in 0..5 {
        let before = ada.on(&run, "").await["run"]["bars_left"].as_u64().unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (ada, path) = (ada.clone(), format!("/api/v1/runs/{run}/turn"));
            let body = json!({ "trades": [market("buy", "W1/USD", 1)],
                "idempotency_key": format!("round {round}") });
            calls.spawn(async move { ada.post(&path, body).await });
        }
        let replies = calls.join_all().await;
        assert!(replies.iter().all(|it| it.status == 200 && it.text == replies[0].text));
        let after = ada.on(&run, "").await["run"]["bars_left"].as_u64().unwrap();
        assert_eq!(after, before - 1);
    }
    assert_eq!(ada.on(&run, "/trades").await["trades"].as_array().unwrap().len(), 5);
}
