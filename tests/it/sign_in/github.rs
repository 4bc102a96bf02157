//! GitHub, as the stand-in plays it.

use bottrade::sign_in::{Person, SignInError};
use serde_json::json;

use super::Scene;

#[tokio::test]
async fn a_person_is_known_by_number() {
    let scene = Scene::new().await;
    let person = Person {
        provider: "github".into(),
        issuer: format!("{}/login/oauth", scene.stand_in.base),
        subject: "583231".into(),
        shown: "octocat".into(),
        email: Some("cat@example.com".into()),
    };
    assert_eq!(scene.sign_in("github").await, Ok(person));
    let found = scene.providers.of_issuer(&format!("{}/login/oauth", scene.stand_in.base));
    assert_eq!(found.map(|it| it.name().to_owned()), Some("GitHub".into()));
}

#[tokio::test]
async fn an_address_is_kept_when_it_was_granted_and_verified() {
    let scene = Scene::new().await;
    let email = async || scene.sign_in("github").await.unwrap().email;
    scene.stand_in.play(|part| part.scope = "");
    assert_eq!(email().await, None);
    assert_eq!(scene.stand_in.calls("/api/v3/user/emails"), 0);
    scene.stand_in.play(|part| {
        part.scope = "user";
        part.emails[1]["verified"] = json!(false);
    });
    assert_eq!(email().await, None);
    // What cannot be read is done without.
    scene.stand_in.play(|part| part.emails = json!({ "message": "no" }));
    assert_eq!(email().await, None);
}

#[tokio::test]
async fn an_answer_without_a_number_signs_nobody_in() {
    let scene = Scene::new().await;
    for user in [json!({ "login": "octocat" }), json!({ "id": "1", "login": "x" }), json!([])] {
        scene.stand_in.play(|part| part.user = user);
        let refused = SignInError::Unreadable("the user");
        assert_eq!(scene.sign_in("github").await, Err(refused));
    }
}
