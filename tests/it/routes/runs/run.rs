//! `GET /api/v1/runs/{id}`.

use bottrade::keys::{Family, Key};
use serde_json::{Value, json};

use crate::app::{TestApp, market};

#[tokio::test]
async fn a_snapshot_shows_positions_orders_and_books() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    let fresh = ada.on(&run, "").await;
    assert_eq!((&fresh["positions"], &fresh["queued_orders"]), (&json!([]), &json!([])));
    assert_eq!(fresh["last_equity"]["equity"], json!(10_000));
    assert_eq!(fresh["workflow"]["phase"], "trading");
    ada.order(&run, market("short", "CALM", 4)).await.expect(201);
    let queued = ada.on(&run, "").await;
    assert_eq!(queued["queued_orders"][0]["symbol"], "CALM");
    ada.step(&run, 1).await.expect(200);
    let filled = ada.on(&run, "").await;
    assert_eq!(filled["queued_orders"], json!([]));
    assert_eq!(filled["positions"][0]["quantity"], json!(-4), "short is negative");
    assert!(filled["positions"][0]["avg_cost"].as_f64().unwrap() > 0.0);
    assert_eq!(filled["positions"][0]["updated_at"], "2024-01-02T00:00:00Z");
    let books = &filled["last_equity"];
    let number = |member: &str| books[member].as_f64().unwrap();
    assert!((number("cash") + number("positions_value") - number("equity")).abs() < 1e-9);
}

#[tokio::test]
async fn the_time_an_order_was_queued_never_changes() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    app.clock.advance(10);
    let mut order = market("buy", "AAA", 1);
    order["order_type"] = json!("limit");
    order["limit_price"] = json!(1);
    let queued = ada.order(&run, order.clone()).await.expect(201)["order"].clone();
    assert_eq!(queued["queued_at"], "2030-01-02T03:04:15Z");
    assert_eq!(queued["queued_at_sim_time"], "2024-01-01T00:00:00Z");
    app.clock.advance(3_600);
    ada.step(&run, 2).await.expect(200);
    ada.order(&run, order).await.expect(201);
    let orders = ada.on(&run, "").await["queued_orders"].clone();
    assert_eq!(orders[0], queued, "the first order is as it was");
    assert_eq!(orders[1]["queued_at"], "2030-01-02T04:04:15Z");
    assert_eq!(orders[1]["queued_at_sim_time"], "2024-01-03T00:00:00Z");
}

#[tokio::test]
async fn a_foreign_run_is_403_and_an_unknown_one_404_on_every_route() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let run = ada.start("tiny").await;
    let before = ada.on(&run, "").await;
    let order = "00000000-0000-5000-8000-000000000000";
    let unknown = "00000000-0000-7000-8000-000000000000";
    let upper = run.to_uppercase();
    for (method, rest) in [
        ("GET", String::new()),
        ("GET", "/market".into()),
        ("GET", "/trades".into()),
        ("GET", "/results".into()),
        ("GET", "/equity".into()),
        ("POST", "/step".into()),
        ("POST", "/trades".into()),
        ("POST", "/turn".into()),
        ("POST", "/publish".into()),
        ("DELETE", format!("/orders/{order}")),
    ] {
        let body = match rest.as_str() {
            "/trades" if method == "POST" => Some(market("buy", "AAA", 1).to_string()),
            _ => None,
        };
        let call = async |id: &str| {
            bob.rest(method, &format!("/api/v1/runs/{id}{rest}"), body.clone()).await
        };
        call(&run).await.problem(403, "you do not own this run");
        for id in [unknown, "x", "%00", "..%2F..", upper.as_str()] {
            call(id).await.problem(404, "no such run");
        }
    }
    bob.get(&format!("/api/v1/runs/{run}/public")).await.problem(404, "no such run");
    assert_eq!(ada.on(&run, "").await, before, "nothing happened");
}

#[tokio::test]
async fn every_key_of_an_account_opens_its_runs() {
    let app = TestApp::new();
    let run = app.account("ada").await.start("tiny").await;
    let other_key = app.account("ada").await;
    other_key.step(&run, 1).await.expect(200);
    assert_eq!(other_key.on(&run, "").await["run"]["sim_time"], "2024-01-02T00:00:00Z");
}

#[tokio::test]
async fn bearer_and_x_api_key_open_the_same_door() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let key = ada.key.clone().unwrap();
    let read = async |headers: &[(&str, &str)]| {
        let mut request = http::Request::get(format!("/api/v1/runs/{run}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        app.anon().send(request.body(axum::body::Body::empty()).unwrap()).await
    };
    read(&[("authorization", &format!("Bearer {key}"))]).await.expect(200);
    read(&[("authorization", &format!("bearer  {key} "))]).await.expect(200);
    read(&[("x-api-key", &key), ("authorization", "Bearer nonsense")]).await.expect(200);
    read(&[("x-api-key", " "), ("authorization", &format!("Bearer {key}"))]).await.expect(200);
    let wrong = read(&[("x-api-key", "x"), ("authorization", &format!("Bearer {key}"))]).await;
    wrong.problem(401, "Invalid API key");
    for scheme in ["Basic", "Token"] {
        let reply = read(&[("authorization", &format!("{scheme} {key}"))]).await;
        reply.problem(401, "BotTrade API key required");
    }
}

#[tokio::test]
async fn the_workflow_says_what_comes_next() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("brief").await;
    let workflow = async || ada.on(&run, "").await["workflow"].clone();
    let flags = |it: &Value| {
        ["done", "liquidated", "publishable", "published"].map(|flag| it[flag] == json!(true))
    };
    assert_eq!(flags(&workflow().await), [false, false, false, false]);
    ada.step(&run, 1).await.expect(200);
    let after = workflow().await;
    assert_eq!(
        (&after["phase"], &after["next_action"]),
        (&json!("completed"), &json!("get_results"))
    );
    assert_eq!(flags(&after), [true, false, true, false]);
    ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    assert_eq!(flags(&workflow().await), [true, false, true, true]);
}

#[tokio::test]
async fn a_revoked_key_opens_nothing_from_then_on() {
    let app = TestApp::new();
    let (ada, eve) = (app.account("ada").await, app.account("eve").await);
    let run = ada.start("tiny").await;
    let path = format!("/api/v1/runs/{run}");
    ada.get(&path).await.expect(200);
    let accounts = &app.app.accounts;
    let holder = async |key: &Option<String>| {
        let key = Key::parse(key.as_deref().unwrap()).unwrap();
        accounts.holder(&key).await.unwrap().unwrap()
    };
    let (hers, other) = (holder(&ada.key).await, holder(&eve.key).await);
    let key_id = hers.credential.key_id().unwrap();
    let revoke = async |account: &str| {
        accounts.revoke_key(account, Family::Benchmark, key_id).await.unwrap()
    };
    assert!(!revoke(&other.id).await, "somebody else's key");
    ada.get(&path).await.expect(200);
    assert!(revoke(&hers.id).await);
    ada.get(&path).await.expect(401);
    eve.get("/api/v1/runs").await.expect(200);
}
