//! Attacks on tokens at the resource: only an access token for this server, in time, opens it.

use bottrade::{
    keys::{Family, Key, Kind},
    oauth::jwt::{Grant, SigningKeys},
    store::{Store, grants},
};
use serde_json::json;

use super::{Program, Scene, Tokens};
use crate::app::URL;

#[tokio::test]
async fn the_scope_may_shrink_and_not_grow() {
    let scene = Scene::new().await;
    let (_, program, first) = scene.connected_for(Some("bottrade:trade")).await;
    let scope = |scope: &'static str| [("scope", scope)];
    for more in ["bottrade:paper", "bottrade:read bottrade:paper", "admin"] {
        let reply = program.refresh_with(&first.refresh, &scope(more)).await;
        reply.oauth_error(400, "invalid_scope");
    }
    let less = program.refresh_with(&first.refresh, &scope("bottrade:read")).await;
    let less = Tokens::of(&less);
    assert_eq!(less.scope, "bottrade:read");
    let start = json!({ "scenario_slug": "tiny" });
    let refused = scene.bearer(&less.access).post("/api/v1/runs", start.clone()).await;
    refused.problem(403, "this call needs the scope bottrade:trade");
    // A narrow access token does not narrow what was allowed.
    let whole = Tokens::of(&program.refresh(&less.refresh).await);
    assert_eq!(whole.scope, "bottrade:read bottrade:trade");
    scene.bearer(&whole.access).post("/api/v1/runs", start).await.expect(201);
}

#[tokio::test]
async fn what_a_person_unchecks_is_not_allowed() {
    let scene = Scene::new().await;
    let (mut browser, program) = (scene.person().await, Program::registered(&scene).await);
    let address = program.address_with(&[("scope", "bottrade:trade bottrade:paper")]);
    let answer = [("decision", "allow"), ("scope", "bottrade:read")];
    let code = browser.answer(&address, &answer).await.told().get("code").unwrap();
    let tokens = Tokens::of(&program.exchange(&code).await);
    assert_eq!(tokens.scope, "bottrade:read");
    let more = program.refresh_with(&tokens.refresh, &[("scope", "bottrade:trade")]).await;
    more.oauth_error(400, "invalid_scope");
}

#[tokio::test]
async fn an_access_token_ends_after_an_hour_also_when_it_was_just_used() {
    let scene = Scene::new().await;
    let (_, program, tokens) = scene.connected().await;
    scene.pass(3_599);
    assert!(scene.opens(&tokens.access).await);
    scene.pass(1);
    assert!(!scene.opens(&tokens.access).await);
    let refused = scene.bearer(&tokens.access).get("/api/v1/runs").await;
    assert!(refused.header("www-authenticate").contains("error=\"invalid_token\""));
    let next = Tokens::of(&program.refresh(&tokens.refresh).await);
    assert!(scene.opens(&next.access).await);
}

#[tokio::test]
async fn a_grant_ends_after_a_year_however_often_it_is_refreshed() {
    const MONTH: i64 = 29 * 24 * 3_600;
    let scene = Scene::new().await;
    let (_, program, mut tokens) = scene.connected().await;
    for _ in 0..12 {
        scene.pass(MONTH);
        tokens = Tokens::of(&program.refresh(&tokens.refresh).await);
    }
    // 348 days; the last access token of a grant ends with it.
    scene.pass(17 * 24 * 3_600 - 1_800);
    let last = program.refresh(&tokens.refresh).await;
    let tokens = Tokens::of(&last);
    scene.pass(1_799);
    assert!(scene.opens(&tokens.access).await);
    scene.pass(1);
    assert!(!scene.opens(&tokens.access).await);
    program.refresh(&tokens.refresh).await.oauth_error(400, "invalid_grant");
    assert!(last.json()["expires_in"].as_i64().unwrap() <= 1_800, "{}", last.text);
}

