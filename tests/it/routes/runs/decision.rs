//! `POST /api/v1/runs/{id}/decision`.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, market};

async fn decide(client: &Client, run: &str, body: Value) -> Value {
    client.post(&format!("/api/v1/runs/{run}/decision"), body).await.expect(200)
}

#[tokio::test]
async fn a_decision_trades_steps_and_shows_the_next_scan() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let orders = json!([market("buy", "AAA", 10), market("buy", "BBB", 4)]);
    let body = json!({ "action": "trade", "rationale": " it rises ", "orders": orders });
    let made = decide(&ada, &run, body).await;
    assert_eq!((&made["action"], &made["rationale"]), (&json!("trade"), &json!("it rises")));
    assert_eq!((&made["phase"], &made["next_action"]), (&json!("trading"), &json!("scan_market")));
    assert_eq!(made["queued_orders"].as_array().unwrap().len(), 2);
    assert_eq!(made["step"]["fills"][1]["symbol"], "BBB");
    assert_eq!(made["snapshot"]["positions"], made["portfolio"]["positions"]);
    assert_eq!(made["portfolio"]["equity"], made["step"]["equity"]);
    assert_eq!(made["completion_flags"], json!({ "done": false, "liquidated": false }));
    assert_eq!(made["sim_time"], "2024-01-02T00:00:00Z");
    let scan = ada.on(&run, "/scan?response_format=concise").await;
    assert_eq!(made["scan"], scan, "the next scan comes with it");
    assert!(made["human_summary"].as_str().unwrap().starts_with("Step +1. Equity 100"));
    // The rationale is the decision's, not the orders'.
    assert!(made["step"]["fills"][0].get("reasoning").is_none());
    let unseen = decide(&ada, &run, json!({ "observe": false })).await;
    assert_eq!((unseen.get("scan"), &unseen["action"]), (None, &json!("hold")));
    let three = decide(&ada, &run, json!({ "step_count": 3 })).await;
    assert_eq!(three["step"]["bars_advanced"], 3, "programs may step many");
}

#[tokio::test]
async fn a_concise_decision_is_the_next_scan_and_what_happened() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    let tool = async |arguments: Value| {
        let mut arguments = arguments;
        arguments["run_id"] = json!(run);
        let result = ada.tool("submit_decision", arguments).await;
        assert!(!result.is_error, "{}", result.text);
        result.value
    };
    let orders = json!([market("buy", "CALM", 10), { "symbol": "CRASH", "side": "buy",
        "quantity": 1, "order_type": "limit", "limit_price": 5, "time_in_force": "ioc" }]);
    let mut made = tool(json!({ "orders": orders })).await;
    let members = made.as_object_mut().unwrap();
    let fills = members.remove("fills").unwrap();
    assert_eq!(
        fills["columns"],
        json!(["symbol", "side", "quantity", "fill_price", "realized_pnl"])
    );
    assert_eq!(fills["rows"], json!([["CALM", "buy", 10, 51.026, 0]]));
    let rejections = members.remove("rejections").unwrap();
    assert_eq!(rejections["rows"][0][0], "CRASH");
    assert_eq!(made, ada.tool("scan_market", json!({ "run_id": run })).await.value);
    let hold = tool(json!({ "observe": false })).await;
    let names: Vec<&String> = hold.as_object().unwrap().keys().collect();
    assert_eq!(names, ["sim_time", "done", "liquidated", "bars_left", "equity", "cash"]);
    for _ in 0..5 {
        made = tool(json!({})).await;
    }
    assert_eq!((&made["done"], &made["next_action"]), (&json!(true), &json!("get_results")));
    assert!(made.get("symbols").is_none(), "nothing is left to decide: {made}");
}

#[tokio::test]
async fn the_rationale_is_kept_in_the_journal_and_survives_a_replay() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("db");
    let app = TestApp::on_file(crate::world::catalog(), &path);
    let ada = app.account("ada").await;
    let key = ada.key.clone().unwrap();
    let run = ada.start("tiny").await;
    let body = json!({ "rationale": "wait \"and\" see", "idempotency_key": "once" });
    let first = ada.post(&format!("/api/v1/runs/{run}/decision"), body.clone()).await;
    decide(&ada, &run, json!({})).await;
    let before = ada.on(&run, "/journal").await;
    let turns: Vec<&Value> =
        before["events"].as_array().unwrap().iter().map(|it| &it["command"]["turn"]).collect();
    assert_eq!(turns[0]["rationale"], "wait \"and\" see");
    assert!(turns[1].get("rationale").is_none(), "{before}");
    app.stop().await;
    let app = TestApp::on_file(crate::world::catalog(), &path);
    let ada = app.with_key(&key);
    assert_eq!(ada.on(&run, "/journal").await, before);
    let again = ada.post(&format!("/api/v1/runs/{run}/decision"), body).await;
    assert_eq!(again.text, first.text, "a repeated call gets the same bytes");
}

#[tokio::test]
async fn action_and_orders_must_agree() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let before = ada.on(&run, "").await;
    let path = format!("/api/v1/runs/{run}/decision");
    let order = market("buy", "AAA", 1);
    let both = json!({ "action": "hold", "orders": [order] });
    ada.post(&path, both).await.problem(400, "action hold takes no orders");
    let none = json!({ "action": "trade" });
    ada.post(&path, none).await.problem(400, "action trade needs at least one order");
    let other = ada.post(&path, json!({ "action": "wait" })).await;
    other.problem(422, "`action`: action must be hold or trade (got \"wait\")");
    let long = json!({ "action": "trade", "rationale": "x".repeat(2_001), "step_count": -1 });
    let problem = ada.post(&path, long).await.any_problem();
    let places: Vec<&Value> =
        problem["errors"].as_array().unwrap().iter().map(|it| &it["location"]).collect();
    assert_eq!(places, ["step_count", "orders", "rationale"], "all of them at once");
    let many = ada.tool("submit_decision", json!({ "run_id": run, "step_count": 2 })).await;
    assert_eq!(many.value["detail"], "submit_decision only supports step_count=1 in MCP");
    assert_eq!(ada.on(&run, "").await, before, "nothing was done");
}

#[tokio::test]
async fn orders_are_all_queued_or_none_and_every_wrong_one_is_named() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let before = ada.on(&run, "").await;
    let orders = json!([market("buy", "AAA", 1), market("sell", "BBB", 2), market("buy", "X", 1)]);
    let arguments = json!({ "run_id": run, "orders": orders, "cancel": ["none"] });
    let result = ada.tool("submit_decision", arguments).await;
    let places: Vec<&Value> =
        result.value["errors"].as_array().unwrap().iter().map(|it| &it["location"]).collect();
    assert_eq!(places, ["cancel[0]", "orders[1].side", "orders[2].symbol"]);
    assert_eq!(ada.on(&run, "").await, before, "nothing was done");
    // A waiting order is withdrawn before the new ones are judged.
    let queued = ada.order(&run, market("buy", "AAA", 900)).await.expect(201);
    let body = json!({ "orders": [market("buy", "AAA", 500)], "cancel": [queued["order"]["id"]] });
    let made = decide(&ada, &run, body).await;
    assert_eq!(made["snapshot"]["positions"][0]["quantity"], 500);
}
