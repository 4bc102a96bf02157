//! What holds for every address: who asks comes before what is asked, and the doors share the run.

use bottrade::ops::{Access, Method, OPS};
use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn the_key_is_asked_for_before_the_request_is_read() {
    let app = TestApp::new();
    let nobody = app.anon();
    for op in OPS.iter().filter(|op| op.access == Access::Account) {
        let path = op.route.path.replace(['{', '}'], "");
        let method = match op.route.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        };
        for body in ["{", "[]", r#"{"no":"such","no":"field"}"#] {
            let reply = nobody.rest(method, &path, Some(body.into())).await;
            reply.problem(401, "BotTrade API key required");
        }
        let reply = nobody.rest(method, &format!("{path}?no=such&no=field"), None).await;
        reply.problem(401, "BotTrade API key required");
    }
}

#[tokio::test]
async fn the_doors_share_the_keys_of_a_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let path = |rest: &str| format!("/api/v1/runs/{run}/{rest}");
    let turn = json!({ "trades": [market("buy", "AAA", 3)], "idempotency_key": "t" });
    let first = ada.post(&path("turn"), turn.clone()).await.expect(200);
    let mut by_tool = turn;
    by_tool["run_id"] = json!(run);
    let again = ada.tool("submit_turn", by_tool).await;
    assert_eq!((again.is_error, &again.value), (false, &first));
    let step = ada.tool("step_run", json!({ "run_id": run, "idempotency_key": "s" })).await;
    let again = ada.post(&path("step"), json!({ "count": 1, "idempotency_key": "s" })).await;
    assert_eq!(again.expect(200), step.value);
    let other = ada.tool("step_run", json!({ "run_id": run, "idempotency_key": "t" })).await;
    let detail = "idempotency_key previously used with a different request body";
    assert_eq!((other.is_error, &other.value["detail"]), (true, &json!(detail)));
    assert_eq!(other.value["status"], 409);
    // An empty key is none.
    for _ in 0..2 {
        let step = ada.tool("step_run", json!({ "run_id": run, "idempotency_key": "" })).await;
        assert!(!step.is_error);
    }
    let after = ada.on(&run, "").await;
    assert_eq!(after["run"]["bars_left"], 5, "two bars with keys, two without");
    assert_eq!(ada.on(&run, "/trades").await["trades"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn trades_are_in_order_of_their_fills_at_both_doors() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    for (side, symbol) in [("buy", "BBB"), ("buy", "AAA"), ("sell", "BBB"), ("buy", "BBB")] {
        ada.order(&run, market(side, symbol, 1)).await.expect(201);
        ada.order(&run, market("buy", "AAA", 2)).await.expect(201);
        ada.step(&run, 1).await.expect(200);
    }
    let trades = ada.on(&run, "/trades").await;
    let rows = trades["trades"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    assert!(rows.is_sorted_by_key(|it| it["sim_time_filled"].as_str().unwrap()));
    let symbols: Vec<&str> = rows[..2].iter().map(|it| it["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["BBB", "AAA"], "as they were queued");
    assert_eq!(ada.tool("get_trades", json!({ "run_id": run })).await.value, trades);
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_fraction_of_nothing() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let body = Some(r#"{"count":2.0}"#.to_owned());
    let step = ada.rest("POST", &format!("/api/v1/runs/{run}/step"), body).await.expect(200);
    assert_eq!(step["bars_advanced"], 2);
    let step = ada.tool("step_run", json!({ "run_id": run, "count": 1.0 })).await;
    assert_eq!((step.is_error, &step.value["bars_advanced"]), (false, &json!(1)));
}

#[tokio::test]
async fn pages_do_not_shift_when_a_run_starts_meanwhile() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let mut started = Vec::new();
    for _ in 0..4 {
        started.push(ada.start("tiny").await);
        app.clock.advance(1);
    }
    started.reverse();
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let runs = page["runs"].as_array().unwrap().iter();
        runs.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = ada.get("/api/v1/runs?limit=2").await.expect(200);
    ada.start("tiny").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ada.get(&format!("/api/v1/runs?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!([ids(&first), ids(&second)].concat(), started);
    assert!(second.get("next_cursor").is_none());
}
