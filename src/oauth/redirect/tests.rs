//! Redirect URIs: what is allowed, what matches, what is shown.

use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap_or_else(|error| panic!("{text} {error}"))
}

#[test]
fn what_known_clients_use_is_allowed() {
    for text in [
        "https://claude.ai/api/mcp/auth_callback",
        "https://vscode.dev/redirect",
        "https://client.example:8443/cb?tenant=a%20b",
        "https://client.example",
        "http://localhost/callback",
        "http://localhost:3118/callback",
        "http://127.0.0.1",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
        "http://127.0.0.1:19876/mcp/oauth/callback",
        "http://[::1]:8000/cb",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "vscode://publisher.extension/callback",
        "vscode-insiders://publisher.extension/callback",
        "com.example.app:/oauth2redirect",
        "com.example.app://oauth/callback",
    ] {
        assert_eq!(uri(text).as_str(), text);
    }
}

#[test]
fn what_runs_or_opens_something_else_is_refused() {
    for text in [
        "javascript:alert(1)",
        "javascript://localhost/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://client.example/1",
        "about:blank",
        "ftp://client.example/cb",
        "ws://localhost/cb",
        "intent://client.example/cb",
        "myapp://callback",
        "urn:ietf:wg:oauth:2.0:oob",
        "cursor://anysphere.cursor-deeplink/mcp/install?name=x",
        "cursor://anysphere.cursor-mcp/oauth/callback?x=1",
        "vscode://file/etc/passwd",
        "vscode:mcp/install?x",
        "vscode-evil://publisher.extension/callback",
        "com.example:opaque",
        "com..example:/cb",
    ] {
        let error = RedirectUri::parse(text).unwrap_err();
        assert!(matches!(error, RedirectError::Scheme(_)), "{text}: {error}");
    }
}

