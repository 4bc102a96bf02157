//! Which names of this server, and which pages, the MCP door trusts.
//!
//! A page of another site can make a browser call a server on its user's own computer, either
//! directly or by having its name resolve to it (DNS rebinding). The first shows in `Origin`, the
//! second in `Host`. Programs send no `Origin` and are not concerned.

use axum::http::{HeaderMap, Uri, header, uri::Authority};

use crate::error::Error;

/// What the server is called on its own computer.
const LOOPBACK: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// The address under which the service is known, taken apart.
pub(super) struct Home {
    public_url: String,
    /// Nothing when the address could not be read; then only loopback is trusted.
    origin: Option<Origin>,
}

/// Scheme, host and port: what a browser takes for one site.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn of(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let usual = if scheme == "https" { 443 } else { 80 };
        let port = uri.port_u16().or(Some(usual));
        Some(Self { scheme, host: uri.host()?.to_ascii_lowercase(), port })
    }
}

impl Home {
    pub(super) fn new(public_url: &str) -> Self {
        Self { public_url: public_url.to_owned(), origin: Origin::of(public_url) }
    }

    /// Refuses a call that came by a foreign name or from a foreign page.
    pub(super) fn admit(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        // HTTP/2 has the name in the address.
        let named = headers.get(header::HOST).and_then(|it| it.to_str().ok()?.parse().ok());
        let host: Option<Authority> = named.or_else(|| uri.authority().cloned());
        if !host.is_some_and(|it| self.is_ours(it.host())) {
            return Err(Error::foreign_host(&self.public_url));
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().ok().and_then(Origin::of);
        if origin.is_some_and(|it| LOOPBACK.contains(&it.host.as_str()) || self.is_at(&it)) {
            Ok(())
        } else {
            Err(Error::foreign_origin(&self.public_url))
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let public = self.origin.iter().map(|it| it.host.as_str());
        LOOPBACK.iter().copied().chain(public).any(|it| it.eq_ignore_ascii_case(host))
    }

    fn is_at(&self, origin: &Origin) -> bool {
        self.origin.as_ref() == Some(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(public_url: &str, host: Option<&str>, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            value.map(|it| headers.insert(name, it.parse().unwrap()));
        }
        Home::new(public_url).admit(&Uri::from_static("/mcp"), &headers).is_ok()
    }

    #[test]
    fn names_are_those_of_the_public_url_and_of_the_computer() {
        let public = |host| admitted("https://bottrade.example/base", host, None);
        for ours in ["bottrade.example", "BotTrade.Example:443", "localhost:8080", "[::1]:1"] {
            assert!(public(Some(ours)), "{ours}");
        }
        for foreign in ["evil.example", "bottrade.example.evil.example", "127.0.0.2", "a b"] {
            assert!(!public(Some(foreign)), "{foreign}");
        }
        assert!(!public(None));
        assert!(!admitted("no address", Some("evil.example"), None));
        assert!(admitted("no address", Some("127.0.0.1"), None));
    }

    #[test]
    fn pages_are_those_of_the_public_url_and_of_the_computer() {
        let page = |url, origin| admitted(url, Some("localhost"), Some(origin));
        for ours in ["https://bottrade.example", "https://bottrade.example:443"] {
            assert!(page("https://bottrade.example", ours), "{ours}");
        }
        for local in ["http://localhost:6274", "http://127.0.0.1", "https://[::1]:8080"] {
            assert!(page("https://bottrade.example", local), "{local}");
        }
        for foreign in [
            "http://bottrade.example",
            "https://bottrade.example:8443",
            "https://www.bottrade.example",
            "https://localhost.evil.example",
            "http://localhost@evil.example",
            "null",
            "",
        ] {
            assert!(!page("https://bottrade.example", foreign), "{foreign}");
        }
        assert!(page("http://bottrade.example:8080", "http://bottrade.example:8080"));
        assert!(!page("http://bottrade.example:8080", "http://bottrade.example"));
    }
}
