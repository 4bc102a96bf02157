//! Bad input through both doors: each with a clear message, a hint, and nothing half done.

mod envelope;
mod fuzz;

use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, is_problem, market},
    world::catalog,
};

/// A run of `margin` with a long position of 5 CALM, at its second bar.
struct Table {
    app: TestApp,
    ada: Client,
    run: String,
}

impl Table {
    async fn new() -> Self {
        let app = TestApp::new();
        let ada = app.account("ada").await;
        let run = ada.start("margin").await;
        let body = market("buy", "CALM", 5);
        ada.order(&run, body).await.expect(201);
        ada.step(&run, 1).await.expect(200);
        Self { app, ada, run }
    }

    /// Everything a read shows of the account: the same before and after means nothing was done.
    async fn seen(&self) -> String {
        let mut text = self.ada.get("/api/v1/runs").await.text;
        for rest in ["", "/trades", "/equity"] {
            text += &self.ada.get(&format!("/api/v1/runs/{}{rest}", self.run)).await.text;
        }
        text
    }

    /// Sends one order to all three places that take orders, and expects the same refusal.
    async fn refused(&self, order: Value, status: u16, detail: &str) {
        let before = self.seen().await;
        let (rest, turn) = (self.path("/trades"), self.path("/turn"));
        let by_trade = self.ada.post(&rest, order.clone()).await.any_problem();
        let by_turn = self.ada.post(&turn, json!({ "trades": [order] })).await.any_problem();
        let arguments = json!({ "run_id": self.run, "trades": [order] });
        let by_tool = self.ada.tool("submit_turn", arguments).await;
        assert!(by_tool.is_error, "{order}");
        assert_eq!(by_tool.value, by_turn, "{order}");
        for problem in [&by_trade, &by_turn] {
            is_problem(problem);
            assert_eq!(problem["status"], status, "{problem}");
            let text = problem["detail"].as_str().unwrap();
            assert!(text.contains(detail), "{order}: {text}");
        }
        assert!(by_tool.text.contains(detail) && by_tool.text.contains("Next: "), "{by_tool:?}");
        assert_eq!(self.seen().await, before, "{order} changed something");
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/runs/{}{rest}", self.run)
    }
}

