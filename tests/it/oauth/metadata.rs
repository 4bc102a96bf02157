//! What clients read first.

use serde_json::{Value, json};

use super::Scene;
use crate::app::URL;

#[tokio::test]
async fn the_server_is_described_the_same_at_both_addresses() {
    let scene = Scene::new().await;
    let read = async |name: &str| {
        let reply = scene.server.anon().get(&format!("/.well-known/{name}")).await;
        assert_eq!(reply.header("content-type"), "application/json");
        reply.expect(200)
    };
    let server = read("oauth-authorization-server").await;
    assert_eq!(server, read("openid-configuration").await);
    assert_eq!(server["issuer"], URL);
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("registration_endpoint", "/oauth/register"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("jwks_uri", "/oauth/jwks"),
    ] {
        assert_eq!(server[name], format!("{URL}{path}"));
    }
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["response_types_supported"], json!(["code"]));
    assert_eq!(server["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
    assert_eq!(server["client_id_metadata_document_supported"], true);
    assert!(server.as_object().unwrap().values().all(|it| !it.is_null()), "{server}");
    assert!(scene.server.anon().get("/oauth/jwks").await.expect(200)["keys"][0]["kid"].is_string());
}

#[tokio::test]
async fn the_resource_is_described_at_the_root_and_at_its_endpoint() {
    let scene = Scene::new().await;
    let anon = scene.server.anon();
    let root = anon.get("/.well-known/oauth-protected-resource").await.expect(200);
    let endpoint = anon.get("/.well-known/oauth-protected-resource/mcp").await.expect(200);
    assert_eq!(root, endpoint);
    assert_eq!(root["resource"], format!("{URL}/mcp"));
    assert_eq!(root["authorization_servers"], json!([URL]));
    assert_eq!(root["bearer_methods_supported"], json!(["header"]));
    let scopes = json!(["bottrade:read", "bottrade:trade", "bottrade:paper"]);
    assert_eq!(root["scopes_supported"], scopes);
    assert!(root.as_object().unwrap().values().all(|it| *it != Value::Null), "{root}");
}

#[tokio::test]
async fn what_is_not_described_is_not_there() {
    let scene = Scene::new().await;
    for path in [
        "oauth-protected-resource/api",
        "oauth-protected-resource/mcp/x",
        "oauth-authorization-server/mcp",
        "openid-configuration/mcp",
        "jwks.json",
        "",
    ] {
        let path = format!("/.well-known/{path}");
        let reply = scene.server.anon().get(&path).await;
        reply.problem(404, &format!("no route GET {path}"));
    }
}

#[tokio::test]
async fn whoever_has_a_bad_token_still_finds_out_how_to_get_one() {
    let scene = Scene::new().await;
    for path in ["oauth-protected-resource", "oauth-authorization-server"] {
        let path = format!("/.well-known/{path}");
        scene.bearer("bt_oat_spoiled").get(&path).await.expect(200);
    }
}
