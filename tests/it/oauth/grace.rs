//! Attacks on refresh tokens: each is good once; a lost answer is given again for ten seconds.

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{Program, Scene, Tokens};
use crate::app::URL;

#[tokio::test]
async fn a_refresh_token_that_comes_again_at_once_gets_the_very_same_answer() {
    let scene = Scene::new().await;
    let (_, program, first) = scene.connected().await;
    let next = Tokens::of(&program.refresh(&first.refresh).await);
    for _ in 0..2 {
        scene.pass(5);
        assert_eq!(Tokens::of(&program.refresh(&first.refresh).await), next);
    }
    assert!(scene.opens(&next.access).await);
    let after = Tokens::of(&program.refresh(&next.refresh).await);
    assert!(scene.opens(&after.access).await);
}

#[tokio::test]
async fn later_it_ends_the_family() {
    let scene = Scene::new().await;
    let (_, program, first) = scene.connected().await;
    let next = Tokens::of(&program.refresh(&first.refresh).await);
    scene.pass(11);
    program.refresh(&first.refresh).await.oauth_error(400, "invalid_grant");
    program.refresh(&next.refresh).await.oauth_error(400, "invalid_grant");
    assert!(!scene.opens(&next.access).await && !scene.opens(&first.access).await);
}

#[tokio::test]
async fn once_the_successor_was_used_it_ends_the_family_even_at_once() {
    let scene = Scene::new().await;
    let (_, program, first) = scene.connected().await;
    let second = Tokens::of(&program.refresh(&first.refresh).await);
    let third = Tokens::of(&program.refresh(&second.refresh).await);
    program.refresh(&first.refresh).await.oauth_error(400, "invalid_grant");
    for tokens in [&second, &third] {
        program.refresh(&tokens.refresh).await.oauth_error(400, "invalid_grant");
        assert!(!scene.opens(&tokens.access).await);
    }
}

#[tokio::test]
async fn another_client_ends_no_family() {
    let scene = Scene::new().await;
    let (_, program, first) = scene.connected().await;
    let metadata = serde_json::json!({ "client_name": "Other",
        "redirect_uris": ["https://other.example/"] });
    let other = Program::registered_as(&scene, &metadata).await;
    other.refresh(&first.refresh).await.oauth_error(400, "invalid_grant");
    let next = Tokens::of(&program.refresh(&first.refresh).await);
    scene.pass(60);
    other.refresh(&first.refresh).await.oauth_error(400, "invalid_grant");
    other.revoke(&next.refresh).await.expect(200);
    assert!(scene.opens(&next.access).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_refresh_at_the_same_time_there_is_one_successor() {
    let folder = TempDir::new().unwrap();
    let file = bottrade::store::Store::open(folder.path().join("db")).unwrap();
    let scene = Scene::at(URL, file, |people| people);
    let (mut browser, program) = (scene.somebody("ada").await, Program::registered(&scene).await);
    let code = browser.allow(&program.address()).await;
    let first = Tokens::of(&program.exchange(&code).await);
    let mut races = JoinSet::new();
    for _ in 0..50 {
        let (program, token) = (program.clone(), first.refresh.clone());
        races.spawn(async move { program.refresh(&token).await });
    }
    let mut all: Vec<Tokens> = races.join_all().await.iter().map(Tokens::of).collect();
    all.dedup();
    assert_eq!(all.len(), 1, "two live branches");
    assert!(scene.opens(&all[0].access).await);
    // And they go on as one.
    let next = Tokens::of(&program.refresh(&all[0].refresh).await);
    scene.pass(11);
    program.refresh(&all[0].refresh).await.oauth_error(400, "invalid_grant");
    assert!(!scene.opens(&next.access).await);
}

#[tokio::test]
async fn a_store_that_was_read_gives_no_successor_away() {
    let scene = Scene::new().await;
    let (_, program, first) = scene.connected().await;
    let salts = || {
        let count = |tx: &mut dyn bottrade::store::Tx| {
            let rows = tx.query("SELECT hash FROM tokens WHERE salt IS NOT NULL", &[])?;
            Ok(rows.len())
        };
        scene.store.read_blocking(count).unwrap()
    };
    assert_eq!(salts(), 0);
    let second = Tokens::of(&program.refresh(&first.refresh).await);
    assert_eq!(salts(), 1, "until the grace is over");
    scene.pass(11);
    program.refresh(&second.refresh).await.expect(200);
    assert_eq!(salts(), 1, "its own, and no longer that of the first");
}
