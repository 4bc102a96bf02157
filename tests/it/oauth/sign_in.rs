//! Attacks on sign-in: by links, by cookies, and on the way to a provider and back.

use bottrade::{app::Outside, store::Store};
use http::Request;

use super::{Browser, Program, Scene};
use crate::{
    app::{Reply, URL},
    stand_in::StandIn,
};

/// A server with the stand-in as its providers.
async fn with_providers(url: &str) -> (Scene, StandIn) {
    let clock = bottrade::clock::TestClock::at(crate::app::START.parse().unwrap());
    let stand_in = StandIn::start(clock.clone()).await;
    let providers = stand_in.providers(&clock);
    let scene =
        Scene::at(url, Store::in_memory().unwrap(), |outside| Outside { providers, ..outside });
    (scene, stand_in)
}

/// Signs in through a provider; gives the last answer.
async fn signed_in(browser: &mut Browser, stand_in: &StandIn, begin: &str) -> Reply {
    let away = browser.get(begin).await.place().to_owned();
    let back = stand_in.visit(&away).await;
    browser.get(&back).await
}

fn cookie<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let lines = reply.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
    lines.into_iter().find(|it| it.starts_with(&format!("{name}="))).unwrap_or_default()
}

#[tokio::test]
async fn a_session_that_was_set_before_is_not_taken_over() {
    let scene = Scene::new().await;
    let mut attacker = scene.somebody("mallory").await;
    let planted = attacker.session().to_owned();
    for secret in [planted.as_str(), "bt_session_made_up"] {
        let mut victim = scene.browser();
        victim.keep("bt_session", secret);
        let link = scene.server.app.desk.link().await.unwrap();
        victim.post(&link, &[]).await.place();
        assert_ne!(victim.session(), secret);
        assert!(victim.get("/account").await.found(200).text.contains("<strong>local</strong>"));
    }
    let shown = attacker.get("/account").await;
    assert!(shown.found(200).text.contains("mallory") && !shown.text.contains("local</strong>"));
}

#[tokio::test]
async fn a_stolen_session_opens_nothing_after_sign_out() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    let mut thief = browser.clone();
    thief.get("/account").await.found(200);
    let fields = super::hidden(&browser.get("/account").await.text);
    let csrf = [("csrf", fields[0].1.as_str())];
    // Nobody else signs a person out.
    browser.post("/logout", &[]).await.found(403);
    browser.post("/logout", &[("csrf", "x")]).await.found(403);
    let foreign = Request::post("/logout").header("origin", "https://evil.example");
    browser.submit(foreign, &csrf).await.found(403);
    browser.get("/logout").await.found(405);
    browser.get("/account").await.found(200);

    assert_eq!(browser.post("/logout", &csrf).await.place(), "/login");
    assert_eq!(browser.cookie("bt_session"), None);
    assert_eq!(thief.get("/account").await.place(), "/login?next=/account");
    thief.get("/api/v1/keys").await.problem(401, SIGN_IN);
    browser.post("/logout", &[]).await.place();
}

const SIGN_IN: &str = "Sign in to BotTrade before creating an API key.";

#[tokio::test]
async fn a_session_ends_after_thirty_days() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    scene.pass(30 * 24 * 3_600 - 1);
    browser.get("/account").await.found(200);
    scene.pass(1);
    browser.get("/account").await.found(303);
}

#[tokio::test]
async fn a_link_is_good_once_and_for_ten_minutes() {
    let scene = Scene::new().await;
    let link = scene.server.app.desk.link().await.unwrap();
    // Programs that look at links before people do use nothing up.
    for _ in 0..3 {
        scene.browser().get(&link).await.found(200);
        let path = link.strip_prefix(URL).unwrap();
        scene.browser().send(Request::head(path), String::new()).await.found(200);
    }
    let mut browser = scene.browser();
    browser.post(&link, &[]).await.place();
    let used = "this link was used before, or is older than ten minutes";
    for reply in [scene.browser().post(&link, &[]).await, scene.browser().get(&link).await] {
        assert!(reply.found(400).text.contains(used));
        assert_eq!(cookie(&reply, "bt_session"), "");
    }
    let late = scene.server.app.desk.link().await.unwrap();
    scene.pass(599);
    scene.browser().get(&late).await.found(200);
    scene.pass(1);
    assert!(scene.browser().post(&late, &[]).await.found(400).text.contains(used));
    for made_up in ["bt_ticket_x", "x", browser.session()] {
        scene.browser().post(&format!("/login/link/{made_up}"), &[]).await.found(400);
    }
}

