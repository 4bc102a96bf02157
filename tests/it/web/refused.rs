//! Refusals: pages for people, problem documents for programs.

use axum::body::Body;
use http::Request;

use super::{BROWSER, html, visit};
use crate::app::{Reply, TestApp};

fn is_page(reply: &Reply) -> bool {
    reply.headers["content-type"] == "text/html; charset=utf-8"
}

#[tokio::test]
async fn a_browser_gets_a_page_and_a_program_a_document() {
    let app = TestApp::new();
    for path in ["/nothing", "/scenarios/tinny", "/leaderboard/nobody", "/docs/tools/fly", "/terms"]
    {
        let page = visit(&app, path).await;
        assert_eq!(page.status, 404, "{path}");
        assert!(is_page(&page), "{path}");
        let problems = html::problems(&page.text);
        assert!(problems.is_empty(), "{path}: {problems:#?}");
        assert!(page.text.contains("noindex"), "{path}");
        assert_eq!(page.headers["cache-control"], "no-store", "{path}");
    }
    for path in ["/nothing", "/api/v1/nothing", "/api/v1/scenarios/nothing", "/skills/nothing"] {
        let document = app.anon().get(path).await.any_problem();
        assert_eq!(document["status"], 404, "{path}");
    }
    for path in ["/api/v1/nothing", "/api/v1/scenarios/nothing", "/skills/nothing", "/mcp/x"] {
        let document = visit(&app, path).await.any_problem();
        assert_eq!(document["status"], 404, "{path}");
    }
}

#[tokio::test]
async fn a_page_that_is_not_there_says_what_to_do() {
    let app = TestApp::new();
    let page = visit(&app, "/scenarios/tinny").await.text;
    assert!(page.contains("tinny") && page.contains("tiny"), "{page}");
    let terms = visit(&app, "/terms").await.text;
    assert!(terms.contains("terms.md") && terms.contains("--legal DIR"), "{terms}");
    let planted = visit(&app, "/%3Cscript%3Ealert(1)%3C/script%3E").await.text;
    assert!(!planted.contains("<script>alert"), "{planted}");
}

#[tokio::test]
async fn a_bad_key_closes_no_page() {
    let app = TestApp::new();
    let asked = Request::get("/scenarios").header("accept", BROWSER).body(Body::empty()).unwrap();
    let page = app.with_key("bt_wrong").send(asked).await;
    assert_eq!(page.status, 200);
    assert!(is_page(&page), "{}", page.text);
}
