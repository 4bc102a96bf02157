//! Four revisions at one address, and what of HTTP comes before them.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use super::{LEGACY, MODERN, ask, error, result};
use crate::{
    app::{Reply, TestApp},
    files::check_golden_json,
};

fn initialize(version: &str) -> Value {
    json!({
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" },
    })
}

#[tokio::test]
async fn every_revision_is_spoken() {
    let anon = TestApp::new().anon();
    for version in LEGACY {
        let reply = ask(&anon, version, "initialize", initialize(version)).await;
        assert!(reply.headers.contains_key("mcp-session-id"), "for who returns it");
        let hello = result(&reply);
        assert_eq!(hello["protocolVersion"], *version);
        welcomes(&hello, &hello["serverInfo"]);
        for method in ["ping", "tools/list", "resources/list", "prompts/list"] {
            let answer = result(&ask(&anon, version, method, json!({})).await);
            assert!(answer["resultType"].is_null() && answer["ttlMs"].is_null(), "{answer}");
        }
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let headers = [("mcp-protocol-version", *version)];
        assert_eq!(anon.mcp_raw(&headers, initialized.to_string()).await.status, 202);
    }
    let reply = ask(&anon, MODERN, "server/discover", json!({})).await;
    assert!(!reply.headers.contains_key("mcp-session-id"));
    let hello = result(&reply);
    let spoken: Vec<&str> = LEGACY.iter().copied().chain([MODERN]).collect();
    assert_eq!(hello["supportedVersions"], json!(spoken));
    welcomes(&hello, &hello["_meta"]["io.modelcontextprotocol/serverInfo"]);
    error(&ask(&anon, MODERN, "ping", json!({})).await, 404, -32601);
}

#[track_caller]
fn welcomes(hello: &Value, server: &Value) {
    assert_eq!((&server["name"], &server["title"]), (&json!("bottrade"), &json!("BotTrade")));
    assert_eq!(server["websiteUrl"], "http://localhost:8080");
    for capability in ["tools", "resources", "prompts", "completions"] {
        assert!(hello["capabilities"][capability].is_object(), "{hello}");
    }
    assert!(hello["instructions"].as_str().unwrap().contains("`start_run`"), "{hello}");
}

#[tokio::test]
async fn an_unknown_revision_is_answered_with_a_known_one() {
    let anon = TestApp::new().anon();
    for asked in ["2024-11-05", "2026-07-28", "1999-01-01"] {
        let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "initialize",
            "params": initialize(asked) });
        let hello = result(&anon.mcp_raw(&[], call.to_string()).await);
        assert_eq!(hello["protocolVersion"], "2025-11-25", "{asked}");
    }
    let told = error(&ask(&anon, "2027-01-01", "tools/list", json!({})).await, 400, -32600);
    assert!(told["message"].as_str().unwrap().contains("2027-01-01"), "{told}");
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2027-01-01",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list",
        "params": { "_meta": meta } });
    let headers = [("mcp-protocol-version", "2027-01-01"), ("mcp-method", "tools/list")];
    let told = error(&anon.mcp_raw(&headers, call.to_string()).await, 400, -32022);
    assert_eq!(told["data"]["supported"][3], MODERN, "{told}");
}

#[tokio::test]
async fn the_newest_revision_says_how_long_an_answer_may_be_kept() {
    let app = TestApp::new();
    let (ada, anon) = (app.account("ada").await, app.anon());
    let run = ada.start("tiny").await;
    ada.step(&run, 100).await.expect(200);
    let guide = json!({ "uri": "bottrade://agent-guide" });
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("prompts/list", json!({})),
        ("resources/read", guide),
        ("resources/read", json!({ "uri": "bottrade://scenarios" })),
    ] {
        let answer = result(&ask(&anon, MODERN, method, params).await);
        assert_eq!(answer["resultType"], "complete", "{method}");
        assert_eq!(
            (&answer["ttlMs"], &answer["cacheScope"]),
            (&json!(3_600_000), &json!("public"))
        );
    }
    let own = json!({ "uri": format!("bottrade://runs/{run}/scorecard") });
    let answer = result(&ask(&ada, MODERN, "resources/read", own).await);
    assert_eq!((&answer["ttlMs"], &answer["cacheScope"]), (&json!(0), &json!("private")));
}

