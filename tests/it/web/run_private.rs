//! A run that is not published: its owner's page, and the private link.

use axum::body::Body;
use http::Request;

use super::{
    BROWSER,
    run::{header, is_valid},
    visit,
};
use crate::app::{Client, Reply, TestApp};

/// A browser that is signed in to an account.
pub(super) struct Person {
    client: Client,
    cookie: String,
}

impl Person {
    pub(super) async fn of(app: &TestApp, name: &str) -> Self {
        let account = app.app.accounts.find(name).await.unwrap().id;
        let secret = app.app.accounts.begin_session(&account).await.unwrap();
        Self { client: app.anon(), cookie: format!("bt_session={}", secret.reveal()) }
    }

    pub(super) fn request(&self, method: &str, path: &str) -> http::request::Builder {
        let request = Request::builder().method(method).uri(path).header("cookie", &self.cookie);
        request.header("accept", BROWSER).header("host", "localhost")
    }

    pub(super) async fn get(&self, path: &str) -> Reply {
        self.client.send(self.request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub(super) async fn post(&self, path: &str, site: &str, form: &str) -> Reply {
        let request = self
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "null")
            .header("sec-fetch-site", site);
        self.client.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// What the forms of a page carry.
    pub(super) async fn csrf(&self, path: &str) -> String {
        let page = self.get(path).await.text;
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap();
        csrf.split('"').next().unwrap().to_owned()
    }

    /// Sends a form of a page as the page has it, to the page's own address.
    pub(super) async fn submit(&self, path: &str, what: &str) -> Reply {
        let csrf = self.csrf(path).await;
        self.post(path, "same-origin", &format!("csrf={csrf}&{what}")).await
    }

    /// The same on a run's page.
    async fn act(&self, run: &str, what: &str) -> Reply {
        self.submit(&format!("/run/{run}"), what).await
    }
}

/// The private link on a page that has just made one.
fn link(page: &Reply) -> String {
    let link = page.text.split("<code id=\"private-link\">").nth(1).unwrap();
    let link = link.split('<').next().unwrap();
    link.strip_prefix("http://localhost:8080").unwrap().to_owned()
}

#[tokio::test]
async fn an_unpublished_run_is_its_owners_alone() {
    let app = TestApp::new();
    let (ada, _) = (app.account("ada").await, app.account("bob").await);
    let run = ada.start("tiny").await;
    ada.step(&run, 3).await.expect(200);
    let (owner, other) = (Person::of(&app, "ada").await, Person::of(&app, "bob").await);
    let path = format!("/run/{run}");
    let page = owner.get(&path).await;
    is_valid(&page);
    assert_eq!(header(&page, "cache-control"), "no-store");
    assert!(page.text.contains("noindex") && page.text.contains("Only you see this page"));
    assert!(page.text.contains("3 of 9 bars") && page.text.contains("live.js"));
    assert!(!page.text.contains("og:image") && !page.text.contains("/badge.svg"));
    assert_eq!(other.get(&path).await.status, 404);
    assert_eq!(visit(&app, &path).await.status, 404);
    for rest in ["/badge.svg", "/og.png"] {
        assert_eq!(owner.get(&format!("{path}{rest}")).await.status, 404, "{rest}");
    }
}

/// Nothing of a page shows what comes after its bar.
#[tokio::test]
async fn a_run_under_way_shows_nothing_of_its_future() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.step(&run, 3).await.expect(200);
    let page = Person::of(&app, "ada").await.get(&format!("/run/{run}")).await.text;
    assert!(page.contains("2024-01-04"), "its bar");
    for later in ["2024-01-05", "2024-01-10", "104.5", "109.5"] {
        assert!(!page.contains(later), "{later}");
    }
}

#[tokio::test]
async fn a_private_link_opens_until_it_is_taken_back_or_replaced() {
    let app = TestApp::new();
    let (ada, _) = (app.account("ada").await, app.account("bob").await);
    let (run, second) = (ada.start("tiny").await, ada.start("tiny").await);
    let owner = Person::of(&app, "ada").await;
    let made = owner.act(&run, "do=link").await;
    is_valid(&made);
    let first = link(&made);
    assert!(first.starts_with(&format!("/run/{run}?link=bt_link_")), "{first}");
    let guest = visit(&app, &first).await;
    is_valid(&guest);
    assert_eq!(header(&guest, "cache-control"), "no-store");
    assert!(!guest.text.contains("csrf") && !guest.text.contains("Only you"));
    assert!(guest.text.contains("noindex"));
    assert!(!owner.get(&format!("/run/{run}")).await.text.contains("bt_link_"), "shown once");

    let token = first.split('=').next_back().unwrap();
    let elsewhere = visit(&app, &format!("/run/{second}?link={token}")).await;
    assert_eq!(elsewhere.status, 404, "it opens its run alone");
    let wrong = format!("{}x", &first[..first.len() - 1]);
    assert_eq!(visit(&app, &wrong).await.status, 404);
    let door = app.with_key(token).get("/api/v1/runs").await;
    assert_eq!(door.status, 401, "it is no key");

    let next = link(&owner.act(&run, "do=link").await);
    assert_eq!(visit(&app, &first).await.status, 404, "replaced");
    assert_eq!(visit(&app, &next).await.status, 200);
    assert_eq!(owner.act(&run, "do=unlink").await.status, 303);
    assert_eq!(visit(&app, &next).await.status, 404, "taken back");
}

#[tokio::test]
async fn only_the_owners_own_form_does_anything() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let (run, bobs) = (ada.start("tiny").await, bob.start("tiny").await);
    let (owner, other) = (Person::of(&app, "ada").await, Person::of(&app, "bob").await);
    let path = format!("/run/{run}");
    assert_eq!(owner.post(&path, "same-origin", "do=link").await.status, 403, "no token");
    assert_eq!(owner.post(&path, "cross-site", "do=link").await.status, 403);
    let csrf = other.csrf(&format!("/run/{bobs}")).await;
    for what in ["link", "publish&confirm=yes"] {
        let form = format!("csrf={csrf}&do={what}");
        let reply = other.post(&path, "same-origin", &form).await;
        assert!(matches!(reply.status, 403 | 404), "{what}: {}", reply.status);
    }
    let made = link(&owner.act(&run, "do=link").await);
    other.post(&path, "same-origin", &format!("csrf={csrf}&do=unlink")).await;
    assert_eq!(visit(&app, &made).await.status, 200, "it is not theirs to take back");
    assert_eq!(owner.act(&run, "do=nonsense").await.status, 400);
}

#[tokio::test]
async fn an_owner_publishes_on_the_page() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let owner = Person::of(&app, "ada").await;
    assert_eq!(owner.act(&run, "do=publish&confirm=yes").await.status, 400, "it is under way");
    ada.step(&run, 20).await.expect(200);
    assert_eq!(owner.act(&run, "do=publish").await.status, 400, "not confirmed");
    assert_eq!(visit(&app, &format!("/run/{run}")).await.status, 404);
    assert_eq!(owner.act(&run, "do=publish&confirm=yes").await.status, 303);
    is_valid(&visit(&app, &format!("/run/{run}")).await);
}

#[tokio::test]
async fn a_link_goes_with_its_account() {
    let app = TestApp::new();
    let run = app.account("ada").await.start("tiny").await;
    let made = link(&Person::of(&app, "ada").await.act(&run, "do=link").await);
    assert_eq!(visit(&app, &made).await.status, 200);
    let account = app.app.accounts.find("ada").await.unwrap().id;
    app.app.accounts.erase(&account).await.unwrap();
    assert_eq!(visit(&app, &made).await.status, 404);
}
