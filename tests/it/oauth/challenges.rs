//! How the doors say that a credential is wanted, bad, or not enough.

use bottrade::ops::{Access, OpDef};
use serde_json::{Value, json};

use super::{Scene, call};
use crate::app::Reply;

const WANTED: &str = "Bearer scope=\"bottrade:trade\", \
    resource_metadata=\"http://localhost:8080/.well-known/oauth-protected-resource/mcp\"";
const BAD: &str = "Bearer error=\"invalid_token\", scope=\"bottrade:trade\", \
    resource_metadata=\"http://localhost:8080/.well-known/oauth-protected-resource/mcp\"";
const TOO_LITTLE: &str = "Bearer error=\"insufficient_scope\", scope=\"bottrade:trade\", \
    resource_metadata=\"http://localhost:8080/.well-known/oauth-protected-resource/mcp\"";

#[track_caller]
fn challenged(reply: &Reply, status: u16, challenge: &str) {
    assert_eq!(reply.status, status, "{}", reply.text);
    let all: Vec<_> = reply.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(all, [challenge]);
    assert!(reply.header("access-control-expose-headers").contains("www-authenticate"));
}

#[tokio::test]
async fn whoever_shows_nothing_is_told_how_to_begin() {
    let scene = Scene::new().await;
    let anon = scene.server.anon();
    challenged(&anon.get("/api/v1/runs").await, 401, WANTED);
    let start = json!({ "scenario_slug": "tiny" });
    challenged(&anon.post("/api/v1/runs", start).await, 401, WANTED);
    let read = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read",
        "params": { "uri": "bottrade://runs/x/scorecard" } });
    challenged(&anon.mcp_raw(&[], read.to_string()).await, 401, WANTED);
    challenged(&anon.mcp_raw(&[], call("get_run").to_string()).await, 401, WANTED);
    challenged(&anon.mcp_raw(&[], call("start_run").to_string()).await, 401, WANTED);
    challenged(&anon.mcp_raw(&[], call("no_such_tool").to_string()).await, 401, WANTED);
    let batch = json!([call("auth_status"), call("no_such_tool")]);
    challenged(&anon.mcp_raw(&[], batch.to_string()).await, 401, WANTED);
}

#[tokio::test]
async fn whoever_shows_something_bad_is_told_so_at_every_door() {
    let scene = Scene::new().await;
    for token in ["bt_oat_x", "x", "eyJ.e30.", &"x".repeat(3_000)] {
        let bearer = scene.bearer(token);
        challenged(&bearer.get("/api/v1/runs").await, 401, BAD);
        challenged(&bearer.get("/api/v1/scenarios").await, 401, BAD);
        challenged(&bearer.tool("get_run").await, 401, BAD);
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
        challenged(&bearer.post("/mcp", list).await, 401, BAD);
    }
}

#[tokio::test]
async fn what_is_the_same_for_everybody_is_told_whatever_is_shown() {
    let scene = Scene::new().await;
    let bearer = scene.bearer("bt_oat_x");
    for path in [
        "/",
        "/api/health",
        "/api/openapi.json",
        "/api/openapi.yaml",
        "/api/docs",
        "/api/llms.txt",
        "/llms.txt",
        "/skills",
        "/login",
        "/oauth/jwks",
        "/.well-known/oauth-protected-resource/mcp",
    ] {
        assert_eq!(bearer.get(path).await.status, 200, "{path}");
    }
    bearer.get("/api/no-such").await.any_problem();
    // No operation is among them, not even one that is public.
    for path in ["/api/v1/scenarios", "/api/v1/leaderboard", "/api/v1/no-such"] {
        challenged(&bearer.get(path).await, 401, BAD);
    }
    challenged(&bearer.tool("list_scenarios").await, 401, BAD);
}

