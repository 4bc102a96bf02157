//! Addresses that would make this server call itself or its neighbours.

use std::{sync::Arc, time::Duration};

use super::{
    super::{DocumentError, Documents, fetch::Reach},
    PATIENT, documents, honest,
    server::{Answers, Canary, HOST, Site, document},
};
use crate::{
    clock::{Clock, TestClock},
    oauth::document::{
        AGE_MAX, SystemResolver,
        fetch::{Resolver, Web},
    },
};

/// Time for a call that was made to be noticed.
const SHORTLY: Duration = Duration::from_millis(100);

fn clock() -> Arc<dyn Clock> {
    TestClock::at("2026-01-01T00:00:00Z".parse().unwrap())
}

/// As in service.
fn in_service(resolver: Arc<dyn Resolver>) -> Documents {
    Documents::new(resolver, clock(), Vec::new())
}

#[tokio::test]
async fn a_canary_hears_nothing_of_hostile_hosts() {
    let canary = Canary::at("127.0.0.1", 0).await;
    let port = canary.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.2",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fe80::1%25lo]",
        "[fd00::1]",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "loc\u{ad}alhost",
        "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
        "１２７.0.0.1",
        "127。0。0。1",
        "user@localhost",
        "client.example@localhost",
        "client.example%40localhost",
        "localhost%00.client.example",
        "localhost\\@client.example",
    ] {
        let url = format!("https://{host}:{port}/client.json");
        for resolver in [Arc::new(SystemResolver) as _, Answers::new(&[&["127.0.0.1"]]) as _] {
            let error = in_service(resolver).client(&url).await.unwrap_err();
            // What resolves nowhere says nothing about the guard, and none of these does.
            let refused = matches!(error, DocumentError::Id(_) | DocumentError::NotPublic);
            assert!(refused, "{url}: {error:?}");
        }
    }
    for url in [
        format!("http://127.0.0.1:{port}/client.json"),
        format!("http://localhost:{port}/client.json"),
        format!("gopher://127.0.0.1:{port}/_x"),
        format!("ftp://127.0.0.1:{port}/client.json"),
    ] {
        let refused = in_service(Arc::new(SystemResolver)).client(&url).await;
        assert_eq!(refused, Err(DocumentError::Id("must be an https URL")), "{url}");
    }
    assert!(!canary.is_called(SHORTLY).await);
}

#[tokio::test]
async fn a_canary_hears_nothing_of_names_that_lead_inside() {
    let canary = Canary::at("127.0.0.1", 0).await;
    let url = format!("https://{HOST}:{}/client.json", canary.port());
    for answer in [
        &["127.0.0.1"][..],
        &["0.0.0.0"],
        &["10.0.0.1"],
        &["100.64.0.1"],
        &["169.254.169.254"],
        &["172.16.0.1"],
        &["192.168.0.1"],
        &["224.0.0.1"],
        &["255.255.255.255"],
        &["::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["fc00::1"],
        &["fe80::1"],
        &["ff02::1"],
        // One that may be called does not excuse one that may not.
        &["1.1.1.1", "127.0.0.1"],
        &["127.0.0.1", "1.1.1.1"],
        &["2606:4700::1111", "::1"],
    ] {
        let refused = in_service(Answers::new(&[answer])).client(&url).await;
        assert_eq!(refused, Err(DocumentError::NotPublic), "{answer:?}");
    }
    let nowhere = in_service(Answers::new(&[&[]])).client(&url).await;
    assert_eq!(nowhere, Err(DocumentError::Unreachable));
    assert!(!canary.is_called(SHORTLY).await);
}

#[tokio::test]
async fn the_canary_would_hear_an_unguarded_call() {
    let canary = Canary::at("127.0.0.1", 0).await;
    let url = format!("https://{HOST}:{}/client.json", canary.port());
    let reach = Reach { admits: |_| true, patience: PATIENT, ..Reach::internet() };
    let web = Web { resolver: honest(), reach };
    let documents = Documents::reaching(web, clock(), Vec::new());
    tokio::select! {
        it = documents.client(&url) => panic!("{it:?}"),
        called = canary.is_called(PATIENT) => assert!(called),
    }
}

#[tokio::test]
async fn a_name_that_turns_inward_is_called_where_it_was_checked() {
    let site = Site::start(document).await;
    let canary = Canary::at("127.0.0.2", site.port).await;
    // The first look-up is the one that counts; a second one would lead to the canary.
    let turning = Answers::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let (documents, clock) = documents(&site, turning, PATIENT);
    let url = site.url("/client.json");
    assert!(documents.client(&url).await.is_ok());
    assert_eq!(site.paths().len(), 1);
    clock.advance(AGE_MAX);
    assert_eq!(documents.client(&url).await, Err(DocumentError::NotPublic));
    assert!(!canary.is_called(SHORTLY).await);
}

#[tokio::test]
async fn a_site_must_prove_its_name() {
    let site = Site::start(document).await;
    let other = Site::start(document).await;
    let (documents, _) = documents(&site, honest(), PATIENT);
    for url in [
        site.url("/client.json").replace(HOST, "other.example"),
        other.url("/client.json"),
        format!("https://127.0.0.1:{}/client.json", site.port),
    ] {
        assert_eq!(documents.client(&url).await, Err(DocumentError::Unreachable), "{url}");
    }
    assert!(site.paths().is_empty() && other.paths().is_empty());
}

#[tokio::test]
async fn errors_do_not_tell_what_is_inside() {
    let told = [DocumentError::NotPublic, DocumentError::Unreachable].map(|it| it.to_string());
    assert_eq!(told[0], told[1]);
}
