//! Reads a client's document (draft-ietf-oauth-client-id-metadata-document).

use serde::Deserialize;
use serde_json::Value;

use super::{DocumentError, DocumentId};
use crate::oauth::client::{ClientMetadata, ascii};

/// What a document has beside the metadata of a registration.
#[derive(Deserialize)]
struct Head {
    client_id: Option<String>,
    client_secret: Option<Value>,
    client_secret_expires_at: Option<Value>,
    token_endpoint_auth_method: Option<String>,
}

/// The client of this address, as the document there says.
pub(super) fn read(id: &DocumentId, body: &[u8]) -> Result<ClientMetadata, DocumentError> {
    let head = head(body)?;
    if head.client_id.as_deref() != Some(id.as_str()) {
        return Err(DocumentError::OtherClient);
    }
    // What everybody can read is no secret: a client that relies on one would be impersonated.
    let method = head.token_endpoint_auth_method.unwrap_or_default();
    if head.client_secret.is_some()
        || head.client_secret_expires_at.is_some()
        || method.starts_with("client_secret_")
    {
        return Err(DocumentError::Secret);
    }
    let client = ClientMetadata::read(body).map_err(DocumentError::Metadata)?;
    if client.client_name.is_none() {
        return Err(DocumentError::Nameless);
    }
    Ok(client)
}

/// The address that a document gives itself.
pub(super) fn own_id(body: &[u8]) -> Result<DocumentId, DocumentError> {
    DocumentId::parse(&head(body)?.client_id.unwrap_or_default())
}

fn head(body: &[u8]) -> Result<Head, DocumentError> {
    serde_json::from_slice(body).map_err(|error| DocumentError::NotJson(ascii(&error.to_string())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "https://client.example/client.json";

    fn read_with(members: Value) -> Result<ClientMetadata, DocumentError> {
        let mut body = json!({ "client_id": ID, "client_name": "A",
            "redirect_uris": ["http://localhost/callback"] });
        if let Value::Object(members) = members {
            body.as_object_mut().unwrap().extend(members);
        }
        read(&DocumentId::parse(ID).unwrap(), body.to_string().as_bytes())
    }

    #[test]
    fn a_document_that_names_itself_is_a_client() {
        let client = read_with(json!({ "token_endpoint_auth_method": "none" })).unwrap();
        assert_eq!(client.client_name.as_deref(), Some("A"));
        assert!(client.redirect("http://localhost:53123/callback").is_some());
    }

    #[test]
    fn what_a_document_may_not_say_is_refused() {
        for (members, expected) in [
            (json!({ "client_id": format!("{ID}/") }), DocumentError::OtherClient),
            (
                json!({ "client_id": "https://CLIENT.example/client.json" }),
                DocumentError::OtherClient,
            ),
            (json!({ "client_id": null }), DocumentError::OtherClient),
            (json!({ "client_secret": "s" }), DocumentError::Secret),
            (json!({ "client_secret_expires_at": 0 }), DocumentError::Secret),
            (json!({ "token_endpoint_auth_method": "client_secret_post" }), DocumentError::Secret),
            (json!({ "client_name": "\u{200b}" }), DocumentError::Nameless),
        ] {
            assert_eq!(read_with(members.clone()), Err(expected), "{members}");
        }
        for members in [
            json!({ "redirect_uris": [] }),
            json!({ "redirect_uris": ["http://a.example/"] }),
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
        ] {
            let refused = read_with(members.clone());
            assert!(matches!(refused, Err(DocumentError::Metadata(_))), "{members}");
        }
        let id = DocumentId::parse(ID).unwrap();
        for body in
            ["", "[]", "<html>", r#"{"client_id":5}"#, r#"{"client_id":"a","client_id":"b"}"#]
        {
            let refused = read(&id, body.as_bytes());
            assert!(matches!(refused, Err(DocumentError::NotJson(_))), "{body}");
        }
    }
}
