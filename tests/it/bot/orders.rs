//! Orders as bots write them: what is tolerated, what is refused, and how they are listed.

use serde_json::{Value, json};

use super::{ORDERS, bot, order, price, waiting};
use crate::app::Client;

#[tokio::test]
async fn spelling_is_tolerated() {
    let (_, bot) = bot().await;
    for (written, symbol) in [
        (json!({ "symbol": "btcusd", "side": "buy" }), "BTC-USD"),
        (json!({ "symbol": "BTC/USD", "side": "Buy", "asset_type": "crypto" }), "BTC-USD"),
        (json!({ "quantity": "0.1", "order_type": "market" }), "BTC-USD"),
        (json!({ "quantity": "0.10000000", "limit_price": null, "stop_price": null }), "BTC-USD"),
        (json!({ "time_in_force": "ioc", "client_order_id": null }), "BTC-USD"),
        // What a client sends when nobody said anything.
        (
            json!({ "asset_type": "STOCK", "order_type": "MARKET", "time_in_force": "GTC" }),
            "BTC-USD",
        ),
        (json!({ "symbol": "eur-usd", "quantity": 10, "side": "sell" }), "EUR-USD"),
    ] {
        let placed = bot.post(ORDERS, order(written.clone())).await.expect(201);
        assert_eq!(
            (&placed["symbol"], &placed["status"]),
            (&json!(symbol), &json!("FILLED")),
            "{written}"
        );
    }
    let cut = bot.post(ORDERS, order(json!({ "quantity": 0.123_456_789 }))).await.expect(201);
    assert_eq!(cut["quantity"], "0.12345678");
}

/// Sends an order that is refused at both doors with the same words.
async fn refused(bot: &Client, order: Value, told: &[&str]) {
    let problem = bot.post(ORDERS, order.clone()).await.any_problem();
    assert_eq!(problem["status"], 422, "{order}: {problem}");
    let by_tool = bot.tool("place_order", order.clone()).await;
    assert!(by_tool.is_error && by_tool.value == problem, "{order}: {by_tool:?}");
    for told in told {
        assert!(by_tool.text.contains(told), "{order}: {told} is not in {}", by_tool.text);
    }
}

#[tokio::test]
async fn mistakes_name_their_field() {
    let (app, bot) = bot().await;
    let cases: Vec<(Value, &[&str])> = vec![
        (json!({ "symbol": "BTCUDS" }), &["is not listed", "did you mean BTC-USD"]),
        (json!({ "symbol": "" }), &["is not listed", "get_quotes"]),
        (json!({ "symbol": 7 }), &["`symbol`"]),
        (json!({ "side": "hold" }), &["`side`: must be BUY|SELL (got \"hold\")"]),
        (json!({ "quantity": 0 }), &["`quantity`: must be positive"]),
        (json!({ "quantity": "-1" }), &["`quantity`: must be positive"]),
        (json!({ "quantity": "many" }), &["`quantity`: expected a number, got the text \"many\""]),
        (json!({ "quantity": 1e300 }), &["`quantity`: must be at most 1000000000"]),
        (json!({ "order_type": "TRAILING" }), &["MARKET|LIMIT|STOP|STOP_LIMIT"]),
        (json!({ "order_type": "LIMIT" }), &["`limit_price`: is required for a limit order"]),
        (json!({ "order_type": "STOP" }), &["`stop_price`: is required for a stop order"]),
        (json!({ "limit_price": 5 }), &["`limit_price`: has no meaning for a market order"]),
        (json!({ "order_type": "LIMIT", "limit_price": -5 }), &["`limit_price`: must be positive"]),
        (json!({ "time_in_force": "GTD" }), &["`time_in_force`: must be GTC|DAY|IOC|FOK"]),
        (json!({ "asset_type": "FOREX" }), &["`asset_type`: BTC-USD is CRYPTO, not FOREX"]),
        (json!({ "asset_type": "OPTION" }), &["no options are listed", "CRYPTO: ", "BTC-USD"]),
        (json!({ "asset_type": "BOND" }), &["STOCK|CRYPTO|FOREX|ETF|OPTION|COMMODITY"]),
        (json!({ "client_order_id": "x".repeat(65) }), &["at most 64 characters"]),
        (json!({ "client_order_id": "a\nb" }), &["one line"]),
        (json!({ "qty": 1 }), &["unknown field `qty`"]),
        (json!({ "symbol": "NONE", "side": "up", "quantity": 0 }), &["`side`"]),
        (json!({ "symbol": "NONE", "quantity": 0 }), &["NONE", "- quantity: must be positive"]),
    ];
    for (members, told) in cases {
        refused(&bot, order(members), told).await;
        // Each is two requests of 120 and two orders of 20 a minute.
        app.clock.advance(6);
        if bot.get(ORDERS).await.headers["x-ratelimit-remaining"].to_str().unwrap().len() < 3 {
            app.clock.advance(60);
        }
    }
    app.clock.advance(60);
    for body in ["{", "[]", "{\"symbol\":\"A\",\"symbol\":\"B\"}"] {
        let reply = bot.rest("POST", ORDERS, Some(body.into())).await;
        assert_eq!(reply.any_problem()["status"], 422, "{body}");
    }
    assert_eq!(bot.get(ORDERS).await.expect(200), json!([]), "nothing was done");
}

