//! `POST /api/v1/runs`.

use serde_json::{Value, json};

use crate::app::{Reply, TestApp};

async fn start(app: &TestApp, body: Value) -> Reply {
    app.account("ada").await.post("/api/v1/runs", body).await
}

fn with_info(info: Value) -> Value {
    json!({ "scenario_slug": "tiny", "agent_info": info })
}

#[tokio::test]
async fn a_run_starts_at_the_first_bar() {
    let app = TestApp::new();
    let reply = start(&app, json!({ "scenario_slug": "tiny", "bot_name": "  Ada's bot " })).await;
    let run = &reply.expect(201)["run"];
    assert_eq!(run["bot_name"], "Ada's bot");
    assert_eq!((&run["status"], &run["attempt"]), (&json!("active"), &json!(1)));
    assert_eq!((&run["scenario_slug"], &run["scenario_version"]), (&json!("tiny"), &json!(1)));
    assert_eq!(run["sim_time"], "2024-01-01T00:00:00Z");
    assert_eq!(run["created_at"], crate::app::START);
    assert_eq!((&run["bars_left"], &run["published"]), (&json!(9), &json!(false)));
    assert_eq!((&run["cash"], &run["starting_cash"]), (&json!(100_000), &json!(100_000)));
}

#[tokio::test]
async fn the_id_wins_over_the_slug() {
    let app = TestApp::new();
    let tiny = app.anon().get("/api/v1/scenarios/tiny").await.expect(200);
    let id = &tiny["scenario"]["id"];
    let reply = start(&app, json!({ "scenario_id": id, "scenario_slug": "gaps" })).await;
    assert_eq!(reply.expect(201)["run"]["scenario_slug"], "tiny");
    let reply = start(&app, json!({ "scenario_id": null, "scenario_slug": "gaps" })).await;
    assert_eq!(reply.expect(201)["run"]["scenario_slug"], "gaps");
}

#[tokio::test]
async fn a_scenario_is_required_and_must_exist() {
    let app = TestApp::new();
    let reply = app.account("ada").await.rest("POST", "/api/v1/runs", None).await;
    reply.problem(400, "scenario_id or scenario_slug required");
    start(&app, json!({})).await.problem(400, "scenario_id or scenario_slug required");
    let reply = start(&app, json!({ "scenario_slug": "margine" })).await;
    let problem = reply.problem(404, "no scenario with slug \"margine\"");
    assert_eq!(problem["hint"], "did you mean margin?");
    let reply = start(&app, json!({ "scenario_id": "margine", "scenario_slug": "tiny" })).await;
    reply.problem(404, "no scenario with id \"margine\"");
}

#[tokio::test]
async fn agent_info_comes_back_as_it_was_given() {
    let app = TestApp::new();
    let info = json!({ "name": "A", "framework": "f", "model": "m", "version": "1",
        "source_url": "https://example.org", "source_revision": "abc",
        "config": { "nested": [1, 2.5, null, "x"] } });
    let reply = start(&app, with_info(info.clone())).await.expect(201);
    assert_eq!(reply["run"]["agent_info"], info);
    let reply = start(&app, with_info(json!({ "name": "A", "config": {} }))).await.expect(201);
    assert_eq!(reply["run"]["agent_info"], json!({ "name": "A", "config": {} }));
    let reply = start(&app, with_info(Value::Null)).await.expect(201);
    assert!(reply["run"].get("agent_info").is_none());
}

#[tokio::test]
async fn each_field_of_agent_info_has_its_limit() {
    let app = TestApp::new();
    let limits = [
        ("name", 120),
        ("framework", 120),
        ("model", 200),
        ("version", 120),
        ("source_url", 500),
        ("source_revision", 200),
    ];
    for (field, max) in limits {
        let info = |length: usize| {
            let mut info = json!({ "name": "A" });
            info[field] = json!("é".repeat(length));
            with_info(info)
        };
        start(&app, info(max)).await.expect(201);
        let reply = start(&app, info(max + 1)).await;
        let problem = reply.problem(400, "agent_info contains a field that is too long");
        assert!(problem["hint"].as_str().unwrap().contains(field), "{problem}");
    }
}

#[tokio::test]
async fn agent_info_needs_a_name_and_fits_in_8_kb() {
    let app = TestApp::new();
    for name in ["", "   "] {
        start(&app, with_info(json!({ "name": name })))
            .await
            .problem(400, "agent_info.name is required");
    }
    let problem = start(&app, with_info(json!({}))).await.any_problem();
    assert!(problem["detail"].as_str().unwrap().contains("name"), "{problem}");
    // {"name":"A","config":{"x":"…"}} is 31 bytes and the text.
    let of_bytes = |bytes: usize| {
        let text =
            "x".repeat(bytes - json!({ "name": "A", "config": { "x": "" } }).to_string().len());
        with_info(json!({ "name": "A", "config": { "x": text } }))
    };
    start(&app, of_bytes(8_192)).await.expect(201);
    start(&app, of_bytes(8_193)).await.problem(400, "agent_info must be valid JSON up to 8 KB");
}

#[tokio::test]
async fn refused_starts_count_no_attempt() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for body in [
        json!({ "scenario_slug": "tiny", "bot_name": "b".repeat(121) }),
        with_info(json!({ "name": "" })),
        json!({ "scenario_slug": "tiny", "extra": 1 }),
    ] {
        ada.post("/api/v1/runs", body).await.any_problem();
    }
    assert_eq!(ada.get("/api/v1/runs").await.expect(200)["runs"], json!([]));
    let run = ada.post("/api/v1/runs", json!({ "scenario_slug": "tiny" })).await.expect(201);
    assert_eq!(run["run"]["attempt"], 1);
}
