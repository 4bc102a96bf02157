//! Fetches one document from an address that was checked.

use std::{
    future::{Future, ready},
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, header};
use reqwest::{
    Certificate, Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use tokio::task::spawn_blocking;
use url::Host;

use super::{DocumentError, DocumentId, address::is_public};

/// Time for one document: queue, name, connection, answer.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a document.
pub const BYTES_MAX: usize = 64 * 1024;
/// Addresses of a host that are tried.
const ADDRESSES_MAX: usize = 8;

/// The addresses of a host, once they are known.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of a host.
pub trait Resolver: Send + Sync {
    /// All addresses of the host.
    fn addresses<'a>(&'a self, host: &'a str) -> Addresses<'a>;
}

/// The resolver of this computer.
#[derive(Debug)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn addresses<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|it| it.ip()).collect())
        })
    }
}

/// What may be reached, and in what time. Tests reach a listener of their own instead.
pub(super) struct Reach {
    /// Whether an address may be called.
    pub(super) admits: fn(IpAddr) -> bool,
    /// A root certificate beside those of this computer.
    pub(super) root: Option<Certificate>,
    /// Time for one document.
    pub(super) patience: Duration,
}

impl Reach {
    /// The public internet.
    pub(super) fn internet() -> Self {
        Self { admits: is_public, root: None, patience: PATIENCE }
    }
}

/// Where documents are fetched from.
pub(super) struct Web {
    pub(super) resolver: Arc<dyn Resolver>,
    pub(super) reach: Reach,
}

/// An answer that came whole and as it should.
pub(super) struct Fetched {
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Answers every question for a name with the addresses that were checked, so that a second
/// look-up cannot give others (DNS rebinding).
struct Checked(Vec<SocketAddr>);

impl Resolve for Checked {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(ready(Ok(addresses)))
    }
}

impl Web {
    /// Fetches the document; the caller sees to the time.
    pub(super) async fn get(&self, id: &DocumentId) -> Result<Fetched, DocumentError> {
        let addresses = self.checked(id).await?;
        let unreachable = |error: reqwest::Error| {
            tracing::debug!(%error, "a client's document could not be fetched");
            DocumentError::Unreachable
        };
        // Building a client reads this computer's certificates, which takes milliseconds.
        let root = self.reach.root.clone();
        let client = spawn_blocking(move || client(addresses, root)).await;
        let client = client.map_err(|_| DocumentError::Unreachable)?.map_err(unreachable)?;
        let request = client.get(id.url().clone()).header(header::ACCEPT, "application/json");
        let mut response = request.send().await.map_err(unreachable)?;
        check_head(&response)?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            if body.len() + piece.len() > BYTES_MAX {
                return Err(DocumentError::TooLarge);
            }
            body.extend_from_slice(&piece);
        }
        Ok(Fetched { headers: std::mem::take(response.headers_mut()), body })
    }

    /// The host's addresses, if all of them may be called: a host that mixes its own with ours is
    /// not to be trusted with either.
    async fn checked(&self, id: &DocumentId) -> Result<Vec<SocketAddr>, DocumentError> {
        let found = match id.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            Some(Host::Domain(name)) => {
                let found = self.resolver.addresses(name).await;
                found.map_err(|_| DocumentError::Unreachable)?
            }
            None => Vec::new(),
        };
        if found.is_empty() {
            return Err(DocumentError::Unreachable);
        }
        if !found.iter().all(|address| (self.reach.admits)(*address)) {
            return Err(DocumentError::NotPublic);
        }
        // Port 0 stands for the one of the URL.
        Ok(found.into_iter().take(ADDRESSES_MAX).map(|it| SocketAddr::new(it, 0)).collect())
    }
}

/// A client for one call to these addresses. A proxy of the environment would look the name up
/// anew, and is not asked.
fn client(addresses: Vec<SocketAddr>, root: Option<Certificate>) -> reqwest::Result<Client> {
    Client::builder()
        .user_agent(concat!("BotTrade/", env!("CARGO_PKG_VERSION")))
        .https_only(true)
        .http1_only()
        .no_proxy()
        .redirect(Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .dns_resolver(Checked(addresses))
        .tls_certs_merge(root)
        .build()
}

/// What can be told before the body comes.
fn check_head(response: &Response) -> Result<(), DocumentError> {
    let status = response.status().as_u16();
    if status != 200 {
        return Err(DocumentError::Status(status));
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    if !kind.is_some_and(is_json) {
        return Err(DocumentError::NotServedAsJson);
    }
    let announced = response.content_length().unwrap_or(0);
    if announced > BYTES_MAX as u64 { Err(DocumentError::TooLarge) } else { Ok(()) }
}

/// `application/json`, or a kind of it.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let inner = kind.strip_prefix("application/").unwrap_or_default();
    inner == "json" || inner.strip_suffix("+json").is_some_and(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/a.b+json"]
        {
            assert!(is_json(kind), "{kind}");
        }
        for kind in ["", "json", "text/json", "text/html", "application/+json", "application/jsonp"]
        {
            assert!(!is_json(kind), "{kind}");
        }
    }

    #[tokio::test]
    async fn this_computers_resolver_is_asked() {
        let found = SystemResolver.addresses("localhost").await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
