//! A person at a browser: from a run that is refused to the same run after paying.

use http::Request;
use serde_json::json;
use url::form_urlencoded::Serializer;

use super::sale::{Shop, person};
use crate::app::{Reply, TestApp};

const RUNS: &str = "/api/v1/runs";

async fn open(app: &TestApp, cookie: &str, path: &str) -> Reply {
    let request = Request::get(path).header("cookie", cookie).header("accept", "text/html");
    app.anon().send(request.body(String::new().into()).unwrap()).await
}

/// Sends a form as a page of ours does.
async fn send(app: &TestApp, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::post(path)
        .header("cookie", cookie)
        .header("accept", "text/html")
        .header("origin", "null")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded");
    app.anon().send(request.body(body.into()).unwrap()).await
}

/// The first hidden field of this name on a page.
fn hidden(page: &Reply, name: &str) -> String {
    let tag = format!("name=\"{name}\" value=\"");
    let rest = page.text.split(&tag).nth(1).unwrap_or_else(|| panic!("no {name}: {}", page.text));
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_refused_run_goes_through_after_paying() {
    let shop = Shop::open().await;
    for _ in 0..25 {
        shop.ada.start("tiny").await;
    }
    let run = json!({ "scenario_slug": "tiny" });
    let refused = shop.ada.post(RUNS, run.clone()).await.expect(402);
    let pricing = refused["checkout_url"].as_str().unwrap().strip_prefix(crate::app::URL).unwrap();
    let page = open(&shop.app, &shop.cookie, pricing).await;
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(page.text.contains("Choose pro") && page.text.contains("Your plan."), "{}", page.text);
    let csrf = hidden(&page, "csrf");
    let fields = [("csrf", csrf.as_str()), ("plan", "pro")];
    let onward = send(&shop.app, &shop.cookie, "/billing/checkout", &fields).await;
    assert_eq!(onward.status, 200, "{}", onward.text);
    assert!(onward.text.contains("href=\"https://checkout.stripe.com/c/cs_test_0\""));

    let done = "/billing/done?session_id=cs_test_0";
    let unpaid = open(&shop.app, &shop.cookie, done).await;
    assert_eq!(unpaid.status, 404, "{}", unpaid.text);
    shop.stripe.pay();
    // No event has told: the page asks by itself.
    let paid = open(&shop.app, &shop.cookie, done).await;
    assert!(paid.status == 200 && paid.text.contains("Your plan is pro"), "{}", paid.text);
    shop.ada.post(RUNS, run).await.expect(201);

    let csrf = hidden(&paid, "csrf");
    let fields = [("csrf", csrf.as_str()), ("session_id", "cs_test_0")];
    let shown = send(&shop.app, &shop.cookie, "/billing/done", &fields).await;
    let key = shown.text.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    shop.app.with_key(&key).start("tiny").await;
    let again = send(&shop.app, &shop.cookie, "/billing/done", &fields).await;
    assert_eq!(again.status, 409, "{}", again.text);
    let later = open(&shop.app, &shop.cookie, done).await;
    assert!(later.text.contains("shown before") && !later.text.contains(&key));
    let session = shop.app.anon().get("/api/v1/billing/session/cs_test_0").await.expect(200);
    assert!(session["key_id"].is_string() && !session.to_string().contains(&key), "{session}");

    let page = open(&shop.app, &shop.cookie, "/pricing").await;
    assert!(page.text.contains("Change to max") && !page.text.contains("Choose"), "{}", page.text);
    let fields = [("csrf", csrf.as_str())];
    let onward = send(&shop.app, &shop.cookie, "/billing/portal", &fields).await;
    assert!(onward.text.contains("https://billing.stripe.com/p/cus_0"), "{}", onward.text);
}

#[tokio::test]
async fn what_was_paid_is_shown_to_who_began_it() {
    let shop = Shop::open().await;
    let id = shop.buy("pro").await;
    let done = format!("/billing/done?session_id={id}");
    let (_, _, eve) = person(&shop.app, "eve").await;
    assert_eq!(open(&shop.app, &eve, &done).await.status, 404);
    let nobody = open(&shop.app, "", &done).await;
    let place = nobody.headers["location"].to_str().unwrap();
    assert_eq!(place, format!("/login?next=%2Fbilling%2Fdone%3Fsession_id%3D{id}"));
    let page = open(&shop.app, &eve, "/pricing").await;
    let csrf = hidden(&page, "csrf");
    let fields = [("csrf", csrf.as_str()), ("session_id", id.as_str())];
    assert_eq!(send(&shop.app, &eve, "/billing/done", &fields).await.status, 404);
    // A form with another's token, or none.
    for path in ["/billing/done", "/billing/checkout", "/billing/portal"] {
        assert_eq!(send(&shop.app, &shop.cookie, path, &fields).await.status, 403, "{path}");
        assert_eq!(send(&shop.app, &shop.cookie, path, &[]).await.status, 403, "{path}");
        assert_eq!(send(&shop.app, "", path, &fields).await.status, 401, "{path}");
    }
    assert_eq!(shop.stripe.books().sessions.len(), 1);
    for odd in ["", "?session_id=", "?session_id=..%2f..%2fcustomers", "?session_id=%ff"] {
        let reply = open(&shop.app, &shop.cookie, &format!("/billing/done{odd}")).await;
        assert_eq!(reply.status, 404, "{odd}");
    }
}

#[tokio::test]
async fn the_prices_are_the_operators_and_everybodys() {
    let shop = Shop::open().await;
    let page = open(&shop.app, "", "/pricing").await;
    assert!(page.text.contains("Sign in to choose pro") && !page.text.contains("csrf"));
    let local = TestApp::new();
    let page = open(&local, "", "/pricing").await;
    assert!(page.text.contains("everything is free") && !page.text.contains("Paying"));
}
