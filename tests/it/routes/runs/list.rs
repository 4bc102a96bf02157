//! `GET /api/v1/runs`.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn runs_are_listed_newest_first_page_by_page() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let mut started = Vec::new();
    for _ in 0..5 {
        started.push(ada.start("tiny").await);
        app.clock.advance(1);
    }
    started.reverse();
    for limit in 1..=6 {
        let (mut listed, mut pages, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let page = ada.get(&format!("/api/v1/runs?limit={limit}{cursor}")).await.expect(200);
            let runs = page["runs"].as_array().unwrap();
            assert!(!runs.is_empty(), "no page is empty at limit {limit}");
            listed.extend(runs.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
            pages += 1;
            match page.get("next_cursor").and_then(|it| it.as_str()) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(listed, started, "limit {limit}");
        assert_eq!(pages, 5_usize.div_ceil(limit), "limit {limit}");
    }
}

#[tokio::test]
async fn a_line_follows_its_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    assert_eq!(ada.get("/api/v1/runs").await.expect(200), json!({ "runs": [] }));
    let run = ada.start("tiny").await;
    app.clock.advance(30);
    ada.step(&run, 9).await.expect(200);
    let page = ada.get("/api/v1/runs").await.expect(200);
    let line = &page["runs"][0];
    assert_eq!((&line["id"], &line["status"]), (&json!(run), &json!("completed")));
    assert_eq!(line["sim_time"], "2024-01-10T00:00:00Z");
    assert_eq!(line["last_activity_at"], "2030-01-02T03:04:35Z");
    assert_eq!((&line["attempt"], &line["published"]), (&json!(1), &json!(false)));
}

#[tokio::test]
async fn runs_of_others_are_neither_listed_nor_cursors() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let run = ada.start("tiny").await;
    assert_eq!(bob.get("/api/v1/runs").await.expect(200)["runs"], json!([]));
    bob.get(&format!("/api/v1/runs?cursor={run}"))
        .await
        .problem(400, "`cursor`: is not the `next_cursor` of a page of your runs");
    let second_key = app.account("ada").await;
    assert_eq!(second_key.get("/api/v1/runs").await.expect(200)["runs"][0]["id"], run);
}

#[tokio::test]
async fn limit_and_cursor_are_checked() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for query in
        ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=1e9", "limit=null", "page=2"]
    {
        let problem = ada.get(&format!("/api/v1/runs?{query}")).await.any_problem();
        assert_eq!(problem["status"], 422, "{query}");
        let place = query.split('=').next().unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(place), "{problem}");
    }
    for cursor in ["", "x", "00000000-0000-7000-8000-000000000000", "%00", "1%27%20OR%201=1"] {
        let problem = ada.get(&format!("/api/v1/runs?cursor={cursor}")).await.any_problem();
        assert_eq!(
            (&problem["status"], &problem["errors"][0]["location"]),
            (&json!(400), &json!("cursor"))
        );
        assert_eq!(problem["hint"], "send it as it came, or start again without one");
    }
}
