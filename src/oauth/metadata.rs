//! What clients read first: where the endpoints are and what they take.

use serde_json::{Value, json};

use super::{
    client::{RESPONSE_TYPE, TOKEN_ENDPOINT_AUTH_METHOD},
    pkce,
};
use crate::caller::Scope;

/// Where the endpoints are below the issuer.
pub const AUTHORIZE: &str = "/oauth/authorize";
/// Exchanges codes and refresh tokens.
pub const TOKEN: &str = "/oauth/token";
/// Takes registrations.
pub const REGISTER: &str = "/oauth/register";
/// Takes tokens back.
pub const REVOKE: &str = "/oauth/revoke";
/// The keys of our JWTs.
pub const JWKS: &str = "/oauth/jwks";
/// Where the metadata of the resource is.
pub const PROTECTED_RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// Where the metadata of this server is.
pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
/// The same under the name that older clients ask for.
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";

fn scopes() -> Vec<&'static str> {
    Scope::ALL.into_iter().map(Scope::name).collect()
}

/// The metadata of the authorization server (RFC 8414).
pub fn authorization_server(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let mut with_refresh = scopes();
    // Clients ask for it to get refresh tokens, when it is here.
    with_refresh.push("offline_access");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "registration_endpoint": at(REGISTER),
        "revocation_endpoint": at(REVOKE),
        "jwks_uri": at(JWKS),
        "response_types_supported": [RESPONSE_TYPE],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": [pkce::METHOD],
        "token_endpoint_auth_methods_supported": [TOKEN_ENDPOINT_AUTH_METHOD],
        "revocation_endpoint_auth_methods_supported": [TOKEN_ENDPOINT_AUTH_METHOD],
        "scopes_supported": with_refresh,
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "service_documentation": at("/llms.txt"),
    })
}

/// The metadata of the resource that tokens are for (RFC 9728).
pub fn protected_resource(issuer: &str) -> Value {
    json!({
        "resource": format!("{issuer}/mcp"),
        "authorization_servers": [issuer],
        "scopes_supported": scopes(),
        "bearer_methods_supported": ["header"],
        "resource_name": "BotTrade",
        "resource_documentation": format!("{issuer}/llms.txt"),
    })
}
