//! A whole server in the test's process, and the clients that call it.

use std::{path::Path, sync::Arc};

use axum::{Router, body::Body};
use bottrade::{
    api,
    api::limits::Limits,
    app::{App, Outside},
    billing::Stripe,
    clock::TestClock,
    keys::Family,
    scenarios::Catalog,
    store::Store,
};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{documented, world};

/// When every test begins.
pub(crate) const START: &str = "2030-01-02T03:04:05Z";

/// Where every test's server is reached.
pub(crate) const URL: &str = "http://localhost:8080";

/// A server without a socket.
pub(crate) struct TestApp {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) router: Router,
}

impl TestApp {
    /// A server of the synthetic scenarios of [`world`].
    pub(crate) fn new() -> Self {
        Self::with(world::catalog(), Store::in_memory().unwrap())
    }

    /// The same on a database file, which outlives it.
    pub(crate) fn on_file(catalog: Catalog, path: &Path) -> Self {
        Self::with(catalog, Store::open(path).unwrap())
    }

    pub(crate) fn with(catalog: Catalog, store: Store) -> Self {
        Self::selling(catalog, store, None)
    }

    /// The same where somebody takes payments.
    pub(crate) fn selling(catalog: Catalog, store: Store, stripe: Option<Stripe>) -> Self {
        let clock = TestClock::at(START.parse().unwrap());
        let outside = Outside { stripe, ..Outside::none(URL, clock.clone()).unwrap() };
        let app = App::new(URL, catalog, store, clock.clone(), outside);
        Self { router: api::router(&app, &Limits::default()), app, clock }
    }

    /// Somebody without a key.
    pub(crate) fn anon(&self) -> Client {
        Client { router: self.router.clone(), key: None }
    }

    /// Somebody with a fresh key of this account.
    pub(crate) async fn account(&self, name: &str) -> Client {
        let label = format!("{name}'s key");
        let key = self.app.accounts.create_key(name, &label, Family::Benchmark);
        self.with_key(key.await.unwrap().reveal())
    }

    /// A bot of this account, with a fresh key of its own.
    pub(crate) async fn bot(&self, name: &str) -> Client {
        let key = self.app.accounts.create_key(name, "bot", Family::Bot);
        self.with_key(key.await.unwrap().reveal())
    }

    /// Somebody with this key, good or bad.
    pub(crate) fn with_key(&self, key: &str) -> Client {
        Client { router: self.router.clone(), key: Some(key.into()) }
    }

    /// Finishes what is under way and closes the store; the file can be opened again.
    pub(crate) async fn stop(self) {
        self.app.close().await;
    }
}

/// An answer over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The same, where it is text.
    pub(crate) text: String,
}

impl Reply {
    /// The body as JSON, null when there is none.
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() {
            return Value::Null;
        }
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body of an answer with this status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// Asserts a complete problem document with this status and exact detail; gives the hint.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, detail: &str) -> Value {
        let body = self.any_problem();
        assert_eq!((self.status, &body["detail"]), (status, &json!(detail)), "{body}");
        body
    }

    /// The same of a JSON-RPC error, which carries the document.
    #[track_caller]
    pub(crate) fn rpc_problem(&self, status: u16, detail: &str) -> Value {
        let body = self.expect(status)["error"]["data"].clone();
        is_problem(&body);
        assert_eq!((&body["status"], &body["detail"]), (&json!(status), &json!(detail)), "{body}");
        body
    }

    /// Asserts a complete problem document.
    #[track_caller]
    pub(crate) fn any_problem(&self) -> Value {
        let kind = self.headers.get("content-type").and_then(|it| it.to_str().ok());
        assert_eq!(kind, Some("application/problem+json"), "{} {}", self.status, self.text);
        let body = self.json();
        is_problem(&body);
        assert_eq!(body["status"], self.status, "{body}");
        body
    }
}

/// Every member that RFC 9457 and older clients read is there.
#[track_caller]
pub(crate) fn is_problem(body: &Value) {
    for member in ["type", "title", "detail", "error", "message", "code", "hint"] {
        let text = body[member].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "`{member}` is missing: {body}");
    }
    assert_eq!((&body["error"], &body["message"]), (&body["detail"], &body["detail"]));
    assert!((400..600).contains(&body["status"].as_u64().unwrap()), "{body}");
}

/// The result of a tool call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ToolResult {
    pub(crate) is_error: bool,
    pub(crate) value: Value,
    pub(crate) text: String,
}

