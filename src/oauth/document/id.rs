//! A `client_id` that is the address of a document.

use url::{Host, Url};

use super::DocumentError;

/// Bytes of such an address.
pub const DOCUMENT_ID_MAX: usize = 500;

/// An address that names one document in one spelling.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentId(Url);

impl DocumentId {
    /// Reads a `client_id`; whether the host may be called is another question.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        if text.len() > DOCUMENT_ID_MAX {
            return Err(DocumentError::IdTooLong);
        }
        let url = Url::parse(text).map_err(|_| DocumentError::Id("must be an https URL"))?;
        let fault = if url.scheme() != "https" {
            "must be an https URL"
        } else if url.fragment().is_some() {
            "must have no fragment"
        } else if !url.username().is_empty() || url.password().is_some() {
            "must have no user name or password"
        } else if url.path() == "/" {
            "must have a path"
        } else if url.host_str().is_none_or(|host| host.ends_with('.')) {
            "must name a host without a trailing dot"
        } else if url.as_str() != text {
            // Two spellings would be two clients with one document: capitals, `..`, `:443`,
            // decimal, octal and hexadecimal addresses, letters outside ASCII.
            "must be spelled as a browser would send it"
        } else {
            return Ok(Self(url));
        };
        Err(DocumentError::Id(fault))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) const fn url(&self) -> &Url {
        &self.0
    }

    pub(super) fn host(&self) -> Option<Host<&str>> {
        self.0.host()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_path_is_one() {
        for text in [
            "https://claude.ai/oauth/claude-code-client-metadata",
            "https://client.example:8443/a.json?v=1",
            "https://xn--bcher-kva.example/client.json",
            "https://192.0.2.1/client.json",
            "https://[2001:db8::1]/client.json",
        ] {
            assert_eq!(DocumentId::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_address_or_has_two_spellings_is_none() {
        for (text, fault) in [
            ("", "must be an https URL"),
            ("bt_client_1", "must be an https URL"),
            ("http://a.example/c", "must be an https URL"),
            ("file:///c", "must be an https URL"),
            ("https://a.example/c#x", "must have no fragment"),
            ("https://u:p@a.example/c", "must have no user name or password"),
            ("https://a.example", "must have a path"),
            ("https://a.example/?c", "must have a path"),
            ("https://a.example./c", "must name a host without a trailing dot"),
            ("https://127.0.0.1./c", "must be spelled as a browser would send it"),
            ("https://A.example/c", "must be spelled as a browser would send it"),
            ("https://a.example:443/c", "must be spelled as a browser would send it"),
            ("https://a.example/x/../c", "must be spelled as a browser would send it"),
            ("https://a.example/%2e/c", "must be spelled as a browser would send it"),
            ("https://a.example\\c", "must be spelled as a browser would send it"),
            ("https://2130706433/c", "must be spelled as a browser would send it"),
            ("https://0x7f000001/c", "must be spelled as a browser would send it"),
            ("https://0177.0.0.1/c", "must be spelled as a browser would send it"),
            ("https://127.1/c", "must be spelled as a browser would send it"),
            ("https://１２７.0.0.1/c", "must be spelled as a browser would send it"),
            ("https://127。0。0。1/c", "must be spelled as a browser would send it"),
            ("https://loc\u{ad}alhost/c", "must be spelled as a browser would send it"),
            ("https://ⓛocalhost/c", "must be spelled as a browser would send it"),
            ("https://[::FFFF:127.0.0.1]/c", "must be spelled as a browser would send it"),
            ("https://[fe80::1%25eth0]/c", "must be an https URL"),
            (" https://a.example/c", "must be spelled as a browser would send it"),
        ] {
            assert_eq!(DocumentId::parse(text), Err(DocumentError::Id(fault)), "{text}");
        }
        let long = format!("https://a.example/{}", "x".repeat(DOCUMENT_ID_MAX));
        assert_eq!(DocumentId::parse(&long), Err(DocumentError::IdTooLong));
    }
}
