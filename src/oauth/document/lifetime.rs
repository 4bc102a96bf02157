//! How long a document is believed: what its server says, within bounds.

use http::{HeaderMap, HeaderName, header};
use jiff::{Timestamp, fmt::rfc2822};

/// Seconds for which a document is believed at least, so that no client makes this server call out
/// on every request.
pub const AGE_MIN: i64 = 5 * 60;
/// Seconds at most, so that a client which drops a redirect URI is heard the next day.
pub const AGE_MAX: i64 = 24 * 60 * 60;
/// Seconds when the server says nothing.
pub const AGE_DEFAULT: i64 = 60 * 60;

/// The seconds for which an answer stays fresh (RFC 9111, 4.2), within the bounds.
pub(super) fn lifetime(headers: &HeaderMap, now: Timestamp) -> i64 {
    stated(headers, now).unwrap_or(AGE_DEFAULT).clamp(AGE_MIN, AGE_MAX)
}

fn stated(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let words: Vec<String> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','))
        .map(|it| it.trim().to_ascii_lowercase())
        .collect();
    if words.iter().any(|it| it == "no-store" || it == "no-cache") {
        return Some(0);
    }
    let seconds = |name: &str| {
        let value = words.iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('='))?;
        value.trim_matches('"').parse::<i64>().ok()
    };
    if let Some(whole) = seconds("s-maxage").or_else(|| seconds("max-age")) {
        let age = text(headers, header::AGE).and_then(|it| it.parse::<i64>().ok());
        return Some(whole.saturating_sub(age.unwrap_or(0).max(0)));
    }
    let expires = text(headers, header::EXPIRES)?;
    let date = text(headers, header::DATE).and_then(instant).unwrap_or(now);
    // An unreadable time has passed (RFC 9111, 5.3).
    let left = |until: Timestamp| until.as_second().saturating_sub(date.as_second());
    Some(instant(expires).map_or(0, left))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn instant(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_decides_within_bounds() {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        let expires = "Sun, 06 Nov 1994 10:49:37 GMT";
        for (headers, seconds) in [
            (&[][..], AGE_DEFAULT),
            (&[("cache-control", "public, max-age=7200")], 7_200),
            (&[("cache-control", "Max-Age=\"7200\"")], 7_200),
            (&[("cache-control", "max-age=7200"), ("age", "200")], 7_000),
            (&[("cache-control", "max-age=7200"), ("age", "-5")], 7_200),
            (&[("cache-control", "max-age=600, s-maxage=7200")], 7_200),
            (&[("cache-control", "max-age=7200"), ("cache-control", "no-cache")], AGE_MIN),
            (&[("cache-control", "no-store")], AGE_MIN),
            (&[("cache-control", "max-age=0")], AGE_MIN),
            (&[("cache-control", "max-age=-1")], AGE_MIN),
            (&[("cache-control", "max-age=9223372036854775807")], AGE_MAX),
            (&[("cache-control", "max-age=99999999999999999999")], AGE_DEFAULT),
            (&[("cache-control", "max-age=x")], AGE_DEFAULT),
            (&[("expires", expires)], 7_200),
            (&[("expires", expires), ("date", "Sun, 06 Nov 1994 09:49:37 GMT")], 3_600),
            (&[("expires", expires), ("cache-control", "max-age=1800")], 1_800),
            (&[("expires", "0")], AGE_MIN),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(HeaderName::from_static(name), value.parse().unwrap());
            }
            assert_eq!(lifetime(&map, now), seconds, "{headers:?}");
        }
    }
}
