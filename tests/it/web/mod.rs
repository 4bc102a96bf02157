//! The pages: every one of them rendered, its HTML checked, its links followed.

mod account;
mod curves;
mod every;
pub(crate) mod html;
mod pages;
mod refused;
mod run;
mod run_hostile;
mod run_live;
mod run_private;
mod sitemap;

use std::sync::Arc;

use axum::body::Body;
use bottrade::{
    api,
    api::limits::Limits,
    app::{App, Legal, Outside},
    clock::TestClock,
    store::Store,
};
use http::Request;
use serde_json::json;

use crate::{
    app::{Client, Reply, START, TestApp, URL, market},
    world,
};

/// What a browser says it takes.
pub(crate) const BROWSER: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
/// What a person could write to break a page.
const CANARY: &str = "</td><script>alert(1)</script>\"'><img src=x onerror=alert(2)> & <b>bold";

/// A server whose operator wrote terms and privacy.
fn with_texts() -> TestApp {
    let clock = TestClock::at(START.parse().unwrap());
    let legal = Legal {
        terms: Some(
            "# Our terms\n\nBe kind. <script>alert(3)</script>\n\n## Law\n\nOurs.\n".into(),
        ),
        privacy: Some("We keep what you do.\n".into()),
    };
    let outside = Outside { legal, ..Outside::none(URL, clock.clone()).unwrap() };
    let store = Store::in_memory().unwrap();
    let app = App::new(URL, world::catalog(), store, clock.clone(), outside);
    TestApp { router: api::router(&app, &Limits::default()), app, clock }
}

/// Somebody's finished and published run; gives its id.
async fn published(client: &Client, name: &str, quantity: u32) -> String {
    let start = json!({ "scenario_slug": "tiny", "bot_name": name });
    let run = client.post("/api/v1/runs", start).await.expect(201);
    let run = run["run"]["id"].as_str().unwrap().to_owned();
    client.order(&run, market("buy", "AAA", quantity)).await.expect(201);
    client.step(&run, 100).await.expect(200);
    client.publish(&run).await;
    run
}

/// What a browser gets there.
pub(crate) async fn visit(app: &TestApp, path: &str) -> Reply {
    let request = Request::get(path).header("accept", BROWSER).body(Body::empty()).unwrap();
    app.anon().send(request).await
}

/// A server that has something to show on every page.
async fn lively() -> Arc<TestApp> {
    let app = with_texts();
    let ada = app.account("ada").await;
    published(&ada, CANARY, 10).await;
    published(&ada, "plain", 500).await;
    Arc::new(app)
}