#[tokio::test]
async fn a_refresh_token_that_is_not_used_ends_after_thirty_days() {
    let scene = Scene::new().await;
    let (_, program, tokens) = scene.connected().await;
    scene.pass(30 * 24 * 3_600);
    program.refresh(&tokens.refresh).await.oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn no_secret_passes_for_another() {
    let scene = Scene::new().await;
    let (mut browser, program, tokens) = scene.connected().await;
    let code = browser.allow(&program.address()).await;
    let key = scene.server.account("ada").await.key.unwrap();
    let bot = scene.server.app.accounts.create_key("ada", "bot", Family::Bot).await.unwrap();
    let asked = browser.asked(&program.address()).await;
    let bot = scene.bearer(bot.reveal()).get("/api/v1/runs").await;
    bot.problem(403, "this call needs the scope bottrade:read");
    for secret in [&tokens.refresh, &code, browser.session(), &asked[0].1] {
        assert!(!scene.opens(secret).await, "{secret}");
        let key = scene.server.with_key(secret).get("/api/v1/runs").await;
        key.problem(401, "Invalid API key");
    }
    for secret in [&tokens.access, &key, browser.session(), &code, "bt_ort_x"] {
        program.refresh(secret).await.oauth_error(400, "invalid_grant");
    }
    assert!(scene.opens(&tokens.access).await && scene.opens(&key).await);
    for made_up in [Kind::Access, Kind::Key(Family::Benchmark)] {
        assert!(!scene.opens(Key::mint(made_up).reveal()).await);
    }
}

#[tokio::test]
async fn a_jwt_opens_nothing() {
    let scene = Scene::new().await;
    let (_, program, tokens) = scene.connected().await;
    let form = format!("refresh_token={}", tokens.refresh);
    let ours = program.post("/api/auth/token", form).await.expect(200);
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJsb2NhbCJ9.";
    let hs256 = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJsb2NhbCJ9.\
                 0bYbTfJw1N5c2kZ1xk0g1mY5Z5b8xwYg7i8n8yq0u7E";
    let eddsa = "eyJhbGciOiJFZERTQSIsImtpZCI6Ii4uLy4uL2Rldi9udWxsIn0.eyJzdWIiOiJsb2NhbCJ9.AA";
    // As good as ours, but for the key that signed it.
    let clock = scene.server.clock.clone();
    let foreign = SigningKeys::in_memory(URL, clock).unwrap();
    let local = scene.server.app.accounts.local().await.unwrap().unwrap();
    let grant = Grant { account: &local, client_id: URL, session: "s" };
    let foreign = foreign.issue(&grant).unwrap();
    let own = ours["access_token"].as_str().unwrap();
    assert_eq!(foreign.split('.').count(), 3);
    assert!(scene.server.app.signing_keys.verify(own).is_ok());
    assert!(scene.server.app.signing_keys.verify(&foreign).is_err());
    for token in [none, hs256, eddsa, own, &foreign] {
        let refused = scene.bearer(token).get("/api/v1/runs").await;
        refused.problem(401, "Invalid API key");
        assert!(!scene.opens(token).await);
    }
}

#[tokio::test]
async fn a_jwt_is_for_a_session_or_a_good_refresh_token() {
    let scene = Scene::new().await;
    let (mut browser, program, tokens) = scene.connected().await;
    let path = "/api/auth/token";
    let given = browser.post(path, &[]).await;
    assert_eq!(given.header("cache-control"), "no-store");
    assert_eq!(given.expect(200)["token_type"], "Bearer");
    let foreign = http::Request::post(path).header("origin", "https://evil.example");
    browser.submit(foreign, &[]).await.oauth_error(400, "invalid_request");
    scene.browser().post(path, &[]).await.oauth_error(400, "invalid_grant");
    let with = async |token: &str| program.post(path, format!("refresh_token={token}")).await;
    for bad in [&tokens.access, browser.session(), "x"] {
        with(bad).await.oauth_error(400, "invalid_grant");
    }
    with(&tokens.refresh).await.expect(200);
    let next = Tokens::of(&program.refresh(&tokens.refresh).await);
    with(&tokens.refresh).await.oauth_error(400, "invalid_grant");
    with(&next.refresh).await.expect(200);
    program.revoke(&next.refresh).await.expect(200);
    with(&next.refresh).await.oauth_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_token_in_the_address_is_refused_however_good_it_is() {
    let scene = Scene::new().await;
    let (_, _, tokens) = scene.connected().await;
    for name in ["access_token", "token", "api_key", "bot_key"] {
        let query = format!("?x=1&{name}={}", tokens.access);
        let rest = scene.server.anon().get(&format!("/api/v1/runs{query}")).await;
        rest.problem(400, "a credential does not belong into the address");
        assert!(!rest.text.contains(&tokens.access));
        let bearer = scene.bearer(&tokens.access);
        bearer.get(&format!("/api/v1/runs{query}")).await.found(400);
        bearer.post(&format!("/mcp{query}"), super::call("get_run")).await.found(400);
    }
}

#[tokio::test]
async fn a_token_for_another_address_is_none_here() {
    let store = Store::in_memory().unwrap();
    let there = Scene::at("https://other.example", store.clone(), |people| people);
    let here = Scene::at(URL, store, |people| people);
    let mut browser = here.somebody("ada").await;
    let program = Program::registered(&here).await;
    let code = browser.allow(&program.address()).await;
    let tokens = Tokens::of(&program.exchange(&code).await);
    assert!(here.opens(&tokens.access).await);
    // The same database behind another name.
    let abroad = there.bearer(&tokens.access).get("/api/v1/runs").await;
    abroad.problem(401, "Invalid API key");

    let (account, at) = (here.store.read_blocking(bottrade::store::accounts::list).unwrap(), 0);
    let secret = Key::mint(Kind::Access);
    let (hash, now) = (secret.hash(), i64::MAX / 2);
    let grant = grants::Grant {
        id: "foreign".into(),
        account_id: account[0].id.clone(),
        client_id: program.id.clone(),
        client_name: "P".into(),
        scope: "bottrade:read".into(),
        resource: format!("{URL}/other"),
        created_at: at,
        last_used_at: None,
        expires_at: now,
        revoked_at: None,
    };
    let token = grants::Token {
        grant_id: "foreign".into(),
        kind: grants::Kind::Access,
        scope: "bottrade:read".into(),
        created_at: at,
        expires_at: now,
        used_at: None,
        salt: None,
    };
    let plant = move |tx: &mut dyn bottrade::store::Tx| {
        grants::insert(tx, &grant)?;
        grants::insert_token(tx, &token, &hash)
    };
    here.store.write_blocking(plant).unwrap();
    assert!(!here.opens(secret.reveal()).await);
}
