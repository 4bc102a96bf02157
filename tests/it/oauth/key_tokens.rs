//! The tokens of `/api/auth/token` at the routes of bot keys: what they do, and what is none.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bottrade::{
    accounts::LOCAL,
    app::Outside,
    clock::{Clock as _, TestClock},
    oauth::jwt::SigningKeys,
    store::Store,
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

/// Who broke into the folder of a server's signing keys, and has a good token of `ada`.
struct Forger {
    scene: Scene,
    key: EncodingKey,
    kid: String,
    good: String,
    claims: Value,
}

impl Forger {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let scene = Scene::at(URL, Store::in_memory().unwrap(), |outside| {
            let clock = TestClock::at(START.parse().unwrap());
            let signing_keys = SigningKeys::open(folder.path(), URL, clock).unwrap();
            Outside { signing_keys, ..outside }
        });
        let good = of_session(&mut scene.somebody("ada").await).await;
        let claims = scene.server.app.signing_keys.verify(&good).unwrap();
        let (key, kid) = stolen(folder.path());
        let forger = Self { scene, key, kid, good, claims: json!(claims) };
        let again = forger.signed(&forger.claims);
        forger.scene.bearer(&again).get(KEYS).await.expect(200);
        forger
    }

    /// These claims, as the server would sign them.
    fn signed(&self, claims: &Value) -> String {
        encode(&header(&self.kid), claims, &self.key).unwrap()
    }

    /// The good token with another claim.
    fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        self.signed(&claims)
    }
}

/// The signing key in a data folder, and its name.
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
async fn a_good_signature_is_not_enough() {
    let forger = Forger::new().await;
    let scene = &forger.scene;
    let now = scene.server.clock.now().as_second();
    let mut eve = scene.somebody("eve").await;
    let eves = scene.server.app.signing_keys.verify(&of_session(&mut eve).await).unwrap();
    let audience = "the token is for another service";
    let ended = "what the token was made from has ended";
    for (name, value, why) in [
        ("aud", json!(format!("{URL}/mcp")), audience),
        ("aud", json!(URL), audience),
        ("aud", json!(format!("{URL}/api/trade/v1/bot")), audience),
        ("scope", json!("bottrade:trade"), audience),
        ("iss", json!("https://evil.example"), "the token is from another issuer"),
        ("exp", json!(now), "the token has expired"),
        ("iat", json!(now + 60), "the token is not good yet"),
        ("sid", json!("made-up"), ended),
        ("sid", json!(eves.sid), ended),
        ("sub", json!(eves.sub), ended),
        ("sub", json!("made-up"), ended),
    ] {
        let bearer = scene.bearer(&forger.with(name, value));
        bearer.get(KEYS).await.problem(401, why);
        bearer.post(KEYS, json!({ "label": "x" })).await.problem(401, why);
    }
    assert_eq!(scene.bearer(&forger.good).get(KEYS).await.expect(200), json!([]));
}

#[tokio::test]
async fn what_this_server_did_not_sign_opens_nothing() {
    let forger = Forger::new().await;
    let Forger { scene, kid, good, claims, .. } = &forger;
    let (body, signature) = (good.split('.').nth(1).unwrap(), good.rsplit('.').next().unwrap());
    let none = json!({ "alg": "none", "typ": "at+jwt", "kid": kid }).to_string();
    let none = URL_SAFE_NO_PAD.encode(none);
    let jwks = scene.server.anon().get("/oauth/jwks").await.expect(200);
    let public = jwks["keys"][0]["x"].as_str().unwrap().as_bytes();
    let hs256 = Header { alg: Algorithm::HS256, ..header(kid) };
    let other = TempDir::new().unwrap();
    drop(SigningKeys::open(other.path(), URL, scene.server.clock.clone()).unwrap());
    let (foreign, its_kid) = stolen(other.path());
    let attacks = [
        format!("{none}.{body}."),
        format!("{none}.{body}.{signature}"),
        encode(&hs256, claims, &EncodingKey::from_secret(public)).unwrap(),
        encode(&header(&its_kid), claims, &foreign).unwrap(),
        encode(&header(kid), claims, &foreign).unwrap(),
        forger.with("sub", json!("x")).rsplit_once('.').unwrap().0.to_owned() + "." + signature,
        good[..good.len() - 5].to_owned(),
        format!("{good}."),
        "..".to_owned(),
        "eyJ".to_owned(),
        "x".repeat(5000),
    ];
    for token in &attacks {
        for path in [KEYS, "/api/trade/v1/bot/keys"] {
            let reply = scene.bearer(token).get(path).await;
            reply.found(401).any_problem();
            assert!(!reply.text.contains(token.as_str()), "a secret is not repeated");
        }
        scene.bearer(token).post(KEYS, json!({ "label": "x" })).await.found(401);
    }
    assert_eq!(scene.bearer(good).get(KEYS).await.expect(200), json!([]));
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
