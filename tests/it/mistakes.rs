//! What an agent gets wrong, and what it is told: `golden/mistakes.txt` has the words.
//!
//! Every answer names every problem of its call, says what helps, and nothing was done. REST
//! gives the same problem, so that a snapshot of the tool's text is one of both.

use std::fmt::Write as _;

use bottrade::ops::OpDef;
use serde_json::Value;

use crate::{
    app::{Client, TestApp, is_problem, market},
    files::check_golden,
    parity::by_rest,
};

/// Mistakes: a name, the tool, its arguments, and what the answer must name.
const MISTAKES: &[(&str, &str, &str, &[&str])] = &[
    (
        "a wrong word",
        "submit_decision",
        r#"{"run_id":"RUN","action":"wait"}"#,
        &["`action`", "hold or trade"],
    ),
    (
        "a side that is none",
        "submit_decision",
        r#"{"run_id":"RUN","orders":[{"symbol":"CALM","side":"long","quantity":1}]}"#,
        &["orders[0].side", "buy|sell|short|cover"],
    ),
    (
        "a misspelt field",
        "submit_decision",
        concat!(
            r#"{"run_id":"RUN","orders":[{"symbol":"CALM","side":"buy","quantity":1,"#,
            r#""reasonin":"x"}]}"#
        ),
        &["orders[0].reasonin", "did you mean `reasoning`?"],
    ),
    (
        "a text for a number",
        "submit_decision",
        r#"{"run_id":"RUN","orders":[{"symbol":"CALM","side":"buy","quantity":"5"}]}"#,
        &["orders[0].quantity", "expected a number"],
    ),
    ("a number for a text", "scan_market", r#"{"run_id":7}"#, &["run_id"]),
    ("a missing field", "inspect_symbols", r#"{"run_id":"RUN"}"#, &["symbols", "missing"]),
    (
        "one order for a list",
        "submit_turn",
        r#"{"run_id":"RUN","trades":{}}"#,
        &["trades", "a list"],
    ),
    (
        "two slips at once",
        "submit_decision",
        r#"{"run_id":"RUN","orders":[{"symbol":"CALM","side":"long","quantity":"5"}]}"#,
        &["orders[0].side", "orders[0].quantity"],
    ),
    (
        "six slips at once",
        "submit_decision",
        concat!(
            r#"{"run":"x","action":1,"observe":"no","orders":[{"symbol":"CALM","#,
            r#""side":"buy"},{"symbol":"CALM","sid":"buy","quantity":1}]}"#
        ),
        &[
            "run",
            "action",
            "orders[0].quantity",
            "orders[1].sid",
            "orders[1].side",
            "observe",
            "run_id",
        ],
    ),
    (
        "limits of two fields",
        "inspect_symbols",
        r#"{"run_id":"RUN","symbols":[],"lookback":500}"#,
        &["symbols", "lookback"],
    ),
    (
        "action and orders at odds",
        "submit_decision",
        r#"{"run_id":"RUN","action":"trade","step_count":5}"#,
        &["orders", "step_count"],
    ),
    ("an unknown tool", "submit_orders", "{}", &["submit_turn", "did you mean"]),
    (
        "two broken rules and an unknown symbol",
        "submit_decision",
        concat!(
            r#"{"run_id":"RUN","orders":[{"symbol":"CRASH","side":"sell","quantity":1},"#,
            r#"{"symbol":"CLAM","side":"buy","quantity":1},{"symbol":"CALM","#,
            r#""side":"buy","quantity":1000000}]}"#
        ),
        &["orders[0].side", "orders[1].symbol", "CALM", "orders[2].quantity"],
    ),
    (
        "an order that does not wait",
        "submit_decision",
        r#"{"run_id":"RUN","cancel":["nope"]}"#,
        &["cancel[0]", "queued_orders"],
    ),
    (
        "a hold over waiting orders",
        "hold_until_end",
        r#"{"run_id":"WAITING"}"#,
        &["1 queued order(s)", "submit_decision"],
    ),
    (
        "a hold that must be flat",
        "hold_until_end",
        r#"{"run_id":"RUN","require_flat":true}"#,
        &["1 position(s)", "liquidate_and_finish"],
    ),
    ("all bars of everything", "get_market", r#"{"run_id":"RUN","lookback":50}"#, &["lookback=1"]),
    (
        "an ended run",
        "submit_decision",
        r#"{"run_id":"ENDED"}"#,
        &["run is completed", "get_results"],
    ),
    ("a foreign run", "submit_decision", r#"{"run_id":"FOREIGN"}"#, &["you do not own this run"]),
    ("no run", "scan_market", r#"{"run_id":"run-1"}"#, &["no such run"]),
    ("results before the end", "get_results", r#"{"run_id":"RUN"}"#, &["still active"]),
    (
        "an unconfirmed publication",
        "publish_run",
        r#"{"run_id":"ENDED","confirm":false}"#,
        &["confirm=true"],
    ),
    (
        "an unknown scenario, a long name and no name",
        "start_run",
        r#"{"scenario_slug":"mragin","bot_name":"LONG","agent_info":{"name":""}}"#,
        &["mragin", "margin", "bot_name", "agent_info"],
    ),
];

/// What a model's tool refuses and a program's route allows.
const OF_MODELS: &[&str] = &["all bars of everything", "action and orders at odds"];

/// The runs that mistakes are made on.
async fn stage(app: &TestApp, ada: &Client) -> Vec<(&'static str, String)> {
    let mut runs = Vec::new();
    for name in ["RUN", "WAITING", "ENDED"] {
        let run = ada.start("margin").await;
        ada.order(&run, market("buy", "CALM", 5)).await.expect(201);
        ada.step(&run, if name == "ENDED" { 100 } else { 1 }).await.expect(200);
        runs.push((name, run));
    }
    ada.order(&runs[1].1, market("sell", "CALM", 5)).await.expect(201);
    runs.push(("FOREIGN", app.account("bob").await.start("margin").await));
    runs
}

#[tokio::test]
async fn every_mistake_is_told_with_what_helps() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let runs = stage(&app, &ada).await;
    let seen = async || {
        let mut text = ada.get("/api/v1/runs").await.text;
        for (_, run) in &runs[..3] {
            text += &ada.get(&format!("/api/v1/runs/{run}")).await.text;
        }
        text
    };
    let before = seen().await;
    let mut page = String::new();
    for (name, tool, arguments, names) in MISTAKES {
        let mut text = arguments.replace("LONG", &"x".repeat(200));
        for (word, run) in &runs {
            text = text.replace(&format!("\"{word}\""), &format!("\"{run}\""));
        }
        let arguments: Value = serde_json::from_str(&text).unwrap();
        let result = ada.tool(tool, arguments.clone()).await;
        assert!(result.is_error, "{name}: {}", result.text);
        is_problem(&result.value);
        assert!(result.text.contains("\nNext: "), "{name}: {}", result.text);
        for wanted in *names {
            assert!(result.text.contains(wanted), "{name} lacks {wanted}: {}", result.text);
        }
        if let Ok(op) = OpDef::tool(tool)
            && (arguments["run_id"].is_string() || !op.route.path.contains("{run_id}"))
            && !OF_MODELS.contains(name)
        {
            let reply = by_rest(&ada, op, &arguments).await;
            assert_eq!(reply.any_problem(), result.value, "{name}: the doors differ");
        }
        writeln!(page, "## {name}\n{tool}\n{}\n", result.text).unwrap();
    }
    assert_eq!(seen().await, before, "a mistake changed something");
    check_golden("mistakes.txt", page.trim_end());
}
