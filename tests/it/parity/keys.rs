//! What opens what, at both doors.

use std::collections::BTreeSet;

use bottrade::{
    keys::{Family, Key, Kind},
    ops::{Access, Effect, OPS, OpDef},
};
use serde_json::{Value, json};

use super::by_rest;
use crate::app::{Era, TestApp};

#[tokio::test]
async fn every_closed_operation_asks_for_a_key_at_both_doors() {
    let app = TestApp::new();
    let nobody = app.anon();
    let arguments = json!({ "run_id": "00000000-0000-7000-8000-000000000000",
        "order_id": "00000000-0000-5000-8000-000000000000",
        "key_id": "00000000-0000-7000-8000-000000000000",
        "grant_id": "00000000-0000-7000-8000-000000000000",
        "id": "00000000-0000-7000-8000-000000000000" });
    let mut closed = BTreeSet::new();
    let is_closed = |op: &&OpDef| !matches!(op.access, Access::Public | Access::OwnerOrPublished);
    for op in OPS.iter().filter(is_closed) {
        let path_only = arguments.as_object().unwrap().iter();
        let in_path = |name: &str| op.route.path.contains(&format!("{{{name}}}"));
        let path_only = path_only.filter(|(name, _)| in_path(name));
        let path_only = Value::Object(path_only.map(|(k, v)| (k.clone(), v.clone())).collect());
        let reply = by_rest(&nobody, op, &path_only).await;
        let asked = match op.access {
            Access::Person => "Sign in to BotTrade before creating an API key.",
            Access::Payer => "sign in to BotTrade to see or change your plan",
            Access::BotKeys => "sign in to BotTrade to manage bot keys",
            Access::Paper => "Invalid or revoked bot API key",
            _ => "BotTrade API key required",
        };
        let problem = reply.problem(401, asked);
        assert!(reply.headers.contains_key("www-authenticate"), "{}", op.name);
        closed.insert(op.name);
        if !op.tool {
            continue;
        }
        for era in [Era::Legacy, Era::Modern] {
            let refused = nobody.call_tool(era, op.name, path_only.clone()).await;
            assert_eq!(refused.rpc_problem(401, asked), problem, "{}", op.name);
            assert_eq!(refused.headers["www-authenticate"], reply.headers["www-authenticate"]);
        }
    }
    let open: Vec<&str> =
        OPS.iter().map(|op| op.name).filter(|name| !closed.contains(name)).collect();
    let expected = [
        "auth_status",
        "connect_bottrade",
        "list_scenarios",
        "get_scenario",
        "get_equity",
        "get_public_run",
        "get_public_trades",
        "get_journal",
        "get_leaderboard",
        "list_leaderboards",
        "list_standings",
        "get_checkout",
    ];
    assert_eq!(open, expected, "what is open to everybody is said here");
}

#[tokio::test]
async fn a_wrong_key_is_refused_at_both_doors_even_where_none_is_needed() {
    let app = TestApp::new();
    let good = app.account("ada").await.key.unwrap();
    let other = if good.ends_with('0') { "1" } else { "0" };
    let slip = format!("{}{other}", &good[..good.len() - 1]);
    let minted = Key::mint(Kind::Key(Family::Benchmark));
    for key in ["x", "bt_", &slip, minted.reveal(), &good[1..]] {
        let client = app.with_key(key);
        client.get("/api/v1/scenarios").await.problem(401, "Invalid API key");
        client.get("/api/v1/runs").await.problem(401, "Invalid API key");
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
        client.mcp_raw(&[], call.to_string()).await.problem(401, "Invalid API key");
        for prefix in ["/api/v1/bot", "/api/trade/v1/bot"] {
            let reply = client.get(&format!("{prefix}/portfolio")).await;
            reply.problem(401, "Invalid or revoked bot API key");
        }
    }
}

#[tokio::test]
async fn a_bot_key_opens_the_paper_account_and_nothing_else() {
    let app = TestApp::new();
    let (ada, bot) = (app.account("ada").await, app.bot("ada").await);
    let order = json!({ "symbol": "BTC-USD", "side": "BUY", "quantity": 0.1 });
    bot.post("/api/trade/v1/bot/orders", order).await.expect(201);
    assert_eq!(
        ada.get("/api/v1/bot/orders").await.json(),
        bot.get("/api/v1/bot/orders").await.json()
    );
    for op in OPS.iter().filter(|op| op.access == Access::Account && op.tool) {
        let scope = if op.effect == Effect::Read { "read" } else { "trade" };
        let told = format!("this call needs the scope bottrade:{scope}");
        bot.call_tool(Era::Modern, op.name, json!({})).await.rpc_problem(403, &told);
    }
}
