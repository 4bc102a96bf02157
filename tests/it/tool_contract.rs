//! The results of the tools as the contract has them (2.4): every member of the detailed form,
//! and what both forms keep at the top.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, market};

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
        "start_run" => arguments = json!({ "scenario_slug": "tiny" }),
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
