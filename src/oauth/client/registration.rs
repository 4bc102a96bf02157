//! Reads what a client says of itself: the body of a registration (RFC 7591, 2), or a document.
//!
//! What a server may substitute is substituted and told in the answer; what would make the client
//! fail later is refused by name.

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{ApplicationType, ClientMetadata, GrantType, RESPONSE_TYPE, name};
use crate::oauth::redirect::RedirectUri;

/// Redirect URIs of a client.
pub const REDIRECT_URIS_MAX: usize = 32;
/// Bytes of the address of a client's page.
pub const CLIENT_URI_MAX: usize = 500;
/// Bytes of the scopes that a client means to ask for.
pub const SCOPE_MAX: usize = 500;
/// Characters of a refusal.
const DESCRIPTION_MAX: usize = 400;

/// Methods that a server without client secrets replaces by `none`: clients name them by default
/// and go by the answer.
const REPLACED_METHODS: &[&str] =
    &["none", "client_secret_basic", "client_secret_post", "client_secret_jwt"];

/// Why a registration is refused (RFC 7591, 3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{description}")]
pub struct RegistrationError {
    /// `invalid_redirect_uri` or `invalid_client_metadata`.
    pub error: &'static str,
    /// What was wrong, in the ASCII that the standard allows.
    pub description: String,
}

impl RegistrationError {
    fn redirect(description: &str) -> Self {
        Self { error: "invalid_redirect_uri", description: ascii(description) }
    }

    fn metadata(description: &str) -> Self {
        Self { error: "invalid_client_metadata", description: ascii(description) }
    }

    /// The body of the answer, whose status is 400.
    pub fn body(&self) -> Value {
        json!({ "error": self.error, "error_description": self.description })
    }
}

/// The characters that `error_description` may have (RFC 6749, 5.2), and not too many.
pub(in crate::oauth) fn ascii(text: &str) -> String {
    let fit = |letter: char| match letter {
        '"' | '`' => '\'',
        '\\' => '/',
        ' '..='~' => letter,
        _ => '?',
    };
    text.chars().take(DESCRIPTION_MAX).map(fit).collect()
}

/// The members that matter here, as they were sent. A member named twice is refused by the reader.
#[derive(Deserialize)]
struct Sent {
    client_name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    client_uri: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    application_type: Option<String>,
    scope: Option<String>,
}

impl ClientMetadata {
    /// Reads a JSON object; members that are not known are ignored.
    pub fn read(body: &[u8]) -> Result<Self, RegistrationError> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let sent: Sent = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let (place, problem) = (error.path().to_string(), error.inner());
            let place = if place == "." { "the body" } else { &place };
            if place.starts_with("redirect_uris") {
                RegistrationError::redirect(&format!("{place}: {problem}"))
            } else {
                RegistrationError::metadata(&format!("{place}: {problem}"))
            }
        })?;
        reader.end().map_err(|error| RegistrationError::metadata(&format!("the body: {error}")))?;
        sent.check()
    }
}

impl Sent {
    fn check(self) -> Result<ClientMetadata, RegistrationError> {
        self.check_flow()?;
        Ok(ClientMetadata {
            redirect_uris: redirects(self.redirect_uris.as_deref().unwrap_or_default())?,
            grant_types: grants(self.grant_types)?,
            application_type: self.application_type.as_deref().map(application).transpose()?,
            scope: self.scope.map(scope).transpose()?.flatten(),
            client_name: self.client_name.as_deref().and_then(name::clean),
            // An address that is only shown is no reason to refuse a client.
            client_uri: self.client_uri.filter(|it| is_page(it)),
        })
    }

    fn check_flow(&self) -> Result<(), RegistrationError> {
        let types = self.response_types.as_deref();
        if types.is_some_and(|types| !types.iter().any(|it| it == RESPONSE_TYPE)) {
            return Err(RegistrationError::metadata("response_types must include code"));
        }
        match &self.token_endpoint_auth_method {
            Some(method) if !REPLACED_METHODS.contains(&method.as_str()) => {
                Err(RegistrationError::metadata(&format!(
                    "token_endpoint_auth_method must be none, not {method}: clients are public \
                     and use PKCE"
                )))
            }
            _ => Ok(()),
        }
    }
}

