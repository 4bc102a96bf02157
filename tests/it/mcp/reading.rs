//! Resources, the prompt, and what may follow typed letters.

use std::fs;

use serde_json::{Value, json};

use super::{LEGACY, MODERN, ask, error, is_tool, result};
use crate::{
    app::{Client, TestApp},
    files::root,
};

/// What looks like the name of a tool and is none.
fn unknown_names(text: &str) -> Vec<&str> {
    let words = text.split(|it: char| !(it.is_ascii_lowercase() || it == '_'));
    let verbs = ["list", "get", "start", "submit", "step", "publish", "cancel", "scan", "inspect"];
    let verbs: Vec<&str> = verbs.into_iter().chain(["advance", "hold", "liquidate"]).collect();
    let names =
        words.filter(|it| it.split_once('_').is_some_and(|(verb, _)| verbs.contains(&verb)));
    names.filter(|name| !is_tool(name)).collect()
}

#[test]
fn the_guide_names_tools_that_exist() {
    for page in fs::read_dir(root().join("guide")).unwrap() {
        let path = page.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(unknown_names(&text), [""; 0], "{}", path.display());
    }
    assert_eq!(unknown_names("Then `hold_forever` and get_run."), ["hold_forever"]);
}

async fn read(client: &Client, uri: &str) -> Value {
    let answer = result(&ask(client, MODERN, "resources/read", json!({ "uri": uri })).await);
    let contents = answer["contents"].as_array().unwrap();
    assert_eq!((contents.len(), &contents[0]["uri"]), (1, &json!(uri)));
    contents[0].clone()
}

