//! What is answered: every member of the contract, of its type and form.

use serde_json::{Value, json};

use super::{ORDERS, bot, order, waiting};
use crate::app::TestApp;

/// A form that the contract gives a member.
#[derive(Debug, Clone, Copy)]
enum Form {
    Text,
    /// A decimal string with 8 decimals.
    Units,
    /// A decimal string with 2 decimals.
    Cents,
    Number,
    Instant,
    List,
    Uuid,
    /// Null here.
    Null,
}
use Form::{Cents, Instant, List, Null, Number, Text, Units, Uuid};

fn is(form: Form, value: &Value) -> bool {
    let text = value.as_str();
    let decimals = |places: usize| {
        text.and_then(|it| it.strip_prefix('-').unwrap_or(it).split_once('.')).is_some_and(
            |(whole, rest)| {
                let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
                digits(whole) && digits(rest) && rest.len() == places
            },
        )
    };
    match form {
        Text => text.is_some_and(|it| !it.is_empty()),
        Units => decimals(8),
        Cents => decimals(2),
        Number => value.is_number(),
        Instant => text.is_some_and(|it| it.parse::<jiff::Timestamp>().is_ok()),
        List => value.is_array(),
        Uuid => text.is_some_and(|it| uuid::Uuid::try_parse(it).is_ok()),
        Null => value.is_null(),
    }
}

#[track_caller]
fn has(value: &Value, members: &[(&str, Form)]) {
    for (name, form) in members {
        let member = value.get(name).unwrap_or_else(|| panic!("no {name}: {value}"));
        assert!(is(*form, member), "{name} is not {form:?}: {member}");
    }
    has_clock(value);
}

/// Nobody takes it for today's market.
#[track_caller]
fn has_clock(value: &Value) {
    assert!(is(Instant, &value["market_time"]), "{value}");
    assert!(value["source"].as_str().unwrap().starts_with("replay of 20"), "{value}");
    assert!(value["market_time"].as_str().unwrap() < "2020", "{value}");
}

const ORDER: &[(&str, Form)] = &[
    ("id", Uuid),
    ("symbol", Text),
    ("asset_type", Text),
    ("side", Text),
    ("order_type", Text),
    ("quantity", Units),
    ("time_in_force", Text),
    ("status", Text),
    ("filled_quantity", Units),
    ("fees", Cents),
    ("created_at", Instant),
    ("updated_at", Instant),
];

#[tokio::test]
async fn an_order_has_every_member() {
    let (_, bot) = bot().await;
    let filled = bot.post(ORDERS, order(json!({}))).await.expect(201);
    has(&filled, ORDER);
    has(
        &filled,
        &[
            ("limit_price", Null),
            ("stop_price", Null),
            ("filled_price", Units),
            ("filled_at", Instant),
            ("rejection_reason", Null),
            ("cancellation_reason", Null),
            ("client_order_id", Null),
        ],
    );
    assert_eq!((&filled["status"], &filled["side"]), (&json!("FILLED"), &json!("BUY")));
    assert_eq!(filled["quantity"], filled["filled_quantity"]);
    let open = bot.post(ORDERS, waiting()).await.expect(201);
    has(&open, ORDER);
    has(&open, &[("limit_price", Units), ("filled_price", Null), ("filled_at", Null)]);
    assert_eq!((&open["status"], &open["filled_quantity"]), (&json!("OPEN"), &json!("0.00000000")));
    let rejected = bot.post(ORDERS, order(json!({ "quantity": 1_000 }))).await.expect(201);
    has(&rejected, ORDER);
    has(&rejected, &[("rejection_reason", Text), ("reason_code", Text), ("filled_price", Null)]);
    assert_eq!(rejected["status"], "REJECTED");
    let listed = bot.get(ORDERS).await.expect(200);
    let ids = |it: &Value| it["id"].clone();
    let newest_first: Vec<Value> = [&rejected, &open, &filled].map(ids).into();
    assert_eq!(listed.as_array().unwrap().iter().map(ids).collect::<Vec<_>>(), newest_first);
    listed.as_array().unwrap().iter().for_each(|it| has(it, ORDER));
    let id = open["id"].as_str().unwrap();
    assert_eq!(bot.get(&format!("{ORDERS}/{id}")).await.expect(200), open);
}

