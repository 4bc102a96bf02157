//! REST and MCP are two spellings of the same operations: the same calls give the same answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use bottrade::keys::{Family, Key, Kind};
use bottrade::ops::{Access, Method, OPS, OpDef};
use serde_json::{Value, json};

use crate::app::{Client, Era, Reply, TestApp, market};

/// Every tool with calls that succeed and calls that fail. `$1`, `$2` are runs in order of start.
fn calls() -> Vec<(&'static str, Value)> {
    let order = |side: &str, quantity: Value| market(side, "CALM", quantity);
    let run = |id: &str| json!({ "run_id": id });
    vec![
        ("auth_status", json!({})),
        ("auth_status", json!({ "verbose": true })),
        ("list_scenarios", json!({ "response_format": "detailed" })),
        ("list_scenarios", json!({ "response_format": "concise", "market": "us-equities" })),
        ("list_scenarios", json!({ "response_format": "concise", "max_decisions": 9 })),
        ("list_scenarios", json!({ "response_format": "detailed", "regime": "calm" })),
        ("list_scenarios", json!({ "regime": "mad", "market": "moon", "max_decisions": 0 })),
        ("list_scenarios", json!({ "page": 2 })),
        ("connect_bottrade", json!({ "wait_seconds": 5 })),
        ("connect_bottrade", json!({ "wait_seconds": -5 })),
        ("get_scenario", json!({ "id_or_slug": "tiny" })),
        ("get_scenario", json!({ "id_or_slug": "tinny" })),
        ("start_run", json!({ "scenario_slug": "margin", "bot_name": "Ünï" })),
        (
            "start_run",
            json!({ "scenario_slug": "tiny", "agent_info": { "name": "a", "model": "m",
            "config": { "temperature": 1.0, "deep": [1, null, { "x": "y" }] } } }),
        ),
        ("start_run", json!({ "scenario_slug": "nowhere" })),
        ("start_run", json!({ "agent_info": { "name": "" }, "scenario_slug": "tiny" })),
        ("start_run", json!({})),
        ("get_run", run("$1")),
        ("get_run", run("$2")),
        ("get_run", run("nope")),
        ("get_market", json!({ "run_id": "$1", "symbols": ["CALM"], "lookback": 0 })),
        ("submit_turn", json!({ "run_id": "$1", "trades": [order("buy", json!(10.5))] })),
        ("submit_turn", json!({ "run_id": "$1", "trades": [order("buy", json!(0))] })),
        ("submit_turn", json!({ "run_id": "$1", "trades": [order("up", json!(1))] })),
        (
            "submit_turn",
            json!({ "run_id": "$1", "trades": [
            order("sell", json!(99)), order("cover", json!(1))] }),
        ),
        ("submit_turn", json!({ "run_id": "$1", "cancel": ["none"] })),
        ("submit_turn", json!({ "run_id": "$1", "idempotency_key": "k1" })),
        ("submit_turn", json!({ "run_id": "$1", "idempotency_key": "k1" })),
        ("step_run", json!({ "run_id": "$1", "idempotency_key": "k1" })),
        ("step_run", json!({ "run_id": "$1" })),
        ("step_run", json!({ "run_id": "$1", "count": -1 })),
        ("get_trades", run("$1")),
        ("get_trades", run("$9")),
        ("get_results", run("$1")),
        ("publish_run", json!({ "run_id": "$1", "confirm": true })),
        ("submit_turn", json!({ "run_id": "$1", "trades": [order("sell", json!(10.5))] })),
        ("step_run", run("$1")),
        ("step_run", run("$1")),
        ("step_run", run("$1")),
        ("step_run", run("$1")),
        ("get_run", run("$1")),
        ("get_trades", run("$1")),
        ("get_results", run("$1")),
        ("publish_run", json!({ "run_id": "$1", "confirm": false })),
        ("publish_run", json!({ "run_id": "$1", "confirm": true })),
        ("publish_run", json!({ "run_id": "$1", "confirm": true })),
        ("get_results", run("$1")),
    ]
}

/// The tools that look at a market, on the first run.
fn looks() -> Vec<(&'static str, Value)> {
    vec![
        formatted("get_market", json!({ "symbols": ["CALM", "NONE"], "lookback": 3 }), Concise),
        formatted("get_market", json!({ "symbols": ["CALM", "NONE"], "lookback": 3 }), Detailed),
        formatted("get_market", json!({ "lookback": 1 }), Detailed),
        formatted("scan_market", json!({}), Concise),
        formatted("scan_market", json!({}), Detailed),
        ("scan_market", json!({ "run_id": "$9" })),
        formatted("inspect_symbols", json!({ "symbols": ["calm", "crush"] }), Concise),
        formatted("inspect_symbols", json!({ "symbols": ["calm"], "lookback": 2 }), Detailed),
        formatted("inspect_symbols", json!({ "symbols": [], "lookback": 121 }), Concise),
    ]
}

