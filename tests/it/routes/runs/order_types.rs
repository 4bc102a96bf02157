//! Order types and times in force, as a client sees them.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, market};

/// An order of HHH, which each session opens at 100, 101, … and swings 2 around it.
fn order(side: &str, members: &Value) -> Value {
    let mut order = market(side, "HHH", 10);
    for (name, value) in members.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// Queues an order in a fresh run, steps, and gives (fill price if any, reason if any).
async fn outcome(client: &Client, order: Value, steps: u64) -> (Option<f64>, Option<String>) {
    let run = client.start("hours").await;
    client.order(&run, order).await.expect(201);
    let step = client.step(&run, steps).await.expect(200);
    let reason = step["rejections"][0]["reason"].as_str().map(str::to_owned);
    (step["fills"][0]["fill_price"].as_f64(), reason)
}

#[tokio::test]
async fn each_type_fills_at_its_price() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let cases = [
        ("buy", json!({}), Some(101.0)),
        ("buy", json!({ "order_type": "market", "time_in_force": "gtc" }), Some(101.0)),
        // The bar trades through 99.5 (low 99) but only touches 99.
        ("buy", json!({ "order_type": "limit", "limit_price": 99.5 }), Some(99.5)),
        ("buy", json!({ "order_type": "limit", "limit_price": 99 }), None),
        ("buy", json!({ "order_type": "limit", "limit_price": 150 }), Some(101.0)),
        ("buy", json!({ "order_type": "stop", "stop_price": 103 }), Some(103.0)),
        ("buy", json!({ "order_type": "stop", "stop_price": 90 }), Some(101.0)),
        ("buy", json!({ "order_type": "stop", "stop_price": 103.5 }), None),
        (
            "buy",
            json!({ "order_type": "stop_limit", "stop_price": 90, "limit_price": 110 }),
            Some(101.0),
        ),
        ("short", json!({ "order_type": "limit", "limit_price": 102.5 }), Some(102.5)),
        ("short", json!({ "order_type": "stop", "stop_price": 99.5 }), Some(99.5)),
    ];
    for (side, members, price) in cases {
        let (filled, _) = outcome(&ada, order(side, &members), 1).await;
        assert_eq!(filled, price, "{side} {members}");
    }
}

#[tokio::test]
async fn each_time_in_force_ends_in_its_way() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let far = |force: &str| {
        order("buy", &json!({ "order_type": "limit", "limit_price": 50, "time_in_force": force }))
    };
    for (force, steps, reason) in [
        ("ioc", 1, Some("ioc: what did not fill at the first bar is cancelled")),
        ("fok", 1, Some("fok: it could not be filled whole at the first bar")),
        ("day", 4, None),
        ("day", 6, Some("day: its session ended")),
        ("gtc", 10, None),
        ("gtc", 11, Some("the run ended")),
    ] {
        let (filled, why) = outcome(&ada, far(force), steps).await;
        assert_eq!((filled, why.as_deref()), (None, reason), "{force} after {steps}");
    }
}

#[tokio::test]
async fn the_echo_carries_type_prices_and_time_in_force() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("hours").await;
    let asked = json!({ "order_type": "stop_limit", "stop_price": 103.25, "limit_price": 104.5,
        "time_in_force": "day" });
    let queued = ada.order(&run, order("buy", &asked)).await.expect(201);
    for (name, value) in asked.as_object().unwrap() {
        assert_eq!(&queued["order"][name], value, "{name}");
    }
    assert_eq!(ada.on(&run, "").await["queued_orders"][0], queued["order"]);
}
