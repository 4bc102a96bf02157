//! Discovery documents that do not fit the settings, or lead astray.

use bottrade::sign_in::SignInError;
use serde_json::{Value, json};

use super::{REDIRECT_URI, Scene};

/// Why nobody is sent to a provider with this document.
async fn refused(edit: impl Fn(&mut Value) + Send + 'static) -> SignInError {
    let scene = Scene::new().await;
    scene.stand_in.play(|part| part.discovery = Box::new(edit));
    scene.providers.begin("oidc", REDIRECT_URI).await.unwrap_err()
}

#[tokio::test]
async fn a_document_that_does_not_fit_is_refused() {
    for (field, value, told) in [
        ("issuer", json!("https://evil.example"), "https://evil.example"),
        ("authorization_endpoint", json!("javascript:alert(1)"), "javascript:alert(1)"),
        ("token_endpoint", json!("http://192.0.2.1/token"), "http://192.0.2.1/token"),
        ("jwks_uri", json!("file:///etc/passwd"), "file:///etc/passwd"),
        ("userinfo_endpoint", json!("http://evil.example/me"), "http://evil.example/me"),
        ("id_token_signing_alg_values_supported", json!(["none", "HS256"]), "RS256"),
        ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]), "secret"),
    ] {
        match refused(move |document| document[field] = value.clone()).await {
            SignInError::Misconfigured(why) => assert!(why.contains(told), "{field}: {why}"),
            other => panic!("{field}: {other:?}"),
        }
    }
    for field in ["issuer", "jwks_uri"] {
        let refused = refused(move |document| document[field] = json!(7)).await;
        assert_eq!(refused, SignInError::Unreadable("the discovery document"), "{field}");
    }
}

#[tokio::test]
async fn an_issuer_without_a_document_is_a_wrong_setting() {
    let scene = Scene::new().await;
    let elsewhere = format!("{}/tenant", scene.stand_in.base);
    let providers = scene.stand_in.providers_as(&elsewhere, &scene.clock);
    match providers.begin("oidc", REDIRECT_URI).await {
        Err(SignInError::Misconfigured(why)) => assert!(why.contains("404"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_secret_is_sent_the_way_that_the_provider_takes_it() {
    let scene = Scene::new().await;
    scene.stand_in.play(|part| {
        part.secret_in_form = true;
        part.discovery = Box::new(|document| {
            document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        });
    });
    assert!(scene.sign_in("oidc").await.is_ok());
}