/// The tools that decide and advance, on a third run.
fn decisions() -> Vec<(&'static str, Value)> {
    let order = |side: &str, quantity: Value| market(side, "CALM", quantity);
    vec![
        ("start_run", json!({ "scenario_slug": "margin" })),
        formatted("submit_decision", on_third(json!({ "action": "hold" })), Concise),
        formatted(
            "submit_decision",
            on_third(json!({ "rationale": "calm", "orders": [order("buy", json!(2))],
                "idempotency_key": "d" })),
            Detailed,
        ),
        formatted(
            "submit_decision",
            on_third(json!({ "rationale": "calm", "orders": [order("buy", json!(2))],
                "idempotency_key": "d" })),
            Detailed,
        ),
        formatted("submit_decision", on_third(json!({ "action": "trade" })), Concise),
        formatted("submit_decision", on_third(json!({ "action": "wait" })), Detailed),
        formatted("advance_until_next_session", on_third(json!({})), Concise),
        formatted("advance_until_next_session", on_third(json!({})), Detailed),
        formatted("advance_until_next_session", json!({ "run_id": "$9" }), Detailed),
        formatted("hold_until_end", on_third(json!({ "require_flat": true })), Concise),
        formatted("hold_until_end", on_third(json!({ "max_bars": 1 })), Detailed),
        formatted("liquidate_and_finish", on_third(json!({ "max_bars": "x" })), Concise),
        formatted("liquidate_and_finish", on_third(json!({ "rationale": "out" })), Detailed),
        formatted("liquidate_and_finish", on_third(json!({})), Concise),
        formatted("liquidate_and_finish", on_third(json!({})), Detailed),
        ("run_sandbox_smoke_test", json!({ "scenario_slug": "margin" })),
        ("run_sandbox_smoke_test", json!({})),
    ]
}

/// How much of an answer is asked for; the doors have defaults of their own.
#[derive(Clone, Copy)]
enum Format {
    Concise,
    Detailed,
}
use Format::{Concise, Detailed};

/// A call in a format, on the first run unless it says another.
fn formatted(tool: &'static str, mut arguments: Value, format: Format) -> (&'static str, Value) {
    if arguments["run_id"].is_null() {
        arguments["run_id"] = json!("$1");
    }
    arguments["response_format"] = json!(match format {
        Concise => "concise",
        Detailed => "detailed",
    });
    (tool, arguments)
}

/// The arguments, on the third run.
fn on_third(mut arguments: Value) -> Value {
    arguments["run_id"] = json!("$3");
    arguments
}

/// One caller and the runs it started.
struct Side {
    client: Client,
    runs: Vec<String>,
    names: Names,
}

impl Side {
    async fn new(app: &TestApp) -> Self {
        Self { client: app.account("ada").await, runs: Vec::new(), names: Names::default() }
    }

    /// The arguments with this side's ids for `$n`.
    fn fill(&self, arguments: &Value) -> Value {
        let mut text = arguments.to_string();
        for (at, run) in self.runs.iter().enumerate() {
            text = text.replace(&format!("${}", at + 1), run);
        }
        serde_json::from_str(&text).unwrap()
    }

    fn heard(&mut self, tool: &str, answer: &Value) {
        if let (true, Some(id)) = (tool == "start_run", answer["id"].as_str()) {
            self.runs.push(id.to_owned());
        }
    }
}

/// Ids by the order in which they appear: two servers that did the same agree on these names.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, usize>);

