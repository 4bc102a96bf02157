//! A program that wants to act for somebody: it registers, asks, exchanges and refreshes.

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bottrade::store::chain::sha256;
use http::Request;
use serde_json::{Value, json};
use url::form_urlencoded::Serializer;

use super::Scene;
use crate::app::{Client, Reply};

/// What a program tells its own answers by; it comes back letter by letter.
pub(super) const STATE: &str = "s/t+a=t e&ü";
/// Where the program waits for answers.
pub(super) const REDIRECT: &str = "http://localhost:51234/callback";
/// Proves that the program that asked is the one that exchanges.
pub(super) const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters-in-all";

/// A client.
#[derive(Clone)]
pub(crate) struct Program {
    pub(super) id: String,
    client: Client,
}

/// Changes of parameters: another value, or none at all where it is empty.
pub(super) type Changes<'a> = &'a [(&'a str, &'a str)];

impl Program {
    /// One that registered itself.
    pub(crate) async fn registered(scene: &Scene) -> Self {
        let metadata = json!({ "client_name": "Test Program", "redirect_uris": [REDIRECT] });
        Self::registered_as(scene, &metadata).await
    }

    /// The same with these metadata.
    pub(crate) async fn registered_as(scene: &Scene, metadata: &Value) -> Self {
        let reply = scene.server.anon().post("/oauth/register", metadata.clone()).await;
        assert_eq!(reply.header("cache-control"), "no-store");
        let id = reply.expect(201)["client_id"].as_str().unwrap().to_owned();
        Self::known(scene, &id)
    }

    /// One that is known by this id.
    pub(super) fn known(scene: &Scene, id: &str) -> Self {
        Self { id: id.to_owned(), client: scene.server.anon() }
    }

    /// Where it sends a person's browser.
    pub(crate) fn address(&self) -> String {
        self.address_with(&[])
    }

    pub(super) fn address_with(&self, changes: Changes) -> String {
        let challenge = challenge(VERIFIER);
        let usual = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", REDIRECT),
            ("state", STATE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        format!("/oauth/authorize?{}", changed(&usual, changes))
    }

    /// Exchanges a code.
    pub(super) async fn exchange(&self, code: &str) -> Reply {
        self.exchange_with(code, &[]).await
    }

    pub(super) async fn exchange_with(&self, code: &str, changes: Changes<'_>) -> Reply {
        let usual = [
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.post("/oauth/token", changed(&usual, changes)).await
    }

    /// Asks for new tokens.
    pub(super) async fn refresh(&self, token: &str) -> Reply {
        self.refresh_with(token, &[]).await
    }

    pub(super) async fn refresh_with(&self, token: &str, changes: Changes<'_>) -> Reply {
        let usual =
            [("grant_type", "refresh_token"), ("client_id", &self.id), ("refresh_token", token)];
        self.post("/oauth/token", changed(&usual, changes)).await
    }

    /// Gives a token back.
    pub(super) async fn revoke(&self, token: &str) -> Reply {
        let form = changed(&[("token", token), ("client_id", &self.id)], &[]);
        self.post("/oauth/revoke", form).await
    }

    /// Posts a form.
    pub(super) async fn post(&self, path: &str, form: String) -> Reply {
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        self.client.send(request).await
    }
}

/// The S256 challenge of a verifier.
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))
}

fn changed(usual: &[(&str, &str)], changes: Changes) -> String {
    let kept = usual.iter().filter(|(name, _)| !changes.iter().any(|(it, _)| it == name));
    let added = changes.iter().filter(|(_, value)| !value.is_empty());
    Serializer::new(String::new()).extend_pairs(kept.chain(added)).finish()
}

/// An answer of the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) scope: String,
}

impl Tokens {
    #[track_caller]
    pub(super) fn of(reply: &Reply) -> Self {
        let body = reply.expect(200);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!((&body["token_type"], body["expires_in"].is_u64()), (&json!("Bearer"), true));
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        let tokens = Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            scope: text("scope"),
        };
        assert!(tokens.access.starts_with("bt_oat_") && tokens.refresh.starts_with("bt_ort_"));
        tokens
    }
}