#[tokio::test]
async fn every_type_is_placed_and_waits_or_ends() {
    let (app, bot) = bot().await;
    let price = price(&bot, "BTC-USD").await;
    let types = [
        json!({ "order_type": "MARKET" }),
        json!({ "order_type": "LIMIT", "limit_price": price / 4.0 }),
        json!({ "order_type": "STOP", "stop_price": price * 4.0 }),
        json!({ "order_type": "STOP_LIMIT", "stop_price": price * 4.0,
            "limit_price": price * 5.0 }),
    ];
    for (at, prices) in types.iter().enumerate() {
        for (time, waits) in
            [("GTC", "OPEN"), ("DAY", "OPEN"), ("IOC", "CANCELLED"), ("FOK", "REJECTED")]
        {
            let mut order = order(prices.clone());
            (order["time_in_force"], order["quantity"]) = (json!(time), json!("0.01"));
            let placed = bot.post(ORDERS, order).await.expect(201);
            let expected = if at == 0 { "FILLED" } else { waits };
            assert_eq!(placed["status"], expected, "{placed}");
            let reason =
                if expected == "REJECTED" { "rejection_reason" } else { "cancellation_reason" };
            let ends = matches!(expected, "REJECTED" | "CANCELLED");
            assert_eq!(placed[reason].is_string(), ends, "{placed}");
            app.clock.advance(4);
        }
    }
}

#[tokio::test]
async fn a_page_stays_when_orders_come() {
    let (app, bot) = bot().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        let order = bot.post(ORDERS, waiting()).await.expect(201);
        placed.insert(0, order["id"].clone());
    }
    let ids = |page: &Value| -> Vec<Value> {
        page.as_array().unwrap().iter().map(|it| it["id"].clone()).collect()
    };
    let first = bot.get(&format!("{ORDERS}?status=open&limit=2")).await;
    assert_eq!(ids(&first.expect(200)), placed[..2]);
    let link = first.headers["link"].to_str().unwrap();
    let next = link.strip_prefix("<?").unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    bot.post(ORDERS, waiting()).await.expect(201);
    let second = bot.get(&format!("{ORDERS}?{next}")).await;
    assert_eq!(ids(&second.expect(200)), placed[2..4]);
    app.clock.advance(60);
    let by_tool = bot.tool("get_orders", json!({ "limit": 2, "cursor": "3" })).await.value;
    assert_eq!(ids(&by_tool["orders"]), placed[3..]);
    assert!(by_tool.get("next_cursor").is_none(), "it was the last page: {by_tool}");
    let all = bot.get(ORDERS).await;
    assert_eq!((all.expect(200).as_array().unwrap().len(), all.headers.get("link")), (6, None));
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "status=NEW"] {
        let problem = bot.get(&format!("{ORDERS}?{query}")).await.any_problem();
        let field = query.split('=').next().unwrap();
        assert_eq!(problem["status"], 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().starts_with(&format!("`{field}`: ")));
    }
}

#[tokio::test]
async fn a_final_order_says_so_when_it_is_cancelled() {
    let (app, bot) = bot().await;
    let open = bot.post(ORDERS, waiting()).await.expect(201);
    let path = format!("{ORDERS}/{}", open["id"].as_str().unwrap());
    let other = app.bot("bob").await;
    for call in ["GET", "DELETE"] {
        let told = other.rest(call, &path, None).await.any_problem();
        assert_eq!(told["status"], 404, "{told}");
    }
    let done = bot.delete(&path).await;
    assert_eq!((done.status, done.text.as_str()), (204, ""));
    bot.delete(&path).await.problem(422, "the order is CANCELLED: that is final");
    let filled = bot.post(ORDERS, order(json!({}))).await.expect(201);
    let path = path.replace(open["id"].as_str().unwrap(), filled["id"].as_str().unwrap());
    bot.delete(&path).await.problem(422, "the order is FILLED: that is final");
    let nobody = format!("{ORDERS}/o/1");
    assert_eq!(bot.delete(&nobody).await.any_problem()["status"], 404);
}

#[tokio::test]
async fn a_client_order_id_is_one_order() {
    let (_, bot) = bot().await;
    let named = order(json!({ "client_order_id": "one" }));
    let first = bot.post(ORDERS, named.clone()).await.expect(201);
    let mut again = named.clone();
    again["quantity"] = json!("0.10");
    again["symbol"] = json!("btc/usd");
    assert_eq!(bot.post(ORDERS, again).await.expect(201)["id"], first["id"], "the same order");
    let mut other = named;
    other["side"] = json!("SELL");
    let refused = bot.post(ORDERS, other).await;
    refused.problem(409, "`client_order_id` was used for another order of this season");
    assert_eq!(bot.get(ORDERS).await.expect(200).as_array().unwrap().len(), 1);
}
