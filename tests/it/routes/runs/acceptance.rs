//! Which orders are accepted: contract 3.4 row by row, through both doors, and in its order.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, is_problem, market};

/// Sends an order to each place that takes one; gives the status and detail that all agree on.
async fn refusal(client: &Client, run: &str, order: &Value) -> (u64, String) {
    let before = client.on(run, "").await;
    let alone = client.order(run, order.clone()).await.any_problem();
    let turn = json!({ "trades": [order] });
    let by_turn = client.post(&format!("/api/v1/runs/{run}/turn"), turn).await.any_problem();
    let tool = client.tool("submit_turn", json!({ "run_id": run, "trades": [order] })).await;
    is_problem(&tool.value);
    assert!(tool.is_error, "{order}");
    assert_eq!(tool.value, by_turn, "{order}: the doors say the same");
    assert_eq!(client.on(run, "").await, before, "{order} changed something");
    let detail = |problem: &Value| problem["detail"].as_str().unwrap().replace("`trades[0].", "`");
    assert_eq!(detail(&alone), detail(&by_turn), "{order}");
    assert_eq!(alone["status"], by_turn["status"], "{order}");
    (alone["status"].as_u64().unwrap(), detail(&alone))
}

#[track_caller]
fn says(told: &(u64, String), status: u64, detail: &str) {
    assert_eq!((told.0, told.1.as_str()), (status, detail));
}

#[tokio::test]
async fn a_run_must_be_active() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let completed = ada.start("margin").await;
    ada.step(&completed, 100).await.expect(200);
    let order = market("buy", "CALM", 1);
    says(&refusal(&ada, &completed, &order).await, 400, "run is completed, not active");
    let liquidated = ada.start("margin").await;
    ada.order(&liquidated, market("buy", "CRASH", 390)).await.expect(201);
    ada.step(&liquidated, 5).await.expect(200);
    says(&refusal(&ada, &liquidated, &order).await, 400, "run is liquidated, not active");
    let abandoned = ada.start("margin").await;
    app.clock.advance(5 * 86_400 + 1);
    app.app.runs.upkeep().await.unwrap();
    says(&refusal(&ada, &abandoned, &order).await, 400, "run is abandoned, not active");
}

#[tokio::test]
async fn quantity_side_and_symbol_must_exist() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    for quantity in [json!(0), json!(-3), json!(-0.5), json!(1e-9)] {
        let told = refusal(&ada, &run, &market("buy", "CALM", quantity)).await;
        says(&told, 400, "quantity must be positive, at least 0.00000001");
    }
    let told = refusal(&ada, &run, &market("hold", "CALM", 1)).await;
    says(&told, 422, "`side`: must be buy|sell|short|cover (got \"hold\")");
    let told = refusal(&ada, &run, &market("buy", "TSLA", 1)).await;
    says(&told, 400, "symbol \"TSLA\" not in scenario universe");
}

#[tokio::test]
async fn shorting_must_be_enabled() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    for side in ["short", "cover"] {
        let told = refusal(&ada, &run, &market(side, "AAA", 1)).await;
        says(&told, 400, "shorting is disabled on this scenario");
    }
}

#[tokio::test]
async fn an_exit_must_have_what_it_gives() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    let told = refusal(&ada, &run, &market("sell", "CALM", 1)).await;
    says(&told, 400, "no long position in CALM to sell");
    let told = refusal(&ada, &run, &market("cover", "CALM", 1)).await;
    says(&told, 400, "no short position in CALM to cover");
    ada.order(&run, market("buy", "CALM", json!(7.5))).await.expect(201);
    ada.order(&run, market("short", "CRASH", 3)).await.expect(201);
    ada.step(&run, 1).await.expect(200);
    let told = refusal(&ada, &run, &market("sell", "CALM", json!(7.500_000_01))).await;
    says(&told, 400, "sell quantity 7.50000001 exceeds long 7.5");
    let told = refusal(&ada, &run, &market("cover", "CRASH", 10)).await;
    says(&told, 400, "cover quantity 10 exceeds short 3");
    // Exactly what is held goes.
    ada.order(&run, market("sell", "CALM", json!(7.5))).await.expect(201);
    ada.order(&run, market("cover", "CRASH", 3)).await.expect(201);
}

#[tokio::test]
async fn an_entry_must_have_a_price_and_be_paid_for() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let gaps = ada.start("gaps").await;
    let told = refusal(&ada, &gaps, &market("buy", "LATE", 1)).await;
    says(&told, 400, "no bar yet for LATE at or before sim_time");
    ada.step(&gaps, 5).await.expect(200);
    ada.order(&gaps, market("buy", "LATE", 1)).await.expect(201);
    // Equity × leverage cap: 10,000 × 4 at a close of 50.25 is 796.01… units.
    let run = ada.start("margin").await;
    let told = refusal(&ada, &run, &market("buy", "CALM", json!(796.1))).await;
    assert_eq!(told.0, 400);
    assert!(told.1.starts_with("insufficient buying power: CALM would take gross"), "{}", told.1);
    assert!(told.1.ends_with("allowed is 40000"), "{}", told.1);
    ada.order(&run, market("short", "CALM", 400)).await.expect(201);
    let rest = refusal(&ada, &run, &market("short", "CALM", 397)).await;
    assert!(rest.1.starts_with("insufficient buying power"), "the queue counts: {}", rest.1);
    ada.order(&run, market("short", "CALM", 396)).await.expect(201);
}

/// Of several broken rules the first of the contract's list is told.
#[tokio::test]
async fn the_first_broken_rule_is_told() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let told = refusal(&ada, &run, &market("short", "AAA", 0)).await;
    says(&told, 400, "quantity must be positive, at least 0.00000001");
    let told = refusal(&ada, &run, &market("cover", "AAA", 1)).await;
    says(&told, 400, "shorting is disabled on this scenario");
    let told = refusal(&ada, &run, &market("sell", "AAA", 1_000_000)).await;
    says(&told, 400, "no long position in AAA to sell");
    ada.step(&run, 100).await.expect(200);
    let told = refusal(&ada, &run, &market("short", "TSLA", 0)).await;
    says(&told, 400, "run is completed, not active");
}

#[tokio::test]
async fn fractions_are_accepted_and_echoed_at_both_doors() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let order = market("buy", "AAA", json!(0.123_456_789));
    let queued = ada.order(&run, order.clone()).await.expect(201);
    assert_eq!(queued["order"]["quantity"], json!(0.123_456_78), "cut toward zero");
    let turn = ada.tool("submit_turn", json!({ "run_id": run, "trades": [order] })).await.value;
    assert_eq!(turn["queued_orders"][0]["quantity"], json!(0.123_456_78));
}
