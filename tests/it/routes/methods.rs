//! HEAD, OPTIONS, and methods that an address does not have.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use bottrade::ops::{Method, OPS};
use http::Request;

use crate::app::{Client, Reply, TestApp};

/// Every address of an operation with its methods, HEAD beside GET.
fn addresses() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut addresses = BTreeMap::<_, BTreeSet<_>>::new();
    for op in OPS {
        let methods: &[_] = match op.route.method {
            Method::Get => &["GET", "HEAD"],
            Method::Post => &["POST"],
            Method::Patch => &["PATCH"],
            Method::Delete => &["DELETE"],
        };
        addresses.entry(op.route.path).or_default().extend(methods);
    }
    addresses
}

/// The address with something in the place of its parameters.
fn filled(path: &str) -> String {
    path.replace(['{', '}'], "")
}

async fn call(client: &Client, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    client.send(request.body(Body::empty()).unwrap()).await
}

fn listed(reply: &Reply) -> BTreeSet<&str> {
    reply.headers["allow"].to_str().unwrap().split(',').map(str::trim).collect()
}

#[tokio::test]
async fn an_address_names_its_methods() {
    let app = TestApp::new();
    let (nobody, ada) = (app.anon(), app.account("ada").await);
    for (address, methods) in addresses() {
        let path = filled(address);
        for method in ["PUT", "PATCH", "TRACE", "DELETE", "POST", "GET", "BREW"] {
            if methods.contains(method) {
                continue;
            }
            for client in [&nobody, &ada] {
                let reply = call(client, method, &path, &[]).await;
                let problem = reply.problem(405, &format!("{path} has no method {method}"));
                assert_eq!(listed(&reply), methods, "{method} {path}");
                assert_eq!(problem["code"], "method_not_allowed");
            }
        }
        let preflight =
            [("origin", "https://a.example"), ("access-control-request-method", "POST")];
        for headers in [&[][..], &preflight] {
            let options = call(&nobody, "OPTIONS", &path, headers).await;
            assert_eq!((options.status, options.text.as_str()), (200, ""), "{path}");
            assert_eq!(listed(&options), methods, "{path}");
        }
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let runs = format!("/api/v1/runs/{run}");
    for path in [
        "/api/health".into(),
        "/api/v1/scenarios".into(),
        "/api/v1/runs".into(),
        format!("{runs}/market"),
        format!("{runs}/trades.csv"),
        format!("{runs}/equity.arrow"),
        format!("{runs}/results"),
        "/api/v1/runs/nope".into(),
    ] {
        let (get, head) = (ada.get(&path).await, call(&ada, "HEAD", &path, &[]).await);
        assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
        assert_eq!(head.headers["content-type"], get.headers["content-type"], "{path}");
        assert_eq!(head.headers["content-length"], get.bytes.len().to_string(), "{path}");
    }
    assert_eq!(call(&app.anon(), "HEAD", "/api/v1/runs", &[]).await.status, 401);
}

#[tokio::test]
async fn an_unknown_address_has_no_methods() {
    let app = TestApp::new();
    for path in ["/api/v1/nope", "/api/v1/runs/x/nope", "/api/v1/runs/x/equity.xlsx", "/nope"] {
        for method in ["GET", "POST", "DELETE", "PUT"] {
            let reply = call(&app.anon(), method, path, &[]).await;
            reply.problem(404, &format!("no route {method} {path}"));
            assert!(!reply.headers.contains_key("allow"), "{path}");
        }
    }
}
