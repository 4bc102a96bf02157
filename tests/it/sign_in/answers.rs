//! Endpoints that are slow, large, gone, or lead elsewhere.

use bottrade::sign_in::{HttpFault, Person, SignInError};

use super::{REDIRECT_URI, Scene};
use crate::stand_in::{StandIn, TokenAnswer};

async fn with(scene: &Scene, answer: TokenAnswer) -> Result<Person, SignInError> {
    scene.stand_in.play(|part| part.token = answer);
    scene.sign_in("oidc").await
}

fn unavailable(fault: HttpFault) -> Result<Person, SignInError> {
    Err(SignInError::Unavailable(fault))
}

#[tokio::test]
async fn an_answer_is_bounded_in_size_and_time() {
    let scene = Scene::new().await;
    assert_eq!(with(&scene, TokenAnswer::Oversize).await, unavailable(HttpFault::TooLarge));
    assert_eq!(with(&scene, TokenAnswer::Slow).await, unavailable(HttpFault::TooSlow));
}

#[tokio::test]
async fn what_a_code_is_redeemed_with_is_carried_nowhere_else() {
    let scene = Scene::new().await;
    let elsewhere = StandIn::start(scene.clock.clone()).await;
    let place = TokenAnswer::Redirect(format!("{}/token", elsewhere.base));
    assert_eq!(with(&scene, place).await, unavailable(HttpFault::Redirect(307)));
    assert_eq!(elsewhere.calls("/token"), 0);
}

#[tokio::test]
async fn a_refusal_of_the_token_endpoint_is_told_apart() {
    let scene = Scene::new().await;
    let refused = async |status: u16, body: &str| {
        with(&scene, TokenAnswer::Other(status, body.to_owned())).await.unwrap_err()
    };
    let unreadable = |error| matches!(error, SignInError::Unreadable(_));
    for status in [200, 400] {
        let expired = refused(status, r#"{"error":"invalid_grant"}"#).await;
        assert_eq!(expired, SignInError::CodeRefused);
        let secret = refused(status, r#"{"error":"invalid_client"}"#).await;
        assert_eq!(secret, SignInError::Misconfigured("invalid_client".into()));
        assert!(unreadable(refused(status, r#"{"access_token":"canary-7"}"#).await));
        assert!(unreadable(refused(status, "canary-8").await));
    }
    assert!(unreadable(refused(200, "").await));
    let broken = refused(503, "<html>").await;
    assert_eq!(broken, SignInError::Unavailable(HttpFault::Status(503)));
}

#[tokio::test]
async fn a_provider_that_is_gone_is_said_to_be() {
    let scene = Scene::new().await;
    let (pending, back) = scene.visited("github").await;
    let Scene { stand_in, providers, .. } = scene;
    let gone = stand_in.stop().await;
    let refused = providers.finish(&pending, back).await;
    let unreachable = |error: &SignInError| match error {
        SignInError::Unavailable(HttpFault::Unreachable(why)) => !why.contains(&gone),
        _ => false,
    };
    assert!(refused.as_ref().is_err_and(unreachable), "{refused:?}");
    let refused = providers.begin("oidc", REDIRECT_URI).await.map(|it| it.url);
    assert!(refused.as_ref().is_err_and(unreachable), "{refused:?}");
}
