//! `POST /api/v1/runs/{id}/step`.

use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn a_step_moves_one_bar_unless_told_otherwise() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let path = format!("/api/v1/runs/{run}/step");
    for body in [None, Some(String::new()), Some("{}".into()), Some(r#"{"count":null}"#.into())] {
        let step = ada.rest("POST", &path, body).await.expect(200);
        assert_eq!((&step["bars_advanced"], &step["done"]), (&json!(1), &json!(false)));
    }
    let step = ada.step(&run, 3).await.expect(200);
    assert_eq!(step["new_sim_time"], "2024-01-08T00:00:00Z");
    assert_eq!(step["fills"], json!([]));
    assert_eq!(ada.on(&run, "").await["run"]["bars_left"], 2);
}

#[tokio::test]
async fn the_count_is_at_least_one() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let path = format!("/api/v1/runs/{run}/step");
    for count in ["0", "-1", "-9223372036854775808"] {
        let reply = ada.rest("POST", &path, Some(format!("{{\"count\":{count}}}"))).await;
        reply.problem(422, "`count`: step_run count must be at least 1");
    }
    for count in ["1.5", "\"1\"", "true", "1e300", "9223372036854775808", "[]"] {
        let reply = ada.rest("POST", &path, Some(format!("{{\"count\":{count}}}"))).await;
        let problem = reply.any_problem();
        assert_eq!(problem["status"], 422, "{count}");
        assert!(problem["detail"].as_str().unwrap().starts_with("`count`: "), "{problem}");
    }
    assert_eq!(ada.on(&run, "").await["run"]["bars_left"], 9);
}

#[tokio::test]
async fn a_huge_count_ends_the_run_in_that_very_answer() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for count in [9, 10, 1_000, 5_000_000_000, u64::try_from(i64::MAX).unwrap()] {
        let run = ada.start("tiny").await;
        let step = ada.step(&run, count).await.expect(200);
        assert_eq!((&step["bars_advanced"], &step["done"]), (&json!(9), &json!(true)));
        assert_eq!((&step["liquidated"], &step["phase"]), (&json!(false), &json!("completed")));
        assert!(step.get("liquidation_at_ts").is_none());
        let after = ada.on(&run, "").await;
        assert_eq!(after["run"]["status"], "completed", "final when done is");
        ada.step(&run, 1).await.problem(400, "run is completed, not active");
    }
}

#[tokio::test]
async fn a_model_steps_one_bar_at_a_time() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let result = ada.tool("step_run", json!({ "run_id": run, "count": 0 })).await;
    assert_eq!(result.value["bars_advanced"], 1, "0 is the default over MCP");
    let result = ada.tool("step_run", json!({ "run_id": run, "count": 2 })).await;
    assert_eq!(result.value["detail"], "step_run only supports count=1 in MCP");
    let result = ada.tool("submit_turn", json!({ "run_id": run, "step_count": 2 })).await;
    assert_eq!(result.value["detail"], "submit_turn only supports step_count=1 in MCP");
    assert_eq!(ada.on(&run, "").await["run"]["bars_left"], 8);
    let result = ada.tool("step_run", json!({ "run_id": run, "count": 1 })).await;
    assert_eq!((result.is_error, &result.value["bars_advanced"]), (false, &json!(1)));
}

#[tokio::test]
async fn a_liquidation_is_announced_then_carried_out() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    ada.order(&run, market("buy", "CRASH", 390)).await.expect(201);
    let bought = ada.step(&run, 1).await.expect(200);
    assert_eq!(bought["liquidation_due"], false);
    let crash = ada.step(&run, 1).await.expect(200);
    assert_eq!((&crash["liquidation_due"], &crash["liquidated"]), (&json!(true), &json!(false)));
    let refused = ada.order(&run, market("buy", "CALM", 1)).await.any_problem();
    assert_eq!(refused["status"], 400);
    let last = ada.step(&run, 5).await.expect(200);
    assert_eq!((&last["liquidated"], &last["done"]), (&json!(true), &json!(false)));
    assert_eq!(last["liquidation_at_ts"], "2024-01-04T00:00:00Z");
    assert_eq!(last["bars_advanced"], 1);
    assert_eq!(last["positions_value"], json!(0));
    assert!(last["fills"][0].get("order_id").is_none(), "nobody ordered it");
    let after = ada.on(&run, "").await;
    assert_eq!((&after["run"]["status"], &after["positions"]), (&json!("liquidated"), &json!([])));
    ada.step(&run, 1).await.problem(400, "run is liquidated, not active");
    let results = ada.on(&run, "/results").await["results"].clone();
    assert_eq!((&results["liquidated"], &results["trade_count"]), (&json!(true), &json!(2)));
    assert!(results["final_equity"].as_f64().unwrap() < 0.0, "the ledger's number, even below 0");
}
