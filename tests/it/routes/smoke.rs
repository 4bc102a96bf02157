//! `POST /api/v1/smoke-test` and `POST /api/v1/auth/connect`.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_smoke_test_starts_looks_and_holds() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let body = json!({ "scenario_slug": "tiny" });
    let made = ada.post("/api/v1/smoke-test", body).await.expect(201);
    let run = made["run_id"].as_str().unwrap();
    assert_eq!((&made["phase"], &made["next_action"]), (&json!("trading"), &json!("scan_market")));
    assert_eq!(made["run"]["bot_name"], "MCP sandbox smoke test");
    assert_eq!((&made["scenario_slug"], &made["published"]), (&json!("tiny"), &json!(false)));
    assert_eq!(made["scan_sim_time"], "2024-01-01T00:00:00Z");
    assert_eq!(made["top_movers"][0]["symbol"], "AAA");
    assert_eq!(made["suggested_inspection"], json!(["AAA", "BBB"]));
    assert_eq!(made["data_budget"]["symbols_returned"], 2);
    assert_eq!(
        (&made["decision"]["action"], &made["decision"]["step"]["bars_advanced"]),
        (&json!("hold"), &json!(1))
    );
    let shown = ada.on(run, "").await;
    assert_eq!(shown["run"]["status"], "active");
    assert_eq!(shown["run"]["sim_time"], "2024-01-02T00:00:00Z");
    let short = ada.tool("run_sandbox_smoke_test", json!({ "scenario_slug": "brief" })).await;
    assert_eq!(short.value["phase"], "completed", "its only bar is held");
    let missing = ada.tool("run_sandbox_smoke_test", json!({})).await;
    assert_eq!(missing.value["detail"], "no scenario with slug \"sandbox-nov-2024\"");
}

#[tokio::test]
async fn connecting_tells_how_to_get_a_key() {
    let app = TestApp::new();
    let nobody = app.anon().tool("connect_bottrade", json!({ "wait_seconds": 3 })).await.value;
    assert_eq!(nobody["status"], "auth_required");
    assert!(nobody["message"].as_str().unwrap().contains("bottrade key create"), "{nobody}");
    let methods = json!(["oauth", "x_api_key", "authorization_bearer", "x_bot_key"]);
    assert_eq!(nobody["auth_methods"], methods);
    let status = app.anon().tool("auth_status", json!({})).await.value;
    assert_eq!(status["next_action"], "connect_bottrade");
    let ada = app.account("ada").await;
    let known = ada.post("/api/v1/auth/connect", json!({})).await.expect(200);
    assert_eq!((&known["status"], &known["account"]), (&json!("connected"), &json!("ada")));
}
