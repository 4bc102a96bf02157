//! The account page: every form of it, and whose it is.

use bottrade::{keys::Family, plan::Plan, store::Store, store::grants::Grant};
use serde_json::{Value, json};

use super::{
    CANARY, html, published,
    run::{header, is_valid},
    run_private::Person,
    visit,
};
use crate::{
    app::{Reply, TestApp},
    world,
};

const PAGES: [&str; 4] = ["/account", "/account/runs", "/account/export", "/account/delete"];

/// A server with what no door shows.
fn server() -> (TestApp, Store) {
    let store = Store::in_memory().unwrap();
    (TestApp::with(world::catalog(), store.clone()), store)
}

async fn id(app: &TestApp, name: &str) -> String {
    app.app.accounts.find(name).await.unwrap().id
}

/// A program of this name that an account allowed something; gives the grant's id.
async fn connected(app: &TestApp, store: &Store, account: &str, client_name: &str) -> String {
    let now = 1_893_553_445_000_000;
    let grant = Grant {
        id: format!("grant of {account}"),
        account_id: id(app, account).await,
        client_id: "client".into(),
        client_name: client_name.into(),
        scope: "bottrade:read bottrade:trade".into(),
        resource: "http://localhost:8080/mcp".into(),
        created_at: now,
        last_used_at: None,
        expires_at: now + 86_400_000_000,
        revoked_at: None,
    };
    let kept = grant.clone();
    store.write(move |tx| bottrade::store::grants::insert(tx, &kept)).await.unwrap();
    grant.id
}

/// A form's fields as a browser sends them.
fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The key on a page that has just made one.
fn fresh(page: &Reply) -> String {
    assert_eq!(page.status, 200, "{}", page.text);
    let key = page.text.split("<code id=\"fresh-key\">").nth(1).unwrap();
    key.split('<').next().unwrap().to_owned()
}

async fn opens(app: &TestApp, key: &str, path: &str) -> bool {
    app.with_key(key).get(path).await.status == 200
}

#[tokio::test]
async fn who_is_not_signed_in_is_asked_to_and_comes_back() {
    let (app, _) = server();
    for path in PAGES {
        let reply = visit(&app, path).await;
        assert_eq!(reply.status, 303, "{path}");
        assert_eq!(header(&reply, "location"), format!("/login?next={path}"));
    }
}

#[tokio::test]
async fn a_page_with_everything_on_it_is_valid_and_private() {
    let (app, store) = server();
    let ada = app.account("ada").await;
    published(&ada, CANARY, 10).await;
    ada.start("gaps").await;
    app.bot("ada").await.get("/api/v1/bot/portfolio").await.expect(200);
    let short: String = CANARY.chars().take(60).collect();
    app.app.accounts.create_key("ada", &short, Family::Benchmark).await.unwrap();
    connected(&app, &store, "ada", CANARY).await;
    app.app.accounts.set_plan(&id(&app, "ada").await, Plan::Free).await.unwrap();
    let owner = Person::of(&app, "ada").await;
    for path in ["/account", "/account/runs", "/account/delete"] {
        let page = owner.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let problems = html::problems(&page.text);
        assert!(problems.is_empty(), "{path}: {problems:#?}");
        assert_eq!(header(&page, "cache-control"), "no-store", "{path}");
        assert!(page.text.contains("noindex") && !page.text.contains("<b>bold"), "{path}");
    }
    let page = owner.get("/account").await;
    is_valid(&page);
    let (elements, _) = html::read(&page.text);
    let isolated = |text: &str| elements.iter().any(|it| it.name == "bdi" && it.text == text);
    assert!(isolated(&short) && isolated(CANARY) && isolated("ada's key"));
    let said =
        |name: &str, text: &str| elements.iter().any(|it| it.name == name && it.text == text);
    for figure in ["free", "2 of 25", "1 of 1,000", "1 of 1", "100,000.00"] {
        assert!(said("dd", figure), "{figure}: {}", page.text);
    }
    assert!(said("a", CANARY) && said("a", "An unnamed run"));
    assert!(page.text.contains("Start, trade and publish benchmark runs in your name"));
}

#[tokio::test]
async fn an_empty_account_has_its_page_and_no_paper_account_by_looking() {
    let (app, _) = server();
    app.account("ada").await;
    let owner = Person::of(&app, "ada").await;
    for _ in 0..2 {
        let page = owner.get("/account").await;
        is_valid(&page);
        for said in ["No program may act for you", "You have started none", "None in this season"] {
            assert!(page.text.contains(said), "{said}");
        }
    }
    html::problems(&owner.get("/account/runs").await.text).is_empty();
}

