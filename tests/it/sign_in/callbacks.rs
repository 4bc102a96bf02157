//! What a browser brings back, and what somebody else makes it bring.

use bottrade::sign_in::{Callback, PENDING_FOR, Pending, SignInError};
use oauth2::{AuthorizationCode, CsrfToken};

use super::{REDIRECT_URI, Scene, callback};
use crate::stand_in::StandIn;

/// The answer of one sign-in, changed by somebody; nothing is asked of the provider with it.
async fn refused(scene: &Scene, provider: &str, change: impl FnOnce(&mut Callback)) -> SignInError {
    let (pending, mut back) = scene.visited(provider).await;
    change(&mut back);
    let refused = scene.finish(&pending, back).await.unwrap_err();
    assert_eq!(
        scene.stand_in.calls("/token") + scene.stand_in.calls("/login/oauth/access_token"),
        0
    );
    refused
}

#[tokio::test]
async fn the_way_to_the_provider_is_new_every_time_and_tells_no_secret() {
    let scene = Scene::new().await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let begun = scene.providers.begin("oidc", REDIRECT_URI).await.unwrap();
        let url: url::Url = begun.url.parse().unwrap();
        let field = |name: &str| {
            let value = url.query_pairs().find(|(it, _)| it == name).map(|it| it.1.into_owned());
            value.unwrap_or_else(|| panic!("no {name} in {url}"))
        };
        assert_eq!(field("response_type"), "code");
        assert_eq!(field("code_challenge_method"), "S256");
        assert_eq!(field("redirect_uri"), REDIRECT_URI);
        assert_eq!(field("scope"), "openid profile email");
        let one_time = ["state", "nonce", "code_challenge"].map(field);
        assert!(one_time.iter().all(|it| it.len() >= 43), "{url}");
        let kept = serde_json::to_value(&begun.pending).unwrap();
        let verifier = kept["verifier"].as_str().unwrap();
        assert!(!begun.url.contains(verifier) && !begun.url.contains("canary"), "{url}");
        assert!(!format!("{begun:?}").contains(verifier));
        // State and nonce are kept as digests.
        assert!(one_time.iter().all(|it| !kept.to_string().contains(it)), "{kept}");
        seen.extend(one_time);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

#[tokio::test]
async fn what_is_kept_meanwhile_can_be_stored() {
    let scene = Scene::new().await;
    for provider in ["oidc", "github"] {
        let (pending, back) = scene.visited(provider).await;
        let stored = serde_json::to_string(&pending).unwrap();
        let pending: Pending = serde_json::from_str(&stored).unwrap();
        assert_eq!(scene.finish(&pending, back).await.unwrap().provider, provider);
    }
}

#[tokio::test]
async fn an_answer_with_another_state_or_none_is_refused() {
    let scene = Scene::new().await;
    let (_, other) = scene.visited("oidc").await;
    for provider in ["oidc", "github"] {
        let forged = |state: Option<CsrfToken>| {
            refused(&scene, provider, |back: &mut Callback| back.state = state)
        };
        assert_eq!(forged(None).await, SignInError::OtherState);
        assert_eq!(forged(Some(CsrfToken::new(String::new()))).await, SignInError::OtherState);
        assert_eq!(forged(other.state.clone()).await, SignInError::OtherState);
    }
    // Not even a refusal is believed.
    let denied = refused(&scene, "oidc", |back| {
        (back.state, back.error) = (None, Some("access_denied".into()));
    });
    assert_eq!(denied.await, SignInError::OtherState);
}

#[tokio::test]
async fn an_answer_of_another_provider_is_refused() {
    let scene = Scene::new().await;
    let foreign = |back: &mut Callback| back.iss = Some("https://evil.example".into());
    for provider in ["oidc", "github"] {
        assert_eq!(refused(&scene, provider, foreign).await, SignInError::OtherIssuer);
    }
    let issuer = scene.stand_in.base.clone();
    let scene = Scene::new().await;
    scene.stand_in.play(|part| part.says_issuer = Some(issuer));
    assert_eq!(refused(&scene, "oidc", |_| ()).await, SignInError::OtherIssuer);
    assert_eq!(refused(&scene, "oidc", |back| back.iss = None).await, SignInError::OtherIssuer);
    // Whose error it is comes first.
    let denied = refused(&scene, "oidc", |back| back.error = Some("access_denied".into()));
    assert_eq!(denied.await, SignInError::OtherIssuer);
    let own = scene.stand_in.base.clone();
    scene.stand_in.play(|part| part.says_issuer = Some(own.clone()));
    assert_eq!(scene.sign_in("oidc").await.unwrap().issuer, own);
}

#[tokio::test]
async fn githubs_own_issuer_is_known() {
    let scene = Scene::new().await;
    let issuer = format!("{}/login/oauth", scene.stand_in.base);
    scene.stand_in.play(|part| part.says_issuer = Some(issuer.clone()));
    assert_eq!(scene.sign_in("github").await.unwrap().issuer, issuer);
}

#[tokio::test]
async fn an_error_of_the_provider_is_told_apart() {
    let scene = Scene::new().await;
    let told = |word: &str| {
        let word = Some(word.to_owned());
        refused(&scene, "github", |back: &mut Callback| back.error = word)
    };
    assert_eq!(told("access_denied").await, SignInError::Denied);
    assert!(matches!(told("server_error").await, SignInError::Unavailable(_)));
    assert!(matches!(told("redirect_uri_mismatch").await, SignInError::Misconfigured(_)));
    let long = format!("<b>\u{202e}\n{}", "x".repeat(9_000));
    let SignInError::Refused(word) = told(&long).await else { panic!("not refused") };
    assert!(word.len() <= 60 && word.starts_with("<b> x"), "{word}");
}

#[tokio::test]
async fn an_answer_without_a_usable_code_is_refused() {
    let scene = Scene::new().await;
    for code in [None, Some(String::new()), Some("x".repeat(5_000))] {
        let code = code.map(AuthorizationCode::new);
        let refused = refused(&scene, "oidc", |back: &mut Callback| back.code = code);
        assert_eq!(refused.await, SignInError::NoCode);
    }
}

#[tokio::test]
async fn an_answer_that_comes_late_is_refused() {
    let scene = Scene::new().await;
    let (pending, back) = scene.visited("oidc").await;
    scene.clock.advance(PENDING_FOR - 1);
    assert!(scene.finish(&pending, back).await.is_ok());
    let scene = Scene::new().await;
    let clock = scene.clock.clone();
    assert_eq!(refused(&scene, "oidc", |_| clock.advance(PENDING_FOR)).await, SignInError::TooLate);
}

#[tokio::test]
async fn a_code_works_once_and_with_its_own_verifier() {
    let scene = Scene::new().await;
    for provider in ["oidc", "github"] {
        let (pending, place) = {
            let begun = scene.providers.begin(provider, REDIRECT_URI).await.unwrap();
            (begun.pending, scene.stand_in.visit(&begun.url).await)
        };
        assert!(scene.finish(&pending, callback(&place)).await.is_ok());
        let again = scene.finish(&pending, callback(&place)).await;
        assert_eq!(again, Err(SignInError::CodeRefused), "{provider}");
        // Somebody's code, smuggled into a sign-in of one's own.
        let (_, stolen) = scene.visited(provider).await;
        let (pending, mut back) = scene.visited(provider).await;
        back.code = stolen.code;
        assert_eq!(scene.finish(&pending, back).await, Err(SignInError::CodeRefused));
    }
}

#[tokio::test]
async fn a_code_goes_to_the_provider_that_gave_it_even_when_settings_change() {
    let scene = Scene::new().await;
    let other = StandIn::start(scene.clock.clone()).await;
    let changed = other.providers(&scene.clock);
    for provider in ["oidc", "github"] {
        let (pending, back) = scene.visited(provider).await;
        assert_eq!(changed.finish(&pending, back).await, Err(SignInError::NoSuchProvider));
    }
    assert_eq!(other.calls("/token") + other.calls("/login/oauth/access_token"), 0);
    let unknown = scene.providers.begin("google", REDIRECT_URI).await;
    assert_eq!(unknown.unwrap_err(), SignInError::NoSuchProvider);
}
