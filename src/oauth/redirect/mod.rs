//! Redirect URIs: which a client may have, which of them a request means, and where that leads.
//!
//! A code goes wherever the redirect leads, so an asked URI must be one that the client has, letter
//! by letter. The one exception is RFC 8252, 7.3: a program on the person's own computer listens
//! on whatever port is free.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Bytes of a redirect URI.
pub const REDIRECT_URI_MAX: usize = 1_000;

/// The person's own computer, as a plain `http` redirect may name it.
const LOOPBACK: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// Where Cursor takes its answers. Its other addresses install servers and open files.
const CURSOR: &str = "cursor://anysphere.cursor-mcp/oauth/callback";

/// Editors that hand `scheme://publisher.extension/…` to that extension. What has no such host
/// (`vscode://file/…`, `vscode:mcp/install`) is a command to the editor.
const EDITORS: &[&str] = &["vscode", "vscode-insiders"];

/// A redirect URI that a client may have, as the client wrote it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Where a redirect leads, as a consent page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A site: its host, in ASCII, with a port that is not 443.
    Site(String),
    /// A program on the person's own computer that listens at this host.
    ThisComputer(String),
    /// The app on the person's own computer that opens this scheme.
    App(String),
}

/// Why a redirect URI is refused, to be read after the URI's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// Too many bytes.
    #[error("is longer than {REDIRECT_URI_MAX} bytes")]
    TooLong,
    /// No URI, or one that is relative to another.
    #[error("must be an absolute URI such as https://client.example/callback")]
    NotAbsolute,
    /// A character that no URI has: browsers disagree about what it means.
    #[error("has a character that a URI cannot have; percent-encode it")]
    Character,
    /// `#…`
    #[error("must have no fragment")]
    Fragment,
    /// `user:password@`
    #[error("must have no user name or password")]
    UserInfo,
    /// Another spelling than the one that a browser makes of it.
    #[error("must be written as {0}")]
    Spelling(String),
    /// A host with a wildcard, a trailing dot or none at all.
    #[error("must name one host, without wildcard or trailing dot")]
    Host,
    /// `http` to another computer.
    #[error("is plain http, which may only lead to localhost, 127.0.0.1 or [::1]; use https")]
    PlainHttp,
    /// A scheme that belongs to no client.
    #[error(
        "has the scheme {0}: use https, http on loopback, a scheme with a domain's name in \
         reverse (com.example.app:/callback), {CURSOR}, or vscode://publisher.extension/..."
    )]
    Scheme(String),
}

impl RedirectUri {
    /// The URI, if a client may have it.
    pub fn parse(text: &str) -> Result<Self, RedirectError> {
        if text.len() > REDIRECT_URI_MAX {
            return Err(RedirectError::TooLong);
        }
        if !text.bytes().all(is_uri_byte) {
            return Err(RedirectError::Character);
        }
        let url = Url::parse(text).map_err(|_| RedirectError::NotAbsolute)?;
        if url.fragment().is_some() {
            return Err(RedirectError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RedirectError::UserInfo);
        }
        check_destination(&url)?;
        // What a browser reads otherwise than it is written would be matched as one address and
        // opened as another: `..`, decimal hosts, capitals, backslashes, needless ports.
        let written = url.as_str();
        if written != text && written.strip_suffix('/') != Some(text) {
            return Err(RedirectError::Spelling(written.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The asked URI, if this one covers it: the same text, but for the port of `http` loopback.
    pub fn covers(&self, asked: &str) -> Option<Self> {
        if self.0 == asked {
            return Some(self.clone());
        }
        let asked = Self::parse(asked).ok()?;
        (asked.without_port()? == self.without_port()?).then_some(asked)
    }

    /// Host and what follows the port, of plain `http`.
    fn without_port(&self) -> Option<(&str, &str)> {
        let rest = self.0.strip_prefix("http://")?;
        let host = LOOPBACK.iter().find(|host| rest.starts_with(**host))?;
        let after = &rest[host.len()..];
        let Some(port) = after.strip_prefix(':') else { return Some((host, after)) };
        Some((host, port.trim_start_matches(|it: char| it.is_ascii_digit())))
    }

    /// Where it leads.
    pub fn destination(&self) -> Destination {
        let Ok(url) = Url::parse(&self.0) else { return Destination::App(self.0.clone()) };
        if !matches!(url.scheme(), "https" | "http") {
            return Destination::App(url.scheme().to_owned());
        }
        let host = url.host_str().unwrap_or_default();
        let shown = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        match url.host() {
            Some(Host::Ipv4(address)) if address.is_loopback() => Destination::ThisComputer(shown),
            Some(Host::Ipv6(address)) if address.is_loopback() => Destination::ThisComputer(shown),
            Some(Host::Domain("localhost")) => Destination::ThisComputer(shown),
            _ => Destination::Site(shown),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Destination {
    /// The host of a site or listener, or the scheme of an app.
    pub fn host(&self) -> &str {
        match self {
            Self::Site(host) | Self::ThisComputer(host) | Self::App(host) => host,
        }
    }

    /// Whether a program on the person's own computer takes the answer, and no site vouches for
    /// which one.
    pub const fn is_this_computer(&self) -> bool {
        !matches!(self, Self::Site(_))
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectError;

    fn try_from(text: String) -> Result<Self, RedirectError> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

/// The characters of RFC 3986: unreserved, reserved and `%`.
const fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'#' | b'[' | b']')
        || matches!(byte, b'@' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',')
        || matches!(byte, b';' | b'=' | b'%')
}

/// Whether answers may go to this scheme and host.
fn check_destination(url: &Url) -> Result<(), RedirectError> {
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" if is_one_host(host) => Ok(()),
        "https" => Err(RedirectError::Host),
        "http" if LOOPBACK.contains(&host) => Ok(()),
        "http" => Err(RedirectError::PlainHttp),
        _ if url.as_str() == CURSOR => Ok(()),
        editor if EDITORS.contains(&editor) && is_extension(host) => Ok(()),
        app if is_reverse_domain(app) && !url.cannot_be_a_base() => Ok(()),
        other => Err(RedirectError::Scheme(other.to_owned())),
    }
}

fn is_one_host(host: &str) -> bool {
    !host.is_empty() && !host.ends_with('.') && !host.contains('*')
}

/// `publisher.extension`
fn is_extension(host: &str) -> bool {
    host.split_once('.').is_some_and(|(publisher, name)| !publisher.is_empty() && !name.is_empty())
}

/// RFC 8252, 7.1: an app's scheme is a domain of its maker in reverse. No scheme of a browser or
/// of a system has a dot.
fn is_reverse_domain(scheme: &str) -> bool {
    scheme.contains('.') && scheme.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests;