#[tokio::test]
async fn a_key_is_made_shown_once_renamed_and_revoked() {
    let (app, _) = server();
    app.account("ada").await;
    let owner = Person::of(&app, "ada").await;
    let made = owner.submit("/account", "do=create_key&name=my+laptop").await;
    is_valid(&made);
    let key = fresh(&made);
    assert!(opens(&app, &key, "/api/v1/runs").await);
    let page = owner.get("/account").await.text;
    assert!(page.contains("my laptop") && !page.contains(&key), "shown once");
    let keys = app.with_key(&key).get("/api/v1/keys").await.expect(200);
    let of = |it: &&Value| it["name"] == "my laptop";
    let key_id = keys["keys"].as_array().unwrap().iter().find(of).unwrap()["key_id"].clone();
    let key_id = key_id.as_str().unwrap();

    let rename = form(&[("do", "rename_key"), ("id", key_id), ("name", "desk")]);
    let renamed = owner.submit("/account", &rename).await;
    assert_eq!((renamed.status, header(&renamed, "location")), (303, "/account#keys"));
    assert!(owner.get("/account").await.text.contains("desk"));
    let nameless = owner
        .submit("/account", &form(&[("do", "rename_key"), ("id", key_id), ("name", "\u{7}")]))
        .await;
    assert_eq!(nameless.status, 422);
    assert!(nameless.text.contains("1 to 60") && nameless.text.contains("Back to your account"));

    let revoke = form(&[("do", "revoke_key"), ("id", key_id)]);
    assert_eq!(owner.submit("/account", &revoke).await.status, 303);
    assert!(!opens(&app, &key, "/api/v1/runs").await);
    assert_eq!(owner.submit("/account", &revoke).await.status, 303, "twice is once");
    let unknown = form(&[("do", "revoke_key"), ("id", "nonsense")]);
    assert_eq!(owner.submit("/account", &unknown).await.status, 404);
    let unnamed = owner.submit("/account", "do=create_key&name=").await;
    assert!(opens(&app, &fresh(&unnamed), "/api/v1/runs").await);
}

#[tokio::test]
async fn a_plan_has_so_many_bot_keys_and_the_page_says_so() {
    let (app, _) = server();
    app.account("ada").await;
    let ada = id(&app, "ada").await;
    app.app.accounts.set_plan(&ada, Plan::Free).await.unwrap();
    let owner = Person::of(&app, "ada").await;
    let key = fresh(&owner.submit("/account", "do=create_bot_key&name=bot").await);
    assert!(opens(&app, &key, "/api/v1/bot/portfolio").await);
    assert!(!opens(&app, &key, "/api/v1/runs").await);
    let page = owner.get("/account").await;
    is_valid(&page);
    assert!(page.text.contains("has no room for another") && !page.text.contains("create_bot_key"));
    let second = owner.submit("/account", "do=create_bot_key&name=second").await;
    assert_eq!(second.status, 409);
    assert!(second.text.contains("Back to your account"));
    let keys = app.app.accounts.keys(&ada, Family::Bot).await.unwrap();
    let revoke = form(&[("do", "revoke_bot_key"), ("id", &keys[0].id)]);
    assert_eq!(owner.submit("/account", &revoke).await.status, 303);
    assert!(!opens(&app, &key, "/api/v1/bot/portfolio").await);

    app.app.accounts.set_plan(&ada, Plan::Pro).await.unwrap();
    for n in 0..5 {
        let made = owner.submit("/account", &format!("do=create_bot_key&name=bot+{n}")).await;
        assert!(made.text.contains("fresh-key"), "{n}");
    }
    assert!(owner.get("/account").await.text.contains("5 of 5"));
}

