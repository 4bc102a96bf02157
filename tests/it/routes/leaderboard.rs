//! `/api/v1/leaderboard` and `/api/v1/leaderboard/scenarios`.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, market};

/// Plays `tiny` to its end with this holding and publishes it; gives the run.
async fn published(client: &Client, quantity: u32, bot_name: Option<&str>) -> String {
    let start = json!({ "scenario_slug": "tiny", "bot_name": bot_name });
    let run = client.post("/api/v1/runs", start).await.expect(201);
    let run = run["run"]["id"].as_str().unwrap().to_owned();
    if quantity > 0 {
        client.order(&run, market("buy", "AAA", quantity)).await.expect(201);
    }
    client.step(&run, 100).await.expect(200);
    client.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    run
}

async fn board(app: &TestApp, query: &str) -> Value {
    app.anon().get(&format!("/api/v1/leaderboard?scenario=tiny{query}")).await.expect(200)
}

fn column<'a>(board: &'a Value, member: &str) -> Vec<&'a Value> {
    board["entries"].as_array().unwrap().iter().map(|it| &it[member]).collect()
}

#[tokio::test]
async fn the_best_return_is_first_and_equal_ones_rank_by_publication() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let bob = app.account("bob").await;
    assert_eq!(board(&app, "").await["entries"], json!([]));
    let small = published(&ada, 10, Some("small")).await;
    app.clock.advance(60);
    let large = published(&bob, 100, None).await;
    app.clock.advance(60);
    let small_too = published(&ada, 10, Some("small too")).await;
    let unpublished = ada.start("tiny").await;
    let board = board(&app, "").await;
    assert_eq!((&board["scenario"], &board["sort_by"]), (&json!("tiny"), &json!("return")));
    assert_eq!(column(&board, "run_id"), [&large, &small, &small_too]);
    assert_eq!(column(&board, "rank"), [1, 2, 3]);
    assert_eq!(column(&board, "bot_name"), ["unnamed", "small", "small too"]);
    assert_eq!(board["entries"][0]["published_at"], "2030-01-02T03:05:05Z");
    assert!(!board.to_string().contains(&unpublished));
}

#[tokio::test]
async fn it_sorts_by_what_is_asked_with_undefined_figures_last() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let idle = published(&ada, 0, Some("idle")).await;
    let small = published(&ada, 10, Some("small")).await;
    let large = published(&ada, 500, Some("large")).await;
    for sort in ["sharpe", "sortino", "max_drawdown", "return"] {
        let board = board(&app, &format!("&sort_by={sort}")).await;
        assert_eq!(board["sort_by"], sort);
        let figures = column(&board, if sort == "return" { "return_pct" } else { sort });
        let known: Vec<f64> = figures.iter().filter_map(|it| it.as_f64()).collect();
        let falls = known.windows(2).all(|it| it[0] >= it[1]);
        let rises = known.windows(2).all(|it| it[0] <= it[1]);
        assert!(if sort == "max_drawdown" { rises } else { falls }, "{sort}: {known:?}");
        let missing = figures.iter().position(|it| it.is_null()).unwrap_or(figures.len());
        assert_eq!(missing, known.len(), "{sort}: undefined comes last: {figures:?}");
    }
    let by_return = board(&app, "").await;
    assert_eq!(column(&by_return, "run_id"), [&large, &small]);
    assert!(!by_return.to_string().contains(&idle), "a run without a trade has no rank");
    assert_eq!(board(&app, "&sort_by=luck").await["sort_by"], "return");
}

#[tokio::test]
async fn the_limit_is_1_to_500_and_anything_else_is_100() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for _ in 0..3 {
        published(&ada, 1, None).await;
    }
    for (limit, rows) in [("1", 1), ("2", 2), ("500", 3), ("501", 3), ("0", 3), ("-5", 3)] {
        let board = board(&app, &format!("&limit={limit}")).await;
        assert_eq!(board["entries"].as_array().unwrap().len(), rows, "limit {limit}");
    }
    app.anon().get("/api/v1/leaderboard?scenario=tiny&limit=x").await.any_problem();
}

#[tokio::test]
async fn a_scenario_must_be_named() {
    let app = TestApp::new();
    for path in ["/api/v1/leaderboard", "/api/v1/leaderboard?scenario="] {
        app.anon().get(path).await.problem(400, "scenario query param required");
    }
    let unknown = app.anon().get("/api/v1/leaderboard?scenario=tyny").await;
    assert_eq!(unknown.problem(404, "no scenario \"tyny\"")["hint"], "did you mean tiny?");
    let tiny = app.anon().get("/api/v1/scenarios/tiny").await.expect(200);
    let id = tiny["scenario"]["id"].as_str().unwrap();
    let board = app.anon().get(&format!("/api/v1/leaderboard?scenario={id}")).await.expect(200);
    assert_eq!(board["scenario"], "tiny");
}

#[tokio::test]
async fn boards_count_runs_and_publications_the_most_published_first() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    published(&ada, 1, None).await;
    ada.start("tiny").await;
    ada.start("gaps").await;
    let body = app.anon().get("/api/v1/leaderboard/scenarios").await.expect(200);
    let boards = body["scenarios"].as_array().unwrap();
    assert_eq!(boards.len(), 6);
    let counts = |slug: &str| {
        let board = boards.iter().find(|it| it["slug"] == slug).unwrap();
        (board["run_count"].as_u64().unwrap(), board["published_count"].as_u64().unwrap())
    };
    assert_eq!(boards[0]["slug"], "tiny");
    assert_eq!((counts("tiny"), counts("gaps"), counts("wide")), ((2, 1), (1, 0), (0, 0)));
}
