//! Requests that are wrong before any operation looks at them.

use serde_json::{Value, json};

use super::Table;
use crate::app::{Era, TestApp};

const MEGABYTE: usize = 1 << 20;

#[tokio::test]
async fn broken_json() {
    let table = Table::new().await;
    let before = table.seen().await;
    let broken = [
        "{",
        "{\"quantity\": NaN}",
        "{\"quantity\": Infinity}",
        "{'a': 1}",
        "x",
        "\u{0}",
        "{\"a\":1}{",
        "{\"a\": 1,}",
        "{\"quantity\": .5}",
        "{\"count\": 1, \"count\": 2}",
        "{\"trades\": [{\"quantity\": 1, \"symbol\": \"CALM\", \"quantity\": 1}]}",
    ];
    for text in broken {
        for rest in ["/trades", "/turn", "/step", "/publish"] {
            let reply = table.ada.rest("POST", &table.path(rest), Some(text.into())).await;
            let problem = reply.any_problem();
            assert_eq!((reply.status, &problem["code"]), (400, &json!("malformed_body")), "{text}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with("the body is not valid JSON: "), "{detail}");
        }
    }
    assert_eq!(table.seen().await, before);
}

#[tokio::test]
async fn deep_nesting_is_refused_not_followed() {
    let table = Table::new().await;
    let deep = format!("{{\"config\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let reply = table.ada.rest("POST", "/api/v1/runs", Some(deep)).await;
    assert_eq!(reply.any_problem()["status"], 400);
}

#[tokio::test]
async fn bodies_that_are_no_object() {
    let table = Table::new().await;
    let before = table.seen().await;
    for text in ["[]", "null", "1", "\"x\"", "true", "[{\"count\":1}]"] {
        for path in [table.path("/trades"), table.path("/step"), "/api/v1/runs".into()] {
            let reply = table.ada.rest("POST", &path, Some(text.into())).await;
            reply.problem(422, "`body`: expected a JSON object");
        }
    }
    assert_eq!(table.seen().await, before);
}

#[tokio::test]
async fn wrong_types_and_unknown_fields() {
    let table = Table::new().await;
    let before = table.seen().await;
    let cases = [
        ("/turn", json!({ "trades": {} }), "`trades`: "),
        ("/turn", json!({ "trades": [5] }), "`trades[0]`: "),
        ("/turn", json!({ "trades": [{}] }), "missing field `symbol`"),
        ("/turn", json!({ "cancel": "x" }), "`cancel`: "),
        ("/turn", json!({ "cancel": [1] }), "`cancel[0]`: "),
        ("/turn", json!({ "orders": [] }), "unknown field `orders`"),
        ("/step", json!({ "count": [] }), "`count`: "),
        ("/step", json!({ "bars": 1 }), "unknown field `bars`"),
        ("/trades", json!({}), "missing field `symbol`"),
        ("/publish", json!({ "confirm": "yes" }), "`confirm`: "),
    ];
    for (rest, body, detail) in cases {
        let problem = table.ada.post(&table.path(rest), body.clone()).await.any_problem();
        assert_eq!(problem["status"], 422, "{body}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{body}: {problem}");
    }
    assert_eq!(table.seen().await, before);
}

#[tokio::test]
async fn a_body_that_is_too_large() {
    let table = Table::new().await;
    let before = table.seen().await;
    let body = |bytes: usize| {
        let frame = json!({ "idempotency_key": "" }).to_string().len();
        json!({ "idempotency_key": "x".repeat(bytes - frame) }).to_string()
    };
    let reply = table.ada.rest("POST", &table.path("/step"), Some(body(MEGABYTE))).await;
    assert_eq!(reply.any_problem()["status"], 422, "a megabyte is read");
    let reply = table.ada.rest("POST", &table.path("/step"), Some(body(MEGABYTE + 1))).await;
    let problem = reply.any_problem();
    assert_eq!(problem["status"], 413, "{problem}");
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "step_run", "arguments": { "run_id": table.run, "x": "x".repeat(MEGABYTE) } } });
    let reply = table.ada.mcp_raw(&[], call.to_string()).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
    assert_eq!(table.seen().await, before);
}

