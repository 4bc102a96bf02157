//! Attacks on the authorization endpoint: nobody is sent anywhere that the client did not
//! register, and nothing less than PKCE is taken.

use serde_json::json;

use super::{
    Program, Scene,
    program::{Changes, REDIRECT, VERIFIER, challenge},
};

#[tokio::test]
async fn a_redirect_that_is_not_registered_is_shown_and_never_followed() {
    let scene = Scene::new().await;
    let site = "https://client.example/cb";
    let metadata = json!({ "client_name": "P", "redirect_uris": [site, REDIRECT] });
    let program = Program::registered_as(&scene, &metadata).await;
    let mut browser = scene.person().await;
    for redirect in [
        "https://evil.example/cb",
        "https://client.example/cb/",
        "https://client.example/cb/more",
        "https://client.example/cb?x=1",
        "https://client.example/cb#x",
        "https://client.example/CB",
        "https://Client.example/cb",
        "HTTPS://client.example/cb",
        "https://client.example:443/cb",
        "https://client.example:8443/cb",
        "http://client.example/cb",
        "https://user@client.example/cb",
        "https://client.example@evil.example/cb",
        "https://client.example.evil.example/cb",
        "https://client.example./cb",
        "https://client.example/x/../cb",
        "https://client.example/./cb",
        "https://client.example/%63b",
        "https://client.example/cb%2f..",
        "https://client.example\\cb",
        "https:/client.example/cb",
        "//client.example/cb",
        "/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://localhost:51234/callback/",
        "http://localhost:51234/other",
        "http://localhost:51234/callback?x",
        "http://localhost:51234@evil.example/callback",
        "http://localhost.evil.example:51234/callback",
        "http://127.0.0.1:51234/callback",
        "http://localhost:99999/callback",
        "https://localhost:51234/callback",
    ] {
        let changes = [("redirect_uri", redirect)];
        let reply = browser.get(&program.address_with(&changes)).await;
        assert_eq!(reply.status, 400, "{redirect}: {}", reply.header("location"));
        assert_eq!(reply.header("location"), "", "{redirect}");
        assert!(reply.text.contains("invalid_request"), "{}", reply.text);
    }
    // Of two registered ones, one must be named.
    browser.get(&program.address_with(&[("redirect_uri", "")])).await.found(400);
    for redirect in ["http://localhost:9/callback", "http://localhost/callback", site] {
        let changes = [("redirect_uri", redirect)];
        browser.get(&program.address_with(&changes)).await.found(200);
    }
    let wrong = [("redirect_uri", "https://evil.example/cb"), ("response_type", "token")];
    let reply = browser.get(&program.address_with(&wrong)).await;
    assert_eq!((reply.status, reply.header("location")), (400, ""), "whatever else is wrong");
}

#[tokio::test]
async fn the_only_redirect_need_not_be_named() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    let told = browser.answer(&program.address_with(&[("redirect_uri", "")]), &[]).await.told();
    assert!(told.0.as_str().starts_with(REDIRECT));
    told.error("access_denied");
}

#[tokio::test]
async fn what_the_client_does_wrong_it_is_told_with_state_and_issuer() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    let short = &challenge(VERIFIER)[1..];
    let wrong: &[(Changes, &str)] = &[
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "code token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", short)], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge_method", "s256")], "invalid_request"),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (&[("request_uri", "https://evil.example/request")], "invalid_request"),
        (&[("request", "eyJhbGciOiJub25lIn0.e30.")], "invalid_request"),
        (&[("scope", "bottrade:read admin")], "invalid_scope"),
        (&[("scope", "bottrade:READ")], "invalid_scope"),
        (&[("resource", "https://evil.example/mcp")], "invalid_target"),
        (&[("resource", "http://localhost:8080.evil.example/mcp")], "invalid_target"),
        (&[("resource", "http://localhost:8080/other")], "invalid_target"),
        (&[("resource", "x"), ("resource", "y")], "invalid_request"),
        (&[("scope", "bottrade:read"), ("scope", "bottrade:trade")], "invalid_request"),
    ];
    for (changes, word) in wrong {
        let told = browser.get(&program.address_with(changes)).await.told();
        assert!(told.0.as_str().starts_with(&format!("{REDIRECT}?")), "{changes:?}: {}", told.0);
        told.error(word);
        assert!(told.get("error_description").is_some());
    }
    // The same without a session: errors need no person.
    let plain = program.address_with(&[("code_challenge_method", "plain")]);
    scene.browser().get(&plain).await.told().error("invalid_request");
    for resource in ["http://localhost:8080/mcp", "http://localhost:8080", "http://localhost:8080/"]
    {
        browser.get(&program.address_with(&[("resource", resource)])).await.found(200);
    }
}

#[tokio::test]
async fn parameters_that_say_where_to_go_are_there_once_or_nobody_goes() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    for (name, value) in [("client_id", program.id.as_str()), ("redirect_uri", REDIRECT)] {
        let address = program.address_with(&[(name, value), (name, value)]);
        let reply = browser.get(&address).await;
        assert_eq!((reply.status, reply.header("location")), (400, ""), "{name}");
    }
    let told = browser.get(&format!("{}&state=other", program.address())).await.told();
    assert_eq!(told.get("error").as_deref(), Some("invalid_request"));
    assert_eq!(told.get("state"), None, "which of the two is not known");
    let long = "x".repeat(5_000);
    let told = browser.get(&program.address_with(&[("state", &long)])).await.told();
    assert_eq!(told.get("error").as_deref(), Some("invalid_request"));
    browser.get(&program.address_with(&[("client_id", "")])).await.found(400);
    browser.get("/oauth/authorize").await.found(400);
}

#[tokio::test]
async fn the_state_may_be_missing_and_nothing_takes_its_place() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    let told = browser.answer(&program.address_with(&[("state", "")]), &[]).await.told();
    assert_eq!(told.get("state"), None);
    assert_eq!(told.get("error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_redirect_keeps_the_query_that_was_registered() {
    let scene = Scene::new().await;
    let redirect = "https://client.example/cb?tenant=a%26b&x=";
    let metadata = json!({ "client_name": "P", "redirect_uris": [redirect] });
    let program = Program::registered_as(&scene, &metadata).await;
    let mut browser = scene.person().await;
    let address = program.address_with(&[("redirect_uri", redirect)]);
    let told = browser.answer(&address, &[]).await.told();
    assert!(told.0.as_str().starts_with(&format!("{redirect}&error=access_denied&")), "{}", told.0);
    told.error("access_denied");
}
