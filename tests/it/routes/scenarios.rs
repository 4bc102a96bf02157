//! `/api/v1/scenarios` and `/api/v1/scenarios/{id_or_slug}`.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn the_list_has_every_scenario_and_needs_no_key() {
    let app = TestApp::new();
    let body = app.anon().get("/api/v1/scenarios").await.expect(200);
    let slugs: Vec<&str> = body["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["slug"].as_str().unwrap())
        .collect();
    assert_eq!(slugs, ["gaps", "tiny", "brief", "hours", "margin", "wide"], "the newest first");
    let created: Vec<Option<&str>> =
        body["scenarios"].as_array().unwrap().iter().map(|it| it["created_at"].as_str()).collect();
    let expected = [Some("2024-03-01T00:00:00Z"), Some("2024-02-29T00:00:00Z")];
    assert_eq!((&created[..2], &created[2..]), (&expected[..], &[None; 4][..]));
}

#[tokio::test]
async fn every_way_to_ask_has_its_own_answer() {
    let app = TestApp::new();
    let slugs = async |query: &str| {
        let body = app.anon().get(&format!("/api/v1/scenarios{query}")).await.expect(200);
        let list = body["scenarios"].as_array().unwrap().clone();
        list.iter().map(|it| it["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // Twice, for the first answers are kept.
    for _ in 0..2 {
        assert_eq!(slugs("").await.len(), 6);
        assert_eq!(slugs("?max_decisions=9").await, ["gaps", "tiny", "brief", "margin"]);
        assert!(!slugs("?max_decisions=8").await.contains(&"tiny".to_owned()));
        let refused = app.anon().get("/api/v1/scenarios?max_decisions=0").await;
        refused.problem(422, "`max_decisions`: must be at least 1");
        let refused = app.anon().get("/api/v1/scenarios?regime=none").await;
        assert_eq!(refused.any_problem()["status"], 400);
    }
}

#[tokio::test]
async fn one_is_found_by_slug_and_by_id() {
    let app = TestApp::new();
    let by_slug = app.anon().get("/api/v1/scenarios/tiny").await.expect(200);
    let id = by_slug["scenario"]["id"].as_str().unwrap();
    let by_id = app.anon().get(&format!("/api/v1/scenarios/{id}")).await.expect(200);
    assert_eq!(by_id, by_slug);
    assert_eq!(by_slug["scenario"]["decisions"], 9);
    assert_eq!(by_slug["scenario"]["start_ts"], "2024-01-01T00:00:00Z");
    assert_eq!(by_slug["scenario"]["end_ts"], "2024-01-10T00:00:00Z");
    assert_eq!(by_slug["scenario"]["slippage_bps"], json!({ "AAA": 0, "BBB": 0 }));
    assert_eq!(by_slug["scenario"]["digest"].as_str().unwrap().len(), 64);
    let wide = app.anon().get("/api/v1/scenarios/wide").await.expect(200);
    assert_eq!(wide["scenario"]["decisions"], 100);
    assert_eq!(wide["scenario"]["history_start_ts"], "2024-01-01T00:00:00Z");
}

#[tokio::test]
async fn an_unknown_one_offers_the_nearest() {
    let app = TestApp::new();
    let reply = app.anon().get("/api/v1/scenarios/margn").await;
    let problem = reply.problem(404, "no scenario with id or slug \"margn\"");
    assert_eq!(problem["hint"], "did you mean margin?");
    let reply = app.anon().get("/api/v1/scenarios/zzzzzz").await;
    let problem = reply.problem(404, "no scenario with id or slug \"zzzzzz\"");
    assert_eq!(problem["hint"], "`list_scenarios` lists them all");
    let long = "a".repeat(5_000);
    let problem = app.anon().get(&format!("/api/v1/scenarios/{long}")).await.any_problem();
    assert!(problem["detail"].as_str().unwrap().len() < 200, "an echo is short: {problem}");
}

#[tokio::test]
async fn the_embedded_catalogue_is_served() {
    let embedded = bottrade::scenarios::Catalog::embedded().unwrap();
    let count = embedded.entries().count();
    let app = TestApp::with(embedded, bottrade::store::Store::in_memory().unwrap());
    let body = app.anon().get("/api/v1/scenarios").await.expect(200);
    assert_eq!(body["scenarios"].as_array().unwrap().len(), count);
    assert!(count >= 24, "{count} scenarios");
    let sandbox = app.anon().get("/api/v1/scenarios/sandbox-nov-2024").await.expect(200);
    assert_eq!(sandbox["scenario"]["decisions"], 20);
}
