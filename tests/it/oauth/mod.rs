//! The authorization server and sign-in, attacked as reliability demands: real HTTP through the
//! router, by a browser that follows nothing by itself and a program that is a client.

mod agent;
mod authorize;
mod bot_keys;
mod browser;
mod challenges;
mod codes;
mod connect;
mod consent;
mod erasure;
mod flow;
mod grace;
mod key_tokens;
mod keys;
mod metadata;
mod program;
mod rates;
mod secrets;
mod sign_in;
mod tokens;

use std::sync::Arc;

use bottrade::{
    accounts::{LOCAL, Person},
    api,
    api::limits::Limits,
    app::{App, Outside},
    clock::TestClock,
    keys::Family,
    oauth::document::{Documents, SystemResolver},
    store::Store,
};
use url::Url;

use crate::{
    app::{Client, Reply, START, TestApp, URL},
    world,
};
pub(crate) use agent::Agent;
pub(crate) use browser::Browser;
use browser::hidden;
pub(crate) use program::Program;
use program::Tokens;

/// A server with people and programs.
pub(crate) struct Scene {
    pub(crate) server: TestApp,
    /// The server's own, for what no door shows.
    store: Store,
}

impl Scene {
    /// On a computer of one's own, without providers.
    pub(crate) async fn new() -> Self {
        let scene = Self::at(URL, Store::in_memory().unwrap(), |outside| outside);
        scene.server.app.accounts.create_key(LOCAL, "first", Family::Benchmark).await.unwrap();
        scene
    }

    /// At this public address, with this around it.
    fn at(url: &str, store: Store, change: impl FnOnce(Outside) -> Outside) -> Self {
        let clock = TestClock::at(START.parse().unwrap());
        let outside = change(Outside::none(url, clock.clone()).unwrap());
        let app = App::new(url, world::catalog(), store.clone(), clock.clone(), outside);
        let router = api::router(&app, &Limits::default());
        Self { server: TestApp { app, clock, router }, store }
    }

    fn pass(&self, seconds: i64) {
        self.server.clock.advance(seconds);
    }

    /// A browser that nobody is signed in with.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.server.app.public_url, self.server.router.clone())
    }

    /// The browser of the account `local`, signed in by a link.
    pub(crate) async fn person(&self) -> Browser {
        let mut browser = self.browser();
        let link = self.server.app.desk.link().await.unwrap();
        browser.get(&link).await.found(200);
        assert_eq!(browser.post(&link, &[]).await.place(), "/account");
        browser
    }

    /// The browser of somebody with an account of their own.
    async fn somebody(&self, name: &str) -> Browser {
        let person = Person {
            provider: "oidc".into(),
            issuer: "https://id.example".into(),
            subject: name.into(),
            shown: name.into(),
            email: None,
        };
        let accounts = &self.server.app.accounts;
        let account = accounts.of_person(&person).await.unwrap();
        let mut browser = self.browser();
        let secret = accounts.begin_session(&account).await.unwrap();
        browser.keep("bt_session", secret.reveal());
        browser
    }

    /// A person who allowed a program all that it asked for.
    async fn connected(&self) -> (Browser, Program, Tokens) {
        self.connected_for(None).await
    }

    /// The same for these scopes.
    async fn connected_for(&self, scope: Option<&str>) -> (Browser, Program, Tokens) {
        let (mut browser, program) = (self.person().await, Program::registered(self).await);
        let address = program.address_with(&[("scope", scope.unwrap_or_default())]);
        let code = browser.allow(&address).await;
        let tokens = Tokens::of(&program.exchange(&code).await);
        (browser, program, tokens)
    }

    /// Somebody with this token in `Authorization`.
    fn bearer(&self, token: &str) -> Bearer {
        Bearer { router: self.server.router.clone(), token: token.to_owned() }
    }

    /// Whether a token opens REST and MCP.
    async fn opens(&self, token: &str) -> bool {
        let bearer = self.bearer(token);
        let (rest, mcp) = (bearer.get("/api/v1/runs").await, bearer.tool("get_run").await);
        assert_eq!(rest.status, mcp.status, "{} {}", rest.text, mcp.text);
        assert!(matches!(rest.status, 200 | 401), "{}", rest.text);
        rest.status == 200
    }
}

/// A caller with a token.
struct Bearer {
    router: axum::Router,
    token: String,
}

impl Bearer {
    async fn send(&self, request: http::request::Builder, body: String) -> Reply {
        let request = request
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.token));
        let client = Client { router: self.router.clone(), key: None };
        client.send(request.body(body.into()).unwrap()).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(http::Request::get(path), String::new()).await
    }

    async fn post(&self, path: &str, body: serde_json::Value) -> Reply {
        self.send(http::Request::post(path), body.to_string()).await
    }

    /// Calls a tool without arguments.
    async fn tool(&self, name: &str) -> Reply {
        self.post("/mcp", call(name)).await
    }
}

/// A call of a tool as an MCP client sends it.
fn call(name: &str) -> serde_json::Value {
    serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": name, "arguments": {} } })
}

/// The server's documents, and one that its operator trusts.
fn with_document(outside: Outside, clock: Arc<TestClock>, folder: &std::path::Path) -> Outside {
    let trusted = Documents::read_folder(folder).unwrap();
    Outside { documents: Documents::new(Arc::new(SystemResolver), clock, trusted), ..outside }
}

impl Reply {
    /// The same reply, if it has this status.
    #[track_caller]
    fn found(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// Where the browser is sent, by a redirect that does not repeat a form.
    #[track_caller]
    fn place(&self) -> &str {
        self.found(303).header("location")
    }

    /// What a client is told at its redirect URI.
    #[track_caller]
    fn told(&self) -> Told {
        Told(self.place().parse().unwrap())
    }

    /// Asserts the error of the OAuth protocol.
    #[track_caller]
    fn oauth_error(&self, status: u16, word: &str) {
        let body = self.found(status).json();
        assert_eq!(body["error"], word, "{body}");
        assert!(!body["error_description"].as_str().unwrap().is_empty(), "{body}");
        assert_eq!(self.header("cache-control"), "no-store");
    }
}

/// An answer at a client's redirect URI.
struct Told(Url);

impl Told {
    /// A parameter that is there once.
    #[track_caller]
    fn get(&self, name: &str) -> Option<String> {
        let mut found = self.0.query_pairs().filter(|(key, _)| key == name).map(|it| it.1);
        let value = found.next().map(std::borrow::Cow::into_owned);
        assert!(found.next().is_none(), "{name} is there twice: {}", self.0);
        value
    }

    /// Asserts an error with the state and the issuer beside it, and no code.
    #[track_caller]
    fn error(&self, word: &str) {
        assert_eq!(self.get("error").as_deref(), Some(word), "{}", self.0);
        assert_eq!(self.get("state").as_deref(), Some(program::STATE), "{}", self.0);
        assert_eq!(self.get("iss").as_deref(), Some(URL), "{}", self.0);
        assert_eq!(self.get("code"), None, "{}", self.0);
    }
}
