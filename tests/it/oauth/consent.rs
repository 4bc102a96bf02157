//! Attacks on the consent: by forged forms, by what a client calls itself, and by framing.

use http::Request;
use serde_json::json;

use super::{
    Browser, Program, Scene, Tokens,
    program::{REDIRECT, STATE},
};
use crate::app::{Reply, URL};

type Fields = Vec<(String, String)>;

/// Sends these fields and that all is allowed.
async fn allow(browser: &mut Browser, fields: &Fields) -> Reply {
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let yes = [("decision", "allow"), ("scope", "bottrade:trade")];
    browser.post("/oauth/authorize", &fields.chain(yes).collect::<Vec<_>>()).await
}

/// The fields with another value for one of them; empty takes it away.
fn with(fields: &Fields, name: &str, value: &str) -> Fields {
    let mut fields = fields.clone();
    fields.retain(|(it, _)| it != name);
    if !value.is_empty() {
        fields.push((name.into(), value.into()));
    }
    fields
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    &fields.iter().find(|(it, _)| it == name).unwrap().1
}

#[tokio::test]
async fn a_form_is_taken_from_its_own_page_and_session_and_once() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let (mut ada, mut bob) = (scene.somebody("ada").await, scene.somebody("bob").await);
    let fields = ada.asked(&program.address()).await;
    let of_bob = bob.asked(&program.address()).await;
    let foreign = "this form did not come from a page of this server";
    for token in ["", "x", field(&of_bob, "csrf"), field(&fields, "ticket"), ada.session()] {
        let reply = allow(&mut ada.clone(), &with(&fields, "csrf", token)).await;
        assert!(reply.found(403).text.contains(foreign), "{token}: {}", reply.text);
    }
    let spent = "answered before";
    for ticket in ["", "x", field(&of_bob, "ticket"), field(&fields, "csrf")] {
        let reply = allow(&mut ada, &with(&fields, "ticket", ticket)).await;
        assert!(reply.found(400).text.contains(spent), "{ticket}: {}", reply.text);
    }
    // None of it used the question up, of either.
    assert!(allow(&mut ada, &fields).await.told().get("code").is_some());
    assert!(allow(&mut bob, &of_bob).await.told().get("code").is_some());
    let again = allow(&mut ada, &fields).await;
    assert!(again.found(400).text.contains(spent) && again.header("location").is_empty());
    // Another session of the same person was not asked either.
    let asked = ada.asked(&program.address()).await;
    let mut elsewhere = scene.somebody("ada").await;
    let own = elsewhere.asked(&program.address()).await;
    let mixed = with(&asked, "csrf", field(&own, "csrf"));
    allow(&mut elsewhere, &mixed).await.found(400);
    allow(&mut scene.browser(), &asked).await.found(401);
    assert!(allow(&mut ada, &asked).await.told().get("code").is_some());
}

#[tokio::test]
async fn a_question_waits_for_ten_minutes() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    let fields = browser.asked(&program.address()).await;
    scene.pass(600);
    allow(&mut browser, &fields).await.found(400);
}

#[tokio::test]
async fn a_page_of_another_site_answers_nothing() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    let mut fields = browser.asked(&program.address()).await;
    fields.extend([("decision".into(), "allow".into()), ("scope".into(), "bottrade:read".into())]);
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for head in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("origin", "http://localhost:8081"), ("sec-fetch-site", "same-site")],
        &[("origin", "http://localhost:8080.evil.example")],
        &[("origin", "null")],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[("origin", URL), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let request = head.iter().fold(Request::post("/oauth/authorize"), |request, (name, it)| {
            request.header(*name, *it)
        });
        let reply = browser.submit(request, &fields).await;
        assert_eq!((reply.status, reply.header("location")), (403, ""), "{head:?}");
    }
    // Nor does an address that somebody is made to open.
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
    let opened = browser.get(&format!("/oauth/authorize?{query}")).await;
    assert_eq!((opened.status, opened.header("location")), (400, ""));
    let fields: Fields = fields.iter().map(|(name, it)| ((*name).into(), (*it).into())).collect();
    assert!(allow(&mut browser, &fields).await.told().get("code").is_some(), "it is still open");
}

#[tokio::test]
async fn the_answer_is_a_redirect_that_repeats_nothing_and_is_kept_by_nobody() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    let page = browser.get(&program.address()).await;
    let fields = super::hidden(&page.text);
    let reply = allow(&mut browser, &fields).await;
    assert_eq!(reply.status, 303);
    let wrong = browser.get("/oauth/authorize").await;
    let link = scene.server.app.desk.link().await.unwrap();
    let (link, login) = (browser.get(&link).await, browser.get("/login").await);
    let account = browser.get("/account").await;
    for it in [&page, &reply, &wrong, &link, &login, &account] {
        let policy = it.header("content-security-policy");
        for directive in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert_eq!(it.header("x-frame-options"), "DENY");
        assert_eq!(it.header("referrer-policy"), "no-referrer");
        assert_eq!(it.header("cache-control"), "no-store");
        assert_eq!(it.header("x-content-type-options"), "nosniff");
        for (name, _) in &it.headers {
            assert!(!name.as_str().starts_with("access-control-"), "{name}");
        }
    }
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' http://localhost:51234;"), "{policy}");
    assert!(login.header("content-security-policy").contains("form-action 'self';"));
    // Of an address that no policy can name, the scheme.
    let loopback = "http://[::1]:7/cb";
    let metadata = json!({ "client_name": "P", "redirect_uris": [loopback] });
    let program = Program::registered_as(&scene, &metadata).await;
    let page = browser.get(&program.address_with(&[("redirect_uri", loopback)])).await;
    let policy = page.found(200).header("content-security-policy");
    assert!(policy.contains("form-action 'self' http:;"), "{policy}");
    let asked = super::hidden(&page.text);
    let told = allow(&mut browser, &asked).await;
    assert!(told.place().starts_with("http://[::1]:7/cb?code="), "{}", told.place());
}

