//! Every page there is, in each of its states: rendered, and its HTML read by a strict reader.

use std::{collections::BTreeSet, fs};

use serde_json::json;

use super::{CANARY, html, lively, published, visit};
use crate::{
    app::{Reply, TestApp, market},
    files::root,
    oauth::{Agent, Browser, Program, Scene},
};

/// A page: the template that made it, the state it shows, and its answer.
type Sample = (&'static str, String, Reply);

/// The templates that are pages: all others are parts of them.
fn templates() -> BTreeSet<String> {
    let folder = root().join("templates");
    let inside = ["", "account", "connect", "run"].map(|it| folder.join(it));
    let files = inside.iter().flat_map(|it| fs::read_dir(it).unwrap()).map(|it| it.unwrap().path());
    let is_page = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|it| it == "html")
            && fs::read_to_string(path).unwrap().starts_with("{% extends")
    };
    let name =
        |path: std::path::PathBuf| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
    // Between the base and the pages for everybody.
    files.filter(is_page).map(name).filter(|it| it != "public.html").collect()
}

/// The pages for everybody.
async fn public() -> Vec<Sample> {
    let app = lively().await;
    let mut samples = Vec::new();
    for (template, paths) in [
        ("home.html", vec!["/"]),
        ("scenarios.html", vec!["/scenarios", "/scenarios?market=none"]),
        ("scenario.html", vec!["/scenarios/tiny", "/scenarios/gaps", "/scenarios/margin"]),
        ("leaderboards.html", vec!["/leaderboard"]),
        ("leaderboard.html", vec!["/leaderboard/tiny?sort_by=sharpe", "/leaderboard/wide"]),
        ("paper.html", vec!["/paper", "/paper?cursor=7"]),
        ("methodology.html", vec!["/methodology"]),
        ("docs.html", vec!["/docs"]),
        ("chapter.html", vec!["/docs/agent-guide", "/docs/rest", "/docs/skill"]),
        ("tools.html", vec!["/docs/tools"]),
        ("tool.html", vec!["/docs/tools/place_order", "/docs/tools/list_scenarios"]),
        ("pricing.html", vec!["/pricing"]),
        ("text.html", vec!["/terms", "/privacy"]),
        ("sign_in.html", vec!["/login"]),
        ("message.html", vec!["/nothing", "/connect/nonsense", "/login/link/nonsense"]),
    ] {
        for path in paths {
            samples.push((template, path.to_owned(), visit(&app, path).await));
        }
    }
    let ada = app.account("ada").await;
    let start = json!({ "scenario_slug": "tiny" });
    let nameless = ada.post("/api/v1/runs", start).await.expect(201);
    let nameless = nameless["run"]["id"].as_str().unwrap().to_owned();
    ada.step(&nameless, 100).await.expect(200);
    ada.publish(&nameless).await;
    for run in [published(&ada, CANARY, 10).await, ruined(&app).await, nameless] {
        let path = format!("/run/{run}");
        samples.push(("run.html", path.clone(), visit(&app, &path).await));
        let chosen = format!("{path}?symbol=nothing&page=9");
        samples.push(("run.html", chosen.clone(), visit(&app, &chosen).await));
    }
    samples
}

/// A run that was closed by force.
async fn ruined(app: &TestApp) -> String {
    let bob = app.account("bob").await;
    let run = bob.start("margin").await;
    bob.order(&run, market("buy", "CRASH", 390)).await.expect(201);
    bob.step(&run, 8).await.expect(200);
    bob.publish(&run).await;
    run
}

/// What the forms of a page carry.
async fn csrf(browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await.text;
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// The pages of one person: empty, then full, then gone.
async fn private() -> Vec<Sample> {
    let scene = Scene::new().await;
    let app = &scene.server;
    let link = app.app.desk.link().await.unwrap();
    let mut samples = vec![("link.html", link.clone(), scene.browser().get(&link).await)];
    let mut person = scene.person().await;
    let account = ["/account", "/account/runs", "/account/delete"];
    let of = ["account.html", "account/runs.html", "account/delete.html"];
    for (template, path) in of.into_iter().zip(account) {
        samples.push((template, format!("{path}, empty"), person.get(path).await));
    }
    let local = app.account("local").await;
    app.bot("local").await.get("/api/v1/bot/portfolio").await.expect(200);
    published(&local, CANARY, 10).await;
    let (live, ended) = (local.start("tiny").await, local.start("gaps").await);
    local.step(&live, 2).await.expect(200);
    local.step(&ended, 100).await.expect(200);
    let token = csrf(&mut person, "/account").await;
    for what in ["create_key", "create_bot_key"] {
        let form = [("csrf", token.as_str()), ("do", what), ("name", "<b>mine")];
        samples.push(("account.html", what.into(), person.post("/account", &form).await));
    }
    let nonsense = [("csrf", token.as_str()), ("do", "nonsense")];
    samples.push(("message.html", "nonsense".into(), person.post("/account", &nonsense).await));
    let metadata = json!({ "client_name": CANARY.chars().take(60).collect::<String>(),
        "redirect_uris": ["http://localhost:51234/callback"] });
    let program = Program::registered_as(&scene, &metadata).await;
    samples.push(("consent.html", "asked".into(), person.get(&program.address()).await));
    let asked = Agent::new(&scene).await.link().await;
    samples.push(("connect.html", "asked".into(), person.get(&asked).await));
    let form = [("csrf", token.as_str()), ("decision", "deny")];
    samples.push(("message.html", "denied".into(), person.post(&asked, &form).await));
    for (template, path) in of.into_iter().zip(account) {
        samples.push((template, format!("{path}, full"), person.get(path).await));
    }
    for run in [live, ended] {
        let path = format!("/run/{run}");
        samples.push(("run.html", path.clone(), person.get(&path).await));
        let form = [("csrf", token.as_str()), ("do", "link")];
        samples.push(("run.html", "with a link".into(), person.post(&path, &form).await));
    }
    let form = [("csrf", token.as_str()), ("account", "local")];
    samples.push(("message.html", "gone".into(), person.post("/account/delete", &form).await));
    samples
}

#[tokio::test]
async fn every_template_makes_valid_pages_in_every_state() {
    let samples = [public().await, private().await].concat();
    let made: BTreeSet<String> = samples.iter().map(|(it, ..)| (*it).to_owned()).collect();
    assert_eq!(made, templates(), "a template has no sample here, or a sample no template");
    for (template, state, page) in samples {
        let refused = template == "message.html" || page.status == 200;
        assert!(refused, "{template}, {state}: {} {}", page.status, page.text);
        let problems = html::problems(&page.text);
        assert!(problems.is_empty(), "{template}, {state}: {problems:#?}");
        let kind = page.headers["content-type"].to_str().unwrap();
        assert_eq!(kind, "text/html; charset=utf-8", "{template}, {state}");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{template}, {state}: {policy}");
        assert!(page.text.contains("Simulated. Not investment advice."), "{template}, {state}");
    }
}