#[tokio::test]
async fn a_link_works_on_the_servers_own_computer_alone() {
    let scene = Scene::new().await;
    let link = scene.server.app.desk.link().await.unwrap();
    let path = link.strip_prefix(URL).unwrap();
    for (name, value) in
        [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1"), ("x-forwarded-for", "")]
    {
        for request in [Request::get(path), Request::post(path)] {
            let request = request.header(name, value);
            scene.browser().submit(request, &[]).await.found(403);
        }
    }
    let foreign = Request::post(path).header("origin", "https://evil.example");
    scene.browser().submit(foreign, &[]).await.found(403);
    scene.browser().post(path, &[]).await.place();
    for url in ["https://bottrade.example", "http://192.168.1.7:8080", "http://localhost.example"] {
        let scene = Scene::at(url, Store::in_memory().unwrap(), |outside| outside);
        let accounts = &scene.server.app.accounts;
        accounts.create_first().await.unwrap();
        refuses_links(&scene, path).await;
    }
    let (scene, _provider) = with_providers(URL).await;
    scene.server.app.accounts.create_first().await.unwrap();
    refuses_links(&scene, path).await;
}

/// Neither makes a link nor takes one, whatever it is.
async fn refuses_links(scene: &Scene, path: &str) {
    assert_eq!(scene.server.app.desk.link().await.unwrap_err().status(), 403);
    scene.browser().get(path).await.found(403);
    scene.browser().submit(Request::post(path), &[]).await.found(403);
}

#[tokio::test]
async fn who_opens_a_link_goes_on_where_they_wanted_to() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let address = program.address();
    let mut browser = scene.browser();
    let place = browser.get(&address).await.place().to_owned();
    browser.get(&place).await.found(200);
    let link = scene.server.app.desk.link().await.unwrap();
    assert_eq!(browser.post(&link, &[]).await.place(), address);
    assert_eq!(browser.cookie("bt_next"), None);
    browser.get(&address).await.found(200);
    let kept = scene.browser().get("/login?next=/a%3BDomain%3Devil.example").await;
    let sent = cookie(&kept, "bt_next");
    assert!(!sent.contains(";Domain") && sent.contains("; SameSite=Lax"), "{sent}");
    // What another page put there leads nowhere else.
    for planted in ["https%3A%2F%2Fevil.example%2F", "//evil.example", "%2F%5Cevil.example"] {
        let mut browser = scene.browser();
        browser.keep("bt_next", planted);
        let link = scene.server.app.desk.link().await.unwrap();
        assert_eq!(browser.post(&link, &[]).await.place(), "/account", "{planted}");
    }
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let (scene, stand_in) = with_providers(URL).await;
    for next in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/%09/evil.example",
        "/%0d%0aset-cookie:x=y",
        "javascript:alert(1)",
        "account",
        "%00",
        "",
        "/a&next=/b",
    ] {
        let begin = format!("/login/oidc?next={next}");
        let reply = signed_in(&mut scene.browser(), &stand_in, &begin).await;
        assert_eq!(reply.place(), "/account", "{next}");
        let page = scene.browser().get(&format!("/login?next={next}")).await;
        assert!(
            page.found(200).text.contains("?next=/account\"")
                || page.text.contains("?next=%2Faccount\""),
            "{next}: {}",
            page.text
        );
    }
    let begin = "/login/oidc?next=%2Foauth%2Fauthorize%3Fa%3Db%26c%3Dd";
    let reply = signed_in(&mut scene.browser(), &stand_in, begin).await;
    assert_eq!(reply.place(), "/oauth/authorize?a=b&c=d");
}

