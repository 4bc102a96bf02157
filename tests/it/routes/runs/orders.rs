//! `DELETE /api/v1/runs/{id}/orders/{order_id}`, and `cancel` of a turn.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, market};

fn limit(side: &str, quantity: u32, price: f64) -> Value {
    let mut order = market(side, "AAA", quantity);
    order["order_type"] = json!("limit");
    order["limit_price"] = json!(price);
    order
}

async fn queue(client: &Client, run: &str, order: Value) -> String {
    let order = client.order(run, order).await.expect(201);
    order["order"]["id"].as_str().unwrap().to_owned()
}

async fn waiting(client: &Client, run: &str) -> Vec<String> {
    let orders = client.on(run, "").await["queued_orders"].clone();
    let ids = orders.as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned());
    ids.collect()
}

#[tokio::test]
async fn a_waiting_order_is_withdrawn_once() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let first = queue(&ada, &run, limit("buy", 1, 1.0)).await;
    let second = queue(&ada, &run, limit("buy", 2, 1.0)).await;
    let path = format!("/api/v1/runs/{run}/orders/{first}");
    let body = ada.delete(&path).await.expect(200);
    assert_eq!((&body["order_id"], &body["cancelled"]), (&json!(first), &json!(true)));
    assert_eq!(waiting(&ada, &run).await, std::slice::from_ref(&second));
    let detail = format!("no working order \"{first}\"");
    ada.delete(&path).await.problem(404, &detail);
    let path = format!("/api/v1/runs/{run}/orders/nonsense");
    ada.delete(&path).await.problem(404, "no working order \"nonsense\"");
    assert_eq!(waiting(&ada, &run).await, [second]);
}

#[tokio::test]
async fn filled_orders_and_orders_of_other_runs_cannot_be_cancelled() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let (run, other) = (ada.start("tiny").await, ada.start("tiny").await);
    let filled = queue(&ada, &run, market("buy", "AAA", 1)).await;
    ada.step(&run, 1).await.expect(200);
    let elsewhere = queue(&ada, &other, limit("buy", 1, 1.0)).await;
    for id in [filled, elsewhere.clone()] {
        let reply = ada.delete(&format!("/api/v1/runs/{run}/orders/{id}")).await;
        reply.problem(404, &format!("no working order \"{id}\""));
    }
    assert_eq!(waiting(&ada, &other).await, [elsewhere]);
}

#[tokio::test]
async fn a_turn_cancels_before_it_orders_and_all_or_nothing() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let old = queue(&ada, &run, limit("buy", 900, 99.0)).await;
    let path = format!("/api/v1/runs/{run}/turn");
    let turn = |cancel: Value, trades: Value| json!({ "cancel": cancel, "trades": trades });
    // 900 waiting and 900 more are beyond the buying power; without the first they are not.
    let order = json!([limit("buy", 900, 98.0)]);
    ada.post(&path, turn(json!([]), order.clone())).await.any_problem();
    let bad = json!([limit("buy", 900, 98.0), limit("sell", 901, 1.0)]);
    ada.post(&path, turn(json!([old]), bad))
        .await
        .problem(400, "sell quantity 901 exceeds long 900");
    ada.post(&path, turn(json!([old, "x"]), json!([])))
        .await
        .problem(404, "no working order \"x\"");
    assert_eq!(waiting(&ada, &run).await, std::slice::from_ref(&old), "nothing was done");
    let body = ada.post(&path, turn(json!([old]), order)).await.expect(200);
    let queued = body["queued_orders"][0]["id"].as_str().unwrap();
    assert_eq!(waiting(&ada, &run).await, [queued]);
    let twice = turn(json!([queued, queued]), json!([]));
    let problem = ada.post(&path, twice).await.problem(422, "`cancel[1]`: is named twice");
    assert_eq!(problem["errors"][0]["location"], "cancel[1]");
    assert_eq!(waiting(&ada, &run).await, [queued]);
}

#[tokio::test]
async fn cancelling_after_the_end_is_refused() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let order = queue(&ada, &run, limit("buy", 1, 1.0)).await;
    let step = ada.step(&run, 9).await.expect(200);
    assert_eq!(step["rejections"][0]["order_id"], order);
    assert_eq!(step["rejections"][0]["reason"], "the run ended");
    assert!(waiting(&ada, &run).await.is_empty());
    let reply = ada.delete(&format!("/api/v1/runs/{run}/orders/{order}")).await;
    reply.problem(400, "run is completed, not active");
}