fn redirects(sent: &[String]) -> Result<Vec<RedirectUri>, RegistrationError> {
    if sent.is_empty() {
        return Err(RegistrationError::redirect("redirect_uris must have at least one URI"));
    }
    if sent.len() > REDIRECT_URIS_MAX {
        return Err(RegistrationError::redirect(&format!(
            "redirect_uris has {} URIs, more than {REDIRECT_URIS_MAX}",
            sent.len()
        )));
    }
    let mut kept: Vec<RedirectUri> = Vec::with_capacity(sent.len());
    for (at, text) in sent.iter().enumerate() {
        let uri = RedirectUri::parse(text).map_err(|error| {
            let shown: String = text.chars().take(80).collect();
            RegistrationError::redirect(&format!("redirect_uris[{at}] ({shown}) {error}"))
        })?;
        if !kept.contains(&uri) {
            kept.push(uri);
        }
    }
    Ok(kept)
}

/// What of it there is here. A client that names no grant gets both, as one that has no use for a
/// refresh token may leave it.
fn grants(sent: Option<Vec<String>>) -> Result<Vec<GrantType>, RegistrationError> {
    let both = [GrantType::AuthorizationCode, GrantType::RefreshToken];
    let Some(sent) = sent else { return Ok(both.to_vec()) };
    let named = |it: &GrantType| sent.iter().any(|sent| json!(it) == json!(sent));
    let kept: Vec<GrantType> = both.into_iter().filter(named).collect();
    if kept.contains(&GrantType::AuthorizationCode) {
        return Ok(kept);
    }
    Err(RegistrationError::metadata("grant_types must include authorization_code"))
}

fn application(sent: &str) -> Result<ApplicationType, RegistrationError> {
    match sent {
        "native" => Ok(ApplicationType::Native),
        "web" => Ok(ApplicationType::Web),
        other => Err(RegistrationError::metadata(&format!(
            "application_type must be native or web, not {other}"
        ))),
    }
}

/// RFC 6749, 3.3: words of visible ASCII without `"` and `\`, parted by spaces.
fn scope(sent: String) -> Result<Option<String>, RegistrationError> {
    let fits = |byte: u8| matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~');
    if sent.len() > SCOPE_MAX || !sent.bytes().all(fits) {
        return Err(RegistrationError::metadata(&format!(
            "scope must be words of visible ASCII, parted by spaces, {SCOPE_MAX} bytes at most"
        )));
    }
    Ok((!sent.trim().is_empty()).then_some(sent))
}

