//! Who calls, over real sockets: the peer, or whom a trusted proxy names.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::{Router, routing::get};
use bottrade::{
    api::limits::Limits,
    clock::TestClock,
    error::Error,
    traffic::{ClientAddress, Rate, RateLimits, TrustedProxies, client_address::range},
};

use crate::{
    app::START,
    port::{Line, ME, OTHER, Port},
};

const V4: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A server that trusts these and says who calls, as often as one may register.
fn port(address: SocketAddr, trusted: &[&str]) -> Port {
    let trusted: Vec<_> = trusted.iter().map(|it| range(it).unwrap()).collect();
    let limits = Arc::new(RateLimits::new(TestClock::at(START.parse().unwrap())));
    let who = async |client: ClientAddress| client.to_string();
    let register = async move |client: ClientAddress| -> Result<String, Error> {
        limits.check(Rate::Registration, client)?;
        Ok(client.to_string())
    };
    let routes = Router::new().route("/who", get(who)).route("/register", get(register));
    let change = |limits: &mut Limits| {
        limits.trusted_proxies = TrustedProxies::new(&trusted);
        limits.connections_per_address = 2;
    };
    Port::at(address, change, |_| routes)
}

fn call(path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    let headers = lines.collect::<Vec<_>>().concat();
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n").into_bytes()
}

/// Whom the server takes for the caller.
fn who(line: &mut Line, headers: &[(&str, &str)]) -> String {
    let heard = line.ask(&call("/who", headers));
    assert_eq!(heard.status, 200, "{}", heard.body);
    heard.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spoofed_header_changes_nothing() {
    let forwarded = [
        ("x-forwarded-for", "192.0.2.7"),
        ("forwarded", "for=192.0.2.7"),
        ("x-real-ip", "192.0.2.7"),
    ];
    for trusted in [&[][..], &["127.0.0.2"], &["10.0.0.0/8"]] {
        let port = port(V4, trusted);
        assert_eq!(who(&mut port.connect(ME).await, &forwarded), "127.0.0.1");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_says_who_calls() {
    let port = port(V4, &["127.0.0.2", "10.0.0.0/8"]);
    let mut proxy = port.connect(OTHER).await;
    let mut from = |value: &str| who(&mut proxy, &[("X-Forwarded-For", value)]);
    assert_eq!(from("192.0.2.7"), "192.0.2.7");
    assert_eq!(from("1.1.1.1, 192.0.2.7, 10.0.0.3"), "192.0.2.7", "through two proxies");
    assert_eq!(from("192.0.2.8"), "192.0.2.8", "each call says it anew");
    assert_eq!(from("not an address"), "127.0.0.2");
    assert_eq!(from(&"9".repeat(8000)), "127.0.0.2");
    assert_eq!(who(&mut proxy, &[]), "127.0.0.2");
    assert_eq!(
        who(&mut proxy, &[("forwarded", "for=192.0.2.7")]),
        "127.0.0.2",
        "one header counts"
    );
    let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "192.0.2.9")];
    assert_eq!(who(&mut proxy, &lines), "192.0.2.9");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ipv6_is_counted_by_network() {
    let port = port((Ipv6Addr::UNSPECIFIED, 0).into(), &["::1", "127.0.0.2"]);
    let mut proxy = port.connect_v6();
    let mut from = |value: &str| who(&mut proxy, &[("x-forwarded-for", value)]);
    assert_eq!(from("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_eq!(from("[2001:db8:1:2::9]:443"), "2001:db8:1:2::/64");
    assert_eq!(who(&mut proxy, &[]), "::1");
    // Where both are listened to, an IPv4 peer has an IPv6 address: ::ffff:127.0.0.2.
    let mut mapped = port.connect(OTHER).await;
    assert_eq!(who(&mut mapped, &[("x-forwarded-for", "192.0.2.7")]), "192.0.2.7");
    let mut stranger = port.connect(ME).await;
    assert_eq!(who(&mut stranger, &[("x-forwarded-for", "192.0.2.7")]), "127.0.0.1");
    let host =
        |host: u16| call("/register", &[("x-forwarded-for", &format!("2001:db8::{host:x}"))]);
    let passed = (0..100).filter(|it| proxy.ask(&host(*it)).status == 200).count();
    assert_eq!(passed, 60, "hosts of one network are one client");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_people_behind_one_proxy_are_not_refused() {
    let port = port(V4, &["127.0.0.2"]);
    let person = |number: usize| format!("198.18.{}.{}", number / 250, number % 250);
    let register = |number| call("/register", &[("x-forwarded-for", &person(number))]);
    // More connections than one address may have.
    let mut lines = Vec::new();
    for _ in 0..8 {
        lines.push(port.connect(OTHER).await);
    }
    for number in 0..1000 {
        let heard = lines[number % 8].ask(&register(number));
        assert_eq!((heard.status, heard.body), (200, person(number)));
    }
    assert!(lines.iter_mut().all(Line::stays_open));
    // One of them alone has what one may have.
    let passed = (0..100).filter(|_| lines[0].ask(&register(7)).status == 200).count();
    assert_eq!(passed, 59);
    let refused = lines[0].ask(&register(7));
    refused.problem(429, "too many registrations from this address");
    assert!(refused.head.contains("retry-after: 1\r"), "{}", refused.head);
    // And so has a thousand that only say that they are many.
    drop(lines);
    let mut line = port.connect(ME).await;
    let passed = (0..1000).filter(|it| line.ask(&register(*it)).status == 200).count();
    assert_eq!(passed, 60);
}
