//! Attacks on connecting a session: by link, by code, by the session itself, and by numbers.

use bottrade::keys::{Family, Key, Kind};
use http::Request;
use serde_json::json;

use super::{NO, YES, answer, connected};
use crate::{
    app::URL,
    oauth::{Program, Scene, agent::Agent, hidden},
};

#[tokio::test]
async fn the_link_of_an_attacker_names_them_and_gives_nothing_by_being_opened() {
    let scene = Scene::new().await;
    let (attacker, mine) = (Agent::new(&scene).await, Agent::new(&scene).await);
    let (link, own) = (attacker.connect().await, mine.connect().await);
    let mut victim = scene.somebody("victim").await;
    let cookie = victim.session().to_owned();
    let page = victim.get(link["login_url"].as_str().unwrap()).await;
    let text = &page.found(200).text;
    assert!(text.contains(link["code"].as_str().unwrap()));
    assert!(!text.contains(own["code"].as_str().unwrap()), "not the code of one's own program");
    for told in ["Did you start this yourself?", "If somebody sent you this link", "No</button>"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(page.header("access-control-allow-origin"), "");
    assert!(!attacker.is_in().await, "opened, and nothing more");
    answer(&mut victim, link["login_url"].as_str().unwrap(), NO).await.found(200);
    assert!(!attacker.is_in().await && !mine.is_in().await);
    assert_eq!(victim.session(), cookie, "nobody was signed in or out by it");
    // Allowing one's own program allows no other.
    answer(&mut victim, own["login_url"].as_str().unwrap(), YES).await.found(200);
    assert!(mine.is_in().await && !attacker.is_in().await);
}

#[tokio::test]
async fn an_answer_comes_from_the_page_that_was_shown_to_the_one_who_answers() {
    let scene = Scene::new().await;
    let (mut ada, mut bob) = (scene.somebody("ada").await, scene.somebody("bob").await);
    let agent = Agent::new(&scene).await;
    let link = agent.link().await;
    let csrf = hidden(&ada.get(&link).await.text).remove(0).1;
    let of_bob = hidden(&bob.get(&link).await.text).remove(0).1;
    let code = agent.status().await["code"].as_str().unwrap().to_owned();
    for token in ["", "x", &of_bob, &code, &agent.session] {
        let form = [&[("csrf", token)], YES].concat();
        ada.post(&link, &form).await.found(403);
    }
    let form = [&[("csrf", &*csrf)], YES].concat();
    for head in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        let path = link.strip_prefix(URL).unwrap();
        let request =
            head.iter().fold(Request::post(path), |it, (name, value)| it.header(*name, *value));
        ada.submit(request, &form).await.found(403);
    }
    // A code is no link, nor is a guess or another secret.
    let unlike = Key::mint(Kind::Ticket);
    for guess in [&*code, unlike.reveal(), &agent.session, &csrf, "x"] {
        let place = format!("/connect/{guess}");
        ada.get(&place).await.found(400);
        ada.post(&place, &form).await.found(400);
    }
    scene.browser().post(&link, &form).await.found(401);
    assert!(!agent.is_in().await);
    // Who signs out meanwhile says nothing any more.
    let mut gone = ada.clone();
    let account = gone.get("/account").await;
    let out = hidden(&account.text).remove(0).1;
    gone.post("/logout", &[("csrf", &out)]).await.place();
    ada.post(&link, &form).await.found(401);
    assert!(!agent.is_in().await);
    // Of two that say yes, the first one counts.
    let mut eve = scene.somebody("eve").await;
    let of_eve = hidden(&eve.get(&link).await.text).remove(0).1;
    let (of_bob, of_eve) =
        ([&[("csrf", &*of_bob)], YES].concat(), [&[("csrf", &*of_eve)], YES].concat());
    let (one, two) = tokio::join!(bob.post(&link, &of_bob), eve.post(&link, &of_eve));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert!(agent.is_in().await);
}

