//! Known defects of the earlier service that show in scores: how often an agent stepped changed
//! them, and every bar size was annualised as if it were a day. The defects of the engine are
//! fixtures of the simulator; those of the doors are tested in `routes`, `contract` and `journal`.

use bottrade::{scenarios::Catalog, store::Store};
use serde_json::{Value, json};

use crate::app::{Client, TestApp, market};

/// A server with the real scenarios.
fn real() -> TestApp {
    TestApp::with(Catalog::embedded().unwrap(), Store::in_memory().unwrap())
}

/// Buys at the start, steps as told to the end, and answers the results and the equity curve.
async fn played(client: &Client, slug: &str, count: u64) -> (Value, Vec<(String, f64)>) {
    let run = client.start(slug).await;
    client.order(&run, market("buy", "BTC/USD", 1.5)).await.expect(201);
    while client.step(&run, count).await.expect(200)["done"] == json!(false) {}
    let mut results = client.on(&run, "/results").await["results"].clone();
    for own in ["run_id", "computed_at"] {
        results.as_object_mut().unwrap().remove(own);
    }
    let curve = client.on(&run, "/equity").await["equity_curve"].clone();
    let point =
        |it: &Value| (it["sim_time"].as_str().unwrap().to_owned(), it["equity"].as_f64().unwrap());
    (results, curve.as_array().unwrap().iter().map(point).collect())
}

#[tokio::test]
async fn a_score_does_not_depend_on_how_often_the_agent_stepped() {
    let app = real();
    let ada = app.account("ada").await;
    let by_one = played(&ada, "luna-may-2022-4h", 1).await;
    for count in [7, 1_000] {
        assert_eq!(played(&ada, "luna-may-2022-4h", count).await, by_one, "count {count}");
    }
}

#[tokio::test]
async fn hourly_bars_are_annualised_by_their_sessions() {
    let app = real();
    let ada = app.account("ada").await;
    let (results, curve) = played(&ada, "crypto-1h-btc-luna-ftx-2022", 20_000).await;
    // The last equity of each UTC date, after the start.
    let mut closes = vec![curve[0].1];
    for pair in curve[1..].windows(2) {
        if pair[0].0[..10] != pair[1].0[..10] {
            closes.push(pair[0].1);
        }
    }
    closes.push(curve[curve.len() - 1].1);
    let returns: Vec<f64> = closes.windows(2).map(|it| it[1] / it[0] - 1.0).collect();
    let n = f64::from(u32::try_from(returns.len()).unwrap());
    let mean = returns.iter().sum::<f64>() / n;
    let squares = returns.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>();
    let sharpe = mean / (squares / (n - 1.0)).sqrt() * 365_f64.sqrt();
    let shown = results["sharpe"].as_f64().unwrap();
    assert!((shown / sharpe - 1.0).abs() < 1e-10, "{shown} is not {sharpe}");
    assert_eq!(results["clock"]["session_returns"], returns.len());
    assert_eq!(results["clock"]["bars"], curve.len() - 1);
}
