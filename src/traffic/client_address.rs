//! The address that a limit counts by: the peer's, or the one that a trusted proxy forwards.
//!
//! Only `X-Forwarded-For` is read, from its end: each proxy appends the address that it was called
//! from, so what stands before the last address that is not a trusted proxy's is anybody's claim.
//! `Forwarded` (RFC 7239) is not read: a proxy that writes the one passes the other on as the
//! client sent it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderName, request::Parts};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// What counts as one client: an IPv4 address, or of IPv6 the network of 64 bits that one client
/// is given.
///
/// A handler has it as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl Default for ClientAddress {
    fn default() -> Self {
        Self::HERE
    }
}

impl ClientAddress {
    /// Whoever does not come through the port is in this process.
    const HERE: Self = Self(IpAddr::V4(Ipv4Addr::LOCALHOST));

    /// The client that has this address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(v6) if !v6.is_loopback() => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64))
            }
            other => other,
        })
    }

    /// Whether the client is this machine or in a private network with it.
    pub fn is_local(self) -> bool {
        match self.0 {
            IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
            IpAddr::V6(v6) => {
                v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()
            }
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V6(network) if !network.is_loopback() => write!(f, "{network}/64"),
            address => address.fmt(f),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

/// Whose word on the client's address counts. Without any, the peer is the client.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// The proxies in these ranges.
    pub fn new(ranges: &[IpNet]) -> Self {
        Self(ranges.into())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a proxy has this address.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|range| range.contains(&address))
    }

    /// Who calls: the last address in the chain that is no proxy's. What cannot be read ends the
    /// chain, and its last proxy is the client.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        let mut said = lines
            .flat_map(|line| line.to_str().unwrap_or("unreadable").rsplit(','))
            .map(str::trim)
            .filter(|it| !it.is_empty());
        let mut caller = peer;
        while self.trusts(caller) {
            let Some(address) = said.next().and_then(forwarded) else { break };
            caller = address;
        }
        ClientAddress::of(caller)
    }
}