#[test]
fn what_another_computer_would_hear_in_clear_is_refused() {
    for text in [
        "http://client.example/cb",
        "http://localhost.client.example/cb",
        "http://localhost./cb",
        "http://127.0.0.1.client.example/cb",
        "http://127.0.0.2/cb",
        "http://0.0.0.0/cb",
        "http://192.168.0.1/cb",
        "http://[::]/cb",
        "http://[::ffff:127.0.0.1]/cb",
    ] {
        assert_eq!(RedirectUri::parse(text), Err(RedirectError::PlainHttp), "{text}");
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    let refused = |text: &str| RedirectUri::parse(text).unwrap_err();
    for text in ["https://a.example/cb#", "http://localhost/cb#x", "com.example:/cb#x"] {
        assert_eq!(refused(text), RedirectError::Fragment, "{text}");
    }
    for text in ["https://u@a.example/", "https://u:p@a.example/", "http://:p@localhost/"] {
        assert_eq!(refused(text), RedirectError::UserInfo, "{text}");
    }
    for text in [
        "https://a.example/c b",
        " https://a.example/cb",
        "https://a.example/cb\n",
        "https://a.example\\@b.example/",
        "https://a.example/<script>",
        "https://bücher.example/cb",
        "https://a.example/\u{202e}",
    ] {
        assert_eq!(refused(text), RedirectError::Character, "{text:?}");
    }
    for (text, written) in [
        ("HTTPS://a.example/cb", "https://a.example/cb"),
        ("https://A.example/cb", "https://a.example/cb"),
        ("https://a.example:443/cb", "https://a.example/cb"),
        ("https:a.example/cb", "https://a.example/cb"),
        ("https:///a.example/cb", "https://a.example/cb"),
        ("https://a.example/x/../cb", "https://a.example/cb"),
        ("https://a.example/x/%2E%2e/cb", "https://a.example/cb"),
        ("https://@a.example/cb", "https://a.example/cb"),
        ("http://2130706433/cb", "http://127.0.0.1/cb"),
        ("http://0x7f.1/cb", "http://127.0.0.1/cb"),
        ("http://0177.0.0.1/cb", "http://127.0.0.1/cb"),
        ("http://LOCALHOST/cb", "http://localhost/cb"),
        ("http://localhost:080/cb", "http://localhost/cb"),
        ("http://localhost:08080/cb", "http://localhost:8080/cb"),
        ("http://[0:0:0:0:0:0:0:1]/cb", "http://[::1]/cb"),
        ("COM.example:/cb", "com.example:/cb"),
    ] {
        assert_eq!(refused(text), RedirectError::Spelling(written.into()), "{text}");
    }
    for text in ["https://*.example/cb", "https://a.example./cb"] {
        assert_eq!(refused(text), RedirectError::Host, "{text}");
    }
    for text in ["", "/cb", "//a.example/cb", "callback", "https://", "http://[::1/", ":"] {
        assert_eq!(refused(text), RedirectError::NotAbsolute, "{text}");
    }
    let long = format!("https://a.example/{}", "x".repeat(REDIRECT_URI_MAX));
    assert_eq!(refused(&long), RedirectError::TooLong);
}

#[test]
fn on_loopback_any_port_is_meant() {
    for (own, asked) in [
        ("http://localhost/callback", "http://localhost:53123/callback"),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:59656/"),
        ("http://127.0.0.1:33418", "http://127.0.0.1"),
        ("http://[::1]/cb?a=1", "http://[::1]:65535/cb?a=1"),
        ("http://localhost:8080/callback", "http://localhost/callback"),
    ] {
        assert_eq!(uri(own).covers(asked).unwrap().as_str(), asked, "{own}");
    }
}

#[test]
fn nothing_but_that_port_may_differ() {
    let own = "http://localhost/callback";
    for asked in [
        "http://127.0.0.1/callback",
        "http://[::1]:1/callback",
        "http://localhost:1/",
        "http://localhost:1/callback/",
        "http://localhost:1/Callback",
        "http://localhost:1/callback?x",
        "http://localhost:1/callback#x",
        "http://localhost:1/./callback",
        "http://localhost:1/x/../callback",
        "http://localhost:1/%63allback",
        "http://localhost:1//callback",
        "http://localhost:1\\callback",
        "http://LOCALHOST:1/callback",
        "HTTP://localhost:1/callback",
        "http://localhost.:1/callback",
        "http://localhost:/callback",
        "http://localhost:01/callback",
        "http://localhost:65536/callback",
        "http://localhost:1:2/callback",
        "http://localhost:1@evil.example/callback",
        "http://u@localhost:1/callback",
        "http://localhost:1.evil.example/callback",
        "http://localhost.evil.example/callback",
        "http://localhostevil/callback",
        "https://localhost:1/callback",
        " http://localhost:1/callback",
    ] {
        assert_eq!(uri(own).covers(asked), None, "{asked}");
    }
    let own = "https://client.example/cb?a=1";
    for asked in [
        "https://client.example:8443/cb?a=1",
        "https://client.example:443/cb?a=1",
        "https://client.example/cb",
        "https://client.example/cb?a=1&b=2",
        "https://client.example/cb?A=1",
        "https://client.example/cb/?a=1",
        "https://client.example/%63b?a=1",
        "https://client.example/cb?a=%31",
        "https://client.example/cb?a=1#",
        "https://Client.example/cb?a=1",
        "https://client.example./cb?a=1",
        "https://sub.client.example/cb?a=1",
        "https://client.example@evil.example/cb?a=1",
        "http://client.example/cb?a=1",
        "",
    ] {
        assert_eq!(uri(own).covers(asked), None, "{asked}");
    }
    assert_eq!(uri("http://127.0.0.1").covers("http://127.0.0.1:1/"), None);
    assert_eq!(uri("https://localhost/cb").covers("https://localhost:1/cb"), None);
}

#[test]
fn the_page_says_where_it_leads() {
    let at = |text| uri(text).destination();
    assert_eq!(at("https://a.example/cb"), Destination::Site("a.example".into()));
    assert_eq!(at("https://a.example:444/cb"), Destination::Site("a.example:444".into()));
    let here = |host: &str| Destination::ThisComputer(host.into());
    assert_eq!(at("http://localhost:1/cb"), here("localhost:1"));
    assert_eq!(at("http://[::1]/cb"), here("[::1]"));
    assert_eq!(at("https://127.0.0.9/cb"), here("127.0.0.9"));
    assert_eq!(at(CURSOR), Destination::App("cursor".into()));
    let app = at("com.example.app:/cb");
    assert_eq!((app.host(), app.is_this_computer()), ("com.example.app", true));
    let shown = at("https://xn--bcher-kva.example/cb");
    assert_eq!((shown.host(), shown.is_this_computer()), ("xn--bcher-kva.example", false));
}

/// Pieces of which honest and hostile redirects are made.
const PIECES: &[&str] = &[
    "http://",
    "https://",
    "//",
    "/",
    "\\",
    ":",
    "@",
    "#",
    "?",
    "%2e%2e",
    "..",
    ".",
    "%00",
    " ",
    "localhost",
    "127.0.0.1",
    "[::1]",
    "2130706433",
    "evil.example",
    "callback",
    "Callback",
    "80",
    "08",
    "53123",
    "65536",
    "cursor",
    "com.example.app",
    "javascript",
    "*",
    "\t",
    "é",
    "\u{202e}",
];

/// What a browser would open, without its port.
fn opened(text: &str) -> Option<(String, Option<String>, String, Option<String>)> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str().map(str::to_owned);
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let query = url.query().map(str::to_owned);
    plain.then(|| (url.scheme().to_owned(), host, url.path().to_owned(), query))
}

proptest! {
    #[test]
    fn what_matches_opens_the_same_place(
        own in prop::sample::select(&[
            "http://localhost/callback", "http://127.0.0.1:8080/", "http://[::1]/callback?a=1",
            "https://client.example/callback", CURSOR,
        ][..]),
        front in prop::collection::vec(prop::sample::select(PIECES), 0..8),
        kept in 0..30_usize,
    ) {
        let tail: String = own.chars().skip(kept).collect();
        let asked = format!("{}{tail}", front.concat());
        if let Some(found) = uri(own).covers(&asked) {
            prop_assert_eq!(found.as_str(), &asked);
            prop_assert_eq!(opened(&asked), opened(own));
            prop_assert!(asked == own || own.starts_with("http://"));
        }
    }

    #[test]
    fn what_is_allowed_is_read_in_one_way(pieces in prop::collection::vec(
        prop::sample::select(PIECES), 0..9)) {
        let text = pieces.concat();
        if let Ok(uri) = RedirectUri::parse(&text) {
            prop_assert!(opened(&text).is_some());
            prop_assert_eq!(RedirectUri::parse(uri.as_str()), Ok(uri.clone()));
            prop_assert_eq!(uri.covers(&text), Some(uri.clone()));
            prop_assert!(!uri.destination().host().is_empty());
        }
    }
}