/// An order of CALM with other members.
fn with(members: Value) -> Value {
    let mut order = json!({ "symbol": "CALM", "side": "buy", "quantity": 1 });
    for (name, value) in members.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

#[tokio::test]
async fn quantities_that_make_no_order() {
    let table = Table::new().await;
    for quantity in [json!(0), json!(-1), json!(-0.5), json!(1e-9), json!(-0.0), json!(1e-300)] {
        table
            .refused(with(json!({ "quantity": quantity })), 400, "quantity must be positive")
            .await;
    }
    for quantity in [json!(1e300), json!(1e18), json!(u64::MAX)] {
        let order = with(json!({ "quantity": quantity }));
        table.refused(order, 422, "must be at most 1000000000").await;
    }
    let more = with(json!({ "quantity": 1_000_000_001 }));
    table.refused(more, 400, "must be at most 1000000000").await;
    let most = with(json!({ "quantity": 1_000_000_000 }));
    table.refused(most, 400, "past the limit of 1000000000").await;
    for quantity in [json!("1"), json!(null), json!(true), json!([1]), json!({}), json!("NaN")] {
        table.refused(with(json!({ "quantity": quantity })), 422, "quantity`: ").await;
    }
}

#[tokio::test]
async fn a_quantity_is_cut_to_eight_decimals_and_echoed() {
    let table = Table::new().await;
    let order = with(json!({ "quantity": 14.285_714_285_714_286 }));
    let queued = table.ada.order(&table.run, order.clone()).await.expect(201);
    assert_eq!(queued["order"]["quantity"], json!(14.285_714_28));
    let arguments = json!({ "run_id": table.run, "trades": [order] });
    let turn = table.ada.tool("submit_turn", arguments).await.value;
    assert_eq!(turn["queued_orders"][0]["quantity"], json!(14.285_714_28));
    assert_eq!(turn["step"]["fills"][0]["quantity"], json!(14.285_714_28));
    assert_eq!(turn["snapshot"]["positions"][0]["quantity"], json!(33.571_428_56));
}

#[tokio::test]
async fn positions_that_are_not_there() {
    let table = Table::new().await;
    let side = |side: &str, symbol: &str, quantity: f64| market(side, symbol, quantity);
    table
        .refused(side("sell", "CALM", 5.000_000_01), 400, "sell quantity 5.00000001 exceeds long 5")
        .await;
    table.refused(side("sell", "CRASH", 1.0), 400, "no long position in CRASH to sell").await;
    table.refused(side("cover", "CALM", 1.0), 400, "no short position in CALM to cover").await;
    table.refused(side("short", "CALM", 1.0), 400, "would cross zero").await;
    table.refused(side("buy", "CALM", 10_000.0), 400, "insufficient buying power").await;
    // What is on its way out already is not there twice.
    table.ada.order(&table.run, side("sell", "CALM", 4.0)).await.expect(201);
    table.refused(side("sell", "CALM", 1.5), 400, "5 held, of which 4 promised").await;
    let tiny = table.ada.start("tiny").await;
    let reply = table.ada.order(&tiny, side("short", "AAA", 1.0)).await;
    reply.problem(400, "shorting is disabled on this scenario");
}

#[tokio::test]
async fn symbols_outside_the_universe() {
    let table = Table::new().await;
    for symbol in ["TSLA", "", " ", "CALM\0", "💥", "'; DROP TABLE runs; --", "calm/usd"] {
        table.refused(with(json!({ "symbol": symbol })), 400, "not in scenario universe").await;
    }
    let reply = table.ada.order(&table.run, with(json!({ "symbol": "CLAM" }))).await;
    let problem = reply.problem(400, "symbol \"CLAM\" not in scenario universe");
    assert!(problem["hint"].as_str().unwrap().starts_with("did you mean CALM?"), "{problem}");
    let long = "A".repeat(100_000);
    let reply = table.ada.order(&table.run, with(json!({ "symbol": long }))).await;
    assert!(reply.any_problem()["detail"].as_str().unwrap().len() < 500, "an echo is short");
    for symbol in [json!(null), json!(1), json!(["CALM"])] {
        table.refused(with(json!({ "symbol": symbol })), 422, "symbol`: ").await;
    }
}

/// The original's order of refusals: quantity, side, shorting, symbol, position, buying power.
#[tokio::test]
async fn of_several_mistakes_the_first_in_order_is_the_message() {
    let table = Table::new().await;
    let cases = [
        (with(json!({ "symbol": "TSLA", "quantity": 0 })), "quantity must be positive"),
        (with(json!({ "symbol": "TSLA", "quantity": -1, "side": "sell" })), "quantity must be"),
        (market("sell", "TSLA", 1.0), "symbol \"TSLA\" not in scenario universe"),
        (market("sell", "CRASH", 1e9), "no long position in CRASH"),
    ];
    for (order, detail) in cases {
        table.refused(order, 400, detail).await;
    }
    let both = with(json!({ "symbol": "TSLA", "quantity": 0, "limit_price": 3 }));
    let problem = table.ada.order(&table.run, both).await.any_problem();
    let places: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|it| &it["location"]).collect();
    assert_eq!(places, ["quantity", "limit_price", "symbol"], "each is named: {problem}");
    let tiny = table.ada.start("tiny").await;
    let reply = table.ada.order(&tiny, market("short", "TSLA", 1.0)).await;
    reply.problem(400, "shorting is disabled on this scenario");
}

#[tokio::test]
async fn sides_and_types_that_do_not_go_together() {
    let table = Table::new().await;
    for side in ["", "up", "BUY!", "long", "buy sell"] {
        table.refused(with(json!({ "side": side })), 422, "must be buy|sell|short|cover").await;
    }
    let cases = [
        (json!({ "order_type": "limit" }), 400, "limit_price`: is required for a limit order"),
        (json!({ "order_type": "stop" }), 400, "stop_price`: is required for a stop order"),
        (json!({ "order_type": "stop_limit", "stop_price": 1 }), 400, "limit_price`: is required"),
        (json!({ "limit_price": 5 }), 400, "limit_price`: has no meaning for a market order"),
        (
            json!({ "order_type": "limit", "limit_price": 5, "stop_price": 5 }),
            400,
            "stop_price`: has no meaning for a limit order",
        ),
        (json!({ "order_type": "limit", "limit_price": 0 }), 400, "limit_price must be positive"),
        (json!({ "order_type": "stop", "stop_price": -3 }), 400, "stop_price must be positive"),
        (json!({ "order_type": "limit", "limit_price": 1e300 }), 422, "must be at most"),
        (json!({ "order_type": "iceberg" }), 422, "order_type`: unknown word `iceberg`"),
        (json!({ "time_in_force": "GTD" }), 422, "time_in_force`: unknown word `GTD`"),
        (json!({ "reasoning": 5 }), 422, "reasoning`: "),
        (json!({ "reasoning": "x".repeat(2_001) }), 422, "must be at most 2000 characters"),
        (json!({ "leverage": 100 }), 422, "unknown field `leverage`"),
    ];
    for (members, status, detail) in cases {
        table.refused(with(members), status, detail).await;
    }
}

