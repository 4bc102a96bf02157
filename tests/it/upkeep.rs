//! What time does by itself: it writes when there is something to do, and not a unit more.

use serde_json::json;

use crate::{
    app::{START, TestApp, URL},
    world,
};
use bottrade::{
    api,
    api::limits::Limits,
    app::{App, Outside},
    clock::TestClock,
    keys::Kind,
    store::Store,
};

/// All that a server does every ten minutes.
async fn upkeep(app: &App) {
    app.runs.upkeep().await.unwrap();
    app.accounts.upkeep().await.unwrap();
    app.oauth.upkeep().await.unwrap();
}

#[tokio::test]
async fn upkeep_writes_nothing_when_nothing_is_due() {
    let (clock, store) = (TestClock::at(START.parse().unwrap()), Store::in_memory().unwrap());
    let outside = Outside::none(URL, clock.clone()).unwrap();
    let app = App::new(URL, world::catalog(), store.clone(), clock.clone(), outside);
    let router = api::router(&app, &Limits::default());
    let server = TestApp { app, clock, router };
    let quiet = async |when: &str| {
        let before = store.stats();
        upkeep(&server.app).await;
        assert_eq!(store.stats(), before, "{when}");
    };
    quiet("of an empty store").await;

    let ada = server.account("ada").await;
    let run = ada.start("tiny").await;
    let step = json!({ "count": 1, "idempotency_key": "k" });
    ada.post(&format!("/api/v1/runs/{run}/step"), step).await.expect(200);
    let local = server.app.accounts.find("ada").await.unwrap().id;
    server.app.accounts.begin_session(&local).await.unwrap();
    server.app.accounts.issue(Kind::Ticket, "x", &(), 1_000_000).await.unwrap();
    let client = json!({ "client_name": "P", "redirect_uris": ["http://localhost:1/cb"] });
    server.anon().post("/oauth/register", client).await.expect(201);
    quiet("of what is fresh").await;

    // A ticket after a second, an answer after a day, a run after five, a session and a client
    // that nobody allowed anything after thirty.
    for seconds in [2, 86_400, 4 * 86_400, 25 * 86_400] {
        server.clock.advance(seconds);
        let before = store.stats().units;
        upkeep(&server.app).await;
        assert!(store.stats().units > before, "{seconds} s later");
        quiet("of what was done a moment ago").await;
    }
    assert!(server.app.accounts.sessions(&local).await.unwrap().is_empty());
}
