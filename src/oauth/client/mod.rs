//! What a client says of itself: by registration (RFC 7591) or by a document (`document`).
//!
//! Every client is public: it proves itself by PKCE and its redirect URI, and has no secret.

pub(super) mod name;
mod registration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::redirect::RedirectUri;
use crate::store::{Digest, chain::sha256};

pub use name::NAME_MAX;
pub(super) use registration::ascii;
pub use registration::{CLIENT_URI_MAX, REDIRECT_URIS_MAX, RegistrationError, SCOPE_MAX};

/// The one way in which clients authenticate: by none.
pub const TOKEN_ENDPOINT_AUTH_METHOD: &str = "none";

/// The one response type.
pub const RESPONSE_TYPE: &str = "code";

/// A client's metadata, read and bounded. Its JSON is the form in which a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// Its name, fit to be shown; nobody vouches for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Where answers may go; at least one, each once.
    pub redirect_uris: Vec<RedirectUri>,
    /// Its page, `https`; nobody vouches for it either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// What it may exchange for tokens; always a code.
    pub grant_types: Vec<GrantType>,
    /// What it says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_type: Option<ApplicationType>,
    /// The scopes that it means to ask for, parted by spaces; grants nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

/// What can be exchanged for tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A code that a person's consent gave.
    AuthorizationCode,
    /// The token that came with the last access token.
    RefreshToken,
}

/// Whether a client runs on a server or on a person's computer. Kept and told, never relied on:
/// desktop clients register as `web` too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a person's computer.
    Native,
    /// On a server.
    Web,
}

impl ClientMetadata {
    /// The asked redirect URI, if the client may be answered there.
    pub fn redirect(&self, asked: &str) -> Option<RedirectUri> {
        self.redirect_uris.iter().find_map(|own| own.covers(asked))
    }

    /// The same for clients that say the same, whatever the order of their redirect URIs: a client
    /// that registers on every start is one client.
    pub fn digest(&self) -> Digest {
        let mut canonical = self.clone();
        canonical.redirect_uris.sort();
        sha256(json!(canonical).to_string().as_bytes())
    }

    /// The answer to a registration (RFC 7591, 3.2.1): what was kept, not what was sent.
    /// `issued_at` is in seconds of Unix time.
    pub fn registered(&self, client_id: &str, issued_at: i64) -> Value {
        let mut body = json!({ "client_id": client_id, "client_id_issued_at": issued_at });
        if let (Some(body), Value::Object(own)) = (body.as_object_mut(), json!(self)) {
            body.extend(own);
        }
        body["response_types"] = json!([RESPONSE_TYPE]);
        body["token_endpoint_auth_method"] = json!(TOKEN_ENDPOINT_AUTH_METHOD);
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(body: &Value) -> ClientMetadata {
        ClientMetadata::read(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn the_answer_tells_what_was_kept_and_nothing_empty() {
        let body = json!({
            "client_name": "Codex", "redirect_uris": ["http://127.0.0.1:4/callback"],
            "token_endpoint_auth_method": "client_secret_post", "logo_uri": "https://a.example/l",
        });
        assert_eq!(
            client(&body).registered("bt_client_1", 1_700_000_000),
            json!({
                "client_id": "bt_client_1", "client_id_issued_at": 1_700_000_000,
                "client_name": "Codex", "redirect_uris": ["http://127.0.0.1:4/callback"],
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"], "token_endpoint_auth_method": "none",
            })
        );
    }

    #[test]
    fn who_says_the_same_is_the_same() {
        let one = client(&json!({ "client_name": "A",
            "redirect_uris": ["https://a.example/1", "https://a.example/2"] }));
        let again = client(&json!({ "contacts": ["x"], "client_name": " A\u{200b}",
            "redirect_uris": ["https://a.example/2", "https://a.example/1",
                "https://a.example/2"] }));
        assert_eq!(one.digest(), again.digest());
        let more = ["https://a.example/1", "https://a.example/2", "https://a.example/3"];
        for other in [
            json!({ "client_name": "B", "redirect_uris": more[..2] }),
            json!({ "redirect_uris": more[..2] }),
            json!({ "client_name": "A", "redirect_uris": more[..1] }),
            json!({ "client_name": "A", "redirect_uris": more }),
            json!({ "client_name": "A", "redirect_uris": more[..2], "scope": "a" }),
            json!({ "client_name": "A", "redirect_uris": more[..2], "application_type": "web" }),
            json!({ "client_name": "A", "redirect_uris": more[..2],
                "grant_types": ["authorization_code"] }),
            json!({ "client_name": "A", "redirect_uris": more[..2],
                "client_uri": "https://a.example/" }),
        ] {
            assert_ne!(one.digest(), client(&other).digest(), "{other}");
        }
    }

    #[test]
    fn what_the_store_keeps_reads_back() {
        let whole = client(&json!({ "client_name": "A", "redirect_uris": ["http://[::1]/cb"],
            "client_uri": "https://a.example/", "scope": "a b", "application_type": "native" }));
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<ClientMetadata>(&text).unwrap(), whole);
        let spoiled = text.replace("http://[::1]/cb", "javascript:x");
        assert!(serde_json::from_str::<ClientMetadata>(&spoiled).is_err());
    }

    #[test]
    fn any_of_its_redirects_is_found() {
        let it = client(&json!({ "redirect_uris":
            ["cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:8787/callback"] }));
        for asked in ["cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:9/callback"]
        {
            assert_eq!(it.redirect(asked).unwrap().as_str(), asked);
        }
        assert_eq!(it.redirect("http://localhost:9/"), None);
    }
}
