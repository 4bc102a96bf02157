//! An MCP client without OAuth of its own: it returns the session id that it was given.

use axum::Router;
use serde_json::{Value, json};

use super::Scene;
use crate::app::{Client, Reply};

/// The name that a client introduces itself by.
pub(super) const NAME: &str = "An agent of 2025";

/// A client in a session.
#[derive(Clone)]
pub(crate) struct Agent {
    router: Router,
    pub(super) session: String,
    key: Option<String>,
}

impl Agent {
    /// One that has introduced itself, and got a session.
    pub(crate) async fn new(scene: &Scene) -> Self {
        let agent = Self::with(scene, "");
        let reply = agent.initialize(NAME).await;
        reply.expect(200);
        Self { session: reply.header("mcp-session-id").to_owned(), ..agent }
    }

    /// One that returns this, whatever it was given.
    pub(super) fn with(scene: &Scene, session: &str) -> Self {
        Self { router: scene.server.router.clone(), session: session.to_owned(), key: None }
    }

    /// The same, with this key.
    pub(super) fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    pub(super) async fn initialize(&self, name: &str) -> Reply {
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": { "name": name, "version": "1" } });
        self.ask("initialize", hello).await
    }

    pub(super) async fn ask(&self, method: &str, params: Value) -> Reply {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut headers = vec![("mcp-protocol-version", "2025-06-18")];
        if !self.session.is_empty() {
            headers.push(("mcp-session-id", &self.session));
        }
        let client = Client { router: self.router.clone(), key: self.key.clone() };
        client.mcp_raw(&headers, call.to_string()).await
    }

    /// Calls a tool; the whole answer.
    pub(super) async fn tool(&self, name: &str, arguments: Value) -> Reply {
        self.ask("tools/call", json!({ "name": name, "arguments": arguments })).await
    }

    /// What `auth_status` says.
    pub(super) async fn status(&self) -> Value {
        said(&self.tool("auth_status", json!({})).await)
    }

    /// What `connect_bottrade` says.
    pub(super) async fn connect(&self) -> Value {
        self.connect_and_wait(0).await
    }

    pub(super) async fn connect_and_wait(&self, seconds: i64) -> Value {
        said(&self.tool("connect_bottrade", json!({ "wait_seconds": seconds })).await)
    }

    /// The address of the page that a person opens.
    pub(crate) async fn link(&self) -> String {
        let asked = self.connect().await;
        assert_eq!(asked["status"], "pending", "{asked}");
        asked["login_url"].as_str().unwrap().to_owned()
    }

    /// Whether its session opens the account of somebody.
    pub(super) async fn is_in(&self) -> bool {
        let reply = self.tool("start_run", json!({ "scenario_slug": "tiny" })).await;
        match reply.status {
            200 => {
                assert_eq!(said(&reply)["status"], "active", "{}", reply.text);
                true
            }
            401 => false,
            other => panic!("{other} {}", reply.text),
        }
    }
}

/// The structured result of a tool.
#[track_caller]
pub(super) fn said(reply: &Reply) -> Value {
    reply.expect(200)["result"]["structuredContent"].clone()
}