#[tokio::test]
async fn a_program_is_disconnected() {
    let (app, store) = server();
    app.account("ada").await;
    let grant = connected(&app, &store, "ada", "Some client").await;
    let owner = Person::of(&app, "ada").await;
    assert!(owner.get("/account").await.text.contains("Some client"));
    let disconnect = form(&[("do", "disconnect"), ("id", &grant)]);
    let done = owner.submit("/account", &disconnect).await;
    assert_eq!((done.status, header(&done, "location")), (303, "/account#apps"));
    assert!(!owner.get("/account").await.text.contains("Some client"));
    assert!(app.app.accounts.grants(&id(&app, "ada").await).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_signs_out_everywhere() {
    let (app, _) = server();
    app.account("ada").await;
    let (here, there) = (Person::of(&app, "ada").await, Person::of(&app, "ada").await);
    assert!(here.get("/account").await.text.contains("this one"));
    let out = here.submit("/account", "do=sign_out_everywhere").await;
    assert_eq!((out.status, header(&out, "location")), (303, "/login"));
    assert!(header(&out, "set-cookie").contains("Max-Age=0"));
    for person in [here, there] {
        assert_eq!(person.get("/account").await.status, 303);
    }
}

#[tokio::test]
async fn a_form_of_another_session_or_site_does_nothing() {
    let (app, store) = server();
    app.account("ada").await;
    app.account("bob").await;
    let grant = connected(&app, &store, "ada", "Some client").await;
    let ada = id(&app, "ada").await;
    let key = app.app.accounts.keys(&ada, Family::Benchmark).await.unwrap().remove(0);
    let (owner, other) = (Person::of(&app, "ada").await, Person::of(&app, "bob").await);
    let theirs = other.csrf("/account").await;
    let actions = [
        form(&[("do", "create_key"), ("name", "x")]),
        form(&[("do", "create_bot_key"), ("name", "x")]),
        form(&[("do", "rename_key"), ("id", &key.id), ("name", "x")]),
        form(&[("do", "revoke_key"), ("id", &key.id)]),
        form(&[("do", "disconnect"), ("id", &grant)]),
        form(&[("do", "sign_out_everywhere")]),
    ];
    for action in &actions {
        for csrf in ["", &theirs] {
            let sent = format!("csrf={csrf}&{action}");
            let reply = owner.post("/account", "same-origin", &sent).await;
            assert_eq!(reply.status, 403, "{action}");
        }
        let own = owner.csrf("/account").await;
        let reply = owner.post("/account", "cross-site", &format!("csrf={own}&{action}")).await;
        assert_eq!(reply.status, 403, "{action}");
        // What is somebody else's is not there.
        if action.contains("id=") {
            assert_eq!(other.submit("/account", action).await.status, 404, "{action}");
        }
    }
    let erase = format!("csrf={theirs}&account=ada");
    assert_eq!(owner.post("/account/delete", "same-origin", &erase).await.status, 403);
    let keys = app.app.accounts.keys(&ada, Family::Benchmark).await.unwrap();
    assert_eq!(keys, [key]);
    assert_eq!(app.app.accounts.grants(&ada).await.unwrap().len(), 1);
    assert_eq!(owner.submit("/account", "do=nonsense").await.status, 400);
}

#[tokio::test]
async fn keys_are_made_at_most_so_often() {
    let (app, _) = server();
    app.account("ada").await;
    let owner = Person::of(&app, "ada").await;
    let csrf = owner.csrf("/account").await;
    let mut last = None;
    for _ in 0..11 {
        let sent = format!("csrf={csrf}&do=create_key&name=x");
        last = Some(owner.post("/account", "same-origin", &sent).await);
    }
    let refused = last.unwrap();
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains_key("retry-after"));
    assert!(refused.text.contains("Back to your account"));
}

#[tokio::test]
async fn the_runs_are_all_there_page_by_page() {
    let (app, _) = server();
    let ada = app.account("ada").await;
    for n in 0..60 {
        let start = json!({ "scenario_slug": "tiny", "bot_name": format!("bot-{n}-") });
        ada.post("/api/v1/runs", start).await.expect(201);
    }
    let owner = Person::of(&app, "ada").await;
    let first = owner.get("/account/runs").await;
    assert!(html::problems(&first.text).is_empty());
    let (elements, _) = html::read(&first.text);
    let older = elements
        .iter()
        .find(|it| it.name == "a" && it.text == "Older")
        .unwrap()
        .get("href")
        .unwrap();
    let second = owner.get(older).await;
    assert!(html::problems(&second.text).is_empty());
    let times = |n: usize| {
        let name = format!("bot-{n}-");
        first.text.matches(&name).count() + second.text.matches(&name).count()
    };
    assert!((0..60).all(|n| times(n) == 1));
    assert!(!second.text.contains(">Older<") && second.text.contains(">Newest<"));
    assert_eq!(owner.get("/account/runs?cursor=nonsense").await.status, 400);
}

#[tokio::test]
async fn the_data_is_a_file_without_secrets() {
    let (app, store) = server();
    let ada = app.account("ada").await;
    ada.start("tiny").await;
    connected(&app, &store, "ada", "Some client").await;
    let owner = Person::of(&app, "ada").await;
    let file = owner.get("/account/export").await;
    assert!(header(&file, "content-disposition").starts_with("attachment"));
    assert_eq!(header(&file, "cache-control"), "no-store");
    let whole = file.expect(200);
    assert_eq!(whole["account"]["name"], "ada");
    for (list, count) in [("keys", 1), ("grants", 1), ("sessions", 1), ("runs", 1)] {
        assert_eq!(whole[list].as_array().unwrap().len(), count, "{list}");
    }
    assert!(!file.text.contains(ada.key.as_deref().unwrap()));
}

#[tokio::test]
async fn an_account_goes_when_its_name_is_typed_and_what_was_published_stays() {
    let (app, _) = server();
    let ada = app.account("ada").await;
    let (public, private) = (published(&ada, "Ada's bot", 10).await, ada.start("tiny").await);
    let owner = Person::of(&app, "ada").await;
    let wrong = owner.submit("/account/delete", "account=Ada").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.text.contains("nothing was done"));
    let gone = owner.submit("/account/delete", "account=+ada+").await;
    is_valid(&gone);
    assert!(header(&gone, "set-cookie").contains("Max-Age=0"));
    assert_eq!(owner.get("/account").await.status, 303);
    assert!(!opens(&app, ada.key.as_deref().unwrap(), "/api/v1/runs").await);
    assert_eq!(visit(&app, &format!("/run/{private}")).await.status, 404);
    is_valid(&visit(&app, &format!("/run/{public}")).await);
}