#[tokio::test]
async fn addresses_and_methods_that_do_not_exist() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let welcome = ada.get("/").await;
    assert!(welcome.status == 200 && welcome.text.contains("/mcp"), "{}", welcome.text);
    for path in ["/api/v1", "/api/v1/run", "/api/v2/runs", "/api/v1/runs/", "//", "/api/v1/%"] {
        let problem = ada.get(path).await.any_problem();
        assert_eq!(problem["status"], 404, "{path}");
    }
    for (method, path) in [
        ("POST", format!("/api/v1/runs/{run}")),
        ("PUT", "/api/v1/runs".into()),
        ("DELETE", "/api/v1/scenarios".into()),
        ("PATCH", format!("/api/v1/runs/{run}/step")),
        ("GET", format!("/api/v1/runs/{run}/step")),
        ("POST", "/api/health".into()),
    ] {
        let reply = ada.rest(method, &path, None).await;
        assert_eq!(reply.status, 405, "{method} {path}");
        assert!(reply.headers.contains_key("allow"), "{method} {path}");
        reply.any_problem();
    }
    for path in ["/api/v1/runs/%ff", "/api/v1/scenarios/%c3%28", "/api/v1/runs/%ff/step"] {
        let problem = ada.get(path).await.any_problem();
        assert!(problem["status"].as_u64().unwrap() < 500, "{path}");
    }
    assert_eq!(ada.get("/api/v1/leaderboard?scenario=%ff").await.any_problem()["status"], 404);
}

#[tokio::test]
async fn mcp_requests_that_are_none() {
    let table = Table::new().await;
    let before = table.seen().await;
    let version = [("mcp-protocol-version", "2025-06-18")];
    for text in [
        "",
        "{",
        "[]",
        "5",
        "{}",
        "{\"jsonrpc\":\"2.0\"}",
        "\u{0}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
    ] {
        let reply = table.ada.mcp_raw(&version, text.into()).await;
        assert_eq!(reply.status, 400, "{text}: {}", reply.text);
        let error = &reply.json()["error"];
        assert!(matches!(error["code"].as_i64(), Some(-32700 | -32600)), "{text}: {error}");
        assert!(!error["message"].as_str().unwrap().is_empty(), "{text}: {error}");
    }
    let order = json!({ "symbol": "CALM", "side": "buy", "quantity": "NaN" });
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "submit_turn", "arguments": { "run_id": table.run, "trades": [order] } } });
    let nan = call.to_string().replace("\"NaN\"", "NaN");
    let reply = table.ada.mcp_raw(&version, nan).await;
    assert_eq!(reply.expect(400)["error"]["code"], -32700);
    let call = |arguments: Value| {
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "step_run", "arguments": arguments } })
    };
    for arguments in [json!([]), json!("x"), json!(5)] {
        let reply = table.ada.mcp_raw(&version, call(arguments.clone()).to_string()).await;
        let told = reply.status >= 400 || reply.json()["error"].is_object();
        assert!(told && reply.status < 500, "{arguments}: {} {}", reply.status, reply.text);
    }
    assert_eq!(table.seen().await, before);
}

#[tokio::test]
async fn an_unknown_tool_offers_near_ones() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for era in [Era::Legacy, Era::Modern] {
        let result = ada.tool_as(era, "get_runs", json!({})).await;
        assert_eq!(result.value["detail"], "there is no tool \"get_runs\"");
        assert!(result.value["hint"].as_str().unwrap().contains("get_run"), "{result:?}");
        crate::app::is_problem(&result.value);
        let result = ada.tool_as(era, "zzzz", json!({})).await;
        crate::app::is_problem(&result.value);
        assert!(!result.value["hint"].as_str().unwrap().contains("mean ?"), "{result:?}");
    }
    // Operations that are no tools are not reachable as such.
    let result = ada.tool("submit_order", json!({})).await;
    assert_eq!(result.value["status"], 404);
}

#[tokio::test]
async fn a_browser_of_another_site_cannot_reach_mcp() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    let reply = ada.mcp_raw(&[("origin", "https://evil.example")], call.to_string()).await;
    assert_eq!(reply.status, 403, "{}", reply.text);
    let reply = ada.mcp_raw(&[("origin", "http://localhost:8080")], call.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}
