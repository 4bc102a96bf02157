//! Where a server listens and where it is reached.

use std::net::SocketAddr;

use clap::Args;

/// Where a server is. What works beside a server takes the same settings.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// Address and port to listen on.
    #[arg(long, env = "BOTTRADE_LISTEN", default_value = "127.0.0.1:8080")]
    #[arg(value_name = "ADDRESS:PORT", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Where clients reach this server; default: http:// and the listen address.
    #[arg(long, env = "BOTTRADE_PUBLIC_URL", value_name = "URL", value_parser = url)]
    public_url: Option<String>,
}

impl Place {
    /// Where clients reach a server that listens there.
    pub(crate) fn public_url(&self, address: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{address}"))
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected an address and a port, such as 127.0.0.1:8080".into())
}

fn url(text: &str) -> Result<String, String> {
    let uri = text.parse::<http::Uri>().ok();
    let good = uri
        .is_some_and(|it| matches!(it.scheme_str(), Some("http" | "https")) && it.host().is_some());
    let expected = "expected an address such as https://bottrade.example";
    if good { Ok(text.trim_end_matches('/').to_owned()) } else { Err(expected.into()) }
}
