//! Paper trading at both doors: a program reads every decimal and null, a model neither.

use bottrade::ops::OpDef;
use serde_json::{Value, json};

/// The tools of paper trading. `$o1`, `$o2` are orders in order of arrival.
pub(super) fn calls() -> Vec<(&'static str, Value)> {
    let limit = json!({ "symbol": "aapl", "side": "Buy", "quantity": 1, "order_type": "limit",
        "limit_price": "1.5", "time_in_force": "gtc", "client_order_id": "one" });
    vec![
        ("get_bot_account", json!({})),
        ("get_bot_account", json!({ "season": 1 })),
        ("get_quotes", json!({ "symbols": ["btcusd", "AAPL", "EUR/USD"] })),
        ("get_quotes", json!({})),
        ("get_quotes", json!({ "symbols": ["AAPL", "APPL"] })),
        (
            "place_order",
            json!({ "symbol": "BTC-USD", "side": "buy", "quantity": "0.5",
            "asset_type": "crypto" }),
        ),
        ("place_order", limit.clone()),
        ("place_order", limit),
        ("place_order", json!({ "symbol": "AAPL", "side": "BUY", "quantity": 900_000 })),
        ("place_order", json!({ "symbol": "AAPL", "side": "hold", "quantity": [] })),
        ("place_order", json!({ "symbol": "AAPL", "side": "SELL", "quantity": 0 })),
        (
            "place_order",
            json!({ "symbol": "AAPL", "side": "SELL", "quantity": 1, "client_order_id": "one" }),
        ),
        ("get_orders", json!({})),
        ("get_orders", json!({ "status": "open", "limit": 1 })),
        ("get_orders", json!({ "limit": 1 })),
        ("get_orders", json!({ "limit": 2, "cursor": "3" })),
        ("get_orders", json!({ "status": "NEW", "limit": 0, "cursor": "x" })),
        ("cancel_order", json!({ "order_id": "$o2" })),
        ("cancel_order", json!({ "order_id": "$o2" })),
        ("cancel_order", json!({ "order_id": "00000000-0000-5000-8000-000000000000" })),
        ("get_portfolio", json!({})),
        ("get_portfolio", json!({ "at": "now" })),
        ("get_trading_kpi", json!({})),
        ("get_trading_kpi", json!({ "season": 0 })),
    ]
}

/// What both doors say of a paper account: a program reads every decimal and null, a model neither,
/// and has the market's time once, at the head of a list.
fn lean(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(lean),
        Value::Object(members) => {
            members.retain(|name, it| {
                !it.is_null() && !["market_time", "source", "next_cursor"].contains(&name.as_str())
            });
            members.values_mut().for_each(lean);
        }
        Value::Number(number) if number.is_f64() => {
            *value = json!(format!("{:.3e}", number.as_f64().unwrap()));
        }
        Value::String(text) if text.contains('.') => {
            if let Ok(number) = text.parse::<f64>() {
                *text = format!("{number:.3e}");
            }
        }
        Value::String(text) => {
            if let Ok(number) = text.parse::<u32>() {
                *text = format!("{:.3e}", f64::from(number));
            }
        }
        _ => {}
    }
}

/// What REST shows and what the tool answers, where they can be compared.
pub(crate) fn comparable(op: &OpDef, by_rest: Value, by_tool: &Value) -> (Value, Value) {
    let mut by_tool = op.route.bare.map_or(by_tool, |name| &by_tool[name]).clone();
    if op.name == "get_quotes" {
        // A model has a table of what it needs.
        let symbols = by_rest.as_array().unwrap().iter().map(|it| it["symbol"].clone());
        let rows = by_tool["rows"].as_array().unwrap().iter().map(|row| row[0].clone());
        return (symbols.collect(), rows.collect());
    }
    if !op.route.has_answer() {
        return (Value::Null, Value::Null);
    }
    let mut by_rest = by_rest;
    lean(&mut by_rest);
    lean(&mut by_tool);
    (by_rest, by_tool)
}