#[tokio::test]
async fn a_portfolio_has_every_member() {
    let (_, bot) = bot().await;
    let members = [
        ("balance", Cents),
        ("total_equity", Cents),
        ("positions", List),
        ("total_unrealized_pnl", Cents),
    ];
    let fresh = bot.get("/api/v1/bot/portfolio").await.expect(200);
    has(&fresh, &members);
    assert_eq!((&fresh["balance"], &fresh["positions"]), (&json!("100000.00"), &json!([])));
    bot.post(ORDERS, order(json!({}))).await.expect(201);
    bot.post(ORDERS, json!({ "symbol": "EUR/USD", "side": "SELL", "quantity": 100 }))
        .await
        .expect(201);
    let held = bot.get("/api/trade/v1/bot/portfolio").await.expect(200);
    has(&held, &members);
    let positions = held["positions"].as_array().unwrap();
    for position in positions {
        let mut clocked = position.clone();
        clocked["market_time"] = held["market_time"].clone();
        clocked["source"] = held["source"].clone();
        has(
            &clocked,
            &[
                ("symbol", Text),
                ("asset_type", Text),
                ("quantity", Units),
                ("avg_cost", Units),
                ("current_price", Units),
                ("market_value", Cents),
                ("unrealized_pnl", Cents),
                ("unrealized_pnl_pct", Cents),
            ],
        );
    }
    let quantities: Vec<(&Value, &Value)> =
        positions.iter().map(|it| (&it["symbol"], &it["quantity"])).collect();
    assert!(quantities.contains(&(&json!("EUR-USD"), &json!("-100.00000000"))), "{held}");
}

#[tokio::test]
async fn figures_and_account_have_every_member() {
    let (_, bot) = bot().await;
    let kpi = bot.get("/api/v1/bot/kpi").await.expect(200);
    let numbers = [
        "total_return_pct",
        "sharpe_ratio",
        "win_rate",
        "profit_factor",
        "max_drawdown",
        "total_trades",
        "sortino_ratio",
        "expectancy",
        "consecutive_wins",
        "consecutive_losses",
        "rank_total",
    ];
    has(&kpi, &numbers.map(|name| (name, Number)));
    assert_eq!(kpi["label"], "replayed history");
    assert!(kpi["null_reasons"]["sharpe_ratio"].is_string(), "{kpi}");
    let account = bot.get("/api/v1/bot/account").await.expect(200);
    has(
        &account,
        &[
            ("bot_user_id", Uuid),
            ("display_name", Text),
            ("balance", Cents),
            ("user_type", Text),
            ("status", Text),
            ("created_at", Instant),
            ("api_calls_used", Number),
            ("api_calls_limit", Number),
            ("plan", Text),
            ("bot_keys_used", Number),
            ("bot_keys_limit", Number),
        ],
    );
    assert_eq!(account["display_name"], "🤖 ada");
    assert_eq!((&account["plan"], &account["bot_keys_used"]), (&json!("Professional"), &json!(1)));
}

#[tokio::test]
async fn the_market_is_listed_and_quoted() {
    let (_, bot) = bot().await;
    let listed = bot.get("/api/v1/bot/instruments").await.expect(200);
    let listed = listed.as_array().unwrap();
    for asset_type in ["STOCK", "ETF", "CRYPTO", "FOREX", "COMMODITY"] {
        let path = format!("/api/v1/bot/instruments?asset_type={}", asset_type.to_lowercase());
        let some = bot.get(&path).await.expect(200);
        let some = some.as_array().unwrap();
        assert!(!some.is_empty() && some.iter().all(|it| it["asset_type"] == asset_type));
    }
    let quotes = bot.get("/api/v1/bot/quotes").await.expect(200);
    let quotes = quotes.as_array().unwrap();
    assert_eq!(quotes.len(), listed.len());
    for (quote, listed) in quotes.iter().zip(listed) {
        assert_eq!(quote["symbol"], listed["symbol"]);
        assert!(!listed["symbol"].as_str().unwrap().contains('/'), "{listed}");
        has(quote, &[("asset_type", Text), ("price", Units), ("bid", Units), ("ask", Units)]);
        assert!(quote["market_open"].is_boolean(), "{quote}");
        let next = if quote["market_open"] == true { "closes_at" } else { "opens_at" };
        assert!(is(Instant, &quote[next]), "{quote}");
    }
}

#[tokio::test]
async fn a_model_reads_neither_null_nor_undefined() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    ada.tool("place_order", order(json!({}))).await;
    ada.tool("place_order", waiting()).await;
    for (tool, arguments) in [
        ("place_order", waiting()),
        ("place_order", order(json!({ "quantity": 1_000 }))),
        ("get_orders", json!({})),
        ("get_portfolio", json!({})),
        ("get_trading_kpi", json!({})),
        ("get_bot_account", json!({})),
        ("get_quotes", json!({ "symbols": ["AAPL"] })),
        ("place_order", json!({ "symbol": "AAPL", "side": "BUY", "asset_type": "OPTION" })),
        ("cancel_order", json!({ "order_id": "nobody's" })),
    ] {
        let told = ada.tool(tool, arguments).await;
        for noise in ["null,", "null}", "undefined", "NaN", "00000000\""] {
            assert!(!told.text.contains(noise), "{tool} has {noise}: {}", told.text);
        }
    }
}