impl Names {
    pub(crate) fn replace(&mut self, text: &str) -> String {
        let (mut named, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = (0..rest.len()).find(|&at| is_uuid(rest.as_bytes(), at)) {
            let fresh = self.0.len();
            let number = *self.0.entry(rest[at..at + 36].to_owned()).or_insert(fresh);
            named.push_str(&rest[..at]);
            write!(named, "<id {number:>30}>").unwrap();
            rest = &rest[at + 36..];
        }
        named + rest
    }
}

pub(crate) fn is_uuid(text: &[u8], at: usize) -> bool {
    text.get(at..at + 36).is_some_and(|text| {
        text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
    })
}

/// The REST call that these arguments make: path, query or body as the route has it.
pub(crate) async fn by_rest(client: &Client, op: &OpDef, arguments: &Value) -> Reply {
    let mut path = op.route.path.to_owned();
    let (mut query, mut body) = (Vec::new(), serde_json::Map::new());
    for (name, value) in arguments.as_object().unwrap() {
        let place = format!("{{{name}}}");
        if path.contains(&place) {
            path = path.replace(&place, value.as_str().unwrap_or_default());
        } else if op.route.method.has_body() {
            body.insert(name.clone(), value.clone());
        } else {
            query.push(format!("{name}={}", in_query(value)));
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    match op.route.method {
        Method::Get => client.get(&path).await,
        Method::Patch => client.rest("PATCH", &path, Some(json!(body).to_string())).await,
        Method::Delete => client.delete(&path).await,
        Method::Post => client.post(&path, Value::Object(body)).await,
    }
}

fn in_query(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(in_query).collect::<Vec<_>>().join("%2C"),
        Value::String(text) => text.replace('/', "%2F"),
        other => other.to_string(),
    }
}

/// Plays the calls through both doors and compares every answer.
async fn compare(era: Era) -> BTreeMap<&'static str, (usize, usize)> {
    let (rest_app, mcp_app) = (TestApp::new(), TestApp::new());
    let (mut rest, mut mcp) = (Side::new(&rest_app).await, Side::new(&mcp_app).await);
    let mut seen = BTreeMap::new();
    for (name, arguments) in calls().into_iter().chain(looks()).chain(decisions()) {
        let op = OpDef::tool(name).unwrap();
        let reply = by_rest(&rest.client, op, &rest.fill(&arguments)).await;
        let result = mcp.client.tool_as(era, name, mcp.fill(&arguments)).await;
        let body = reply.json();
        let place = format!("{era:?} {name} {arguments}\nREST {}\nMCP  {result:?}", reply.text);
        assert!(reply.status < 500, "{place}");
        assert_eq!(result.is_error, reply.status >= 400, "{place}");
        let plain = match op.route.envelope {
            Some(member) if reply.status < 400 => body[member].clone(),
            _ => body,
        };
        let (by_rest, by_mcp) = (plain.to_string(), result.value.to_string());
        assert_eq!(rest.names.replace(&by_rest), mcp.names.replace(&by_mcp), "{place}");
        if result.is_error {
            reply.any_problem();
            assert!(result.text.starts_with(plain["detail"].as_str().unwrap()), "{place}");
        } else {
            assert_eq!(reply.status, op.route.status, "{place}");
            assert_eq!(result.text, by_mcp, "text is the whole answer: {place}");
        }
        rest.heard(name, &plain);
        mcp.heard(name, &result.value);
        let (good, bad) = seen.entry(op.name).or_insert((0, 0));
        *(if result.is_error { bad } else { good }) += 1;
        rest_app.clock.advance(7);
        mcp_app.clock.advance(7);
    }
    seen
}

#[tokio::test]
async fn the_same_calls_give_the_same_answers() {
    for era in [Era::Legacy, Era::Modern] {
        let seen = compare(era).await;
        // A ratchet: a new tool is called here, with success and without.
        for op in OPS.iter().filter(|op| op.tool) {
            let (good, bad) = seen.get(op.name).copied().unwrap_or_default();
            assert!(good > 0 && bad > 0, "{}: {good} good and {bad} bad calls", op.name);
        }
    }
}

#[tokio::test]
async fn both_doors_open_the_same_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let turn = json!({ "run_id": run, "trades": [
        { "symbol": "AAA", "side": "buy", "quantity": 10, "reasoning": "it rises" }] });
    assert!(!ada.tool("submit_turn", turn).await.is_error);
    let by_rest = ada.on(&run, "").await;
    assert_eq!(by_rest["positions"][0]["quantity"], json!(10));
    assert_eq!(ada.tool("get_run", json!({ "run_id": run })).await.value, by_rest);
}

#[tokio::test]
async fn every_closed_operation_asks_for_a_key_at_both_doors() {
    let app = TestApp::new();
    let nobody = app.anon();
    let arguments = json!({ "run_id": "00000000-0000-7000-8000-000000000000",
        "order_id": "00000000-0000-5000-8000-000000000000",
        "key_id": "00000000-0000-7000-8000-000000000000",
        "grant_id": "00000000-0000-7000-8000-000000000000" });
    let mut closed = BTreeSet::new();
    let is_closed = |op: &&OpDef| matches!(op.access, Access::Account | Access::Person);
    for op in OPS.iter().filter(is_closed) {
        let path_only = arguments.as_object().unwrap().iter();
        let path_only = path_only.filter(|(name, _)| op.route.path.contains(name.as_str()));
        let path_only = Value::Object(path_only.map(|(k, v)| (k.clone(), v.clone())).collect());
        let reply = by_rest(&nobody, op, &path_only).await;
        let asked = match op.access {
            Access::Person => "Sign in to BotTrade before creating an API key.",
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
    let bot = app.app.accounts.create_key("ada", "bot", Family::Bot).await.unwrap();
    for key in ["x", "bt_", &slip, minted.reveal(), bot.reveal(), &good[1..]] {
        let client = app.with_key(key);
        client.get("/api/v1/scenarios").await.problem(401, "Invalid API key");
        client.get("/api/v1/runs").await.problem(401, "Invalid API key");
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
        client.mcp_raw(&[], call.to_string()).await.problem(401, "Invalid API key");
    }
}
