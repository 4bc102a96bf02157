//! How much an account may call paper trading: the same count at every door, exact in a crowd, on
//! the disk before the answer, told on every answer.

use bottrade::{
    keys::Family,
    plan::Plan,
    store::{
        Store, Tx,
        usage::{self, Usage},
    },
};
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{Client, Era, Reply, TestApp},
    world,
};

const ACCOUNT: &str = "/api/v1/bot/account";
const ORDERS: &str = "/api/v1/bot/orders";
/// The minute after the one in which every test begins.
const NEXT_MINUTE: i64 = 1_893_553_500;

/// A server, and a bot of the account `ada`.
async fn scene() -> (TestApp, Client) {
    let app = TestApp::new();
    let bot = bot(&app, "ada").await;
    on_free(&app).await;
    (app, bot)
}

/// What the operator makes has another plan.
async fn on_free(app: &TestApp) {
    let id = id_of(app, "ada").await;
    app.app.accounts.set_plan(&id, Plan::Free).await.unwrap();
}

async fn bot(app: &TestApp, account: &str) -> Client {
    let key = app.app.accounts.create_key(account, "bot", Family::Bot).await.unwrap();
    app.with_key(key.reveal())
}

async fn id_of(app: &TestApp, account: &str) -> String {
    app.app.accounts.find(account).await.unwrap().id
}

/// Where an answer says that the account stands: limit, remaining, reset.
#[track_caller]
fn standing(reply: &Reply) -> (i64, i64, i64) {
    let read = |prefix: &str| {
        ["limit", "remaining", "reset"].map(|name| {
            let value = reply.headers.get(format!("{prefix}-{name}"));
            let value = value.unwrap_or_else(|| panic!("no {prefix}-{name}: {}", reply.text));
            value.to_str().unwrap().parse::<i64>().unwrap()
        })
    };
    let [limit, remaining, reset] = read("x-ratelimit");
    assert_eq!(read("x-vq-ratelimit"), [limit, remaining, reset]);
    (limit, remaining, reset)
}

fn is_silent(reply: &Reply) -> bool {
    !reply.headers.keys().any(|name| name.as_str().contains("ratelimit"))
}

fn order() -> Value {
    json!({ "symbol": "BTC-USD", "side": "BUY", "quantity": 0.001 })
}

/// How many of these calls are not refused for their number.
async fn passed(client: &Client, method: &str, path: &str, calls: usize) -> usize {
    let body = (method == "POST").then(|| order().to_string());
    let mut passed = 0;
    for _ in 0..calls {
        passed += usize::from(client.rest(method, path, body.clone()).await.status != 429);
    }
    passed
}

#[tokio::test]
async fn every_answer_says_where_the_account_stands() {
    let (app, bot) = scene().await;
    assert_eq!(standing(&bot.get(ACCOUNT).await), (120, 119, NEXT_MINUTE));
    let replies = [
        (200, bot.get("/api/trade/v1/bot/portfolio").await, (120, 118)),
        (404, bot.get(&format!("{ORDERS}/none")).await, (120, 117)),
        (201, bot.post(ORDERS, order()).await, (20, 19)),
        (422, bot.post(ORDERS, json!({ "symbol": "BTC-USD" })).await, (20, 18)),
        (422, bot.rest("POST", ORDERS, Some("{".into())).await, (20, 17)),
        (422, bot.get("/api/v1/bot/orders?limit=0").await, (120, 113)),
        (422, bot.get("/api/v1/bot/account?no=such").await, (120, 112)),
    ];
    for (status, reply, (limit, remaining)) in replies {
        reply.expect(status);
        assert_eq!(standing(&reply), (limit, remaining, NEXT_MINUTE), "{}", reply.text);
    }
    let placed = bot.get(ORDERS).await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    let cancelled = bot.delete(&format!("{ORDERS}/{placed}")).await;
    assert!(matches!(cancelled.status, 204 | 422), "{}", cancelled.text);
    assert_eq!(standing(&cancelled), (120, 110, NEXT_MINUTE));
    // Nobody's calls, and those of other contracts, are not counted here.
    assert!(is_silent(&app.anon().get(ACCOUNT).await));
    assert!(is_silent(&app.with_key("tvt_x").get(ACCOUNT).await));
    assert!(is_silent(&app.account("ada").await.get("/api/v1/runs").await));
    assert!(is_silent(&app.account("ada").await.get("/api/v1/bot/keys").await));
    assert_eq!(standing(&bot.get(ACCOUNT).await), (120, 109, NEXT_MINUTE));
}

