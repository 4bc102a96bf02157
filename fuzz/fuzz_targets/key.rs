//! Keys, tokens and tickets: the parser beside another one, and both headers that carry a key.

#![no_main]

use bottrade::keys::Key;
use bottrade_fuzz::service::Service;
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIXES: [&str; 7] =
    ["bt_", "tvt_", "bt_oat_", "bt_ort_", "bt_code_", "bt_session_", "bt_ticket_"];
/// Digits of the secret, and of the checksum after it.
const SECRET: usize = 43;
const CHECKSUM: usize = 6;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        check(text);
        check_slips(data);
    }
    if let Ok(value) = HeaderValue::from_bytes(data) {
        Service::with(|service| {
            // A credential with a scheme has a space in it.
            let header = if data.contains(&b' ') { "authorization" } else { "x-api-key" };
            let reply = service.greeted(header, value);
            let caller = reply.accepted().map(|it| it["status"].clone());
            // Nobody guesses a key: the caller is refused or, without a credential, nobody.
            assert!(caller.is_none_or(|it| it == "auth_required"), "{reply:?}");
        });
    }
});

/// The parser takes exactly what the description of a key says.
fn check(text: &str) -> bool {
    let key = Key::parse(text);
    assert_eq!(key.is_some(), is_key(text), "{text:?}");
    if let Some(key) = &key {
        assert_eq!(key.reveal(), text);
        assert!(text.starts_with(key.shown()) && key.shown().len() < text.len());
        assert!(!format!("{key:?}").contains(&text[key.shown().len()..]), "a secret is shown");
    }
    key.is_some()
}

/// A key made of these bytes is taken, and with any one character changed it is not.
fn check_slips(data: &[u8]) {
    let [prefix, at, to, secret @ ..] = data else { return };
    let secret = secret.iter().chain(std::iter::repeat(&0)).take(SECRET);
    let secret: String = secret.map(|&it| digit(it.into())).collect();
    let body = format!("{}{secret}", PREFIXES[usize::from(*prefix) % PREFIXES.len()]);
    let mut text = format!("{body}{}", checksum(&body));
    assert!(check(&text), "a good key is refused: {text}");
    let (at, to) = (usize::from(*at) % text.len(), digit((*to).into()).to_string());
    if text[at..=at] != to {
        text.replace_range(at..=at, &to);
        assert!(!check(&text), "a slip is not noticed: {text}");
    }
}

fn is_key(text: &str) -> bool {
    let digits =
        |rest: &str| rest.len() == SECRET + CHECKSUM && rest.bytes().all(|it| DIGITS.contains(&it));
    PREFIXES.iter().filter_map(|it| text.strip_prefix(it)).any(digits) && {
        let (body, sum) = text.split_at(text.len() - CHECKSUM);
        sum == checksum(body)
    }
}

fn checksum(body: &str) -> String {
    let mut sum = crc32fast::hash(body.as_bytes());
    let mut digits: Vec<char> = Vec::new();
    for _ in 0..CHECKSUM {
        digits.push(digit(sum));
        sum /= 62;
    }
    digits.into_iter().rev().collect()
}

/// The digit of this value, of which only the rest by 62 counts.
fn digit(value: u32) -> char {
    char::from(DIGITS[(value % 62) as usize])
}