#[tokio::test]
async fn a_client_needs_no_accept_header_and_no_session() {
    let anon = TestApp::new().anon();
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list" }).to_string();
    let plain = || {
        Request::post("/mcp").header("host", "localhost").header("content-type", "application/json")
    };
    for request in [
        plain(),
        plain().header("accept", "*/*"),
        plain().header("accept", "text/event-stream"),
        plain().header("mcp-session-id", "bt_mcp_gone"),
    ] {
        let reply = anon.send(request.body(Body::from(call.clone())).unwrap()).await;
        assert!(result(&reply)["tools"][0].is_object());
        assert_eq!(reply.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_the_one_there_is() {
    let anon = TestApp::new().anon();
    for method in ["GET", "DELETE", "PUT", "PATCH"] {
        let reply = anon.rest(method, "/mcp", None).await;
        assert_eq!(reply.problem(405, "POST required")["error"], "POST required");
        assert_eq!(reply.headers["allow"], "POST", "{method}");
    }
}

/// What a browser asks before a call, and how it is answered.
async fn preflight(asked: &str) -> Reply {
    let request = Request::options("/mcp")
        .header("origin", "http://localhost:6274")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", asked);
    TestApp::new().anon().send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_browser_may_send_what_clients_send_and_read_what_they_need() {
    let asked = "authorization,content-type,x-api-key,mcp-protocol-version,mcp-session-id,\
        mcp-method,mcp-name,mcp-param-region,x-mcp-toolsets,last-event-id,traceparent";
    let reply = preflight(asked).await;
    assert!((200..300).contains(&reply.status) && reply.text.is_empty(), "{}", reply.text);
    assert_eq!(reply.headers["access-control-allow-origin"], "*");
    assert_eq!(reply.headers["access-control-allow-headers"], asked);
    assert!(reply.headers["access-control-allow-methods"].to_str().unwrap().contains("POST"));
    assert_eq!(reply.headers["access-control-max-age"], "7200");
    assert!(!reply.headers.contains_key("access-control-allow-credentials"));

    let anon = TestApp::new().anon();
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list" });
    for (origin, status) in [("http://localhost:6274", 200), ("https://evil.example", 403)] {
        let reply = anon.mcp_raw(&[("origin", origin)], call.to_string()).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.headers["access-control-allow-origin"], "*", "an error can be read too");
        let exposed = reply.headers["access-control-expose-headers"].to_str().unwrap();
        for name in ["www-authenticate", "mcp-session-id", "mcp-protocol-version"] {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
}

#[tokio::test]
async fn names_and_pages_follow_the_public_url() {
    let anon = TestApp::new().anon();
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/list" }).to_string();
    for (host, origin, status) in [
        ("localhost:8080", "http://localhost:8080", 200),
        ("127.0.0.1:1234", "http://127.0.0.1:5678", 200),
        ("evil.example", "http://evil.example", 403),
        ("localhost:8080", "http://evil.example", 403),
        ("evil.example", "http://localhost:8080", 403),
        ("localhost:8080", "null", 403),
    ] {
        let request = Request::post("/mcp")
            .header("content-type", "application/json")
            .header("host", host)
            .header("origin", origin);
        let reply = anon.send(request.body(Body::from(call.clone())).unwrap()).await;
        assert_eq!(reply.status, status, "{host} {origin}: {}", reply.text);
        if status == 403 {
            let told = error(&reply, 403, -32602);
            assert!(told["message"].as_str().unwrap().contains("http://localhost:8080"), "{told}");
            crate::app::is_problem(&told["data"]);
        }
    }
}

#[tokio::test]
async fn who_shows_no_key_can_look_around() {
    let app = TestApp::new();
    let anon = app.anon();
    for version in LEGACY.iter().chain([&MODERN]) {
        for tool in ["auth_status", "list_scenarios"] {
            let answer = ask(&anon, version, "tools/call", json!({ "name": tool })).await;
            assert_ne!(result(&answer)["isError"], true, "{tool}");
        }
        let start = json!({ "name": "start_run", "arguments": { "scenario_slug": "tiny" } });
        let answer = ask(&anon, version, "tools/call", start).await;
        answer.rpc_problem(401, "BotTrade API key required");
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("resource_metadata="), "{challenge}");
    }
    let bad = ask(&app.with_key("bt_wrong"), MODERN, "tools/list", json!({})).await;
    assert_eq!(bad.any_problem()["status"], 401);
    assert!(bad.headers.contains_key("www-authenticate"));
}

#[tokio::test]
async fn a_list_of_messages_is_taken_in_the_revision_that_has_it() {
    let anon = TestApp::new().anon();
    let message = |id: u64, method: &str| json!({ "jsonrpc": "2.0", "id": id, "method": method });
    let told = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let list = json!([message(1, "ping"), told, message(2, "tools/cal"), 5]).to_string();
    for headers in [vec![], vec![("mcp-protocol-version", "2025-03-26")]] {
        let answers = anon.mcp_raw(&headers, list.clone()).await.expect(200);
        assert_eq!(answers[0], json!({ "jsonrpc": "2.0", "id": 1, "result": {} }));
        assert_eq!((&answers[1]["id"], &answers[1]["error"]["code"]), (&json!(2), &json!(-32601)));
        assert_eq!(answers[2]["error"]["code"], -32600);
        assert_eq!(answers.as_array().unwrap().len(), 3);
        let quiet = anon.mcp_raw(&headers, json!([told, told]).to_string()).await;
        assert_eq!((quiet.status, quiet.text.as_str()), (202, ""));
    }
    let many: Vec<Value> = (0..33).map(|id| message(id, "ping")).collect();
    let later = [("mcp-protocol-version", "2025-06-18")];
    for (headers, list) in
        [(&[][..], json!([])), (&[], json!(many)), (&later[..], json!([message(1, "ping")]))]
    {
        let told = error(&anon.mcp_raw(headers, list.to_string()).await, 400, -32600);
        assert!(told["message"].as_str().unwrap().contains("2025-03-26"), "{told}");
    }
    error(&anon.mcp_raw(&[], "[{}".into()).await, 400, -32700);
}

#[tokio::test]
async fn a_method_that_is_not_there_offers_near_ones() {
    let anon = TestApp::new().anon();
    for (version, status) in [(LEGACY[1], 200), (MODERN, 404)] {
        let told = error(&ask(&anon, version, "tools/lst", json!({})).await, status, -32601);
        let message = told["message"].as_str().unwrap();
        assert!(message.starts_with("there is no method \"tools/lst\""), "{message}");
        assert!(message.contains("tools/list"), "{message}");
        let wrong = json!({ "name": "get_scenario", "arguments": [] });
        let told = error(&ask(&anon, version, "tools/call", wrong).await, 200, -32602);
        let message = told["message"].as_str().unwrap();
        assert!(message.starts_with("`params` do not have the shape of tools/call"), "{message}");
    }
}

#[tokio::test]
async fn a_slash_at_the_end_of_the_address_does_no_harm() {
    let anon = TestApp::new().anon();
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": "ping" }).to_string();
    assert_eq!(result(&anon.mcp_at("/mcp/", &[], call).await), json!({}));
}

/// What clients are told before they call anything: it never changes by itself, and no text of a
/// user is in it.
#[tokio::test]
async fn the_greeting_is_what_it_was() {
    let anon = TestApp::new().anon();
    let mut all = json!({});
    for method in ["server/discover", "resources/list", "resources/templates/list", "prompts/list"]
    {
        all[method] = result(&ask(&anon, MODERN, method, json!({})).await);
    }
    let server = &mut all["server/discover"]["_meta"]["io.modelcontextprotocol/serverInfo"];
    server["version"] = json!("VERSION");
    check_golden_json("mcp.json", &all);
}