/// An address as proxies write it: some add the port, some put IPv6 in brackets.
fn forwarded(text: &str) -> Option<IpAddr> {
    let bare = || text.parse().ok();
    let with_port = || text.parse().ok().map(|it: SocketAddr| it.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    bare().or_else(with_port).or_else(bracketed)
}

/// Reads a range such as `10.0.0.0/8`, or a single address.
pub fn range(text: &str) -> Result<IpNet, String> {
    let address = text.parse().ok().map(|it: IpAddr| IpNet::from(it.to_canonical()));
    let range = address.or_else(|| text.parse().ok());
    let range = range.ok_or("expected a range such as 10.0.0.0/8, or an address")?;
    if range.prefix_len() == 0 {
        return Err("trusts everybody, so that every client could claim any address".into());
    }
    if range.trunc() != range {
        return Err(format!("names an address within a range; the range is {}", range.trunc()));
    }
    // A peer's address is never compared in this form.
    let mapped =
        |it: &IpNet| matches!(it.network(), IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
    if mapped(&range) {
        return Err("write a range of IPv4 addresses as one, such as 10.0.0.0/8".into());
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn proxies(ranges: &[&str]) -> TrustedProxies {
        let ranges: Vec<IpNet> = ranges.iter().map(|it| range(it).unwrap()).collect();
        TrustedProxies::new(&ranges)
    }

    /// Who calls, with these lines of `X-Forwarded-For`.
    fn client(proxies: &TrustedProxies, peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, http::HeaderValue::from_str(line).unwrap());
        }
        proxies.client(ip(peer), &headers).to_string()
    }

    #[test]
    fn a_client_is_an_address_or_its_network() {
        let shown = |text| ClientAddress::of(ip(text)).to_string();
        assert_eq!(shown("192.0.2.7"), "192.0.2.7");
        assert_eq!(shown("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(shown("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(shown("::1"), "::1");
        let one = ClientAddress::of(ip("2001:db8:1:2::1"));
        assert_eq!(one, ClientAddress::of(ip("2001:db8:1:2:ffff::")));
        assert_ne!(one, ClientAddress::of(ip("2001:db8:1:3::1")));
    }

    #[test]
    fn local_is_the_machine_and_its_own_network() {
        let local = |text| ClientAddress::of(ip(text)).is_local();
        for text in ["127.0.0.9", "::1", "172.17.0.1", "10.1.2.3", "169.254.1.1", "fd00::1"] {
            assert!(local(text), "{text}");
        }
        for text in ["192.0.2.7", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8", "0.0.0.0"] {
            assert!(!local(text), "{text}");
        }
    }

    #[test]
    fn a_header_from_somebody_untrusted_changes_nothing() {
        for proxies in [proxies(&[]), proxies(&["10.0.0.0/8"])] {
            assert_eq!(client(&proxies, "192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
            assert_eq!(client(&proxies, "192.0.2.7", &["10.0.0.1, 127.0.0.1"]), "192.0.2.7");
        }
    }

    #[test]
    fn the_last_address_that_is_no_proxys_calls() {
        let proxies = proxies(&["10.0.0.0/8", "2001:db8:f::/48", "203.0.113.9"]);
        let from = |lines: &[&str]| client(&proxies, "10.1.1.1", lines);
        assert_eq!(from(&["192.0.2.7"]), "192.0.2.7");
        assert_eq!(from(&["127.0.0.1, 198.51.100.1, 192.0.2.7"]), "192.0.2.7", "claims come first");
        assert_eq!(from(&["1.1.1.1, 192.0.2.7, 203.0.113.9,10.9.9.9"]), "192.0.2.7");
        assert_eq!(from(&["1.1.1.1", "192.0.2.7", "2001:db8:f::1"]), "192.0.2.7", "three lines");
        assert_eq!(from(&["2001:db8:1:2:3::4"]), "2001:db8:1:2::/64");
        assert_eq!(from(&["::ffff:192.0.2.7"]), "192.0.2.7");
        assert_eq!(from(&["192.0.2.7, , "]), "192.0.2.7");
        assert_eq!(from(&["10.0.0.3, 10.0.0.2"]), "10.0.0.3", "a client among the proxies");
        assert_eq!(from(&[]), "10.1.1.1");
        assert_eq!(client(&proxies, "::ffff:10.1.1.1", &["192.0.2.7"]), "192.0.2.7");
    }

    #[test]
    fn ports_and_brackets() {
        let proxies = proxies(&["127.0.0.1"]);
        let from = |line: &str| client(&proxies, "127.0.0.1", &[line]);
        assert_eq!(from("192.0.2.7:4711"), "192.0.2.7");
        assert_eq!(from("[2001:db8::1]:4711"), "2001:db8::/64");
        assert_eq!(from("[2001:db8::1]"), "2001:db8::/64");
    }

    #[test]
    fn what_cannot_be_read_ends_the_chain() {
        let proxies = proxies(&["10.0.0.0/8"]);
        let from = |line: &str| client(&proxies, "10.1.1.1", &[line]);
        let bad = ["unknown", "_hidden", "192.0.2", "192.0.2.7.8", "0300.0.2.7", "[192.0.2.7]"];
        for bad in bad.into_iter().chain(["fe80::1%eth0", "\"192.0.2.7\"", "192.0.2.7 8", "\t"]) {
            assert_eq!(from(bad), "10.1.1.1", "{bad}");
            let last = if bad.trim().is_empty() { "192.0.2.7" } else { "10.2.2.2" };
            assert_eq!(from(&format!("192.0.2.7, {bad}, 10.2.2.2")), last, "{bad}");
        }
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(proxies.client(ip("10.1.1.1"), &headers).to_string(), "10.1.1.1");
    }

    #[test]
    fn ranges() {
        let shown = |text| range(text).map(|it| it.to_string());
        assert_eq!(shown("10.0.0.0/8").unwrap(), "10.0.0.0/8");
        assert_eq!(shown("192.0.2.7").unwrap(), "192.0.2.7/32");
        assert_eq!(shown("::ffff:192.0.2.7").unwrap(), "192.0.2.7/32");
        assert_eq!(shown("fd00::/8").unwrap(), "fd00::/8");
        for (text, problem) in [
            ("proxy.example", "expected a range"),
            ("10.0.0.0/33", "expected a range"),
            ("", "expected a range"),
            ("0.0.0.0/0", "everybody"),
            ("::/0", "everybody"),
            ("10.1.2.3/8", "the range is 10.0.0.0/8"),
            ("::ffff:10.0.0.0/104", "write a range of IPv4"),
        ] {
            let error = shown(text).unwrap_err();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
