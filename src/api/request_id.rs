//! A name for every call: `X-Request-Id` of its answer, and of what the log says meanwhile.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::Response,
};
use tracing::Instrument as _;
use uuid::Builder;

use crate::clock;

/// Where it is.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// What a caller may call it at most.
const CHARS_MAX: usize = 64;

/// Names a call as its caller did, or else afresh.
pub(super) async fn named(request: Request, next: Next) -> Response {
    let id = given(request.headers()).unwrap_or_else(fresh);
    let span = tracing::error_span!("call", id = id.to_str().unwrap_or_default());
    let mut response = next.run(request).instrument(span).await;
    response.headers_mut().insert(HEADER, id);
    response
}

/// The caller's own name, where it is one that a log can hold.
fn given(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(HEADER)?;
    let good = |it: &u8| it.is_ascii_alphanumeric() || b"-_.".contains(it);
    let sane = (1..=CHARS_MAX).contains(&id.len()) && id.as_bytes().iter().all(good);
    sane.then(|| id.clone())
}

fn fresh() -> HeaderValue {
    let mut random = [0; 16];
    clock::fill_random(&mut random);
    let id = Builder::from_random_bytes(random).into_uuid().to_string();
    // A UUID is visible ASCII.
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("unnamed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sane_name_is_kept_and_any_other_is_not() {
        let of = |id: &[u8]| {
            let id = HeaderValue::from_bytes(id).unwrap();
            given(&HeaderMap::from_iter([(HEADER, id)]))
        };
        for good in ["a", "0190a6e0-5f0a-7c6e-8d3b-1c2d3e4f5a6b", "Trace_1.2", &"x".repeat(64)] {
            assert_eq!(of(good.as_bytes()).unwrap(), good);
        }
        for bad in ["", "a b", "a\tb", "<script>", "ü", &"x".repeat(65)] {
            assert_eq!(of(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(given(&HeaderMap::new()), None);
        assert_ne!(fresh(), fresh());
    }
}