#[tokio::test]
async fn whoever_may_read_reads_and_is_told_what_trading_needs() {
    let scene = Scene::new().await;
    let (_, _, tokens) = scene.connected_for(Some("bottrade:read")).await;
    let bearer = scene.bearer(&tokens.access);
    bearer.get("/api/v1/runs").await.expect(200);
    let run = bearer.tool("get_run").await.expect(200);
    assert!(run.to_string().contains("run_id"), "it is let in, and told what it lacks: {run}");
    let start = bearer.post("/api/v1/runs", json!({ "scenario_slug": "tiny" })).await;
    challenged(&start, 403, TOO_LITTLE);
    start.problem(403, "this call needs the scope bottrade:trade");
    for tool in ["start_run", "submit_decision", "publish_run"] {
        let refused = bearer.tool(tool).await;
        challenged(&refused, 403, TOO_LITTLE);
        refused.rpc_problem(403, "this call needs the scope bottrade:trade");
    }
    let answer = json!({ "jsonrpc": "2.0", "id": 7, "result": {} });
    for batch in [
        json!([call("start_run")]),
        json!([call("get_run"), call("start_run")]),
        json!([answer, call("start_run")]),
        json!([{ "no": "call" }, call("start_run")]),
    ] {
        challenged(&bearer.post("/mcp", batch).await, 403, TOO_LITTLE);
    }
    let batch = bearer.post("/mcp", json!([call("get_run"), call("get_run")])).await;
    assert_eq!(batch.expect(200).as_array().unwrap().len(), 2);
    assert_eq!(bearer.get("/api/v1/runs").await.expect(200)["runs"], json!([]));
}

#[tokio::test]
async fn whoever_may_only_trade_on_paper_reads_nothing_else() {
    let scene = Scene::new().await;
    let (_, _, tokens) = scene.connected_for(Some("bottrade:paper")).await;
    let bearer = scene.bearer(&tokens.access);
    challenged(&bearer.get("/api/v1/runs").await, 403, TOO_LITTLE);
    challenged(&bearer.tool("get_run").await, 403, TOO_LITTLE);
    bearer.get("/api/v1/scenarios").await.expect(200);
}

#[tokio::test]
async fn a_call_that_is_spelled_twice_starts_nothing() {
    let scene = Scene::new().await;
    let (_, _, tokens) = scene.connected_for(Some("bottrade:read")).await;
    let bearer = scene.bearer(&tokens.access);
    let slug = r#""arguments":{"scenario_slug":"tiny"}"#;
    for body in [
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call",
            "params":{{"name":"start_run",{slug}}}}}"#
        ),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call",
            "params":{{"name":"list_runs","name":"start_run",{slug}}}}}"#
        ),
    ] {
        let request = http::Request::post("/mcp");
        let reply = bearer.send(request, body).await;
        assert!(!reply.text.contains("\"isError\":false"), "{}", reply.text);
    }
    assert_eq!(bearer.get("/api/v1/runs").await.expect(200)["runs"], json!([]));
}

#[tokio::test]
async fn whoever_shows_nothing_looks_at_what_is_public() {
    let scene = Scene::new().await;
    let anon = scene.server.anon();
    let ask = async |method: &str, params: Value| {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        anon.mcp_raw(&[], call.to_string()).await
    };
    let info = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "c", "version": "1" } });
    ask("initialize", info).await.expect(200);
    let list = ask("tools/list", json!({})).await.expect(200);
    let tools = list["result"]["tools"].as_array().unwrap();
    let mut public = Vec::new();
    for tool in tools {
        let name = tool["name"].as_str().unwrap();
        let reply = ask("tools/call", json!({ "name": name, "arguments": {} })).await;
        match reply.status {
            200 => public.push(name),
            _ if OpDef::tool(name).unwrap().access == Access::Paper => {
                challenged(&reply, 401, &WANTED.replace(":trade", ":paper"));
            }
            _ => challenged(&reply, 401, WANTED),
        }
    }
    let expected = ["auth_status", "connect_bottrade", "get_scenario", "list_scenarios"];
    public.sort_unstable();
    assert_eq!(public, expected);
}
