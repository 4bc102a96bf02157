//! Every answer is called something, and as its caller asked where that can stand in a log.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use uuid::Uuid;

use crate::app::{Reply, TestApp};

const HEADER: &str = "x-request-id";

async fn called(app: &TestApp, method: &str, path: &str, id: Option<&str>) -> Reply {
    let request = Request::builder().method(method).uri(path).header("origin", "http://other");
    let request = id.into_iter().fold(request, |request, id| request.header(HEADER, id));
    app.anon().send(request.body(Body::empty()).unwrap()).await
}

fn id(reply: &Reply) -> &str {
    reply.headers[HEADER].to_str().unwrap()
}

#[tokio::test]
async fn every_answer_has_one_of_its_own() {
    let app = TestApp::new();
    let calls = [
        ("GET", "/api/health", 200),
        ("GET", "/api/v1/scenarios", 200),
        ("GET", "/api/v1/runs", 401),
        ("GET", "/api/v1/bot/portfolio", 401),
        ("PUT", "/api/v1/bot/portfolio", 405),
        ("GET", "/api/v1/nowhere", 404),
        ("OPTIONS", "/api/v1/runs", 200),
        ("GET", "/", 200),
        ("GET", "/leaderboard/nowhere", 404),
        ("POST", "/oauth/token", 415),
        ("GET", "/mcp", 405),
    ];
    let mut seen = BTreeSet::new();
    for (method, path, status) in calls {
        let reply = called(&app, method, path, None).await;
        assert_eq!(reply.status, status, "{method} {path}");
        assert!(Uuid::try_parse(id(&reply)).is_ok(), "{method} {path}");
        assert!(seen.insert(id(&reply).to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn a_caller_may_choose_it() {
    let app = TestApp::new();
    for path in ["/api/v1/scenarios", "/api/v1/runs", "/leaderboard"] {
        assert_eq!(id(&called(&app, "GET", path, Some("trace-7.a_b")).await), "trace-7.a_b");
        let odd = called(&app, "GET", path, Some("a line break or <more>")).await;
        assert!(Uuid::try_parse(id(&odd)).is_ok(), "{path}");
    }
}
