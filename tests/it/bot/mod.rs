//! The bots' contract at the REST door, member by member, and what is tolerated and refused there.

mod orders;
mod shapes;
mod standings;

use serde_json::{Value, json};

use crate::app::{Client, TestApp};

const ORDERS: &str = "/api/v1/bot/orders";

/// A bot, while stocks are traded.
async fn bot() -> (TestApp, Client) {
    let app = TestApp::new();
    let bot = app.bot("ada").await;
    (app, bot)
}

/// An order of a coin, which is traded around the clock, with other members.
fn order(members: Value) -> Value {
    let mut order = json!({ "symbol": "BTC-USD", "side": "BUY", "quantity": 0.1 });
    for (name, value) in members.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// The price of something.
async fn price(bot: &Client, symbol: &str) -> f64 {
    let quotes = bot.get(&format!("/api/v1/bot/quotes?symbols={symbol}")).await.expect(200);
    quotes[0]["price"].as_str().unwrap().parse().unwrap()
}

/// A limit order that waits.
fn waiting() -> Value {
    order(json!({ "order_type": "LIMIT", "limit_price": 1 }))
}
