//! `POST /api/v1/runs/{id}/publish`.

use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn only_a_finished_run_can_be_published() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let path = format!("/api/v1/runs/{run}/publish");
    let detail = "run is still active; cannot compute results yet";
    ada.post(&path, json!({})).await.problem(400, detail);
    assert_eq!(ada.on(&run, "").await["run"]["published"], false);
    ada.step(&run, 9).await.expect(200);
    let body = ada.post(&path, json!({})).await.expect(200);
    assert_eq!(body["published"], true);
    assert_eq!(body["results"], ada.on(&run, "/results").await["results"]);
    let address = format!("http://localhost:8080/api/v1/runs/{run}/public");
    assert_eq!(body["public_url"], address);
    assert_eq!(ada.on(&run, "").await["run"]["published"], true);
}

#[tokio::test]
async fn publishing_is_idempotent_and_keeps_the_first_time() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.order(&run, market("buy", "AAA", 1)).await.expect(201);
    ada.step(&run, 9).await.expect(200);
    let path = format!("/api/v1/runs/{run}/publish");
    let first = ada.rest("POST", &path, None).await;
    first.expect(200);
    app.clock.advance(3_600);
    for body in [None, Some("{}".to_owned()), Some(r#"{"confirm":true}"#.into())] {
        let again = ada.rest("POST", &path, body).await;
        assert_eq!((again.status, &again.text), (200, &first.text));
    }
    let board = app.anon().get("/api/v1/leaderboard?scenario=tiny").await.expect(200);
    assert_eq!(board["entries"].as_array().unwrap().len(), 1);
    assert_eq!(board["entries"][0]["published_at"], crate::app::START);
}

#[tokio::test]
async fn nothing_takes_a_publication_back() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.step(&run, 9).await.expect(200);
    let path = format!("/api/v1/runs/{run}/publish");
    ada.post(&path, json!({})).await.expect(200);
    ada.post(&path, json!({ "confirm": false }))
        .await
        .problem(400, "publish_run requires confirm=true");
    assert!(ada.delete(&path).await.status >= 400);
    assert!(ada.delete(&format!("/api/v1/runs/{run}")).await.status >= 400);
    let public = app.anon().get(&format!("/api/v1/runs/{run}/public")).await.expect(200);
    assert_eq!(public["run"]["published"], true);
}

#[tokio::test]
async fn a_model_must_confirm() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.step(&run, 9).await.expect(200);
    for arguments in [json!({ "run_id": run }), json!({ "run_id": run, "confirm": false })] {
        let result = ada.tool("publish_run", arguments).await;
        assert_eq!(result.value["detail"], "publish_run requires confirm=true");
    }
    assert_eq!(ada.on(&run, "").await["run"]["published"], false);
    let result = ada.tool("publish_run", json!({ "run_id": run, "confirm": true })).await;
    assert!(!result.is_error);
}
