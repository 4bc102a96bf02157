//! `/api/docs`: the `OpenAPI` document as a page to read and to try out. Swagger UI is in the
//! binary, and the page asks no other address for anything.

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    routing::get,
};

const PAGE: &str = include_str!("page.html");
const START: &str = include_str!("page.js");

/// Compressed as they are served: only browsers ask for them, and every browser takes gzip.
const BUNDLE: &[u8] = include_bytes!("../../../assets/swagger-ui/swagger-ui-bundle.js.gz");
const STYLE: &[u8] = include_bytes!("../../../assets/swagger-ui/swagger-ui.css.gz");

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The page and its parts.
pub(super) fn router(public_url: &str) -> Router {
    let page = headers("text/html; charset=utf-8", &policy(public_url));
    let part = |kind: &'static str| headers(kind, "default-src 'none'");
    let zipped = |kind: &'static str| {
        let mut headers = part(kind);
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=86400"));
        headers
    };
    Router::new()
        .route("/api/docs", get((page, PAGE)))
        .route("/api/docs/page.js", get((part(JAVASCRIPT), START)))
        .route("/api/docs/swagger-ui-bundle.js", get((zipped(JAVASCRIPT), BUNDLE)))
        .route("/api/docs/swagger-ui.css", get((zipped("text/css; charset=utf-8"), STYLE)))
}

/// What the page may do: run its own scripts and call this service, by either of its names.
fn policy(public_url: &str) -> String {
    let origin = public_url
        .parse::<Uri>()
        .ok()
        .and_then(|uri| Some(format!(" {}://{}", uri.scheme_str()?, uri.authority()?)));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'{}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        origin.unwrap_or_default()
    )
}

fn headers(kind: &'static str, policy: &str) -> HeaderMap {
    let fixed = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let fixed = fixed.map(|(name, value): (HeaderName, _)| (name, HeaderValue::from_static(value)));
    let mut headers = HeaderMap::from_iter(fixed);
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers
}