#[tokio::test]
async fn what_was_not_asked_for_cannot_be_allowed() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    let address = program.address_with(&[("scope", "bottrade:read")]);
    let allow = ("decision", "allow");
    for forged in ["bottrade:trade", "bottrade:paper", "bottrade:read bottrade:trade", "admin"] {
        let told = browser.answer(&address, &[allow, ("scope", forged)]).await.told();
        told.error("access_denied");
    }
    let both = [allow, ("scope", "bottrade:read"), ("scope", "bottrade:trade")];
    browser.answer(&address, &both).await.told().error("access_denied");
    browser.answer(&address, &[allow]).await.told().error("access_denied");
    let local = scene.server.app.accounts.local().await.unwrap().unwrap();
    assert_eq!(scene.server.app.accounts.grants(&local).await.unwrap(), []);
}

#[tokio::test]
async fn who_says_no_tells_the_client_so() {
    let scene = Scene::new().await;
    let program = Program::registered(&scene).await;
    let mut browser = scene.person().await;
    for answer in [&[("decision", "deny"), ("scope", "bottrade:trade")][..], &[]] {
        let told = browser.answer(&program.address(), answer).await.told();
        assert!(told.0.as_str().starts_with(&format!("{REDIRECT}?error=access_denied&")));
        told.error("access_denied");
        assert_eq!(told.get("state").as_deref(), Some(STATE));
    }
}

#[tokio::test]
async fn a_person_is_asked_again_every_time() {
    let scene = Scene::new().await;
    let (mut browser, program, tokens) = scene.connected().await;
    assert!(!browser.asked(&program.address()).await.is_empty());
    let code = browser.allow(&program.address()).await;
    let second = Tokens::of(&program.exchange(&code).await);
    // Two grants; taking one back leaves the other.
    program.revoke(&second.access).await.expect(200);
    assert!(scene.opens(&tokens.access).await && !scene.opens(&second.access).await);
}

#[tokio::test]
async fn what_a_client_calls_itself_stays_in_its_box() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    let long = "x".repeat(4_096);
    let stacked = format!("A{}", "\u{301}".repeat(500));
    for (name, shown) in [
        ("<script>alert(1)</script>", "&#60;script&#62;alert(1)&#60;/script&#62;"),
        ("\"><img src=x onerror=y>", "&#34;&#62;&#60;img src=x onerror=y&#62;"),
        ("</q></h1><h1>Google", "&#60;/q&#62;&#60;/h1&#62;&#60;h1&#62;Google"),
        ("Good\u{202e}live", "Goodlive"),
        ("A\u{2066}B\u{2069}\u{200b}C\u{feff}", "ABC"),
        ("A\nB\r\n\tC\u{2028}D", "A B C D"),
        ("{{ csrf }}", "{{ csrf }}"),
        (&long, &"x".repeat(64)),
        (&stacked, "A\u{301}\u{301}"),
        ("\u{200b}\u{2800} ", "An unnamed client"),
        ("", "An unnamed client"),
    ] {
        let metadata = json!({ "client_name": name, "redirect_uris": [REDIRECT] });
        let program = Program::registered_as(&scene, &metadata).await;
        let page = browser.get(&program.address()).await;
        let heading = format!("<h1>Allow <q>{shown}</q> to act for you?</h1>");
        assert!(page.found(200).text.contains(&heading), "{name:?}: {}", page.text);
        assert!(page.text.contains("nobody has checked it"), "{}", page.text);
        assert!(page.text.len() < 4_000, "{}", page.text.len());
    }
}

#[tokio::test]
async fn what_a_provider_calls_a_person_stays_in_its_box_too() {
    let scene = Scene::new().await;
    let mut browser = scene.somebody("</strong><script>x</script>").await;
    let program = Program::registered(&scene).await;
    for page in [browser.get(&program.address()).await, browser.get("/account").await] {
        assert!(page.found(200).text.contains("&#60;script&#62;x"), "{}", page.text);
        assert!(!page.text.contains("<script>"), "{}", page.text);
    }
}

#[tokio::test]
async fn where_the_answer_goes_is_named_and_a_program_on_this_computer_is_warned_of() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    for (redirect, shown, warned) in [
        ("https://client.example/cb", "<strong>client.example</strong>", false),
        ("https://client.example:444/cb", "<strong>client.example:444</strong>", false),
        ("http://127.0.0.1:7/cb", "<strong>127.0.0.1:7</strong>", true),
        ("cursor://anysphere.cursor-mcp/oauth/callback", "<strong>cursor</strong>", true),
        ("com.example.app:/callback", "<strong>com.example.app</strong>", true),
    ] {
        let metadata = json!({ "client_name": "P", "redirect_uris": [redirect],
            "client_uri": "https://google.example/", "logo_uri": "https://google.example/l.png" });
        let program = Program::registered_as(&scene, &metadata).await;
        let page = browser.get(&program.address_with(&[("redirect_uri", redirect)])).await;
        assert!(page.found(200).text.contains(shown), "{redirect}: {}", page.text);
        assert_eq!(page.text.contains("class=\"warning\""), warned, "{redirect}");
        assert!(!page.text.contains("google.example"), "nobody vouches for it");
    }
}
