//! A provider of sign-ins at a port of this machine: OpenID Connect and GitHub, honest until told
//! to lie.

mod keys;
mod server;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bottrade::{
    clock::TestClock,
    sign_in::{ProviderArgs, Providers},
};
use clap::Parser;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub(crate) use keys::Signed;

/// What the server under test is known as.
pub(crate) const CLIENT_ID: &str = "bottrade-at-the-stand-in";
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret-5f1c";
/// What the stand-in hands out.
pub(crate) const ACCESS_TOKEN: &str = "canary-access-token-77ab";

/// Enough for a busy machine, short enough for the test that waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    providers: ProviderArgs,
}

/// A change of a document before it is sent.
pub(crate) type Edit = Box<dyn Fn(&mut Value) + Send>;

/// How the token endpoint answers a good request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenAnswer {
    Tokens,
    /// An answer of this status and body.
    Other(u16, String),
    /// More than a megabyte.
    Oversize,
    /// The beginning, and then nothing for a long time.
    Slow,
    /// Go there instead.
    Redirect(String),
}

/// What the stand-in plays; a test changes what it wants.
pub(crate) struct Part {
    /// The claims of an ID token, without those that are computed.
    pub(crate) person: Value,
    /// The last word on the claims of an ID token.
    pub(crate) claims: Edit,
    /// The last word on the discovery document.
    pub(crate) discovery: Edit,
    /// The last word on an answer with tokens.
    pub(crate) tokens: Edit,
    pub(crate) token: TokenAnswer,
    /// Whether the client's secret is taken from the form instead of the header.
    pub(crate) secret_in_form: bool,
    /// What the provider says about somebody beside the ID token.
    pub(crate) user_info: Value,
    /// How ID tokens are signed, and under which key id.
    pub(crate) signed: Signed,
    pub(crate) kid: &'static str,
    /// The key id under which the published keys appear.
    pub(crate) published_kid: &'static str,
    /// The issuer that answers of the page name (RFC 9207).
    pub(crate) says_issuer: Option<String>,
    /// GitHub's `/user`, `/user/emails` and the scopes it grants.
    pub(crate) user: Value,
    pub(crate) emails: Value,
    pub(crate) scope: &'static str,
}

/// A sign-in at the stand-in's page.
struct Visit {
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
}

struct State {
    base: String,
    clock: Arc<TestClock>,
    part: Part,
    visits: HashMap<String, Visit>,
    /// Paths that were called.
    calls: Vec<String>,
}

type Shared = Arc<Mutex<State>>;

/// The running stand-in; it ends with this.
pub(crate) struct StandIn {
    pub(crate) base: String,
    state: Shared,
    served: JoinHandle<()>,
}

impl StandIn {
    /// One that is honest, by this clock.
    pub(crate) async fn start(clock: Arc<TestClock>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let part = Part::honest();
        let (visits, calls) = (HashMap::new(), Vec::new());
        let state = State { base: base.clone(), clock, part, visits, calls };
        let state = Arc::new(Mutex::new(state));
        let router = server::router(Arc::clone(&state));
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, state, served }
    }

    /// The providers of a server that knows the stand-in as GitHub and as a provider of its own.
    pub(crate) fn providers(&self, clock: &Arc<TestClock>) -> Providers {
        self.providers_as(&self.base, clock)
    }

    /// The same, by another issuer.
    pub(crate) fn providers_as(&self, issuer: &str, clock: &Arc<TestClock>) -> Providers {
        let pairs = ["--oidc", "--github"]
            .map(|it| format!("{it}-client-id {CLIENT_ID} {it}-client-secret {CLIENT_SECRET}"));
        let flags =
            format!("--oidc-issuer {issuer} --github-url {} {}", self.base, pairs.join(" "));
        let words = ["bottrade"].into_iter().chain(flags.split_whitespace());
        let settings = Settings::try_parse_from(words).unwrap();
        settings.providers.providers(clock.clone()).unwrap().within(PATIENCE)
    }

    /// Changes what it plays from now on.
    pub(crate) fn play(&self, change: impl FnOnce(&mut Part)) {
        change(&mut lock(&self.state).part);
    }

    /// How often a path was called.
    pub(crate) fn calls(&self, path: &str) -> usize {
        lock(&self.state).calls.iter().filter(|it| *it == path).count()
    }

    /// Ends it; gives the address where nobody answers any more.
    pub(crate) async fn stop(mut self) -> String {
        self.served.abort();
        let _ = (&mut self.served).await;
        self.base.clone()
    }

    /// Is a person with a browser who agrees: the address that the page sends them to.
    pub(crate) async fn visit(&self, url: &str) -> String {
        assert!(url.starts_with(&self.base), "{url}");
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let answer = browser.build().unwrap().get(url).send().await.unwrap();
        let status = answer.status();
        let place = answer.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
        let text = answer.text().await.unwrap();
        place.unwrap_or_else(|| panic!("{status}: {text}"))
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.served.abort();
    }
}

impl Part {
    fn honest() -> Self {
        Self {
            person: json!({
                "sub": "ada-1815", "name": "Ada Lovelace",
                "email": "ada@example.com", "email_verified": true,
            }),
            claims: Box::new(|_| ()),
            discovery: Box::new(|_| ()),
            tokens: Box::new(|_| ()),
            token: TokenAnswer::Tokens,
            secret_in_form: false,
            user_info: json!({ "sub": "ada-1815", "preferred_username": "ada" }),
            signed: Signed::Rs256,
            kid: "first",
            published_kid: "first",
            says_issuer: None,
            user: json!({ "id": 583_231, "login": "octocat", "name": "The Octocat" }),
            emails: json!([
                { "email": "old@example.com", "primary": false, "verified": true },
                { "email": "cat@example.com", "primary": true, "verified": true },
            ]),
            scope: "read:user,user:email",
        }
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap()
}
