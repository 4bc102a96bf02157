//! Contract 3.9, vector 7: the life of a run, step by step.

use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn the_life_of_a_run() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    // key → run 201
    let run = ada.start("tiny").await;
    let path = |rest: &str| format!("/api/v1/runs/{run}{rest}");
    // → foreign key 403
    bob.get(&path("")).await.problem(403, "you do not own this run");
    // → TSLA (outside the universe) 400
    let reply = ada.order(&run, market("buy", "TSLA", 1)).await;
    reply.problem(400, "symbol \"TSLA\" not in scenario universe");
    // → sell without a position 400
    let reply = ada.order(&run, market("sell", "AAA", 1)).await;
    reply.problem(400, "no long position in AAA to sell");
    // → trade 201, replay equal 201, same key other body 409
    let mut order = market("buy", "AAA", 10);
    order["idempotency_key"] = json!("a");
    let first = ada.order(&run, order.clone()).await;
    first.expect(201);
    let again = ada.order(&run, order.clone()).await;
    assert_eq!((again.status, &again.text), (201, &first.text));
    order["quantity"] = json!(11);
    let detail = "idempotency_key previously used with a different request body";
    ada.order(&run, order).await.problem(409, detail);
    // → results while active 400
    let detail = "run is still active; cannot compute results yet";
    ada.get(&path("/results")).await.problem(400, detail);
    // → step 200
    let step = ada.step(&run, 1).await.expect(200);
    assert_eq!((&step["bars_advanced"], &step["done"]), (&json!(1), &json!(false)));
    assert_eq!(step["fills"].as_array().unwrap().len(), 1, "the order was queued once");
    // → step 1000 done
    let step = ada.step(&run, 1_000).await.expect(200);
    assert_eq!((&step["bars_advanced"], &step["done"]), (&json!(8), &json!(true)));
    // → results → publish → public 200
    let results = ada.get(&path("/results")).await.expect(200);
    assert_eq!(results["results"]["final_equity"], json!(100_085));
    app.anon().get(&path("/public")).await.problem(404, "no such run");
    ada.post(&path("/publish"), json!({})).await.expect(200);
    app.anon().get(&path("/public")).await.expect(200);
    // → step 400
    ada.step(&run, 1).await.problem(400, "run is completed, not active");
}
