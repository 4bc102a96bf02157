//! Connecting a client that returns our session id.

mod attacks;

use std::time::Duration;

use bottrade::{
    keys::{Key, Kind},
    store::Store,
};
use serde_json::json;
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    Browser, Scene,
    agent::{Agent, NAME, said},
    hidden,
};
use crate::app::{Reply, URL};

/// Less than any wait that is asked for, enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

const YES: &[(&str, &str)] = &[("decision", "allow"), ("scope", "bottrade:trade")];
const NO: &[(&str, &str)] = &[("decision", "deny"), ("scope", "bottrade:trade")];
const STALE: &str = "answered before";

/// Opens a link and answers the question of its page.
async fn answer(browser: &mut Browser, link: &str, answer: &[(&str, &str)]) -> Reply {
    let page = browser.get(link).await;
    let csrf = hidden(&page.found(200).text).remove(0).1;
    browser.post(link, &[&[("csrf", &*csrf)], answer].concat()).await
}

/// An agent that the person of this browser has connected.
async fn connected(scene: &Scene, browser: &mut Browser) -> Agent {
    let agent = Agent::new(scene).await;
    let link = agent.link().await;
    answer(browser, &link, YES).await.found(200);
    assert!(agent.is_in().await);
    agent
}

#[tokio::test]
async fn a_person_connects_a_client_that_returns_its_session() {
    let scene = Scene::new().await;
    let agent = Agent::new(&scene).await;
    assert!(Key::parse_as(Kind::McpSession, &agent.session).is_some(), "{}", agent.session);
    let before = agent.status().await;
    assert_eq!(
        (&before["status"], &before["next_action"]),
        (&json!("auth_required"), &json!("connect_bottrade"))
    );
    let first = timeout(PATIENCE, agent.connect_and_wait(60)).await;
    let asked = first.expect("the first answer comes at once");
    let code = asked["code"].as_str().unwrap().to_owned();
    let link = asked["login_url"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{URL}/connect/bt_ticket_")), "{link}");
    assert!(code.len() == 9 && !link.contains(&code), "{code} opens nothing");
    let said_of_it = (&asked["status"], &asked["auth_method"], &asked["next_action"]);
    assert_eq!(said_of_it, (&json!("pending"), &json!("oauth"), &json!("open_login_url")));
    assert_eq!(asked["expires_at"], "2030-01-02T03:14:05Z");
    assert_eq!(agent.status().await, asked);
    assert_eq!(agent.connect().await, asked, "one link at a time");

    let mut browser = scene.browser();
    let place = browser.get(&link).await.place().to_owned();
    assert!(place.starts_with("/login?next=/connect/bt_ticket_"), "{place}");
    let mut browser = scene.person().await;
    let page = browser.get(&link).await;
    for shown in [
        NAME,
        &code,
        "Did you start this yourself?",
        "127.0.0.1",
        "local",
        "benchmark runs in your name",
    ] {
        assert!(page.found(200).text.contains(shown), "{shown}: {}", page.text);
    }
    let done = answer(&mut browser, &link, YES).await;
    assert!(done.found(200).text.contains("Connected"), "{}", done.text);

    let now = agent.connect_and_wait(60).await;
    assert_eq!((&now["status"], &now["account"]), (&json!("connected"), &json!("local")));
    assert_eq!((&now["client"], &now["auth_method"]), (&json!(NAME), &json!("oauth")));
    assert_eq!(now["scope"], "bottrade:read bottrade:trade");
    assert_eq!(now["expires_at"], "2030-01-02T03:34:05Z");
    assert_eq!(agent.status().await, now);
    assert!(agent.is_in().await);
    let grants = browser.get("/api/v1/grants").await.expect(200);
    let [grant] = &grants["grants"].as_array().unwrap()[..] else { panic!("{grants}") };
    assert_eq!(
        (&grant["client_name"], &grant["client_id"]),
        (&json!(NAME), &json!("connect_bottrade"))
    );
    let accounts = &scene.server.app.accounts;
    let local = accounts.local().await.unwrap().unwrap();
    let events = accounts.events(&local, 10).await.unwrap();
    let noted = events.iter().find(|it| it.event == "grant.created").unwrap();
    assert_eq!(json!(noted.about), grant["grant_id"]);
}

#[tokio::test]
async fn a_call_that_needs_somebody_says_where_they_are_asked() {
    let scene = Scene::new().await;
    let agent = Agent::new(&scene).await;
    let refused = agent.tool("start_run", json!({ "scenario_slug": "tiny" })).await;
    let problem = refused.rpc_problem(401, "BotTrade API key required");
    assert!(refused.header("www-authenticate").contains("resource_metadata="));
    let asked = agent.status().await;
    assert_eq!(asked["status"], "pending", "{asked}");
    assert_eq!(problem["login_url"], asked["login_url"]);
    assert_eq!(problem["login_code"], asked["code"]);
    assert_eq!(problem["next_action"], "connect_bottrade");
    let told = refused.json()["error"]["message"].to_string();
    assert!(told.contains(asked["login_url"].as_str().unwrap()), "{told}");
    let later = agent.tool("get_run", json!({})).await;
    assert_eq!(later.json()["error"]["data"]["login_url"], asked["login_url"]);
}

#[tokio::test]
async fn who_waits_hears_of_the_answer_and_who_waits_in_vain_hears_that() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    for (say, heard) in [(YES, "connected"), (NO, "auth_required")] {
        let agent = Agent::new(&scene).await;
        let link = agent.link().await;
        assert_eq!(agent.connect_and_wait(1).await["status"], "pending");
        let waits = timeout(Duration::from_millis(1_500), agent.connect_and_wait(100)).await;
        assert!(waits.is_err(), "nobody has answered yet");
        let waits = tokio::spawn({
            let agent = agent.clone();
            async move { agent.connect_and_wait(100).await }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer(&mut browser, &link, say).await.found(200);
        let waited = timeout(PATIENCE, waits).await.expect("it hears of it at once");
        assert_eq!(waited.unwrap()["status"], heard);
    }
    let agent = Agent::new(&scene).await;
    let refused = agent.tool("connect_bottrade", json!({ "wait_seconds": -1 })).await;
    assert!(refused.text.contains("must be at least 0"), "{}", refused.text);
}

#[tokio::test]
async fn who_waits_does_not_keep_the_server_from_ending() {
    let scene = Scene::new().await;
    let agent = Agent::new(&scene).await;
    agent.link().await;
    let (app, waits) = (&scene.server.app, agent.connect_and_wait(120));
    let (heard, ()) = tokio::join!(timeout(PATIENCE, waits), async { app.ending.begin() });
    assert_eq!(heard.unwrap()["status"], "pending");
}

#[tokio::test]
async fn a_no_uses_the_link_up_and_the_next_one_is_another() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    let agent = Agent::new(&scene).await;
    let link = agent.link().await;
    let page = browser.get(&link).await;
    let csrf = hidden(&page.text).remove(0).1;
    let done = browser.post(&link, &[&[("csrf", &*csrf)], NO].concat()).await;
    assert!(done.found(200).text.contains("Nothing was allowed"), "{}", done.text);
    assert!(!agent.is_in().await);
    for body in [browser.get(&link).await, browser.post(&link, &[("csrf", &csrf)]).await] {
        assert!(body.found(400).text.contains(STALE), "{}", body.text);
    }
    let next = agent.link().await;
    assert_ne!(next, link);
    // Whatever is not plainly yes, to what was asked for, is no.
    for (say, fresh) in [
        (&[("scope", "bottrade:trade")][..], next),
        (&[("decision", "allow")], String::new()),
        (&[("decision", "allow"), ("scope", "admin")], String::new()),
    ] {
        let link = if fresh.is_empty() { agent.link().await } else { fresh };
        let done = answer(&mut browser, &link, say).await;
        assert!(done.found(200).text.contains("Nothing was allowed"), "{}", done.text);
        assert!(!agent.is_in().await, "{say:?}");
    }
    let local = scene.server.app.accounts.local().await.unwrap().unwrap();
    assert_eq!(scene.server.app.accounts.grants(&local).await.unwrap(), []);
}

#[tokio::test]
async fn who_keeps_no_session_is_told_how_else() {
    let scene = Scene::new().await;
    let stateless = Agent::with(&scene, "");
    let told = stateless.connect().await;
    assert_eq!((&told["status"], &told["auth_method"]), (&json!("auth_required"), &json!("none")));
    assert_eq!(told["next_action"], "send_api_key");
    for words in ["sign in through your client's OAuth", "`X-API-Key: <key>`"] {
        assert!(told["message"].as_str().unwrap().contains(words), "{told}");
    }
    let modern = scene.server.anon();
    let hello = modern.call_tool(crate::app::Era::Modern, "connect_bottrade", json!({})).await;
    assert_eq!((hello.header("mcp-session-id"), said(&hello)), ("", told));
    // Nor does one need a session who has a credential.
    let key = scene.server.account("ada").await.key.unwrap();
    let hello = stateless.with_key(&key).initialize("x").await;
    assert_eq!((hello.status, hello.header("mcp-session-id")), (200, ""));
}

#[tokio::test]
async fn a_session_ends_half_an_hour_after_its_last_use_and_after_a_day() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    let (used, idle) =
        (connected(&scene, &mut browser).await, connected(&scene, &mut browser).await);
    let waiting = Agent::new(&scene).await;
    let old = waiting.link().await;
    scene.pass(1_799);
    assert!(used.is_in().await);
    assert_eq!(waiting.status().await["next_action"], "connect_bottrade", "its link is too old");
    browser.get(&old).await.found(400);
    scene.pass(1);
    assert!(used.is_in().await && !idle.is_in().await);
    let grants = browser.get("/api/v1/grants").await.expect(200);
    assert_eq!(grants["grants"].as_array().unwrap().len(), 1, "{grants}");
    for _ in 0..49 {
        scene.pass(1_700);
        assert!(used.is_in().await);
    }
    assert!(waiting.status().await["message"].as_str().unwrap().contains("has ended"));
    scene.pass(1_299);
    assert!(used.is_in().await);
    scene.pass(1);
    assert!(!used.is_in().await, "a day is over");
}

#[tokio::test]
async fn a_restart_ends_nothing_that_was_allowed() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("db");
    let open = || Scene::at(URL, Store::open(&file).unwrap(), |people| people);
    let scene = open();
    let agent = connected(&scene, &mut scene.somebody("ada").await).await;
    let waiting = Agent::new(&scene).await;
    scene.store.close().await;
    let scene = open();
    assert!(Agent::with(&scene, &agent.session).is_in().await);
    let told = Agent::with(&scene, &waiting.session).connect().await;
    assert!(told["message"].as_str().unwrap().contains("connect the client anew"), "{told}");
    // The file has the hash of an id, never the id.
    scene.store.close().await;
    for name in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(name.unwrap().path()).unwrap();
        assert!(!bytes.windows(agent.session.len()).any(|it| it == agent.session.as_bytes()));
    }
}
