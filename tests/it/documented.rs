//! Every answer of every test has a status that the `OpenAPI` document names.

use axum::{Router, body::Body};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tokio::sync::OnceCell;
use tower::ServiceExt as _;

/// The document, read once per process.
pub(crate) async fn document(router: &Router) -> &'static Value {
    static DOCUMENT: OnceCell<Value> = OnceCell::const_new();
    let read = async || {
        let request = Request::get("/api/openapi.json").body(Body::empty()).unwrap();
        let body = router.clone().oneshot(request).await.unwrap().into_body();
        serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap()
    };
    DOCUMENT.get_or_init(read).await
}

/// Whether an address is one of this template.
fn fits(path: &str, template: &str) -> bool {
    let (path, template): (Vec<_>, Vec<_>) =
        (path.split('/').collect(), template.split('/').collect());
    let same = |(it, place): (&&str, &&str)| {
        it == place || (place.starts_with('{') && place.ends_with('}') && !it.is_empty())
    };
    path.len() == template.len() && path.iter().zip(&template).all(same)
}

/// Asserts that the document names this status where it describes the address.
#[track_caller]
pub(crate) fn check(document: &Value, method: &Method, path: &str, status: u16) {
    let method = if *method == Method::HEAD { "get" } else { &method.as_str().to_lowercase() };
    let paths = document["paths"].as_object().unwrap();
    let exact = paths.get(path);
    let found = exact.or_else(|| Some(paths.iter().find(|(it, _)| fits(path, it))?.1));
    let Some(operation) = found.and_then(|it| it.get(method)) else { return };
    let named = operation["responses"].get(status.to_string()).is_some();
    assert!(named, "the document does not name {status} of {method} {path}");
}

#[test]
fn an_address_fits_its_template_alone() {
    assert!(fits("/a/b/c", "/a/{x}/c") && fits("/a/b.csv", "/a/b.csv"));
    for (path, template) in [("/a/b", "/a/{x}/c"), ("/a/b/c", "/a/{x}"), ("/a//c", "/a/{x}/c")] {
        assert!(!fits(path, template), "{path} {template}");
    }
}
