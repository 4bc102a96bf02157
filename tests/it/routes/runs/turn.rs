//! `POST /api/v1/runs/{id}/turn`.

use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn a_turn_orders_steps_and_shows_the_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let path = format!("/api/v1/runs/{run}/turn");
    let body = json!({ "trades": [market("buy", "AAA", 10), market("buy", "BBB", 4)] });
    let turn = ada.post(&path, body).await.expect(200);
    let queued = turn["queued_orders"].as_array().unwrap();
    assert_eq!(queued.len(), 2);
    assert_eq!(queued[0]["queued_at_sim_time"], "2024-01-01T00:00:00Z");
    let fills = turn["step"]["fills"].as_array().unwrap();
    assert_eq!(fills[0]["order_id"], queued[0]["id"]);
    assert_eq!(turn["step"]["new_sim_time"], "2024-01-02T00:00:00Z");
    let snapshot = ada.on(&run, "").await;
    for member in ["run", "positions", "queued_orders", "last_equity"] {
        assert_eq!(turn["snapshot"][member], snapshot[member]);
    }
    let hold = ada.post(&path, json!({ "trades": [] })).await.expect(200);
    assert_eq!(hold["queued_orders"], json!([]));
    assert_eq!(hold["step"]["bars_advanced"], 1);
    let three = ada.post(&path, json!({ "step_count": 3 })).await.expect(200);
    assert_eq!(three["step"]["bars_advanced"], 3);
}

#[tokio::test]
async fn every_wrong_order_is_named_and_none_is_queued() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let before = ada.on(&run, "").await;
    let path = format!("/api/v1/runs/{run}/turn");
    let refuse = async |trades: serde_json::Value| {
        let problem = ada.post(&path, json!({ "trades": trades })).await.any_problem();
        assert_eq!(ada.on(&run, "").await, before, "nothing was done");
        let places = problem["errors"].as_array().unwrap().iter();
        places.map(|it| it["location"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (good, sell) = (market("buy", "AAA", 1), market("sell", "AAA", 2));
    assert_eq!(
        refuse(json!([good, sell, market("sell", "BBB", 2)])).await,
        ["trades[1].quantity", "trades[2].side"]
    );
    let (nope, zero) = (market("buy", "NOPE", 1), market("buy", "ZERO", 1));
    let places = refuse(json!([nope, good, zero])).await;
    assert_eq!(places, ["trades[0].symbol", "trades[2].symbol"]);
    // What cannot be read and what breaks a rule are told together.
    assert_eq!(refuse(json!([sell, nope])).await, ["trades[0].side", "trades[1].symbol"]);
    let mut kind = good.clone();
    kind["order_type"] = json!("limit");
    assert_eq!(
        refuse(json!([good, kind, nope])).await,
        ["trades[1].limit_price", "trades[2].symbol"]
    );
}

#[tokio::test]
async fn the_step_count_is_named_as_the_tool_names_it() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let reply = ada.post(&format!("/api/v1/runs/{run}/turn"), json!({ "step_count": 0 })).await;
    reply.problem(422, "`step_count`: submit_turn step_count must be at least 1");
}
