//! The loader against real sites, canaries and a resolver that lies.

mod hostile;
mod server;

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use tokio::task::JoinSet;

use self::server::{Answers, Reply, Site, document, reply};
use super::{
    BYTES_MAX, DocumentError, Documents, FAILURE_PAUSE, FETCHES_MAX,
    fetch::{Reach, Resolver, Web},
};
use crate::clock::TestClock;

/// Documents that may be fetched from 127.0.0.1, which stands for the public internet.
fn documents(
    site: &Site,
    resolver: Arc<dyn Resolver>,
    patience: Duration,
) -> (Arc<Documents>, Arc<TestClock>) {
    let admits = |address| address == IpAddr::V4(Ipv4Addr::LOCALHOST);
    let reach = Reach { admits, root: Some(site.root.clone()), patience };
    let clock = TestClock::at("2026-01-01T00:00:00Z".parse().unwrap());
    let documents = Documents::reaching(Web { resolver, reach }, clock.clone(), Vec::new());
    (Arc::new(documents), clock)
}

/// Long enough for anything that is meant to succeed, on a busy machine too.
const PATIENT: Duration = Duration::from_mins(1);
const IMPATIENT: Duration = Duration::from_millis(400);

fn honest() -> Arc<dyn Resolver> {
    Answers::new(&[&["127.0.0.1"]])
}

#[tokio::test]
async fn a_document_is_fetched_once_while_it_is_fresh() {
    let site = Site::start(document).await;
    let (documents, clock) = documents(&site, honest(), PATIENT);
    let url = site.url("/client.json?v=1");
    let client = documents.client(&url).await.unwrap();
    assert!(client.redirect("http://localhost:53123/callback").is_some());
    clock.advance(599);
    assert!(Arc::ptr_eq(&client, &documents.client(&url).await.unwrap()));
    assert_eq!(site.paths(), ["/client.json?v=1"]);
    clock.advance(1);
    assert_eq!(documents.client(&url).await.unwrap(), client);
    assert_eq!(site.paths().len(), 2);
}

