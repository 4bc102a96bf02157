//! A run that is under way, watched.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::run_private::Person;
use crate::app::TestApp;

/// A stream of events that is open.
struct Events(Body);

impl Events {
    async fn open(app: &TestApp, person: &Person, run: &str) -> Self {
        let request = person.request("GET", &format!("/run/{run}/events"));
        let response = app.router.clone().oneshot(request.body(Body::empty()).unwrap()).await;
        let response = response.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self(response.into_body())
    }

    /// The data of the next event; nothing at the end of the stream.
    async fn next(&mut self) -> Option<String> {
        let frame = timeout(Duration::from_secs(20), self.0.frame()).await.expect("nothing came");
        let bytes = frame?.unwrap().into_data().unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let data =
            text.lines().find_map(|it| it.strip_prefix("data: ").or(it.strip_prefix("data:")));
        Some(data.unwrap_or_else(|| panic!("no data: {text}")).to_owned())
    }
}

#[tokio::test]
async fn a_step_is_an_event_and_the_page_has_it() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let owner = Person::of(&app, "ada").await;
    let mut events = Events::open(&app, &owner, &run).await;
    assert_eq!(events.next().await.as_deref(), Some("0"), "where it is, at once");
    ada.step(&run, 1).await.expect(200);
    assert_eq!(events.next().await.as_deref(), Some("1"));
    let page = owner.get(&format!("/run/{run}")).await.text;
    assert!(page.contains("data-seq=\"1\"") && page.contains("1 of 9 bars"), "{page}");
    // What comes close together is told once, and the last is never lost.
    for _ in 0..5 {
        ada.step(&run, 1).await.expect(200);
    }
    let mut last = String::new();
    while last != "6" {
        last = events.next().await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_server_and_there_is_none_of_a_run_that_ended() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let (run, ended) = (ada.start("tiny").await, ada.start("tiny").await);
    ada.step(&ended, 20).await.expect(200);
    let owner = Person::of(&app, "ada").await;
    assert_eq!(owner.get(&format!("/run/{ended}/events")).await.status, 204);
    let mut events = Events::open(&app, &owner, &run).await;
    events.next().await.unwrap();
    app.app.runs.end_watches();
    assert_eq!(events.next().await, None);
    assert_eq!(owner.get(&format!("/run/{run}/events")).await.status, 503);
}

#[tokio::test]
async fn streams_of_a_run_are_few() {
    let app = TestApp::new();
    let run = app.account("ada").await.start("tiny").await;
    let owner = Person::of(&app, "ada").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Events::open(&app, &owner, &run).await);
    }
    let refused = owner.get(&format!("/run/{run}/events")).await;
    assert_eq!(refused.status, 503);
    assert!(refused.headers.contains_key("retry-after"));
    open.pop();
    Events::open(&app, &owner, &run).await;
}
