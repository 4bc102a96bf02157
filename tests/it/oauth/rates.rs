//! How often one address may try.

use bottrade::traffic::ClientAddress;
use http::Request;

use super::{Program, Scene};
use crate::app::{Client, Reply};

/// Calls from this address until it is refused; how often it was not, and the refusal.
async fn until_refused(client: &Client, method: &str, path: &str, from: &str) -> (usize, Reply) {
    for count in 0..1_000 {
        let reply = call(client, method, path, from).await;
        if reply.status == 429 {
            return (count, reply);
        }
    }
    panic!("{path} is not limited");
}

async fn call(client: &Client, method: &str, path: &str, from: &str) -> Reply {
    let kind = "application/x-www-form-urlencoded";
    let request = Request::builder().method(method).uri(path).header("content-type", kind);
    let mut request = request.body("token=x".into()).unwrap();
    request.extensions_mut().insert(ClientAddress::of(from.parse().unwrap()));
    client.send(request).await
}

#[tokio::test]
async fn programs_are_told_in_their_own_words_to_come_later() {
    let scene = Scene::new().await;
    let anon = scene.server.anon();
    for (path, from, burst) in [
        ("/oauth/token", "192.0.2.1", 300),
        ("/oauth/revoke", "192.0.2.2", 300),
        ("/api/auth/token", "192.0.2.5", 300),
        ("/oauth/register", "192.0.2.3", 60),
    ] {
        let (passed, refused) = until_refused(&anon, "POST", path, from).await;
        assert_eq!(passed, burst, "{path}");
        refused.oauth_error(429, "temporarily_unavailable");
        assert_eq!(refused.header("retry-after"), "1");
        assert_ne!(call(&anon, "POST", path, "192.0.2.9").await.status, 429, "another address");
        scene.pass(1);
        assert_ne!(call(&anon, "POST", path, from).await.status, 429, "as it was told");
    }
    // What gives tokens and what takes them back count together.
    assert_eq!(until_refused(&anon, "POST", "/oauth/token", "192.0.2.4").await.0, 300);
    assert_eq!(call(&anon, "POST", "/oauth/revoke", "192.0.2.4").await.status, 429);
    Program::registered(&scene).await;
}

#[tokio::test]
async fn people_are_shown_that_they_come_too_often() {
    let scene = Scene::new().await;
    let anon = scene.server.anon();
    for (path, what) in [("/login/oidc", "sign-ins"), ("/login/oidc/callback", "returns")] {
        let (passed, refused) = until_refused(&anon, "GET", path, "192.0.2.1").await;
        assert_eq!(passed, 60, "{path}");
        assert!(refused.text.contains(&format!("too many {what}")), "{}", refused.text);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.header("cache-control"), "no-store");
        assert_ne!(call(&anon, "GET", path, "192.0.2.2").await.status, 429);
    }
}

#[tokio::test]
async fn keys_are_made_and_looked_at_at_a_bounded_rate() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    let mut make = async || {
        let request = Request::post("/api/v1/keys");
        ada.send(request, "{}".into()).await
    };
    for _ in 0..10 {
        make().await.expect(200);
    }
    let refused = make().await;
    refused.problem(429, "too many new keys of this account");
    assert_eq!(refused.header("retry-after"), "360");
    let (passed, refused) =
        until_refused(&scene.server.anon(), "GET", "/api/v1/keys", "192.0.2.1").await;
    assert_eq!(passed, 120);
    refused.problem(429, "too many calls about keys from this address");
}