#[tokio::test]
async fn what_is_known_is_not_fetched() {
    let site = Site::start(document).await;
    let (documents, _) = documents(&site, Answers::new(&[]), PATIENT);
    let claude = "https://claude.ai/oauth/claude-code-client-metadata";
    let client = documents.client(claude).await.unwrap();
    assert_eq!(client.client_name.as_deref(), Some("Claude Code"));
    assert!(Documents::is_document_id(claude) && !Documents::is_document_id("bt_client_1"));
    let other = documents.client("https://claude.ai/oauth/other").await;
    assert_eq!(other, Err(DocumentError::Unreachable));
    assert!(site.paths().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_no_document_is_refused() {
    let site = Site::start(|url| {
        let json = "application/json";
        let large = "x".repeat(BYTES_MAX + 1);
        let endless = format!("HTTP/1.1 200 OK\r\nContent-Type: {json}\r\n\r\n{large}");
        match url.rsplit('/').next().unwrap() {
            "moved" => reply("302 Found\r\nLocation: /elsewhere", json, "{}"),
            "missing" => reply("404 Not Found", json, "{}"),
            "empty" => reply("204 No Content", json, ""),
            "page" => reply("200 OK", "text/html", "{}"),
            "announced" => reply("200 OK", json, &large),
            "endless" => Reply::raw(endless),
            "word" => reply("200 OK", json, "5"),
            "foreign" => document("https://other.example/client.json"),
            "noise" => Reply::raw("\u{1}\u{2}\u{3}".into()),
            "short" => Reply::raw(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
                Content-Length: 9\r\n\r\n{"
                    .into(),
            ),
            _ => document(url),
        }
    })
    .await;
    let (documents, _) = documents(&site, honest(), PATIENT);
    for (path, expected) in [
        ("/moved", DocumentError::Status(302)),
        ("/missing", DocumentError::Status(404)),
        ("/empty", DocumentError::Status(204)),
        ("/page", DocumentError::NotServedAsJson),
        ("/announced", DocumentError::TooLarge),
        ("/endless", DocumentError::TooLarge),
        ("/foreign", DocumentError::OtherClient),
        ("/noise", DocumentError::Unreachable),
        ("/short", DocumentError::Unreachable),
    ] {
        assert_eq!(documents.client(&site.url(path)).await, Err(expected), "{path}");
    }
    let word = documents.client(&site.url("/word")).await;
    assert!(matches!(word, Err(DocumentError::NotJson(_))), "{word:?}");
    assert!(documents.client(&site.url("/good")).await.is_ok());
    assert!(!site.paths().contains(&"/elsewhere".to_owned()));
}

#[tokio::test]
async fn who_is_slow_is_given_up() {
    let site = Site::start(|url| match url.rsplit('/').next().unwrap() {
        "late" => document(url).late(PATIENT),
        _ => document(url).dripping(),
    })
    .await;
    let (documents, _) = documents(&site, honest(), IMPATIENT);
    for path in ["/late", "/drip"] {
        let refused = documents.client(&site.url(path)).await;
        assert_eq!(refused, Err(DocumentError::TooSlow), "{path}");
    }
}

#[tokio::test]
async fn a_failure_is_told_again_for_a_while() {
    let calls = AtomicUsize::new(0);
    let site = Site::start(move |url| match calls.fetch_add(1, SeqCst) {
        0 => reply("500 Internal Server Error", "text/plain", ""),
        _ => document(url),
    })
    .await;
    let (documents, clock) = documents(&site, honest(), PATIENT);
    let url = site.url("/client.json");
    for _ in 0..2 {
        assert_eq!(documents.client(&url).await, Err(DocumentError::Status(500)));
        clock.advance(FAILURE_PAUSE / 2 - 1);
    }
    clock.advance(2);
    assert!(documents.client(&url).await.is_ok());
    assert_eq!(site.paths().len(), 2);
}

#[tokio::test]
async fn a_site_that_is_down_does_not_take_its_client_along() {
    let calls = AtomicUsize::new(0);
    let site = Site::start(move |url| match calls.fetch_add(1, SeqCst) {
        0 => document(url),
        1 => reply("503 Service Unavailable", "text/plain", ""),
        _ => reply("410 Gone", "text/plain", ""),
    })
    .await;
    let (documents, clock) = documents(&site, honest(), PATIENT);
    let url = site.url("/client.json");
    assert!(documents.client(&url).await.is_ok());
    clock.advance(600);
    assert!(documents.client(&url).await.is_ok());
    assert_eq!(site.paths().len(), 2);
    clock.advance(FAILURE_PAUSE);
    assert_eq!(documents.client(&url).await, Err(DocumentError::Status(410)));
}

#[tokio::test]
async fn many_who_ask_for_one_are_one_call() {
    let site = Site::start(document).await;
    let (documents, _) = documents(&site, honest(), PATIENT);
    let url = site.url("/client.json");
    let mut asking = JoinSet::new();
    for _ in 0..50 {
        let (documents, url) = (documents.clone(), url.clone());
        asking.spawn(async move { documents.client(&url).await });
    }
    assert!(asking.join_all().await.iter().all(Result::is_ok));
    assert_eq!(site.paths().len(), 1);
}

#[tokio::test]
async fn who_leaves_leaves_the_fetching_to_others() {
    let calls = AtomicUsize::new(0);
    let site = Site::start(move |url| match calls.fetch_add(1, SeqCst) {
        0 => document(url).late(PATIENT),
        _ => document(url),
    })
    .await;
    let (documents, _) = documents(&site, honest(), PATIENT);
    let url = site.url("/client.json");
    let (first, url_of_first) = (documents.clone(), url.clone());
    let leaver = tokio::spawn(async move { first.client(&url_of_first).await });
    while site.paths().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    leaver.abort();
    assert!(documents.client(&url).await.is_ok());
}

#[tokio::test]
async fn few_are_called_at_a_time() {
    let site = Site::start(|url| document(url).late(Duration::from_millis(300))).await;
    let (documents, _) = documents(&site, honest(), PATIENT);
    let mut asking = JoinSet::new();
    for number in 0..FETCHES_MAX * 2 {
        let (documents, url) = (documents.clone(), site.url(&format!("/{number}")));
        asking.spawn(async move { documents.client(&url).await });
    }
    assert!(asking.join_all().await.iter().all(Result::is_ok));
    assert!(site.most() <= FETCHES_MAX, "{}", site.most());
}