#[tokio::test]
async fn a_minute_has_so_many_calls_and_says_when_there_are_more() {
    let (app, bot) = scene().await;
    assert_eq!(passed(&bot, "POST", ORDERS, 25).await, 20);
    let refused = bot.post(ORDERS, order()).await;
    let problem = refused.problem(429, "too many orders: an account has 20 a minute");
    assert!(problem["hint"].as_str().unwrap().contains("Retry-After"), "{problem}");
    assert_eq!(refused.headers["retry-after"], "55");
    assert_eq!(standing(&refused), (20, 0, NEXT_MINUTE));
    assert_eq!(passed(&bot, "GET", ACCOUNT, 130).await, 100);
    let refused = bot.get(ACCOUNT).await;
    refused.problem(429, "too many requests: an account has 120 a minute");
    assert_eq!(standing(&refused), (120, 0, NEXT_MINUTE));
    app.clock.advance(54);
    assert_eq!(bot.get(ACCOUNT).await.headers["retry-after"], "1");
    app.clock.advance(1);
    assert_eq!(standing(&bot.get(ACCOUNT).await), (120, 119, NEXT_MINUTE + 60));
    let used = bot.get(ACCOUNT).await.expect(200);
    assert_eq!((&used["api_calls_used"], &used["api_calls_limit"]), (&json!(122), &json!(1000)));
}

#[tokio::test]
async fn what_is_refused_for_its_form_has_been_called() {
    let (_, bot) = scene().await;
    for _ in 0..20 {
        bot.post(ORDERS, json!({ "no": "such" })).await.expect(422);
    }
    bot.post(ORDERS, order()).await.expect(429);
    assert_eq!(bot.get(ACCOUNT).await.expect(200)["api_calls_used"], 21);
}

#[tokio::test]
async fn every_door_and_every_credential_count_together() {
    let (app, bot) = scene().await;
    let key = app.account("ada").await;
    let other = bot_of_another(&app).await;
    bot.get(ACCOUNT).await.expect(200);
    bot.get("/api/trade/v1/bot/account").await.expect(200);
    key.get(ACCOUNT).await.expect(200);
    for (client, era) in [(&bot, Era::Legacy), (&key, Era::Modern)] {
        let reply = client.call_tool(era, "get_bot_account", json!({})).await;
        assert_eq!(reply.expect(200)["result"]["isError"], false, "{}", reply.text);
        standing(&reply);
    }
    let call = |id| {
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": { "name": "get_bot_account", "arguments": {} } })
    };
    let reply = bot.mcp_raw(&[], json!([call(1), call(2), call(3)]).to_string()).await;
    assert_eq!(reply.expect(200).as_array().unwrap().len(), 3);
    assert_eq!(standing(&reply), (120, 112, NEXT_MINUTE));
    let placed = bot.call_tool(Era::Legacy, "place_order", order()).await;
    assert_eq!(standing(&placed), (20, 19, NEXT_MINUTE));
    // Tools of the other contract are not counted.
    assert!(is_silent(&key.call_tool(Era::Legacy, "list_runs", json!({})).await));
    assert!(is_silent(&key.call_tool(Era::Legacy, "auth_status", json!({})).await));

    assert_eq!(passed(&key, "GET", ACCOUNT, 200).await, 120 - 9);
    let refused = bot.tool("get_bot_account", json!({})).await;
    assert!(refused.is_error && refused.text.contains("120 a minute"), "{refused:?}");
    assert_eq!(refused.value["status"], 429);
    let reply = bot.call_tool(Era::Legacy, "get_bot_account", json!({})).await;
    assert_eq!(standing(&reply), (120, 0, NEXT_MINUTE));
    assert_eq!(standing(&other.get(ACCOUNT).await), (120, 119, NEXT_MINUTE));
}

async fn bot_of_another(app: &TestApp) -> Client {
    bot(app, "eve").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_clients_at_once_exactly_as_many_pass_as_may() {
    for (method, path, max) in [("GET", ACCOUNT, 120), ("POST", ORDERS, 20)] {
        let (app, bot) = scene().await;
        let key = app.account("ada").await;
        let clients: Vec<_> = (0..50)
            .map(|number| {
                let client = if number % 2 == 0 { bot.clone() } else { key.clone() };
                tokio::spawn(async move { passed(&client, method, path, 4).await })
            })
            .collect();
        let mut total = 0;
        for client in clients {
            total += client.await.unwrap();
        }
        assert_eq!(total, max, "{method} {path}");
    }
}

#[tokio::test]
async fn a_restart_keeps_the_count() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("db");
    let mut total = 0;
    let mut key = None;
    for _ in 0..4 {
        let app = TestApp::on_file(world::catalog(), &path);
        if key.is_none() {
            key = bot(&app, "ada").await.key;
        }
        let bot = app.with_key(key.as_ref().unwrap());
        total += passed(&bot, "POST", ORDERS, 7).await;
        bot.get(ACCOUNT).await;
        app.stop().await;
    }
    assert_eq!(total, 20);
}

