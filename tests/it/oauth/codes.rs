//! Attacks on codes: each is good once, for one minute, for the program that asked.

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{Program, Scene, Tokens, program::REDIRECT};
use crate::app::URL;

/// A code, and whose it is.
async fn code(scene: &Scene) -> (Program, String) {
    let (mut browser, program) = (scene.person().await, Program::registered(scene).await);
    let code = browser.allow(&program.address()).await;
    (program, code)
}

#[tokio::test]
async fn a_code_that_comes_again_ends_all_that_followed_from_it() {
    for later in [0, 20, 3_000] {
        let scene = Scene::new().await;
        let (program, code) = code(&scene).await;
        let first = Tokens::of(&program.exchange(&code).await);
        let next = Tokens::of(&program.refresh(&first.refresh).await);
        assert!(scene.opens(&first.access).await && scene.opens(&next.access).await);
        scene.pass(later);
        program.exchange(&code).await.oauth_error(400, "invalid_grant");
        for token in [&first.access, &next.access] {
            assert!(!scene.opens(token).await, "{later} s later");
        }
        program.refresh(&next.refresh).await.oauth_error(400, "invalid_grant");
        let accounts = &scene.server.app.accounts;
        let local = accounts.local().await.unwrap().unwrap();
        let events = accounts.events(&local, 10).await.unwrap();
        assert!(events.iter().any(|it| it.event == "grant.reuse_detected"), "{events:?}");
    }
}

#[tokio::test]
async fn a_code_is_good_for_its_own_client_redirect_and_verifier_alone() {
    let scene = Scene::new().await;
    let (program, code) = code(&scene).await;
    let other = json!({ "client_name": "Other", "redirect_uris": [REDIRECT] });
    let other = Program::registered_as(&scene, &other).await;
    other.exchange(&code).await.oauth_error(400, "invalid_grant");
    let too_long = "x".repeat(129);
    for (changes, word) in [
        ([("redirect_uri", "http://localhost:51235/callback")], "invalid_grant"),
        ([("redirect_uri", "http://localhost:51234/callback/")], "invalid_grant"),
        ([("code_verifier", "")], "invalid_request"),
        ([("code_verifier", "short")], "invalid_grant"),
        ([("code_verifier", &too_long)], "invalid_grant"),
        ([("code_verifier", "another-verifier-of-more-than-43-characters-x")], "invalid_grant"),
        ([("resource", "https://evil.example/mcp")], "invalid_target"),
        ([("client_id", "")], "invalid_request"),
        ([("code", "bt_code_none")], "invalid_grant"),
    ] {
        program.exchange_with(&code, &changes).await.oauth_error(400, word);
    }
    // Whoever stole a code and cannot prove it takes nothing from its owner.
    let tokens = Tokens::of(&program.exchange(&code).await);
    let forged = [("code_verifier", "another-verifier-of-more-than-43-characters-x")];
    program.exchange_with(&code, &forged).await.oauth_error(400, "invalid_grant");
    other.exchange(&code).await.oauth_error(400, "invalid_grant");
    assert!(scene.opens(&tokens.access).await);
}

#[tokio::test]
async fn a_client_need_not_say_again_where_its_code_was_sent() {
    let scene = Scene::new().await;
    let (program, code) = code(&scene).await;
    let without = [("redirect_uri", ""), ("code_verifier", "short")];
    program.exchange_with(&code, &without).await.oauth_error(400, "invalid_grant");
    Tokens::of(&program.exchange_with(&code, &[("redirect_uri", "")]).await);
}

#[tokio::test]
async fn a_code_is_good_for_a_minute() {
    for (later, good) in [(59, true), (60, false), (61, false), (4_000, false)] {
        let scene = Scene::new().await;
        let (program, code) = code(&scene).await;
        scene.pass(later);
        let reply = program.exchange(&code).await;
        assert_eq!(reply.status == 200, good, "{later} s: {}", reply.text);
        if !good {
            reply.oauth_error(400, "invalid_grant");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_that_exchange_at_the_same_time_one_succeeds() {
    let folder = TempDir::new().unwrap();
    let file = bottrade::store::Store::open(folder.path().join("db")).unwrap();
    let scene = Scene::at(URL, file, |people| people);
    let (mut browser, program) = (scene.somebody("ada").await, Program::registered(&scene).await);
    let code = browser.allow(&program.address()).await;
    let mut races = JoinSet::new();
    for _ in 0..50 {
        let (program, code) = (program.clone(), code.clone());
        races.spawn(async move { program.exchange(&code).await });
    }
    let replies = races.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|it| it.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 49));
    for it in lost {
        it.oauth_error(400, "invalid_grant");
    }
    // That it was tried more than once ends what the winner got.
    let tokens = Tokens::of(won[0]);
    assert!(!scene.opens(&tokens.access).await);
    program.refresh(&tokens.refresh).await.oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn who_is_erased_meanwhile_allows_nothing_any_more() {
    let scene = Scene::new().await;
    let (program, code) = code(&scene).await;
    let accounts = &scene.server.app.accounts;
    let local = accounts.local().await.unwrap().unwrap();
    assert!(accounts.erase(&local).await.unwrap());
    program.exchange(&code).await.oauth_error(400, "invalid_grant");
    assert_eq!(accounts.grants(&local).await.unwrap(), []);
}

#[tokio::test]
async fn no_other_secret_passes_for_a_code() {
    let scene = Scene::new().await;
    let (browser, program, tokens) = scene.connected().await;
    for secret in [&tokens.access, &tokens.refresh, browser.session()] {
        program.exchange(secret).await.oauth_error(400, "invalid_grant");
    }
}
