//! Bot keys: who makes them, how many there may be, what they open, and which of several
//! credentials counts.

use bottrade::{accounts::LOCAL, keys::Family, plan::Plan};
use http::Request;
use serde_json::{Value, json};

use super::{Browser, Scene};
use crate::app::{Client, Reply, URL};

pub(super) const KEYS: &str = "/api/v1/bot/keys";
const EDGE: &str = "/api/trade/v1/bot/keys";
/// An address of paper trading that leads nowhere: who asks comes before what is asked.
const NOWHERE: &str = "/api/v1/bot/nowhere";
const WRONG: &str = "Invalid or revoked bot API key";
const SIGN_IN: &str = "sign in to BotTrade to manage bot keys";
const NOT_A_PERSON: &str = "what opens the account is managed by its owner alone";

/// A call of a page of ours, by its script.
pub(super) async fn call(browser: &mut Browser, method: &str, path: &str, body: Value) -> Reply {
    let request = Request::builder().method(method).uri(path).header("origin", URL);
    let request = request.header("content-type", "application/json");
    browser.send(request, if body.is_null() { String::new() } else { body.to_string() }).await
}

async fn made(browser: &mut Browser, label: &str) -> Value {
    call(browser, "POST", KEYS, json!({ "label": label })).await.expect(201)
}

/// A call with these headers.
async fn shows(scene: &Scene, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::get(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    scene.server.anon().send(request.body(String::new().into()).unwrap()).await
}

/// The bot key of an account, made on the server's own computer.
async fn bot_key(scene: &Scene, account: &str) -> String {
    let key = scene.server.app.accounts.create_key(account, "bot", Family::Bot).await.unwrap();
    key.reveal().to_owned()
}

async fn on_plan(scene: &Scene, name: &str, plan: Plan) {
    let accounts = &scene.server.app.accounts;
    let account = accounts.find(name).await.unwrap();
    accounts.set_plan(&account.id, plan).await.unwrap();
}

#[tokio::test]
async fn a_person_makes_lists_and_revokes_bot_keys_at_both_addresses() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    on_plan(&scene, "ada@oidc", Plan::Pro).await;
    for keys in [KEYS, EDGE] {
        let reply = call(&mut ada, "POST", keys, json!({ "label": " night bot " })).await;
        let made = reply.expect(201);
        let members: Vec<&String> = made.as_object().unwrap().keys().collect();
        assert_eq!(members, ["id", "label", "key", "created_at"]);
        assert_eq!(
            (&made["label"], &made["created_at"]),
            (&json!("night bot"), &json!("2030-01-02T03:04:05Z"))
        );
        let key = made["key"].as_str().unwrap();
        assert!(key.starts_with("tvt_"));
        let listed = call(&mut ada, "GET", keys, Value::Null).await;
        assert!(!listed.text.contains(key), "a secret is shown once");
        let prefix = &key[..10];
        assert_eq!(
            listed.expect(200),
            json!([{ "id": made["id"], "label": "night bot",
            "prefix": prefix, "created_at": made["created_at"], "last_used_at": null }])
        );
        shows(&scene, NOWHERE, &[("x-bot-key", key)]).await.found(404);
        let listed = call(&mut ada, "GET", keys, Value::Null).await.expect(200);
        assert_eq!(listed[0]["last_used_at"], "2030-01-02T03:04:05Z");
        let path = format!("{keys}/{}", made["id"].as_str().unwrap());
        let revoked = call(&mut ada, "DELETE", &path, Value::Null).await;
        assert_eq!((revoked.status, revoked.text.as_str()), (204, ""));
        shows(&scene, NOWHERE, &[("x-bot-key", key)]).await.problem(401, WRONG);
        assert_eq!(call(&mut ada, "GET", keys, Value::Null).await.expect(200), json!([]));
        call(&mut ada, "DELETE", &format!("{keys}/x"), Value::Null)
            .await
            .problem(404, "no such bot key");
    }
}

#[tokio::test]
async fn every_event_of_a_bot_key_is_noted() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    scene.pass(1);
    let id = made(&mut ada, "bot").await["id"].as_str().unwrap().to_owned();
    scene.pass(1);
    call(&mut ada, "DELETE", &format!("{KEYS}/{id}"), Value::Null).await.found(204);
    let accounts = &scene.server.app.accounts;
    let account = accounts.find("ada@oidc").await.unwrap();
    let events = accounts.events(&account.id, 10).await.unwrap();
    let events: Vec<_> = events.iter().map(|it| (it.event.as_str(), it.about == id)).collect();
    assert_eq!(events[..2], [("key.revoked", true), ("key.created", true)]);
}

