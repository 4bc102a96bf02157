//! The whole service in the fuzzer's process: every door, on a store without syncs.

use std::cell::RefCell;

use axum::{Router, body::Body};
use bottrade::{
    api::{self, limits::Limits},
    app::{App, Outside},
    clock::TestClock,
    keys::Family,
    store::Store,
};
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

use crate::worlds;

const URL: &str = "http://localhost:8080";

/// Inputs that one service takes; a fresh one follows, so that memory stays bounded.
const INPUTS_MAX: u32 = 2_000;

/// A service, another on the same store, and a key for both.
pub struct Service {
    runtime: Runtime,
    /// The one that does the work.
    first: Router,
    /// The one that has nothing in memory and replays.
    second: Router,
    key: String,
}

/// An answer over HTTP.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub kind: Option<HeaderValue>,
    pub body: Vec<u8>,
}

impl Service {
    /// Hands over a service. No input sees what another did.
    pub fn with<T>(run: impl FnOnce(&Self) -> T) -> T {
        thread_local! {
            static SERVICE: RefCell<Option<(Service, u32)>> = const { RefCell::new(None) };
        }
        SERVICE.with_borrow_mut(|kept| {
            if kept.as_ref().is_some_and(|(_, inputs)| *inputs == INPUTS_MAX) {
                *kept = None;
            }
            let (service, inputs) = kept.get_or_insert_with(|| (Self::new(), 0));
            *inputs += 1;
            run(service)
        })
    }

    fn new() -> Self {
        let runtime =
            Builder::new_current_thread().enable_time().build().expect("a runtime starts");
        let store = Store::in_memory().expect("a store opens");
        let clock = TestClock::at("2030-01-02T03:04:05Z".parse().expect("an instant"));
        let app = |store: Store| {
            let catalog = worlds::catalog().clone();
            let outside = Outside::none(URL, clock.clone()).expect("keys are made");
            App::new(URL, catalog, store, clock.clone(), outside)
        };
        let (first, second) = (app(store.clone()), app(store));
        let router = |app| api::router(app, &Limits::default());
        let key = first.accounts.create_key("ada", "ada's key", Family::Benchmark);
        let key = runtime.block_on(key).expect("a key is made").reveal().to_owned();
        Self { runtime, first: router(&first), second: router(&second), key }
    }

    /// Starts a run; gives its id.
    pub fn start(&self, slug: &str) -> String {
        let body = json!({ "scenario_slug": slug }).to_string();
        let reply = self.rest("POST", "/api/v1/runs", body.into_bytes());
        let run = reply.json()["run"]["id"].as_str().map(str::to_owned);
        run.unwrap_or_else(|| panic!("no run started: {reply:?}"))
    }

    /// A call with this body, by the holder of the key.
    pub fn rest(&self, method: &str, path: &str, body: Vec<u8>) -> Reply {
        self.send(&self.first, self.request(method, path).body(Body::from(body)))
    }

    /// The same reading call at a service that has to replay what it tells.
    pub fn replayed(&self, path: &str) -> Reply {
        self.send(&self.second, self.request("GET", path).body(Body::empty()))
    }

    /// A call to the MCP endpoint with these further headers.
    pub fn mcp(&self, headers: &[(&str, HeaderValue)], body: Vec<u8>) -> Reply {
        let request = self.request("POST", "/mcp").header("host", "localhost");
        let with = |request: http::request::Builder, (name, value): &(&str, HeaderValue)| {
            request.header(*name, value)
        };
        self.send(&self.first, headers.iter().fold(request, with).body(Body::from(body)))
    }

    /// Who somebody is that sends this header and no other.
    pub fn greeted(&self, header: &str, value: HeaderValue) -> Reply {
        let request = Request::get("/api/v1/auth/status").header(header, value);
        self.send(&self.first, request.body(Body::empty()))
    }

    fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        request.header("content-type", "application/json").header("x-api-key", &self.key)
    }

    /// Sends it and checks what holds of every answer.
    fn send(&self, router: &Router, request: http::Result<Request<Body>>) -> Reply {
        let request = request.expect("a request can be made of it");
        let reply = self.runtime.block_on(async {
            let response: Response<Body> = match router.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("a whole answer").to_bytes().to_vec();
            let kind = parts.headers.get("content-type").cloned();
            Reply { status: parts.status.as_u16(), kind, body }
        });
        // Without a key of Stripe no plans are sold, and that is 501.
        assert!(reply.status < 500 || reply.status == 501, "a server error: {}", reply.text());
        reply
    }
}

impl Reply {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, which it must be.
    pub fn json(&self) -> Value {
        let body = serde_json::from_slice(&self.body);
        body.unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The answer of a call that succeeded; a refusal must be a whole problem document.
    pub fn accepted(&self) -> Option<Value> {
        let body = self.json();
        if self.status < 400 {
            return Some(body);
        }
        assert!(self.kind.as_ref().is_some_and(|it| it == "application/problem+json"));
        assert_eq!(body["status"], self.status, "{body}");
        check_problem(&body);
        None
    }
}

/// Every member that RFC 9457 and older clients read is there, and the fault is the caller's.
pub fn check_problem(problem: &Value) {
    for member in ["type", "title", "detail", "error", "message", "code", "hint"] {
        assert!(problem[member].as_str().is_some_and(|it| !it.is_empty()), "{member}: {problem}");
    }
    let status = problem["status"].as_u64();
    assert!(status.is_some_and(|it| (400..500).contains(&it)), "{problem}");
}
