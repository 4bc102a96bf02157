//! What requests look like: a tool's as its page has it, the others field by field, where the same
//! noun has the same example everywhere.

use serde_json::{Map, Value, json};

use super::recorded;
use crate::ops::OpDef;

/// The run that examples speak of.
pub(super) const RUN: &str = "0198f0e6-5d3a-7c41-9b8e-2f6a4c1d7e50";

/// The order that examples speak of.
pub(super) const ORDER: &str = "5b0f3f0a-7a39-5a52-8c0e-6d0f6f9c2b11";

/// An example of a request with this schema.
pub(super) fn request(op: &OpDef, schema: &Value) -> Map<String, Value> {
    recorded::request(op).unwrap_or_else(|| {
        let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
        names.filter_map(|name| Some((name.clone(), of(name)?))).collect()
    })
}

/// An example of a field; none where the schema says it all.
fn of(field: &str) -> Option<Value> {
    Some(match field {
        "run_id" | "key_id" | "grant_id" | "id" => json!(RUN),
        "name" | "label" => json!("nightly"),
        "session_id" => json!("cs_test_a1B2c3"),
        "plan" => json!("pro"),
        "order_id" => json!(ORDER),
        "cancel" => json!([of("order_id")?]),
        "scenario" | "scenario_slug" | "id_or_slug" => json!("sandbox-nov-2024"),
        "bot_name" | "handle" => json!("momentum-7"),
        "agent_info" => json!({ "name": "momentum-7", "framework": "plain Python",
            "config": { "lookback": 7 } }),
        "symbol" => json!("AAPL"),
        "symbols" => json!(["AAPL", "SPY"]),
        "side" => json!("buy"),
        "quantity" => json!(10),
        "reasoning" => json!("It closed above its 20-bar mean."),
        "trades" | "orders" => json!([order()]),
        "count" | "step_count" => json!(1),
        "lookback" | "limit" => json!(20),
        "market" => json!("us-equities"),
        "sort_by" => json!("sharpe"),
        "confirm" => json!(true),
        "idempotency_key" => json!("3f1d2b7c-bar-12"),
        _ => return None,
    })
}

fn order() -> Map<String, Value> {
    let fields = ["symbol", "side", "quantity", "reasoning"];
    fields.into_iter().filter_map(|name| Some((name.to_owned(), of(name)?))).collect()
}