#[tokio::test]
async fn a_person_comes_through_a_provider_and_is_the_same_the_next_time() {
    let (scene, stand_in) = with_providers(URL).await;
    let choice = scene.browser().get("/login").await;
    for provider in ["/login/oidc?", "/login/github?"] {
        assert!(choice.found(200).text.contains(provider), "{}", choice.text);
    }
    for provider in ["oidc", "github"] {
        let begin = format!("/login/{provider}");
        let (mut one, mut again) = (scene.browser(), scene.browser());
        for browser in [&mut one, &mut again] {
            let reply = signed_in(browser, &stand_in, &begin).await;
            assert_eq!(reply.place(), "/account");
            assert_eq!(browser.cookie("bt_sign_in"), None, "it has served");
        }
        assert_ne!(one.session(), again.session());
        let shown = one.get("/account").await.found(200).text.clone();
        assert!(shown.contains(&format!("@{provider}")), "{shown}");
        let as_before = again.get("/account").await;
        assert_eq!(
            shown.split("<strong>").nth(1).unwrap().split('<').next(),
            as_before.text.split("<strong>").nth(1).unwrap().split('<').next()
        );
    }
    assert_eq!(scene.server.app.accounts.list().await.unwrap().len(), 2);
    scene.browser().get("/login/none").await.found(404);
}

#[tokio::test]
async fn an_answer_of_a_provider_is_taken_by_the_browser_that_asked_and_once() {
    let (scene, stand_in) = with_providers(URL).await;
    let mut browser = scene.browser();
    let away = browser.get("/login/oidc").await.place().to_owned();
    let back = stand_in.visit(&away).await;
    // Somebody is made to finish what another one began.
    let mut victim = scene.browser();
    let reply = victim.get(&back).await;
    assert!(reply.found(400).text.contains("does not belong to the sign-in that you began"));
    assert_eq!(victim.cookie("bt_session"), None);
    victim.get("/login/oidc").await.place();
    victim.get(&back).await.found(400);
    assert_eq!(victim.cookie("bt_session"), None);
    assert_eq!(stand_in.calls("/token"), 0, "nothing was asked of the provider");

    assert_eq!(browser.get(&back).await.place(), "/account");
    browser.get(&back).await.found(400);
    let mut bare = scene.browser();
    for query in ["", "?code=x", "?state=x&code=y", "?error=access_denied", "?code=a&code=b"] {
        bare.get(&format!("/login/oidc/callback{query}")).await.found(400);
    }
}

#[tokio::test]
async fn the_answer_of_one_provider_is_not_taken_for_anothers() {
    let (scene, stand_in) = with_providers(URL).await;
    let mut browser = scene.browser();
    let away = browser.get("/login/github").await.place().to_owned();
    let back = stand_in.visit(&away).await.replace("/login/github/", "/login/oidc/");
    let reply = browser.get(&back).await;
    assert!(reply.found(400).text.contains("another provider"), "{}", reply.text);
    assert_eq!(stand_in.calls("/login/oauth/access_token") + stand_in.calls("/token"), 0);
}

#[tokio::test]
async fn a_cookie_is_bound_to_the_host_where_there_is_https() {
    let (scene, stand_in) = with_providers("https://bottrade.example").await;
    let mut browser = scene.browser();
    let begun = browser.get("/login/oidc").await;
    let back = stand_in.visit(begun.place()).await;
    let entered = browser.get(&back).await;
    for (reply, name, age) in
        [(&begun, "__Host-bt_sign_in", 600), (&entered, "__Host-bt_session", 2_592_000)]
    {
        let line = cookie(reply, name);
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(line.split("; ").any(|it| it == attribute), "{line}");
        }
        assert!(line.contains(&format!("Max-Age={age}")) && !line.contains("Domain"), "{line}");
    }
    browser.get("/account").await.found(200);
    // The plain name, which a page of a neighbour could set, counts for nothing there.
    let mut other = scene.browser();
    other.keep("bt_session", browser.cookie("__Host-bt_session").unwrap());
    other.get("/account").await.found(303);

    let (scene, stand_in) = with_providers(URL).await;
    let mut browser = scene.browser();
    let begun = browser.get("/login/oidc").await;
    let entered = browser.get(&stand_in.visit(begun.place()).await).await;
    for (reply, name) in [(&begun, "bt_sign_in"), (&entered, "bt_session")] {
        let line = cookie(reply, name);
        assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax"), "{line}");
        assert!(!line.contains("Secure"), "{line}");
    }
}
