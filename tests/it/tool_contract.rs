//! The tools as the contract has them (2.4): their order and parameters, every member of the
//! detailed form of their results, and what both forms keep at the top.

use serde_json::{Value, json};

use crate::app::{Client, Era, TestApp, market};

/// Whether a tool changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reads,
    Writes,
}
use Kind::{Reads, Writes};

/// The tools in their order with the parameters that clients send; `*` is one that they always do.
const TOOLS: &[(&str, Kind, &[&str])] = &[
    ("auth_status", Reads, &[]),
    ("connect_bottrade", Writes, &["wait_seconds"]),
    ("list_scenarios", Reads, &[]),
    ("get_scenario", Reads, &["id_or_slug*"]),
    ("start_run", Writes, &["scenario_slug*", "bot_name", "agent_info"]),
    ("get_run", Reads, &["run_id*"]),
    ("get_market", Reads, &["run_id*", "symbols", "lookback"]),
    ("scan_market", Reads, &["run_id*"]),
    ("inspect_symbols", Reads, &["run_id*", "symbols*", "lookback"]),
    ("submit_turn", Writes, &["run_id*", "trades*", "step_count"]),
    ("submit_decision", Writes, &["run_id*", "action*", "rationale", "orders*", "step_count"]),
    ("step_run", Writes, &["run_id*", "count"]),
    ("advance_until_next_session", Writes, &["run_id*", "max_bars"]),
    ("hold_until_end", Writes, &["run_id*", "max_bars", "require_flat"]),
    ("liquidate_and_finish", Writes, &["run_id*", "rationale", "max_bars"]),
    ("run_sandbox_smoke_test", Writes, &["scenario_slug", "bot_name"]),
    ("get_results", Reads, &["run_id*"]),
    ("get_trades", Reads, &["run_id*"]),
    ("publish_run", Writes, &["run_id*", "confirm*"]),
    ("get_bot_account", Reads, &[]),
    ("get_quotes", Reads, &["symbols"]),
    (
        "place_order",
        Writes,
        &[
            "symbol*",
            "side*",
            "quantity*",
            "asset_type",
            "order_type",
            "limit_price",
            "stop_price",
            "time_in_force",
            "client_order_id",
        ],
    ),
    ("get_orders", Reads, &["status", "limit"]),
    ("cancel_order", Writes, &["order_id*"]),
    ("get_portfolio", Reads, &[]),
    ("get_trading_kpi", Reads, &[]),
];

#[tokio::test]
async fn tools_take_what_the_contract_has() {
    let listed = TestApp::new().anon().mcp(Era::Legacy, "tools/list", json!({})).await;
    let listed = listed["tools"].as_array().unwrap();
    assert_eq!(listed.len(), TOOLS.len());
    for (tool, &(name, kind, parameters)) in listed.iter().zip(TOOLS) {
        assert_eq!(tool["name"], name);
        assert_eq!(tool["annotations"]["readOnlyHint"], kind == Reads, "{name}");
        let schema = &tool["inputSchema"];
        for parameter in parameters.iter().map(|it| it.trim_end_matches('*')) {
            assert!(schema["properties"].get(parameter).is_some(), "{name} lacks {parameter}");
        }
        for required in schema["required"].as_array().into_iter().flatten() {
            let sent = format!("{}*", required.as_str().unwrap());
            assert!(parameters.contains(&sent.as_str()), "{name}: not every client sends {sent}");
        }
    }
    let decision = listed.iter().find(|it| it["name"] == "submit_decision").unwrap();
    let order = &decision["inputSchema"]["properties"]["orders"]["items"];
    let members = ["symbol", "side", "quantity"];
    assert_eq!(order["required"], json!(members));
    assert_eq!(order["properties"]["side"]["enum"], json!(["buy", "sell", "short", "cover"]));
    assert!(order["properties"].get("reasoning").is_some());
}

/// Members of each tool's detailed result.
const DETAILED: &[(&str, &[&str])] = &[
    (
        "scan_market",
        &[
            "phase",
            "next_action",
            "run_id",
            "sim_time",
            "symbols",
            "top_movers",
            "suggested_inspection",
            "data_budget",
            "human_summary",
        ],
    ),
    (
        "inspect_symbols",
        &["phase", "next_action", "run_id", "sim_time", "bars", "data_budget", "human_summary"],
    ),
    ("get_market", &["sim_time", "bars"]),
    (
        "submit_decision",
        &[
            "phase",
            "next_action",
            "action",
            "rationale",
            "queued_orders",
            "step",
            "snapshot",
            "portfolio",
            "completion_flags",
            "human_summary",
        ],
    ),
    ("advance_until_next_session", ADVANCE),
    ("hold_until_end", ADVANCE),
    (
        "liquidate_and_finish",
        &[
            "phase",
            "next_action",
            "run_id",
            "exit_orders",
            "exit_queued",
            "exit_step",
            "advance",
            "snapshot",
            "human_summary",
        ],
    ),
];

const ADVANCE: &[&str] = &[
    "phase",
    "next_action",
    "run_id",
    "mode",
    "initial_sim_time",
    "final_sim_time",
    "steps_submitted",
    "bars_advanced",
    "final_equity",
    "final_cash",
    "positions_value",
    "done",
    "liquidated",
    "reached_limit",
    "snapshot",
    "human_summary",
];