#[tokio::test]
async fn the_families_of_keys_are_kept_apart() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    let bot = made(&mut ada, "bot").await;
    let api = call(&mut ada, "POST", "/api/v1/keys", json!({ "name": "api" })).await.expect(200);
    let id = |made: &Value, name: &str| made[name].as_str().unwrap().to_owned();
    let (bot_id, api_id) = (id(&bot, "id"), id(&api, "key_id"));
    let bot_at_api = format!("/api/v1/keys/{bot_id}");
    call(&mut ada, "DELETE", &bot_at_api, Value::Null).await.problem(404, "no such key");
    call(&mut ada, "PATCH", &bot_at_api, json!({ "name": "x" })).await.problem(404, "no such key");
    let api_at_bot = format!("{KEYS}/{api_id}");
    call(&mut ada, "DELETE", &api_at_bot, Value::Null).await.problem(404, "no such bot key");
    let listed = call(&mut ada, "GET", "/api/v1/keys", Value::Null).await.expect(200);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 1);
    assert_eq!(call(&mut ada, "GET", KEYS, Value::Null).await.expect(200)[0]["id"], bot["id"]);
    let mut eve = scene.somebody("eve").await;
    let path = format!("{KEYS}/{bot_id}");
    call(&mut eve, "DELETE", &path, Value::Null).await.problem(404, "no such bot key");
    shows(&scene, NOWHERE, &[("x-bot-key", bot["key"].as_str().unwrap())]).await.found(404);
}

