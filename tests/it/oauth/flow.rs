//! The way that everybody goes: register, sign in, allow, exchange, call, refresh, give back.

use bottrade::store::Store;
use serde_json::json;

use super::{Program, Scene, Tokens, program::REDIRECT, with_document};
use crate::app::URL;

#[tokio::test]
async fn a_program_that_registered_acts_for_a_person_until_it_gives_its_token_back() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.browser();
    let address = program.address();
    let place = browser.get(&address).await.place().to_owned();
    assert!(place.starts_with("/login?next=%2Foauth%2Fauthorize%3F"), "{place}");
    browser.get(&place).await.found(200);

    let mut browser = scene.person().await;
    let page = browser.get(&address).await;
    for shown in ["Test Program", "<strong>local</strong>", "<strong>localhost:51234</strong>"] {
        assert!(page.found(200).text.contains(shown), "{shown}: {}", page.text);
    }
    for scope in ["bottrade:read", "bottrade:trade"] {
        assert!(page.text.contains(&format!("value=\"{scope}\" checked")), "{}", page.text);
    }
    assert!(!page.text.contains("bottrade:paper"), "it was not asked for");

    let allow = [("decision", "allow"), ("scope", "bottrade:trade")];
    let told = browser.answer(&address, &allow).await.told();
    assert!(told.0.as_str().starts_with(&format!("{REDIRECT}?")), "{}", told.0);
    assert_eq!(told.get("state").as_deref(), Some(super::program::STATE));
    assert_eq!(told.get("iss").as_deref(), Some(URL));
    let code = told.get("code").unwrap();
    assert!(code.starts_with("bt_code_") && told.0.fragment().is_none());

    let tokens = Tokens::of(&program.exchange(&code).await);
    assert_eq!(tokens.scope, "bottrade:read bottrade:trade");
    let bearer = scene.bearer(&tokens.access);
    let started = bearer.post("/api/v1/runs", json!({ "scenario_slug": "tiny" })).await;
    let run = started.expect(201)["run"]["id"].clone();
    let asked = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "get_run", "arguments": { "run_id": run } } });
    let shown = bearer.post("/mcp", asked).await.expect(200);
    assert_eq!(shown["result"]["structuredContent"]["run"]["id"], run, "{shown}");

    let next = Tokens::of(&program.refresh(&tokens.refresh).await);
    assert_eq!(next.scope, tokens.scope);
    assert!(next.access != tokens.access && next.refresh != tokens.refresh);
    assert!(scene.opens(&next.access).await && scene.opens(&tokens.access).await);
    program.revoke(&next.refresh).await.expect(200);
    for token in [&next.access, &tokens.access] {
        assert!(!scene.opens(token).await);
    }
    program.refresh(&next.refresh).await.oauth_error(400, "invalid_grant");
    program.revoke(&next.refresh).await.expect(200);
}

#[tokio::test]
async fn a_program_that_has_a_document_needs_no_registration() {
    let folder = tempfile::tempdir().unwrap();
    let id = "https://client.example/c.json";
    let document = json!({ "client_id": id, "client_name": "By Document",
        "redirect_uris": ["http://localhost/callback"] });
    std::fs::write(folder.path().join("c.json"), document.to_string()).unwrap();
    let clock = bottrade::clock::TestClock::at(crate::app::START.parse().unwrap());
    let trust = |people| with_document(people, clock, folder.path());
    let scene = Scene::at(URL, Store::in_memory().unwrap(), trust);
    let mut browser = scene.somebody("ada").await;
    let program = Program::known(&scene, id);
    let address = program.address();
    assert!(browser.get(&address).await.found(200).text.contains("By Document"));
    let code = browser.allow(&address).await;
    let tokens = Tokens::of(&program.exchange(&code).await);
    assert!(scene.opens(&tokens.access).await);
    let other = Program::known(&scene, "https://client.example/other.json");
    assert!(matches!(browser.get(&other.address()).await.status, 400), "it is not trusted");
}

#[tokio::test]
async fn who_registers_the_same_again_is_the_same() {
    let scene = Scene::new().await;
    let one = Program::registered(&scene).await;
    assert_eq!(one.id, Program::registered(&scene).await.id);
    let other = json!({ "client_name": "Other", "redirect_uris": [REDIRECT] });
    assert_ne!(one.id, Program::registered_as(&scene, &other).await.id);
    let refused = scene.server.anon().post("/oauth/register", json!({})).await;
    assert_eq!(refused.expect(400)["error"], "invalid_redirect_uri");
    assert_eq!(refused.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_client_that_is_not_known_is_told_to_register_again() {
    let scene = Scene::new().await;
    let (_, _, tokens) = scene.connected().await;
    for id in ["bt_oauth_client_019b0000-0000-7000-8000-000000000000", "bt_oauth_client_x", "x"] {
        let stranger = Program::known(&scene, id);
        stranger.exchange("bt_code_x").await.oauth_error(401, "invalid_client");
        stranger.refresh(&tokens.refresh).await.oauth_error(400, "invalid_grant");
        let shown = scene.browser().get(&stranger.address()).await;
        assert!(shown.found(400).text.contains("invalid_client"), "{}", shown.text);
    }
    assert!(scene.opens(&tokens.access).await);
}

#[tokio::test]
async fn what_the_token_endpoint_cannot_read_is_refused_by_name() {
    let scene = Scene::new().await;
    let (_, program, tokens) = scene.connected().await;
    let token = |form: &str| program.post("/oauth/token", form.to_owned());
    token("").await.oauth_error(400, "invalid_request");
    token("grant_type=password").await.oauth_error(400, "unsupported_grant_type");
    token("grant_type=client_credentials").await.oauth_error(400, "unsupported_grant_type");
    let refresh = format!("grant_type=refresh_token&client_id={}", program.id);
    token(&refresh).await.oauth_error(400, "invalid_request");
    let twice = format!("{refresh}&refresh_token={0}&refresh_token={0}", tokens.refresh);
    token(&twice).await.oauth_error(400, "invalid_request");
    let json = json!({ "grant_type": "refresh_token", "refresh_token": tokens.refresh });
    let json = scene.server.anon().post("/oauth/token", json).await;
    json.oauth_error(400, "invalid_request");
    let gone = scene.server.anon().get("/oauth/token").await;
    gone.problem(405, "/oauth/token has no method GET");
    assert!(scene.opens(&tokens.access).await);
}
