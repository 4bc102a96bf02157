//! The tokens of `/api/auth/token` at the routes of bot keys: what they do, and what is none.

use std::path::Path;

use bottrade::{
    accounts::LOCAL, app::People, clock::Clock as _, oauth::jwt::SigningKeys, store::Store,
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Browser, Program, Scene, bot_keys::KEYS};
use crate::app::{START, URL};

/// The token of a browser's session.
async fn of_session(browser: &mut Browser) -> String {
    text(&browser.post("/api/auth/token", &[]).await.expect(200)["access_token"])
}

/// The token of a refresh token.
async fn of_refresh(program: &Program, token: &str) -> String {
    let form = format!("refresh_token={token}");
    text(&program.post("/api/auth/token", form).await.expect(200)["access_token"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_makes_lists_and_revokes_bot_keys_and_does_nothing_else() {
    let scene = Scene::new().await;
    let (mut browser, program, tokens) = scene.connected().await;
    for token in [of_session(&mut browser).await, of_refresh(&program, &tokens.refresh).await] {
        let bearer = scene.bearer(&token);
        let made = bearer.post(KEYS, json!({ "label": "bot" })).await.expect(201);
        let key = made["key"].as_str().unwrap();
        let listed = bearer.get("/api/trade/v1/bot/keys").await.expect(200);
        assert_eq!(listed[0]["id"], made["id"]);
        let with_key = http::Request::get(KEYS).header("x-bot-key", key);
        bearer.send(with_key, String::new()).await.expect(200);
        let path = format!("{KEYS}/{}", made["id"].as_str().unwrap());
        bearer.send(http::Request::delete(path), String::new()).await.found(204);
        for path in ["/api/v1/runs", "/api/v1/keys", "/api/v1/grants", "/api/v1/auth/status"] {
            bearer.get(path).await.problem(401, "Invalid API key");
        }
        let nowhere = bearer.get("/api/v1/bot/nowhere").await;
        nowhere.problem(401, "Invalid or revoked bot API key");
        bearer.tool("auth_status").await.found(401);
        // A credential stands in its own header.
        let named = scene.server.with_key(&token).get(KEYS).await;
        named.problem(401, "Invalid API key");
    }
}

#[tokio::test]
async fn a_token_ends_with_what_it_was_made_from() {
    let scene = Scene::new().await;
    let accounts = &scene.server.app.accounts;
    let ended = "what the token was made from has ended";
    let (mut browser, program, tokens) = scene.connected().await;
    let local = accounts.find(LOCAL).await.unwrap().id;

    let token = of_session(&mut browser).await;
    scene.bearer(&token).get(KEYS).await.expect(200);
    let session = accounts.sessions(&local).await.unwrap().remove(0);
    assert!(accounts.end_session(&local, &session.id).await.unwrap());
    let refused = scene.bearer(&token).get(KEYS).await;
    refused.problem(401, ended);
    assert!(refused.header("www-authenticate").contains("invalid_token"));

    let token = of_refresh(&program, &tokens.refresh).await;
    scene.bearer(&token).get(KEYS).await.expect(200);
    let next = super::Tokens::of(&program.refresh(&tokens.refresh).await);
    scene.bearer(&token).get(KEYS).await.expect(200);
    program.revoke(&next.refresh).await.expect(200);
    scene.bearer(&token).post(KEYS, json!({ "label": "b" })).await.problem(401, ended);

    let mut ada = scene.somebody("ada").await;
    let token = of_session(&mut ada).await;
    scene.bearer(&token).get(KEYS).await.expect(200);
    let erased = accounts.find("ada@oidc").await.unwrap().id;
    assert!(accounts.erase(&erased).await.unwrap());
    scene.bearer(&token).get(KEYS).await.problem(401, ended);
}

#[tokio::test]
async fn a_token_is_good_for_a_quarter_of_an_hour() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    let token = of_session(&mut browser).await;
    scene.pass(899);
    scene.bearer(&token).get(KEYS).await.expect(200);
    scene.pass(1);
    scene.bearer(&token).get(KEYS).await.problem(401, "the token has expired");
}

/// A server whose signing key lies in a folder.
fn with_folder(folder: &Path) -> Scene {
    Scene::at(URL, Store::in_memory().unwrap(), |people| {
        let clock = bottrade::clock::TestClock::at(START.parse().unwrap());
        let signing_keys = SigningKeys::open(folder, URL, clock).unwrap();
        People { signing_keys, ..people }
    })
}

/// The server's own signing key and its name, as who broke into the folder would have them.
fn stolen(folder: &Path) -> (EncodingKey, String) {
    let file = std::fs::read_dir(folder.join("signing-keys")).unwrap().next().unwrap().unwrap();
    let name = file.file_name().into_string().unwrap();
    let kid = name.split_once('-').unwrap().1.strip_suffix(".pk8").unwrap();
    (EncodingKey::from_ed_der(&std::fs::read(file.path()).unwrap()), kid.to_owned())
}

fn header(kid: &str) -> Header {
    let (typ, kid) = (Some("at+jwt".to_owned()), Some(kid.to_owned()));
    Header { typ, kid, ..Header::new(Algorithm::EdDSA) }
}

#[tokio::test]
async fn what_is_no_token_of_ours_opens_nothing() {
    let folder = TempDir::new().unwrap();
    let scene = with_folder(folder.path());
    let mut ada = scene.somebody("ada").await;
    let good = of_session(&mut ada).await;
    let claims = scene.server.app.signing_keys.verify(&good).unwrap();
    let claims = serde_json::to_value(claims).unwrap();
    let (key, kid) = stolen(folder.path());
    let forged = |claims: &Value| encode(&header(&kid), claims, &key).unwrap();
    assert_eq!(scene.bearer(&forged(&claims)).get(KEYS).await.status, 200, "the forger is good");

    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        forged(&claims)
    };
    let now = scene.server.clock.now().as_second();
    let audience = "the token is for another service";
    let ended = "what the token was made from has ended";
    let mut eve = scene.somebody("eve").await;
    let eves = scene.server.app.signing_keys.verify(&of_session(&mut eve).await).unwrap();
    let attacks = [
        (with("aud", json!(format!("{URL}/mcp"))), audience),
        (with("aud", json!(URL)), audience),
        (with("scope", json!("bottrade:trade")), audience),
        (with("iss", json!("https://evil.example")), "the token is from another issuer"),
        (with("exp", json!(now)), "the token has expired"),
        (with("iat", json!(now + 60)), "the token is not good yet"),
        (with("sid", json!("made-up")), ended),
        (with("sid", json!(eves.sid)), ended),
        (with("sub", json!(eves.sub)), ended),
        (with("sub", json!("made-up")), ended),
    ];
    for (token, why) in &attacks {
        scene.bearer(token).get(KEYS).await.problem(401, why);
    }

    let body = good.split('.').nth(1).unwrap();
    let part = |value: Value| {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(value.to_string())
    };
    let none = part(json!({ "alg": "none", "typ": "at+jwt", "kid": kid }));
    let jwks = scene.server.anon().get("/oauth/jwks").await.expect(200);
    let public = jwks["keys"][0]["x"].as_str().unwrap().as_bytes();
    let hs256 = Header { alg: Algorithm::HS256, ..header(&kid) };
    let hs256 = encode(&hs256, &claims, &EncodingKey::from_secret(public)).unwrap();
    let foreign = TempDir::new().unwrap();
    drop(SigningKeys::open(foreign.path(), URL, scene.server.clock.clone()).unwrap());
    let (foreign, its_kid) = stolen(foreign.path());
    let signature = good.rsplit('.').next().unwrap();
    let attacks = [
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        hs256,
        encode(&header(&its_kid), &claims, &foreign).unwrap(),
        encode(&header(&kid), &claims, &foreign).unwrap(),
        format!("{}A", &good[..good.len() - 1]),
        good[..good.len() - 5].to_owned(),
        format!("{good}."),
        "..".to_owned(),
        "eyJ".to_owned(),
        "x".repeat(5000),
    ];
    for token in attacks.iter().filter(|it| **it != good) {
        for path in [KEYS, "/api/trade/v1/bot/keys/x"] {
            let reply = scene.bearer(token).get(path).await;
            reply.found(401).any_problem();
            assert!(!reply.text.contains(token.as_str()), "a secret is not repeated");
        }
        let made = scene.bearer(token).post(KEYS, json!({ "label": "x" })).await;
        made.found(401);
    }
    let mine = scene.bearer(&good).get(KEYS).await;
    assert_eq!(mine.expect(200), json!([]), "nothing was made");
}

#[tokio::test]
async fn tokens_come_and_make_keys_at_a_bounded_rate() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    let token = of_session(&mut browser).await;
    let bearer = scene.bearer(&token);
    for _ in 0..10 {
        let made = bearer.post(KEYS, json!({ "label": "bot" })).await;
        if made.status == 201 {
            continue;
        }
        made.problem(409, "the plan Free has 1 bot key");
    }
    let refused = bearer.post(KEYS, json!({ "label": "bot" })).await;
    refused.problem(429, "too many new keys of this account");
    for _ in 11..60 {
        bearer.get(KEYS).await.expect(200);
    }
    let refused = bearer.get(KEYS).await;
    refused.problem(429, "too many calls about keys of this account");
    assert_eq!(refused.header("retry-after"), "1");
}
