//! ID tokens: who they are of, and every way in which they prove nothing.

use bottrade::sign_in::{IdTokenFault, Person, SignInError};
use serde_json::{Value, json};

use super::Scene;
use crate::stand_in::{CLIENT_ID, Signed};

/// Why a token with these claims is refused.
async fn refused(scene: &Scene, edit: impl Fn(&mut Value) + Send + 'static) -> IdTokenFault {
    scene.stand_in.play(|part| part.claims = Box::new(edit));
    fault(scene.sign_in("oidc").await)
}

fn fault(outcome: Result<Person, SignInError>) -> IdTokenFault {
    match outcome {
        Err(SignInError::NotProven(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

/// Sets a claim.
fn with(name: &'static str, value: Value) -> impl Fn(&mut Value) + Send {
    move |claims| claims[name] = value.clone()
}

/// Takes a claim away.
fn without(name: &'static str) -> impl Fn(&mut Value) + Send {
    move |claims| drop(claims.as_object_mut().unwrap().shift_remove(name))
}

#[tokio::test]
async fn a_person_is_known_by_a_token_of_each_algorithm() {
    let scene = Scene::new().await;
    for signed in [Signed::Rs256, Signed::Es256, Signed::EdDsa] {
        scene.stand_in.play(|part| part.signed = signed);
        let person = Person {
            provider: "oidc".into(),
            issuer: scene.stand_in.base.clone(),
            subject: "ada-1815".into(),
            shown: "Ada Lovelace".into(),
            email: Some("ada@example.com".into()),
        };
        assert_eq!(scene.sign_in("oidc").await, Ok(person), "{signed:?}");
    }
    let asked = ["/.well-known/openid-configuration", "/jwks", "/userinfo"];
    assert_eq!(asked.map(|path| scene.stand_in.calls(path)), [1, 1, 0]);
}

#[tokio::test]
async fn a_token_that_nobody_vouches_for_is_refused() {
    let scene = Scene::new().await;
    for (signed, why) in [
        (Signed::None, IdTokenFault::Header),
        (Signed::Hs256WithPublicKey, IdTokenFault::Algorithm),
        (Signed::ForeignKey, IdTokenFault::Signature),
        (Signed::Tampered, IdTokenFault::Signature),
    ] {
        scene.stand_in.play(|part| part.signed = signed);
        assert_eq!(fault(scene.sign_in("oidc").await), why, "{signed:?}");
    }
}

#[tokio::test]
async fn only_announced_algorithms_are_taken() {
    let scene = Scene::new().await;
    scene.stand_in.play(|part| {
        part.signed = Signed::EdDsa;
        part.discovery = Box::new(|document| {
            document["id_token_signing_alg_values_supported"] = json!(["RS256", "ES256"]);
        });
    });
    assert_eq!(fault(scene.sign_in("oidc").await), IdTokenFault::Algorithm);
}

#[tokio::test]
async fn a_token_for_somebody_else_is_refused() {
    let scene = Scene::new().await;
    let foreign = "https://evil.example";
    for (edit, why) in [
        (with("iss", json!(foreign)), IdTokenFault::Issuer),
        (with("iss", json!([scene.stand_in.base, foreign])), IdTokenFault::Claims),
        (with("aud", json!("another-client")), IdTokenFault::Audience),
        (with("aud", json!([])), IdTokenFault::Audience),
        (with("aud", json!([CLIENT_ID, "another-client"])), IdTokenFault::Audience),
        (with("azp", json!("another-client")), IdTokenFault::Audience),
        (with("nonce", json!("another-sign-in")), IdTokenFault::Nonce),
        (with("nonce", json!("")), IdTokenFault::Nonce),
        (with("sub", json!("")), IdTokenFault::Subject),
        (with("sub", json!("ada\u{202e}1815")), IdTokenFault::Subject),
        (with("sub", json!("a".repeat(256))), IdTokenFault::Subject),
        (with("sub", json!(1815)), IdTokenFault::Claims),
    ] {
        assert_eq!(refused(&scene, edit).await, why);
    }
    assert_eq!(refused(&scene, without("nonce")).await, IdTokenFault::Nonce);
    for name in ["iss", "aud", "exp", "iat", "sub"] {
        assert_eq!(refused(&scene, without(name)).await, IdTokenFault::Claims, "{name}");
    }
    scene.stand_in.play(|part| {
        part.claims = Box::new(|claims| {
            (claims["aud"], claims["azp"]) = (json!([CLIENT_ID, "another"]), json!(CLIENT_ID));
        });
    });
    assert!(scene.sign_in("oidc").await.is_ok());
}

#[tokio::test]
async fn a_token_counts_in_its_time_by_our_clock_with_a_minute_of_grace() {
    let scene = Scene::new().await;
    let now = bottrade::clock::Clock::now(&*scene.clock).as_second();
    for (claim, value, why) in [
        ("exp", now - 60, Some(IdTokenFault::Expired)),
        ("exp", now - 59, None),
        ("exp", i64::MIN, Some(IdTokenFault::Expired)),
        ("exp", i64::MAX, None),
        ("iat", now + 61, Some(IdTokenFault::Future)),
        ("iat", now + 60, None),
        ("nbf", now + 61, Some(IdTokenFault::Future)),
        ("nbf", i64::MAX, Some(IdTokenFault::Future)),
    ] {
        scene.stand_in.play(|part| part.claims = Box::new(with(claim, json!(value))));
        let outcome = scene.sign_in("oidc").await;
        match why {
            Some(why) => assert_eq!(fault(outcome), why, "{claim} {value}"),
            None => assert!(outcome.is_ok(), "{claim} {value}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn an_answer_without_an_id_token_is_refused() {
    let scene = Scene::new().await;
    scene.stand_in.play(|part| part.tokens = Box::new(without("id_token")));
    assert_eq!(fault(scene.sign_in("oidc").await), IdTokenFault::Missing);
    scene.stand_in.play(|part| part.tokens = Box::new(with("id_token", json!("no.token"))));
    assert_eq!(fault(scene.sign_in("oidc").await), IdTokenFault::Header);
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_a_while() {
    let scene = Scene::new().await;
    let keys_asked = || scene.stand_in.calls("/jwks");
    scene.stand_in.play(|part| part.kid = "second");
    for _ in 0..3 {
        assert_eq!(fault(scene.sign_in("oidc").await), IdTokenFault::Key);
    }
    assert_eq!(keys_asked(), 1);
    scene.clock.advance(30);
    for _ in 0..3 {
        assert_eq!(fault(scene.sign_in("oidc").await), IdTokenFault::Key);
    }
    assert_eq!(keys_asked(), 2);
    scene.stand_in.play(|part| part.published_kid = "second");
    scene.clock.advance(30);
    assert!(scene.sign_in("oidc").await.is_ok());
    assert!(scene.sign_in("oidc").await.is_ok());
    assert_eq!(keys_asked(), 3);
    // A key that was withdrawn stops counting.
    scene.stand_in.play(|part| part.published_kid = "third");
    scene.clock.advance(3600);
    assert_eq!(fault(scene.sign_in("oidc").await), IdTokenFault::Key);
}

#[tokio::test]
async fn a_name_is_asked_for_when_the_token_has_none() {
    let scene = Scene::new().await;
    scene.stand_in.play(|part| part.person = json!({ "sub": "ada-1815" }));
    let shown = async || scene.sign_in("oidc").await.unwrap().shown;
    assert_eq!(shown().await, "ada");
    // What is said of somebody else is not used.
    scene.stand_in.play(|part| part.user_info = json!({ "sub": "eve", "name": "Ada" }));
    assert_eq!(shown().await, "ada-1815");
    scene.stand_in.play(|part| part.user_info = json!([]));
    assert_eq!(shown().await, "ada-1815");
}

#[tokio::test]
async fn what_a_person_is_called_is_made_harmless() {
    let scene = Scene::new().await;
    let name = format!("\u{202e}\u{0}Ada\n\u{200b}{}", "x".repeat(500));
    scene.stand_in.play(|part| part.person["name"] = json!(name));
    let shown = scene.sign_in("oidc").await.unwrap().shown;
    assert!(shown.starts_with("Ada x") && shown.chars().count() == 60, "{shown:?}");
    for (verified, kept) in [
        (json!(false), false),
        (json!("false"), false),
        (json!(null), false),
        (json!("true"), true),
    ] {
        scene.stand_in.play(|part| part.person["email_verified"] = verified.clone());
        let email = scene.sign_in("oidc").await.unwrap().email;
        assert_eq!(email.is_some(), kept, "{verified}");
    }
}