fn is_page(text: &str) -> bool {
    let plain = |url: Url| url.scheme() == "https" && url.username().is_empty();
    text.len() <= CLIENT_URI_MAX && text.is_ascii() && Url::parse(text).is_ok_and(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &Value) -> Result<ClientMetadata, RegistrationError> {
        ClientMetadata::read(body.to_string().as_bytes())
    }

    fn refusal(body: &Value) -> (&'static str, String) {
        let error = read(body).unwrap_err();
        assert!(error.description.bytes().all(|it| matches!(it, b' '..=b'~')), "{error}");
        assert!(error.description.len() <= DESCRIPTION_MAX && !error.description.contains('"'));
        assert_eq!(error.body()["error"], error.error);
        (error.error, error.description)
    }

    /// A body that is good but for these members.
    fn with(members: Value) -> Value {
        let mut body = json!({ "redirect_uris": ["http://localhost/cb"] });
        if let Value::Object(members) = members {
            body.as_object_mut().unwrap().extend(members);
        }
        body
    }

    #[test]
    fn what_known_clients_send_is_read() {
        let editor = json!({
            "client_name": "Visual Studio Code", "client_uri": "https://code.visualstudio.com",
            "grant_types": ["authorization_code", "refresh_token",
                "urn:ietf:params:oauth:grant-type:device_code"],
            "response_types": ["code"], "token_endpoint_auth_method": "none",
            "redirect_uris": ["https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"],
            "application_type": "native", "scope": "bottrade:trade offline_access",
            "software_id": 5, "jwks": { "keys": [] }, "client_name#fr": [],
        });
        let read = read(&editor).unwrap();
        assert_eq!(read.client_name.as_deref(), Some("Visual Studio Code"));
        assert_eq!(read.redirect_uris.len(), 4);
        assert_eq!(read.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        assert_eq!(read.application_type, Some(ApplicationType::Native));
        assert_eq!(read.scope.as_deref(), Some("bottrade:trade offline_access"));
        assert_eq!(read.client_uri.as_deref(), Some("https://code.visualstudio.com"));
    }

    #[test]
    fn what_is_absent_null_or_beside_the_point_is_no_error() {
        for body in [
            with(json!({})),
            with(json!({ "client_name": null, "scope": null, "grant_types": null })),
            with(
                json!({ "client_name": "\u{200b}", "scope": " ", "client_uri": "not an address" }),
            ),
            with(json!({ "client_uri": "javascript:x", "logo_uri": "data:x", "contacts": 5 })),
            with(json!({ "client_uri": "https://u@a.example" })),
        ] {
            let read = read(&body).unwrap();
            assert_eq!((read.client_name, read.scope, read.client_uri), (None, None, None));
            assert_eq!(read.grant_types.len(), 2, "{body}");
        }
        let once = with(json!({ "grant_types": ["authorization_code", "implicit"] }));
        assert_eq!(read(&once).unwrap().grant_types, [GrantType::AuthorizationCode]);
        for method in REPLACED_METHODS {
            assert!(read(&with(json!({ "token_endpoint_auth_method": method }))).is_ok());
        }
    }

    #[test]
    fn a_bad_redirect_is_refused_by_name() {
        for (uris, expected) in [
            (json!(null), "redirect_uris must have at least one URI"),
            (json!([]), "redirect_uris must have at least one URI"),
            (json!(vec!["http://localhost/"; 33]), "redirect_uris has 33 URIs, more than 32"),
            (json!("http://localhost/"), "redirect_uris: invalid type: string"),
            (json!(["http://localhost/", 5]), "redirect_uris[1]: invalid type: integer '5'"),
            (
                json!(["http://localhost/", "javascript:alert(\"\u{e9}\\\")"]),
                "redirect_uris[1] (javascript:alert('?/')) has a character that a URI cannot",
            ),
            (
                json!(["http://a.example/cb"]),
                "redirect_uris[0] (http://a.example/cb) is plain http, which may only lead to",
            ),
            (
                json!(["https://A.example/cb"]),
                "redirect_uris[0] (https://A.example/cb) must be written as https://a.example/cb",
            ),
        ] {
            let (error, description) = refusal(&json!({ "redirect_uris": uris }));
            assert_eq!(error, "invalid_redirect_uri", "{description}");
            assert!(description.starts_with(expected), "{description}");
        }
    }

    #[test]
    fn other_bad_metadata_is_refused_by_name() {
        for (members, expected) in [
            (json!({ "client_name": 5 }), "client_name: invalid type: integer '5'"),
            (json!({ "response_types": ["token"] }), "response_types must include code"),
            (json!({ "response_types": [] }), "response_types must include code"),
            (json!({ "grant_types": ["implicit"] }), "grant_types must include authorization_code"),
            (
                json!({ "token_endpoint_auth_method": "private_key_jwt" }),
                "token_endpoint_auth_method must be none, not private_key_jwt",
            ),
            (
                json!({ "application_type": "\u{e9}" }),
                "application_type must be native or web, not",
            ),
            (json!({ "scope": "a\nb" }), "scope must be words of visible ASCII"),
            (json!({ "scope": "a\"b" }), "scope must be words of visible ASCII"),
            (json!({ "scope": "a ".repeat(300) }), "scope must be words of visible ASCII"),
        ] {
            let (error, description) = refusal(&with(members));
            assert_eq!(error, "invalid_client_metadata", "{description}");
            assert!(description.starts_with(expected), "{description}");
        }
        for body in ["", "[]", "5", "{", "{}{}", r#"{"scope":"a","scope":"b"}"#, "\u{0}"] {
            let error = ClientMetadata::read(body.as_bytes()).unwrap_err();
            assert!(error.description.len() < DESCRIPTION_MAX, "{body}: {error}");
        }
        let twice = r#"{"redirect_uris":["http://localhost/"],"redirect_uris":["https://e.vil/"]}"#;
        assert!(ClientMetadata::read(twice.as_bytes()).is_err());
        assert!(ClientMetadata::read(&[0xff]).is_err());
        assert!(ClientMetadata::read("[".repeat(100_000).as_bytes()).is_err());
    }
}