#[tokio::test]
async fn a_plan_has_so_many_bot_keys() {
    let scene = Scene::new().await;
    for (plan, max, told) in [
        (Plan::Free, 1, "the plan Free has 1 bot key"),
        (Plan::Pro, 5, "the plan Standard has 5 bot keys"),
        (Plan::Max, 25, "the plan Professional has 25 bot keys"),
        (Plan::Unlimited, 25, "the plan Professional has 25 bot keys"),
    ] {
        let mut ada = scene.somebody(plan.name()).await;
        let name = format!("{}@oidc", plan.name());
        on_plan(&scene, &name, plan).await;
        let accounts = &scene.server.app.accounts;
        let account = accounts.find(&name).await.unwrap().id;
        let mut last = Value::Null;
        for number in 0..max {
            // New keys have a rate too, which is no plan's.
            scene.pass(if number % 5 == 0 { 7200 } else { 0 });
            last = made(&mut ada, "bot").await;
        }
        scene.pass(7200);
        let refused = call(&mut ada, "POST", KEYS, json!({ "label": "more" })).await;
        let problem = refused.problem(409, told);
        let hint = problem["hint"].as_str().unwrap();
        assert!(hint.contains("DELETE /api/v1/bot/keys/{id}"), "{hint}");
        assert_eq!(hint.contains("Professional has 25"), max < 25, "{hint}");
        let on_this_computer = accounts.create_key(&name, "more", Family::Bot).await;
        assert_eq!(on_this_computer.unwrap_err().message, told);
        let path = format!("{KEYS}/{}", last["id"].as_str().unwrap());
        call(&mut ada, "DELETE", &path, Value::Null).await.found(204);
        made(&mut ada, "instead").await;
        assert_eq!(accounts.keys(&account, Family::Bot).await.unwrap().len(), max);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_make_keys_at_once_as_many_get_one_as_the_plan_has() {
    let scene = Scene::new().await;
    on_plan(&scene, LOCAL, Plan::Pro).await;
    let accounts = &scene.server.app.accounts;
    let makers: Vec<_> = (0..50)
        .map(|_| {
            let accounts = accounts.clone();
            tokio::spawn(async move { accounts.create_key(LOCAL, "bot", Family::Bot).await })
        })
        .collect();
    let mut keys = 0;
    for maker in makers {
        match maker.await.unwrap() {
            Ok(_) => keys += 1,
            Err(error) => assert_eq!(error.message, "the plan Standard has 5 bot keys"),
        }
    }
    assert_eq!(keys, 5);
}

#[tokio::test]
async fn a_label_is_bounded_and_needed() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    for body in [
        json!({}),
        json!({ "label": null }),
        json!({ "label": 7 }),
        json!({ "label": " " }),
        json!({ "label": "a\nb" }),
        json!({ "label": "x".repeat(61) }),
        json!({ "label": "x", "name": "y" }),
        json!([]),
    ] {
        call(&mut ada, "POST", KEYS, body.clone()).await.found(422).any_problem();
    }
    let request = Request::post(KEYS).header("origin", URL);
    ada.send(request, "{".into()).await.found(422).any_problem();
    assert_eq!(made(&mut ada, &"ü".repeat(60)).await["label"], "ü".repeat(60));
}

#[tokio::test]
async fn a_key_begets_no_key_and_a_bot_key_sees_none() {
    let scene = Scene::new().await;
    let bot = bot_key(&scene, LOCAL).await;
    let api = scene.server.account(LOCAL).await;
    assert_eq!(api.get(KEYS).await.expect(200).as_array().unwrap().len(), 1);
    api.post(KEYS, json!({ "label": "more" })).await.problem(401, SIGN_IN);
    let (_, _, tokens) = scene.connected_for(Some("bottrade:trade bottrade:paper")).await;
    let id = api.get(KEYS).await.expect(200)[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{KEYS}/{id}");
    for secret in [&bot, &tokens.access] {
        let bearer = scene.bearer(secret);
        bearer.get(KEYS).await.problem(403, NOT_A_PERSON);
        bearer.post(KEYS, json!({ "label": "more" })).await.problem(403, NOT_A_PERSON);
        bearer.send(Request::delete(&path), String::new()).await.problem(403, NOT_A_PERSON);
        bearer.get("/api/v1/keys").await.problem(403, NOT_A_PERSON);
        bearer.get("/api/v1/grants").await.problem(403, NOT_A_PERSON);
    }
    for header in ["x-bot-key", "x-api-key"] {
        shows(&scene, EDGE, &[(header, &bot)]).await.problem(403, NOT_A_PERSON);
    }
    let anon = scene.server.anon();
    let problem = anon.get(KEYS).await.problem(401, SIGN_IN);
    assert!(problem["hint"].as_str().unwrap().contains("/api/auth/token"), "{problem}");
    assert_eq!(api.delete(&path).await.status, 204, "what opens the account is its key's");
    shows(&scene, NOWHERE, &[("x-bot-key", &bot)]).await.problem(401, WRONG);
}

#[tokio::test]
async fn a_page_of_another_site_makes_and_revokes_none() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    let id = made(&mut ada, "bot").await["id"].as_str().unwrap().to_owned();
    for head in
        [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")]
    {
        for (method, path) in [("POST", KEYS.to_owned()), ("DELETE", format!("{KEYS}/{id}"))] {
            let request = Request::builder().method(method).uri(path).header(head.0, head.1);
            let reply = ada.send(request, json!({ "label": "x" }).to_string()).await;
            reply.problem(403, "this form did not come from a page of this server");
        }
    }
    assert_eq!(call(&mut ada, "GET", KEYS, Value::Null).await.expect(200)[0]["id"], id);
}

#[tokio::test]
async fn a_bot_key_opens_paper_trading_and_nothing_else() {
    let scene = Scene::new().await;
    let bot = bot_key(&scene, LOCAL).await;
    for header in [
        ("x-bot-key", bot.clone()),
        ("x-api-key", bot.clone()),
        ("authorization", format!("bearer {bot}")),
    ] {
        let header = [(header.0, header.1.as_str())];
        shows(&scene, NOWHERE, &header).await.found(404);
        shows(&scene, "/api/trade/v1/bot/nowhere", &header).await.found(404);
        let runs = shows(&scene, "/api/v1/runs", &header).await;
        runs.problem(403, "this call needs the scope bottrade:read");
        shows(&scene, "/api/v1/scenarios", &header).await.found(200);
        let status = shows(&scene, "/api/v1/auth/status", &header).await.expect(200);
        assert_eq!(
            (&status["status"], &status["auth_method"], &status["scope"]),
            (&json!("connected"), &json!("bot_key"), &json!("bottrade:paper"))
        );
        assert_eq!(status["key"], "bot");
    }
    let bearer = scene.bearer(&bot);
    let start = bearer.post("/api/v1/runs", json!({ "scenario_slug": "tiny" })).await;
    start.problem(403, "this call needs the scope bottrade:trade");
    bearer.tool("get_run").await.rpc_problem(403, "this call needs the scope bottrade:read");
    bearer.tool("start_run").await.rpc_problem(403, "this call needs the scope bottrade:trade");
    bearer.tool("auth_status").await.expect(200);
}

#[tokio::test]
async fn what_opens_nothing_is_refused_in_the_words_of_the_contract() {
    let scene = Scene::new().await;
    let (bot, other) = (bot_key(&scene, LOCAL).await, bot_key(&scene, "eve").await);
    let eve = scene.server.app.accounts.find("eve").await.unwrap().id;
    assert!(scene.server.app.accounts.erase(&eve).await.unwrap());
    let unknown = bottrade::keys::Key::mint(bottrade::keys::Kind::Key(Family::Bot));
    let slip = format!("{}x", &bot[..bot.len() - 1]);
    let (_, _, tokens) = scene.connected().await;
    for bad in [unknown.reveal(), &slip, &other, "tvt_", "x", "bt_x", &"x".repeat(3000)] {
        for path in [NOWHERE, "/api/trade/v1/bot/nowhere"] {
            shows(&scene, path, &[("x-bot-key", bad)]).await.problem(401, WRONG);
            shows(&scene, path, &[("x-api-key", bad)]).await.problem(401, WRONG);
            let bearer = format!("Bearer {bad}");
            shows(&scene, path, &[("authorization", &bearer)]).await.problem(401, WRONG);
        }
        shows(&scene, "/api/v1/runs", &[("x-bot-key", bad)]).await.problem(401, "Invalid API key");
        scene.bearer(bad).tool("get_run").await.found(401);
    }
    // What is no bot key has no place in its header.
    let api = scene.server.account(LOCAL).await.key.unwrap();
    for secret in [&api, &tokens.access] {
        shows(&scene, NOWHERE, &[("x-bot-key", secret)]).await.problem(401, WRONG);
        shows(&scene, "/api/v1/runs", &[("x-bot-key", secret)]).await.found(401);
        shows(&scene, NOWHERE, &[("authorization", &format!("Bearer {secret}"))]).await.found(404);
    }
    let query = format!("{NOWHERE}?bot_key={bot}");
    let told = scene.server.anon().get(&query).await;
    told.found(400).problem(400, "a credential does not belong into the address");
}

#[tokio::test]
async fn of_several_credentials_the_one_named_after_what_is_called_counts() {
    let scene = Scene::new().await;
    let bot = bot_key(&scene, "bot's").await;
    let api = scene.server.account("api's").await.key.unwrap();
    let token = scene.server.account("bearer's").await.key.unwrap();
    let bearer = format!("Bearer {token}");
    let all = [("x-bot-key", &*bot), ("x-api-key", &*api), ("authorization", &*bearer)];
    let account = async |headers: &[(&str, &str)]| {
        let status = shows(&scene, "/api/v1/auth/status", headers).await.expect(200);
        status["account"].as_str().unwrap().to_owned()
    };
    assert_eq!(account(&all).await, "api's");
    assert_eq!(account(&[all[0], all[2]]).await, "bearer's");
    assert_eq!(account(&[all[0]]).await, "bot's");
    // The first that is there counts, also when it is bad; an empty one is none.
    let with = |at: usize, value| {
        let mut headers = all;
        headers[at].1 = value;
        headers
    };
    for (at, elsewhere, at_bots) in [(0, 200, 401), (1, 401, 404), (2, 200, 404)] {
        let reply = shows(&scene, "/api/v1/auth/status", &with(at, "Bearer x")).await;
        assert_eq!(reply.status, elsewhere, "{at}");
        assert_eq!(shows(&scene, NOWHERE, &with(at, "Bearer x")).await.status, at_bots, "{at}");
    }
    shows(&scene, "/api/v1/auth/status", &with(1, " ")).await.found(200);
    let without_bot = [("x-bot-key", ""), ("x-api-key", "x"), ("authorization", &*bearer)];
    shows(&scene, NOWHERE, &without_bot).await.problem(401, WRONG);
    // At the key routes a bot key comes last, so that it stands in nobody's way.
    let keys = shows(&scene, KEYS, &[all[0], all[2]]).await;
    assert_eq!(keys.expect(200), json!([]), "those of the bearer");
}

#[tokio::test]
async fn a_browser_program_may_send_a_bot_key_and_read_its_limits() {
    let scene = Scene::new().await;
    let request = Request::builder()
        .method("OPTIONS")
        .uri("/api/v1/bot/orders")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "x-bot-key,content-type");
    let anon: Client = scene.server.anon();
    let reply = anon.send(request.body(String::new().into()).unwrap()).await;
    reply.found(200);
    assert!(reply.header("access-control-allow-headers").contains("x-bot-key"));
    let request = Request::get(NOWHERE).header("origin", "https://app.example");
    let reply = anon.send(request.body(String::new().into()).unwrap()).await;
    let exposed = reply.header("access-control-expose-headers");
    for name in ["x-ratelimit-remaining", "x-vq-ratelimit-reset", "retry-after"] {
        assert!(exposed.contains(name), "{exposed}");
    }
}
