//! `GET /api/v1/runs/{id}/journal`.

use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn the_owner_has_the_file_always_and_everybody_once_the_run_is_published() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let run = ada.start("tiny").await;
    let path = format!("/api/v1/runs/{run}/journal");
    let fresh = ada.get(&path).await.expect(200);
    assert_eq!((&fresh["events"], &fresh["fills"]), (&json!([]), &json!([])));
    assert_eq!(fresh["equity"][0]["equity"], "100000", "amounts are decimal strings");
    assert!(fresh.get("results").is_none(), "no score before the end");
    bob.get(&path).await.problem(403, "you do not own this run");
    app.anon().get(&path).await.problem(401, "BotTrade API key required");
    ada.order(&run, market("buy", "AAA", 10)).await.expect(201);
    ada.step(&run, 9).await.expect(200);
    let before = ada.get(&path).await;
    ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    for client in [ada, bob, app.anon()] {
        assert_eq!(client.get(&path).await.text, before.text, "publishing changes no byte of it");
    }
    let nowhere = path.replace(&run, "00000000-0000-7000-8000-000000000000");
    app.anon().get(&nowhere).await.problem(404, "no such run");
}

#[tokio::test]
async fn the_file_agrees_with_what_the_owner_is_shown() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.order(&run, market("buy", "AAA", json!(10.5))).await.expect(201);
    ada.step(&run, 9).await.expect(200);
    let file = ada.on(&run, "/journal").await;
    let (trades, results) = (ada.on(&run, "/trades").await, ada.on(&run, "/results").await);
    let exported = &file["fills"][0];
    for name in ["id", "order_id", "symbol", "side", "sim_time_filled"] {
        assert_eq!(exported[name], trades["trades"][0][name], "{name}");
    }
    assert_eq!(
        (&exported["quantity"], &trades["trades"][0]["quantity"]),
        (&json!("10.5"), &json!(10.5))
    );
    assert_eq!(file["results"]["sharpe"], results["results"]["sharpe"]);
    let exact = file["results"]["final_equity"].as_str().unwrap();
    assert_eq!(exact, file["equity"][9]["equity"].as_str().unwrap());
    assert_eq!(json!(exact.parse::<f64>().unwrap()), results["results"]["final_equity"]);
    assert_eq!(file["run"]["status"], "completed");
    assert_eq!(file["scenario"]["digest"], results["standing"]["scenario_digest"]);
}