#[tokio::test]
async fn a_thousand_orders_in_one_call() {
    let table = Table::new().await;
    let before = table.seen().await;
    let orders = |count: usize| json!({ "trades": vec![with(json!({ "quantity": 0.01 })); count] });
    let reply = table.ada.post(&table.path("/turn"), orders(1_000)).await;
    reply.problem(400, "1000 orders in one call; at most 500");
    let mut arguments = orders(1_000);
    arguments["run_id"] = json!(table.run);
    let result = table.ada.tool("submit_turn", arguments).await;
    assert_eq!(result.value["detail"], "1000 orders in one call; at most 500");
    assert_eq!(table.seen().await, before);
    let turn = table.ada.post(&table.path("/turn"), orders(500)).await.expect(200);
    assert_eq!(turn["step"]["fills"].as_array().unwrap().len(), 500);
    for _ in 0..1_000 {
        let mut order = with(json!({ "quantity": 0.01, "limit_price": 1 }));
        order["order_type"] = json!("limit");
        table.ada.order(&table.run, order).await.expect(201);
    }
    let reply = table.ada.order(&table.run, with(json!({}))).await;
    reply.problem(400, "1000 orders are waiting already; cancel some or step");
}

#[tokio::test]
async fn a_step_after_the_end() {
    let table = Table::new().await;
    table.ada.step(&table.run, 1_000).await.expect(200);
    let before = table.seen().await;
    let detail = "run is completed, not active";
    for rest in ["/step", "/turn"] {
        table.ada.post(&table.path(rest), json!({})).await.problem(400, detail);
    }
    for tool in ["step_run", "submit_turn"] {
        let result = table.ada.tool(tool, json!({ "run_id": table.run })).await;
        assert_eq!((result.is_error, &result.value["detail"]), (true, &json!(detail)));
        is_problem(&result.value);
    }
    assert_eq!(table.seen().await, before);
}

#[tokio::test]
async fn foreign_runs_at_both_doors() {
    let table = Table::new().await;
    let before = table.seen().await;
    let bob = table.app.account("bob").await;
    for tool in ["get_run", "get_market", "submit_turn", "step_run", "get_trades", "get_results"] {
        let mut arguments = json!({ "run_id": table.run });
        if tool == "get_market" {
            arguments["lookback"] = json!(1);
        }
        let result = bob.tool(tool, arguments.clone()).await;
        assert_eq!(result.value["detail"], "you do not own this run", "{tool}");
        is_problem(&result.value);
        arguments["run_id"] = json!("x");
        assert_eq!(bob.tool(tool, arguments).await.value["detail"], "no such run", "{tool}");
    }
    assert_eq!(table.seen().await, before);
}

#[tokio::test]
async fn absurd_idempotency_keys() {
    let table = Table::new().await;
    let keyed = |key: Value| with(json!({ "quantity": 0.5, "idempotency_key": key }));
    let before = table.seen().await;
    let reply = table.ada.order(&table.run, keyed(json!("k".repeat(201)))).await;
    reply.problem(422, "`idempotency_key`: must be at most 200 characters");
    let arguments = json!({ "run_id": table.run, "idempotency_key": "k".repeat(201) });
    let result = table.ada.tool("step_run", arguments).await;
    assert_eq!(result.value["detail"], "`idempotency_key`: must be at most 200 characters");
    for key in [json!(5), json!({}), json!(["k"])] {
        let problem = table.ada.order(&table.run, keyed(key)).await.any_problem();
        assert_eq!(problem["status"], 422);
    }
    assert_eq!(table.seen().await, before);
    for key in ["é".repeat(200), "\0".into(), "' OR 1=1".into(), "\u{202e}\n".into(), " ".into()] {
        let first = table.ada.order(&table.run, keyed(json!(key))).await;
        first.expect(201);
        assert_eq!(table.ada.order(&table.run, keyed(json!(key))).await.text, first.text);
    }
}

#[tokio::test]
async fn unknown_slugs_offer_near_ones_at_both_doors() {
    let table = Table::new().await;
    let before = table.seen().await;
    let reply = table.ada.post("/api/v1/runs", json!({ "scenario_slug": "mragin" })).await;
    let problem = reply.problem(404, "no scenario with slug \"mragin\"");
    assert_eq!(problem["hint"], "did you mean margin?");
    let result = table.ada.tool("start_run", json!({ "scenario_slug": "mragin" })).await;
    assert_eq!(result.value, problem);
    assert!(result.text.ends_with("Next: did you mean margin?"), "{}", result.text);
    assert_eq!(table.seen().await, before);
    assert!(catalog().get("mragin").is_err());
}