/// The two families of MCP clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// 2025-06-18, here without a session.
    Legacy,
    /// 2026-07-28.
    Modern,
}

/// A caller.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) key: Option<String>,
}

impl Client {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.rest("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.rest("POST", path, Some(body.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.rest("DELETE", path, None).await
    }

    /// A call with these bytes as the body.
    pub(crate) async fn rest(&self, method: &str, path: &str, body: Option<String>) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        self.send(request.body(body.map_or_else(Body::empty, Body::from)).unwrap()).await
    }

    /// Any request, with the key.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Reply {
        if let Some(key) = &self.key {
            request.headers_mut().insert("x-api-key", key.parse().unwrap());
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let document = documented::document(&self.router).await;
        documented::check(document, &method, &path, response.status().as_u16());
        let (parts, body) = response.into_parts();
        let bytes: Vec<u8> = body.collect().await.unwrap().to_bytes().into();
        let text = String::from_utf8(bytes.clone()).unwrap_or_default();
        Reply { status: parts.status.as_u16(), headers: parts.headers, bytes, text }
    }

    /// Posts to the MCP endpoint.
    pub(crate) async fn mcp_raw(&self, headers: &[(&str, &str)], body: String) -> Reply {
        self.mcp_at("/mcp", headers, body).await
    }

    /// The same with a query, say.
    pub(crate) async fn mcp_at(&self, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let mut request = Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A JSON-RPC request of a client of this era; gives `result`.
    pub(crate) async fn mcp(&self, era: Era, method: &str, params: Value) -> Value {
        let answer = self.mcp_call(era, method, params).await.expect(200);
        assert!(answer["result"].is_object(), "{answer}");
        answer["result"].clone()
    }

    /// Calls a tool as a client of this era does; gives the whole answer.
    pub(crate) async fn call_tool(&self, era: Era, name: &str, arguments: Value) -> Reply {
        self.mcp_call(era, "tools/call", json!({ "name": name, "arguments": arguments })).await
    }

    async fn mcp_call(&self, era: Era, method: &str, mut params: Value) -> Reply {
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        let mut headers = vec![("mcp-protocol-version", "2025-06-18")];
        if era == Era::Modern {
            headers = vec![("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
            if !name.is_empty() {
                headers.push(("mcp-name", &name));
            }
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
        }
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.mcp_raw(&headers, call.to_string()).await
    }

    /// Calls a tool as a 2025-06-18 client does.
    pub(crate) async fn tool(&self, name: &str, arguments: Value) -> ToolResult {
        self.tool_as(Era::Legacy, name, arguments).await
    }

    pub(crate) async fn tool_as(&self, era: Era, name: &str, arguments: Value) -> ToolResult {
        let params = json!({ "name": name, "arguments": arguments });
        let result = self.mcp(era, "tools/call", params).await;
        let text = result["content"].as_array().into_iter().flatten();
        ToolResult {
            is_error: result["isError"] == json!(true),
            value: result["structuredContent"].clone(),
            text: text.filter_map(|it| it["text"].as_str()).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Starts a run and gives its id.
    #[track_caller]
    pub(crate) fn start(&self, slug: &str) -> impl Future<Output = String> + use<> {
        let (client, body) = (self.clone(), json!({ "scenario_slug": slug }));
        async move {
            let run = client.post("/api/v1/runs", body).await.expect(201);
            run["run"]["id"].as_str().unwrap().to_owned()
        }
    }

    /// A call below a run's address that must answer this status.
    pub(crate) async fn on(&self, run: &str, rest: &str) -> Value {
        self.get(&format!("/api/v1/runs/{run}{rest}")).await.expect(200)
    }

    /// Queues an order.
    pub(crate) async fn order(&self, run: &str, order: Value) -> Reply {
        self.post(&format!("/api/v1/runs/{run}/trades"), order).await
    }

    /// Publishes a run that has ended.
    pub(crate) async fn publish(&self, run: &str) -> Value {
        self.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200)
    }

    /// Steps.
    pub(crate) async fn step(&self, run: &str, count: u64) -> Reply {
        self.post(&format!("/api/v1/runs/{run}/step"), json!({ "count": count })).await
    }
}

/// A market order.
pub(crate) fn market(side: &str, symbol: &str, quantity: impl Into<Value>) -> Value {
    json!({ "symbol": symbol, "side": side, "quantity": quantity.into() })
}