/// The row of an account, as another process reads it.
fn row(store: &Store, id: &str) -> Option<Usage> {
    let id = id.to_owned();
    store.read_blocking(move |tx: &mut dyn Tx| usage::get(tx, &id)).unwrap()
}

#[tokio::test]
async fn the_count_is_on_the_disk_before_the_answer() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("db");
    let app = TestApp::on_file(world::catalog(), &path);
    let bot = bot(&app, "ada").await;
    let (id, other) = (id_of(&app, "ada").await, Store::open(&path).unwrap());
    let mut last = Usage::default();
    for number in 1..=12 {
        match number % 4 {
            0 => bot.post(ORDERS, order()).await.expect(201),
            1 => bot.get(ACCOUNT).await.expect(200),
            2 => bot.get(&format!("{ORDERS}/none")).await.expect(404),
            _ => bot.call_tool(Era::Legacy, "get_portfolio", json!({})).await.expect(200),
        };
        last = row(&other, &id).unwrap();
        let orders = number / 4;
        assert_eq!(
            (last.month_calls, last.minute_calls, last.minute_orders),
            (number, number, orders)
        );
    }
    app.account("ada").await.get("/api/v1/runs").await.expect(200);
    assert_eq!(row(&other, &id), Some(last));
    assert!(app.app.accounts.erase(&id).await.unwrap());
    assert_eq!(row(&other, &id), None, "who is erased leaves no count");
    bot.get(ACCOUNT).await.problem(401, "Invalid or revoked bot API key");
    assert_eq!(row(&other, &id), None);
}

#[tokio::test]
async fn a_month_has_what_the_plan_has_and_a_larger_plan_has_more() {
    let (app, bot) = scene().await;
    for _ in 0..8 {
        assert_eq!(passed(&bot, "GET", ACCOUNT, 120).await, 120);
        app.clock.advance(60);
    }
    assert_eq!(passed(&bot, "GET", ACCOUNT, 60).await, 40);
    let refused = bot.post(ORDERS, order()).await;
    let problem = refused.problem(429, "too many calls: the plan Free has 1000 a month");
    assert!(problem["hint"].as_str().unwrap().contains("set-plan"), "{problem}");
    let february = 1_896_134_400;
    assert_eq!(standing(&refused), (1000, 0, february));
    let id = id_of(&app, "ada").await;
    app.app.accounts.set_plan(&id, Plan::Pro).await.unwrap();
    let account = bot.get(ACCOUNT).await.expect(200);
    assert_eq!(
        (&account["api_calls_used"], &account["api_calls_limit"], &account["plan"]),
        (&json!(1001), &json!(10_000), &json!("Standard"))
    );
}

#[tokio::test]
async fn a_key_that_was_revoked_opens_nothing_from_the_next_call_on() {
    let (app, bot) = scene().await;
    bot.get(ACCOUNT).await.expect(200);
    let id = id_of(&app, "ada").await;
    let key = app.app.accounts.keys(&id, Family::Bot).await.unwrap().remove(0);
    assert!(app.app.accounts.revoke_key(&id, Family::Bot, &key.id).await.unwrap());
    for path in [ACCOUNT, "/api/trade/v1/bot/portfolio"] {
        bot.get(path).await.problem(401, "Invalid or revoked bot API key");
    }
    let placed = bot.post(ORDERS, order()).await;
    placed.problem(401, "Invalid or revoked bot API key");
    let secret = bot.key.unwrap();
    let request = Request::get(ACCOUNT).header("x-bot-key", secret);
    let reply = app.anon().send(request.body(String::new().into()).unwrap()).await;
    reply.problem(401, "Invalid or revoked bot API key");
    app.account("ada").await.get(ACCOUNT).await.expect(200);
}

#[tokio::test]
async fn who_may_not_trade_on_paper_uses_nothing_up() {
    let (app, bot) = scene().await;
    for _ in 0..3 {
        app.with_key("x").get(ACCOUNT).await.expect(401);
        app.anon().get(ACCOUNT).await.expect(401);
    }
    assert_eq!(standing(&bot.get(ACCOUNT).await).1, 119);
}