fn members(list: &Value, name: &str) -> Vec<String> {
    let items = list.as_array().unwrap().iter();
    items.map(|it| it[name].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_can_be_read_is_listed() {
    let anon = TestApp::new().anon();
    for version in LEGACY.iter().chain([&MODERN]) {
        let list = result(&ask(&anon, version, "resources/list", json!({})).await);
        let uris = members(&list["resources"], "uri");
        let known = ["bottrade://agent-guide", "bottrade://paper-guide", "bottrade://scenarios"];
        assert_eq!(uris, known);
        let kinds = ["text/markdown", "text/markdown", "application/json"];
        assert_eq!(members(&list["resources"], "mimeType"), kinds);
        let list = result(&ask(&anon, version, "resources/templates/list", json!({})).await);
        let uris = members(&list["resourceTemplates"], "uriTemplate");
        assert_eq!(uris, ["bottrade://runs/{run_id}/scorecard"]);
    }
}

#[tokio::test]
async fn guide_and_scenarios_are_for_everybody() {
    let app = TestApp::new();
    let anon = app.anon();
    let guide = read(&anon, "bottrade://agent-guide").await;
    assert_eq!(guide["mimeType"], "text/markdown");
    let text = guide["text"].as_str().unwrap();
    assert!(text.starts_with("# Trading a BotTrade scenario\n"), "{text}");
    let paper = read(&anon, "bottrade://paper-guide").await;
    assert!(paper["text"].as_str().unwrap().starts_with("# Trading the paper account\n"));
    let scenarios = read(&anon, "bottrade://scenarios").await;
    let text: Value = serde_json::from_str(scenarios["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, anon.tool("list_scenarios", json!({})).await.value);
}

#[tokio::test]
async fn a_scorecard_is_its_owners() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let run = ada.start("tiny").await;
    let uri = format!("bottrade://runs/{run}/scorecard");
    let refused = async |client: &Client, version, code| {
        let reply = ask(client, version, "resources/read", json!({ "uri": uri })).await;
        let told = error(&reply, 200, code);
        crate::app::is_problem(&told["data"]);
        told["message"].as_str().unwrap().to_owned()
    };
    assert!(refused(&ada, MODERN, -32602).await.starts_with("run is still active"));
    ada.step(&run, 100).await.expect(200);
    let card = read(&ada, &uri).await;
    let text: Value = serde_json::from_str(card["text"].as_str().unwrap()).unwrap();
    assert_eq!(text, ada.tool("get_results", json!({ "run_id": run })).await.value);
    for version in [LEGACY[0], LEGACY[2], MODERN] {
        assert!(refused(&bob, version, -32602).await.starts_with("you do not own this run"));
        let reply = ask(&app.anon(), version, "resources/read", json!({ "uri": uri })).await;
        reply.rpc_problem(401, "BotTrade API key required");
    }
}

#[tokio::test]
async fn an_address_that_does_not_exist_offers_near_ones() {
    let ada = TestApp::new().account("ada").await;
    let nobody = "bottrade://runs/01890000-0000-7000-8000-000000000000/scorecard";
    for (uri, told) in [
        ("bottrade://agent-guid", "did you mean bottrade://agent-guide"),
        ("bottrade://scenarios/", "did you mean bottrade://scenarios"),
        ("bottrade://runs//scorecard", "did you mean bottrade://runs/{run_id}/scorecard"),
        ("file:///etc/passwd", "resources/list"),
        (nobody, "no such run"),
    ] {
        for (version, code) in [(LEGACY[2], -32002), (MODERN, -32602)] {
            let reply = ask(&ada, version, "resources/read", json!({ "uri": uri })).await;
            let refusal = error(&reply, 200, code);
            let message = refusal["message"].as_str().unwrap();
            assert!(message.contains(told), "{uri}: {message}");
            assert_eq!(refusal["data"]["uri"], uri);
        }
    }
}

async fn prompted(client: &Client, arguments: Value) -> String {
    let params = json!({ "name": "trade_bottrade_scenario", "arguments": arguments });
    let answer = result(&ask(client, MODERN, "prompts/get", params).await);
    let messages = answer["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["role"]), (1, &json!("user")));
    messages[0]["content"]["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_prompt_is_a_whole_task() {
    let anon = TestApp::new().anon();
    let list = result(&ask(&anon, MODERN, "prompts/list", json!({})).await);
    let prompt = &list["prompts"][0];
    assert_eq!(prompt["name"], "trade_bottrade_scenario");
    assert_eq!(members(&prompt["arguments"], "name"), ["scenario_slug"]);
    assert_eq!(prompt["arguments"][0]["required"], false);
    for none in [json!({}), json!({ "scenario_slug": "" })] {
        assert!(prompted(&anon, none).await.contains("1. Choose one with `list_scenarios`"));
    }
    let tiny = prompted(&anon, json!({ "scenario_slug": " tiny" })).await;
    assert!(tiny.contains("1. The scenario is `tiny`."), "{tiny}");
    assert!(!tiny.contains('{') && !tiny.contains('}'), "{tiny}");
}

#[tokio::test]
async fn a_prompt_that_cannot_be_made_says_why() {
    let anon = TestApp::new().anon();
    for (params, told) in [
        (json!({ "name": "trade_scenario" }), "did you mean trade_bottrade_scenario?"),
        (json!({ "name": "zz" }), "prompts/list"),
        (
            json!({ "name": "trade_bottrade_scenario", "arguments": { "scenario_slug": "tinny" } }),
            "did you mean tiny",
        ),
        (
            json!({ "name": "trade_bottrade_scenario", "arguments": { "slug": "tiny" } }),
            "unknown field `slug`",
        ),
    ] {
        let reply = ask(&anon, MODERN, "prompts/get", params.clone()).await;
        let message = error(&reply, 200, -32602)["message"].clone();
        assert!(message.as_str().unwrap().contains(told), "{params}: {message}");
    }
}

#[tokio::test]
async fn a_slug_is_completed() {
    let anon = TestApp::new().anon();
    let typed = async |argument: &str, letters: &str| {
        let params = json!({
            "ref": { "type": "ref/prompt", "name": "trade_bottrade_scenario" },
            "argument": { "name": argument, "value": letters },
        });
        result(&ask(&anon, MODERN, "completion/complete", params).await)["completion"].clone()
    };
    let tiny = typed("scenario_slug", "tin").await;
    assert_eq!((&tiny["values"], &tiny["total"]), (&json!(["tiny"]), &json!(1)));
    assert!(typed("scenario_slug", "").await["values"].as_array().unwrap().len() > 1);
    assert_eq!(typed("scenario_slug", "zz").await["values"], json!([]));
    assert_eq!(typed("other", "t").await["values"], json!([]));
}
