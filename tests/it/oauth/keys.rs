//! What opens an account is seen, named and taken back by its owner alone, at once and everywhere.

use http::Request;
use serde_json::{Value, json};

use super::{Browser, Program, Scene, Tokens};
use crate::app::{Reply, URL};

const SIGN_IN: &str = "Sign in to BotTrade before creating an API key.";
const NOT_A_PERSON: &str = "what opens the account is managed by its owner alone";

/// A call of a page of ours, by its script.
async fn call(browser: &mut Browser, method: &str, path: &str, body: Value) -> Reply {
    let request = Request::builder().method(method).uri(path).header("origin", URL);
    let request = request.header("content-type", "application/json");
    browser.send(request, if body.is_null() { String::new() } else { body.to_string() }).await
}

async fn created(browser: &mut Browser, name: &str) -> Value {
    call(browser, "POST", "/api/v1/keys", json!({ "name": name })).await.expect(200)
}

#[tokio::test]
async fn a_person_makes_names_and_revokes_keys() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    let made = created(&mut ada, "laptop").await;
    let key = made["api_key"].as_str().unwrap();
    assert!(key.starts_with("bt_") && scene.opens(key).await);
    assert_eq!((&made["name"], &made["plan"]), (&json!("laptop"), &json!("free")));
    let path = format!("/api/v1/keys/{}", made["key_id"].as_str().unwrap());
    let renamed = call(&mut ada, "PATCH", &path, json!({ "name": "desk" })).await.expect(200);
    assert_eq!(renamed, json!({ "key_id": made["key_id"], "name": "desk" }));
    let listed = call(&mut ada, "GET", "/api/v1/keys", Value::Null).await;
    assert!(!listed.text.contains(key), "a secret is shown once");
    let listed = listed.expect(200);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&listed["keys"][0]["name"], &listed["keys"][0]["key_id"]),
        (&json!("desk"), &made["key_id"])
    );
    assert!(key.starts_with(listed["keys"][0]["prefix"].as_str().unwrap()));
    let revoked = call(&mut ada, "DELETE", &path, Value::Null).await.expect(200);
    assert_eq!(revoked, json!({ "id": made["key_id"], "revoked": true }));
    assert!(!scene.opens(key).await);
    let gone = scene.server.with_key(key).get("/api/v1/runs").await;
    gone.problem(401, "Invalid API key");
    let listed = call(&mut ada, "GET", "/api/v1/keys", Value::Null).await.expect(200);
    assert_eq!(listed["keys"], json!([]));
}

#[tokio::test]
async fn only_a_browser_that_is_signed_in_makes_a_key() {
    let scene = Scene::new().await;
    let (_, _, tokens) = scene.connected().await;
    let body = json!({ "name": "more" });
    let anon = scene.server.anon().post("/api/v1/keys", body.clone()).await;
    let hint = anon.problem(401, SIGN_IN)["hint"].clone();
    assert!(hint.as_str().unwrap().contains("/login"), "{hint}");
    let key = scene.server.account("ada").await;
    key.post("/api/v1/keys", body.clone()).await.problem(401, SIGN_IN);
    assert_eq!(key.get("/api/v1/keys").await.expect(200)["keys"].as_array().unwrap().len(), 1);
    let bearer = scene.bearer(&tokens.access);
    bearer.post("/api/v1/keys", body).await.problem(403, NOT_A_PERSON);
    for path in ["/api/v1/keys", "/api/v1/grants"] {
        bearer.get(path).await.problem(403, NOT_A_PERSON);
        scene.server.anon().get(path).await.problem(401, SIGN_IN);
    }
    let paid = "what the account pays is seen and changed by its owner alone";
    bearer.get("/api/v1/billing/account").await.problem(403, paid);
    for path in ["/api/v1/billing/checkout", "/api/v1/billing/portal"] {
        bearer.post(path, json!({ "plan": "pro" })).await.problem(403, paid);
    }
}

