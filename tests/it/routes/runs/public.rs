//! `GET /api/v1/runs/{id}/public`.

use serde_json::{Value, json};

use crate::app::{TestApp, market};

#[tokio::test]
async fn a_run_is_public_after_publication_and_unknown_before() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let mut order = market("buy", "AAA", 10);
    order["reasoning"] = json!("it rises");
    ada.order(&run, order).await.expect(201);
    ada.step(&run, 9).await.expect(200);
    let path = format!("/api/v1/runs/{run}/public");
    for client in [app.anon(), ada.clone()] {
        client.get(&path).await.problem(404, "no such run");
    }
    ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    let public = app.anon().get(&path).await.expect(200);
    let own = ada.on(&run, "").await;
    for member in ["run", "positions", "queued_orders", "last_equity"] {
        assert_eq!(public[member], own[member]);
    }
    assert_eq!(public["trades"], ada.on(&run, "/trades").await["trades"]);
    assert_eq!(public["trades"][0]["reasoning"], "it rises");
    let curve = public["equity_curve"].as_array().unwrap();
    assert_eq!(curve.len(), 10, "one sample per bar");
    assert_eq!(curve[9], json!({ "sim_time": "2024-01-10T00:00:00Z", "equity": 100_085 }));
}

#[tokio::test]
async fn missing_figures_are_null_in_public() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("brief").await;
    ada.step(&run, 1).await.expect(200);
    ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    let public = app.anon().get(&format!("/api/v1/runs/{run}/public")).await.expect(200);
    let results = public["results"].as_object().unwrap();
    for figure in ["sharpe", "sortino", "volatility"] {
        assert_eq!(results.get(figure), Some(&Value::Null), "{figure}");
    }
    assert!(results.contains_key("max_drawdown"));
    assert!(!results.contains_key("run_id") && !results.contains_key("computed_at"));
    assert_eq!((&public["positions"], &public["trades"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn nothing_public_names_the_key_or_the_account() {
    let app = TestApp::new();
    let ada = app.account("Ada Lovelace").await;
    let run = ada.start("tiny").await;
    ada.step(&run, 9).await.expect(200);
    ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    let key = ada.key.clone().unwrap();
    let account = app.app.accounts.holder(&bottrade::keys::Key::parse(&key).unwrap()).await;
    let account = account.unwrap().unwrap();
    let key_id = account.credential.key_id().unwrap().to_owned();
    let public = app.anon().get(&format!("/api/v1/runs/{run}/public")).await.text;
    let own = ada.get(&format!("/api/v1/runs/{run}")).await.text;
    let board = app.anon().get("/api/v1/leaderboard?scenario=tiny").await.text;
    for (what, secret) in
        [("account", &account.id), ("key", &key_id), ("key's start", &key[..10].to_owned())]
    {
        for (place, text) in [("public", &public), ("own", &own), ("board", &board)] {
            assert!(!text.contains(secret.as_str()), "the {what} is in {place}: {text}");
        }
    }
    assert!(!public.contains("Lovelace"), "an account's name is its own");
    assert!(!public.contains("api_key_id") && !public.contains("account_id"));
}
