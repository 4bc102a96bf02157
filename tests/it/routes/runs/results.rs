//! `GET /api/v1/runs/{id}/results`.

use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn an_active_run_has_no_results() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    for _ in 0..2 {
        let reply = ada.get(&format!("/api/v1/runs/{run}/results")).await;
        let problem = reply.problem(400, "run is still active; cannot compute results yet");
        assert_eq!(problem["hint"], "step until `done` is true");
        ada.step(&run, 8).await.expect(200);
        if ada.on(&run, "").await["run"]["status"] != "active" {
            break;
        }
    }
}

#[tokio::test]
async fn a_finished_run_has_its_score_and_its_standing() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    ada.start("tiny").await;
    let run = ada.start("tiny").await;
    ada.order(&run, market("buy", "AAA", 10)).await.expect(201);
    ada.step(&run, 9).await.expect(200);
    let detail = ada.on(&run, "/results").await;
    let results = &detail["results"];
    assert_eq!(results["final_equity"], json!(100_085));
    // The original's order of evaluation: (final − start) ÷ start · 100.
    assert_eq!(results["return_pct"], json!(85.0 / 100_000.0 * 100.0));
    assert_eq!((&results["trade_count"], &results["liquidated"]), (&json!(1), &json!(false)));
    assert_eq!(results["benchmark"]["name"], "AAA");
    assert_eq!(results["clock"]["bars"], 9);
    assert_eq!(detail["standing"]["attempt"], 2);
    assert_eq!(detail["standing"]["known_biases"], json!(["It is made up."]));
    assert!(detail["headline"].as_str().unwrap().contains("Attempt 2"), "{detail}");
    app.clock.advance(86_400);
    assert_eq!(ada.on(&run, "/results").await, detail, "a score does not age");
}

#[tokio::test]
async fn an_undefined_figure_is_absent_and_has_its_reason() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("brief").await;
    ada.step(&run, 1).await.expect(200);
    let results = ada.on(&run, "/results").await["results"].clone();
    let reasons = results["null_reasons"].as_object().unwrap();
    for figure in ["sharpe", "sortino", "volatility", "win_rate", "profit_factor"] {
        assert!(results.get(figure).is_none(), "{figure}: {results}");
        let reason = &reasons[figure];
        assert!(!reason["reason"].as_str().unwrap().is_empty());
        assert!(!reason["detail"].as_str().unwrap().is_empty());
    }
    for figure in reasons.keys() {
        assert!(results.get(figure).is_none(), "{figure} has a value and a reason for none");
    }
    assert_eq!((&results["trade_count"], &results["max_drawdown"]), (&json!(0), &json!(0)));
}
