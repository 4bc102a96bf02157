//! The MCP door: the protocol itself, toolsets, and what can be read.

mod protocol;
mod reading;
mod toolsets;

use bottrade::ops::OpDef;
use serde_json::{Value, json};

use crate::app::{Client, Reply};

/// The revisions with a handshake.
const LEGACY: &[&str] = &["2025-03-26", "2025-06-18", "2025-11-25"];
/// The revision without one.
const MODERN: &str = "2026-07-28";

/// Whether there is a tool of this name.
fn is_tool(name: &str) -> bool {
    OpDef::tool(name).is_ok()
}

/// A request of a client that speaks this revision.
async fn ask(client: &Client, version: &str, method: &str, params: Value) -> Reply {
    ask_at(client, "/mcp", &[], version, method, params).await
}

/// The same at an address and with further headers.
async fn ask_at(
    client: &Client,
    path: &str,
    more: &[(&str, &str)],
    version: &str,
    method: &str,
    mut params: Value,
) -> Reply {
    let name = params["name"].as_str().or(params["uri"].as_str()).unwrap_or_default().to_owned();
    let mut headers = vec![("mcp-protocol-version", version)];
    if version == MODERN {
        headers.push(("mcp-method", method));
        if !name.is_empty() {
            headers.push(("mcp-name", &name));
        }
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {},
        });
    }
    headers.extend(more);
    let call = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params });
    client.mcp_at(path, &headers, call.to_string()).await
}

/// The `result` of an answer.
#[track_caller]
fn result(reply: &Reply) -> Value {
    let answer = reply.expect(200);
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(7)), "{answer}");
    assert!(answer["error"].is_null(), "{answer}");
    answer["result"].clone()
}

/// The `error` of an answer.
#[track_caller]
fn error(reply: &Reply, status: u16, code: i64) -> Value {
    let answer = reply.expect(status);
    assert_eq!(answer["error"]["code"], code, "{answer}");
    answer["error"].clone()
}