#[tokio::test]
async fn what_is_anothers_is_not_there() {
    let scene = Scene::new().await;
    let (mut ada, mut bob) = (scene.somebody("ada").await, scene.somebody("bob").await);
    let made = created(&mut ada, "laptop").await;
    let program = Program::registered(&scene).await;
    let tokens = Tokens::of(&program.exchange(&ada.allow(&program.address()).await).await);
    let grants = call(&mut ada, "GET", "/api/v1/grants", Value::Null).await.expect(200);
    let grant = &grants["grants"][0];
    assert_eq!(
        (&grant["client_name"], &grant["scope"]),
        (&json!("Test Program"), &json!("bottrade:read bottrade:trade"))
    );
    let key = format!("/api/v1/keys/{}", made["key_id"].as_str().unwrap());
    let grant = format!("/api/v1/grants/{}", grant["grant_id"].as_str().unwrap());
    call(&mut bob, "PATCH", &key, json!({ "name": "mine" })).await.problem(404, "no such key");
    call(&mut bob, "DELETE", &key, Value::Null).await.problem(404, "no such key");
    call(&mut bob, "DELETE", &grant, Value::Null).await.problem(404, "no such grant");
    let seen = call(&mut bob, "GET", "/api/v1/keys", Value::Null).await.expect(200);
    assert_eq!(seen["keys"], json!([]));
    assert!(scene.opens(made["api_key"].as_str().unwrap()).await);
    assert!(scene.opens(&tokens.access).await);
}

#[tokio::test]
async fn a_page_of_another_site_does_nothing_with_the_cookie() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    let made = created(&mut ada, "laptop").await;
    let path = format!("/api/v1/keys/{}", made["key_id"].as_str().unwrap());
    for head in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
    {
        for (method, path) in [("POST", "/api/v1/keys"), ("DELETE", &path), ("PATCH", &path)] {
            let request = Request::builder().method(method).uri(path).header(head.0, head.1);
            let reply = ada.send(request, json!({ "name": "x" }).to_string()).await;
            reply.problem(403, "this form did not come from a page of this server");
        }
    }
    let listed = call(&mut ada, "GET", "/api/v1/keys", Value::Null).await;
    assert_eq!(listed.header("access-control-allow-credentials"), "");
    assert_eq!(listed.expect(200)["keys"].as_array().unwrap().len(), 1);
    // The cookie opens what is its own, and neither runs nor tools.
    call(&mut ada, "GET", "/api/v1/runs", Value::Null).await.found(401);
    call(&mut ada, "POST", "/mcp", super::call("get_run")).await.found(401);
}

#[tokio::test]
async fn what_is_taken_back_opens_nothing_at_once_and_everywhere() {
    let scene = Scene::new().await;
    let (mut browser, program, tokens) = scene.connected().await;
    assert!(scene.opens(&tokens.access).await);
    let grants = call(&mut browser, "GET", "/api/v1/grants", Value::Null).await.expect(200);
    let id = grants["grants"][0]["grant_id"].as_str().unwrap();
    let path = format!("/api/v1/grants/{id}");
    call(&mut browser, "DELETE", &path, Value::Null).await.expect(200);
    assert!(!scene.opens(&tokens.access).await);
    program.refresh(&tokens.refresh).await.oauth_error(400, "invalid_grant");
    call(&mut browser, "DELETE", &path, Value::Null).await.problem(404, "no such grant");

    let made = created(&mut browser, "laptop").await;
    let key = made["api_key"].as_str().unwrap();
    let run = scene.server.with_key(key).start("tiny").await;
    let path = format!("/api/v1/keys/{}", made["key_id"].as_str().unwrap());
    call(&mut browser, "DELETE", &path, Value::Null).await.expect(200);
    scene.server.with_key(key).step(&run, 1).await.problem(401, "Invalid API key");
    assert!(!scene.opens(key).await);

    let accounts = &scene.server.app.accounts;
    let local = accounts.local().await.unwrap().unwrap();
    let session = accounts.sessions(&local).await.unwrap().remove(0);
    assert!(accounts.end_session(&local, &session.id).await.unwrap());
    call(&mut browser, "GET", "/api/v1/keys", Value::Null).await.problem(401, SIGN_IN);
    browser.get("/account").await.found(303);
}

#[tokio::test]
async fn names_are_bounded() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    for name in ["", " ", "a\nb", &"x".repeat(61)] {
        let reply = call(&mut ada, "POST", "/api/v1/keys", json!({ "name": name })).await;
        reply.found(422).any_problem();
    }
    assert_eq!(created(&mut ada, &"ü".repeat(60)).await["name"], "ü".repeat(60));
}
