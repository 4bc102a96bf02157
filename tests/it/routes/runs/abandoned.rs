//! Runs that nobody came back to.

use serde_json::json;

use crate::app::{TestApp, market};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_run_is_abandoned_after_five_idle_days() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let (idle, busy) = (ada.start("tiny").await, ada.start("tiny").await);
    ada.order(&idle, market("buy", "AAA", 10)).await.expect(201);
    ada.step(&idle, 2).await.expect(200);
    app.clock.advance(3 * DAY);
    ada.step(&busy, 1).await.expect(200);
    app.clock.advance(2 * DAY - 1);
    app.app.runs.upkeep().await.unwrap();
    assert_eq!(ada.on(&idle, "").await["run"]["status"], "active", "a second before");
    app.clock.advance(2);
    app.app.runs.upkeep().await.unwrap();
    let run = ada.on(&idle, "").await["run"].clone();
    assert_eq!((&run["status"], &run["bars_left"]), (&json!("abandoned"), &json!(0)));
    assert_eq!(run["completed_at"], "2030-01-07T03:04:06Z");
    assert_eq!(ada.on(&busy, "").await["run"]["status"], "active");
    ada.step(&idle, 1).await.problem(400, "run is abandoned, not active");
    let results = ada.on(&idle, "/results").await;
    assert_eq!(results["results"]["trade_count"], 1);
    ada.post(&format!("/api/v1/runs/{idle}/publish"), json!({})).await.expect(200);
    app.anon().get(&format!("/api/v1/runs/{idle}/public")).await.expect(200);
}

#[tokio::test]
async fn answers_are_kept_for_retries_for_a_day() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let path = format!("/api/v1/runs/{run}/step");
    let body = json!({ "idempotency_key": "k" });
    let first = ada.post(&path, body.clone()).await;
    app.clock.advance(DAY - 1);
    app.app.runs.upkeep().await.unwrap();
    assert_eq!(ada.post(&path, body.clone()).await.text, first.text);
    app.clock.advance(2);
    app.app.runs.upkeep().await.unwrap();
    let later = ada.post(&path, body).await.expect(200);
    assert_eq!(later["new_sim_time"], "2024-01-03T00:00:00Z", "the key is free again");
}