/// Members of the results that have one form only.
const ALWAYS: &[(&str, &[&str])] = &[
    ("start_run", &["id", "scenario_id", "scenario_version", "status", "sim_time", "cash"]),
    ("get_run", &["run", "positions", "queued_orders", "last_equity", "workflow"]),
    ("submit_turn", &["queued_orders", "step", "snapshot"]),
    (
        "step_run",
        &[
            "bars_advanced",
            "new_sim_time",
            "fills",
            "liquidated",
            "equity",
            "cash",
            "positions_value",
            "done",
            "phase",
            "next_action",
            "allowed_actions",
        ],
    ),
    ("get_trades", &["run_id", "trades"]),
    ("get_scenario", &["id", "slug", "name", "universe", "slippage_bps", "status", "created_at"]),
    (
        "run_sandbox_smoke_test",
        &[
            "phase",
            "next_action",
            "run_id",
            "scenario_slug",
            "run",
            "scan_sim_time",
            "top_movers",
            "suggested_inspection",
            "data_budget",
            "decision",
            "published",
            "human_summary",
        ],
    ),
];

#[track_caller]
fn has(tool: &str, value: &Value, members: &[&str]) {
    for member in members {
        assert!(value.get(member).is_some(), "{tool} lacks {member}: {value}");
    }
}

/// The arguments of a call that succeeds on a fresh run with a position.
fn arguments(tool: &str, run: &str) -> Value {
    let mut arguments = json!({ "run_id": run });
    match tool {
        "start_run" | "run_sandbox_smoke_test" => arguments = json!({ "scenario_slug": "tiny" }),
        "get_scenario" => arguments = json!({ "id_or_slug": "tiny" }),
        "inspect_symbols" => arguments["symbols"] = json!(["AAA"]),
        "get_market" => arguments["lookback"] = json!(1),
        "submit_decision" => arguments["rationale"] = json!("why not"),
        _ => {}
    }
    arguments
}

async fn held(client: &Client) -> String {
    let run = client.start("tiny").await;
    client.order(&run, market("buy", "AAA", 10)).await.expect(201);
    client.step(&run, 1).await.expect(200);
    run
}

#[tokio::test]
async fn results_have_the_members_of_the_contract() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for (tool, members) in ALWAYS {
        let result = ada.tool(tool, arguments(tool, &held(&ada).await)).await;
        assert!(!result.is_error, "{tool}: {}", result.text);
        has(tool, &result.value, members);
    }
    for (tool, members) in DETAILED {
        let mut arguments = arguments(tool, &held(&ada).await);
        arguments["response_format"] = json!("detailed");
        let result = ada.tool(tool, arguments).await;
        assert!(!result.is_error, "{tool}: {}", result.text);
        has(tool, &result.value, members);
    }
}

#[tokio::test]
async fn a_publication_tells_where_it_is() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = held(&ada).await;
    ada.step(&run, 100).await.expect(200);
    let arguments = json!({ "run_id": run, "confirm": true });
    let made = ada.tool("publish_run", arguments).await.value;
    has("publish_run", &made, &["published", "public_url", "leaderboard_url", "results"]);
    for member in ["public_url", "leaderboard_url"] {
        let path = made[member].as_str().unwrap().strip_prefix("http://localhost:8080").unwrap();
        assert!(app.anon().get(path).await.text.contains(&run), "{member}");
    }
}

#[tokio::test]
async fn both_forms_say_when_it_is_and_whether_it_is_over() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for (tool, _) in DETAILED {
        let mut said = Vec::new();
        for format in ["concise", "detailed"] {
            let run = held(&ada).await;
            let mut arguments = arguments(tool, &run);
            arguments["response_format"] = json!(format);
            let value = ada.tool(tool, arguments).await.value;
            let shown = ada.on(&run, "").await;
            assert_eq!(value["sim_time"], shown["run"]["sim_time"], "{tool} {format}");
            assert_eq!(value["done"], shown["workflow"]["done"], "{tool} {format}");
            assert_eq!(value["liquidated"], shown["workflow"]["liquidated"], "{tool} {format}");
            said.push(value.to_string());
        }
        assert!(said[0].len() < said[1].len(), "{tool}: the concise form is not shorter");
    }
}

#[tokio::test]
async fn the_workflow_leads_through_a_run() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = held(&ada).await;
    let trading = ada.on(&run, "").await["workflow"].clone();
    let expected = json!({ "phase": "trading", "next_action": "scan_market",
        "allowed_actions": ["get_run", "scan_market", "inspect_symbols", "submit_decision",
            "step_run", "advance_until_next_session", "hold_until_end", "liquidate_and_finish"],
        "done": false, "liquidated": false, "publishable": false, "published": false });
    assert_eq!(trading, expected);
    for tool in expected["allowed_actions"].as_array().unwrap() {
        assert!(bottrade::ops::OpDef::tool(tool.as_str().unwrap()).is_ok(), "{tool}");
    }
    ada.step(&run, 100).await.expect(200);
    let completed = ada.on(&run, "/results").await["workflow"].clone();
    let expected = json!({ "phase": "completed", "next_action": "get_results",
        "allowed_actions": ["get_run", "get_results", "publish_run"],
        "done": true, "liquidated": false, "publishable": true, "published": false });
    assert_eq!(completed, expected);
}