#[tokio::test]
async fn an_id_that_is_not_ours_is_not_taken_over() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    for chosen in ["bt_mcp_mine", "1", Key::mint(Kind::McpSession).reveal(), browser.session()] {
        let agent = Agent::with(&scene, chosen);
        for reply in [agent.initialize("x").await, agent.tool("auth_status", json!({})).await] {
            let fresh = reply.header("mcp-session-id").to_owned();
            assert!(fresh.starts_with("bt_mcp_") && fresh != chosen, "{chosen}: {fresh}");
            assert_eq!(Agent::with(&scene, &fresh).connect().await["status"], "pending");
        }
        let told = agent.connect().await;
        assert_eq!((&told["status"], &told["login_url"]), (&json!("auth_required"), &json!(null)));
        assert!(told["message"].as_str().unwrap().contains("connect the client anew"), "{told}");
        let refused = agent.tool("get_run", json!({})).await;
        assert_eq!(refused.rpc_problem(401, "BotTrade API key required")["login_url"], json!(null));
    }
    // Ours is kept as it is.
    let agent = connected(&scene, &mut browser).await;
    assert_eq!(agent.initialize("x").await.header("mcp-session-id"), "");
}

#[tokio::test]
async fn the_id_of_a_session_counts_in_its_own_header_at_its_own_door_alone() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    let agent = connected(&scene, &mut browser).await;
    let id = &*agent.session;
    assert!(!scene.opens(id).await, "as a token");
    scene.server.with_key(id).get("/api/v1/runs").await.problem(401, "Invalid API key");
    let request = Request::get("/api/v1/runs").header("mcp-session-id", id);
    let anon = scene.server.anon();
    let rest = anon.send(request.body(axum::body::Body::empty()).unwrap()).await;
    rest.problem(401, "BotTrade API key required");
    browser.get(&format!("/connect/{id}")).await.found(400);
    for arguments in [
        json!({ "session_id": id }),
        json!({ "mcp_session_id": id }),
        json!({ "login_url": agent.connect().await["login_url"] }),
    ] {
        let stateless = Agent::with(&scene, "");
        let refused = stateless.tool("connect_bottrade", arguments).await;
        assert_eq!(refused.expect(200)["result"]["isError"], true, "{}", refused.text);
    }
    // A credential that is shown wins, be it good or bad.
    let key = scene.server.account("bob").await.key.unwrap();
    assert_eq!(agent.with_key(&key).status().await["account"], "bob");
    let bot = scene.server.app.accounts.create_key("ada", "bot", Family::Bot).await.unwrap();
    assert_eq!(agent.with_key(bot.reveal()).status().await["account"], "ada");
    for bad in ["bt_wrong", "tvt_wrong", id] {
        let refused = agent.with_key(bad).tool("auth_status", json!({})).await;
        refused.problem(401, "Invalid API key");
    }
    assert_eq!(agent.status().await["account"], "local");
}

#[tokio::test]
async fn what_was_taken_back_or_given_back_opens_nothing_ever_again() {
    let scene = Scene::new().await;
    let mut browser = scene.person().await;
    for way in ["grants", "revoke", "erase"] {
        let agent = connected(&scene, &mut browser).await;
        match way {
            "grants" => {
                let grants = browser.get("/api/v1/grants").await.expect(200);
                let id = grants["grants"][0]["grant_id"].as_str().unwrap();
                let request = Request::delete(format!("/api/v1/grants/{id}"));
                let request = request.header("origin", URL);
                browser.send(request, String::new()).await.expect(200);
            }
            "revoke" => {
                let program = Program::registered(&scene).await;
                let form = format!("token={}", agent.session);
                program.post("/oauth/revoke", form).await.expect(200);
            }
            _ => {
                let local = scene.server.app.accounts.local().await.unwrap().unwrap();
                assert!(scene.server.app.accounts.erase(&local).await.unwrap());
            }
        }
        // Whoever has the id, its client or a thief, cannot even ask again.
        assert!(!agent.is_in().await, "{way}");
        let told = agent.connect().await;
        assert_eq!((&told["status"], &told["login_url"]), (&json!("auth_required"), &json!(null)));
    }
}

#[tokio::test]
async fn a_flood_gets_no_more_sessions_and_is_served_all_the_same() {
    let scene = Scene::new().await;
    let agent = Agent::with(&scene, "");
    let mut given = 0;
    for _ in 0..400 {
        let reply = agent.initialize("x").await;
        reply.expect(200);
        given += usize::from(!reply.header("mcp-session-id").is_empty());
    }
    assert_eq!(given, 300);
    let unknown = Agent::with(&scene, "bt_mcp_x");
    assert_eq!(unknown.tool("auth_status", json!({})).await.header("mcp-session-id"), "");
    scene.pass(1);
    assert!(!agent.initialize("x").await.header("mcp-session-id").is_empty());
}
