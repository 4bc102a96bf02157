//! How many of the tools a connection is shown.

use std::collections::BTreeSet;

use bottrade::ops::{OPS, OpDef, toolsets::TOOLSETS};
use serde_json::{Value, json};

use super::{LEGACY, MODERN, ask_at, error, result};
use crate::app::{Client, TestApp};

/// The names of the tools in a list.
async fn listed(
    client: &Client,
    path: &str,
    header: &[(&str, &str)],
    version: &str,
) -> Vec<String> {
    let reply = ask_at(client, path, header, version, "tools/list", json!({})).await;
    let answer = result(&reply);
    let tools = answer["tools"].as_array().unwrap();
    tools.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
}

fn every_tool() -> Vec<&'static str> {
    OPS.iter().filter(|op| op.tool).map(|op| op.name).collect()
}

fn tools_of(set: &str) -> Vec<&'static str> {
    let set = TOOLSETS.iter().find(|it| it.name == set).unwrap();
    set.tools().map(|op| op.name).collect()
}

fn play() -> Vec<&'static str> {
    tools_of("play")
}

#[test]
fn every_tool_is_of_one_contract_and_those_of_play_exist() {
    let both = [tools_of("benchmark"), tools_of("paper")].concat();
    assert_eq!(both.iter().collect::<BTreeSet<_>>().len(), every_tool().len());
    assert_eq!(both.len(), every_tool().len());
    assert_eq!(tools_of("paper").len(), 7);
    assert_eq!(play().len(), 5);
}

#[tokio::test]
async fn address_or_header_chooses() {
    let anon = TestApp::new().anon();
    assert!(play().len() >= 3 && play().len() < every_tool().len());
    for version in [LEGACY[1], MODERN] {
        for path in [
            "/mcp",
            "/mcp?toolsets=paper,benchmark",
            "/mcp?toolsets=",
            "/mcp?x=1&toolsets=play,benchmark,paper",
        ] {
            assert_eq!(listed(&anon, path, &[], version).await, every_tool(), "{path}");
        }
        for path in
            ["/mcp?toolsets=play", "/mcp?a=b&toolsets=%70lay,", "/mcp?toolsets=play&toolsets=play"]
        {
            assert_eq!(listed(&anon, path, &[], version).await, play(), "{path}");
        }
        let header = [("x-mcp-toolsets", "play")];
        assert_eq!(listed(&anon, "/mcp", &header, version).await, play());
        for set in ["benchmark", "paper"] {
            let path = format!("/mcp?toolsets={set}");
            assert_eq!(listed(&anon, &path, &header, version).await, tools_of(set));
        }
    }
}

#[tokio::test]
async fn a_list_that_a_header_chose_is_for_that_client_alone() {
    let anon = TestApp::new().anon();
    let kept = async |path, header: &[(&str, &str)]| {
        let reply = ask_at(&anon, path, header, MODERN, "tools/list", json!({})).await;
        result(&reply)["cacheScope"].clone()
    };
    assert_eq!(kept("/mcp?toolsets=play", &[]).await, "public");
    assert_eq!(kept("/mcp", &[("x-mcp-toolsets", "play")]).await, "private");
}

#[tokio::test]
async fn a_bot_key_is_shown_what_it_opens() {
    let app = TestApp::new();
    let bot = app.bot("ada").await;
    assert_eq!(listed(&bot, "/mcp", &[], MODERN).await, tools_of("paper"));
    assert_eq!(listed(&bot, "/mcp?toolsets=play", &[], MODERN).await, play());
    let reply = ask_at(&bot, "/mcp", &[], MODERN, "tools/list", json!({})).await;
    assert_eq!(result(&reply)["cacheScope"], "private");
}

#[tokio::test]
async fn an_unknown_toolset_names_the_known_ones() {
    let anon = TestApp::new().anon();
    for (path, header) in [("/mcp?toolsets=paly", None), ("/mcp", Some("play, paly"))] {
        let headers: Vec<(&str, &str)> =
            header.map(|it| ("x-mcp-toolsets", it)).into_iter().collect();
        for method in ["initialize", "tools/list", "tools/call"] {
            let reply = ask_at(&anon, path, &headers, LEGACY[2], method, json!({})).await;
            let told = error(&reply, 400, -32602);
            let message = told["message"].as_str().unwrap();
            assert!(message.starts_with("there is no toolset \"paly\""), "{message}");
            assert!(message.contains("benchmark,paper,play"), "{message}");
        }
    }
}

/// Calls a tool of the toolset `play`.
async fn called(client: &Client, name: &str) -> Value {
    let params = json!({ "name": name, "arguments": {} });
    let reply = ask_at(client, "/mcp?toolsets=play", &[], MODERN, "tools/call", params).await;
    result(&reply)
}

#[tokio::test]
async fn a_tool_outside_the_set_is_refused_with_where_it_is() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    assert_ne!(called(&ada, "list_scenarios").await["isError"], true);
    let refused = called(&ada, "get_scenario").await;
    assert_eq!(refused["isError"], true);
    let text = refused["content"][0]["text"].as_str().unwrap();
    assert_eq!(
        text,
        "the tool \"get_scenario\" is not in the toolset play\n\
         Next: it is in benchmark: connect to /mcp?toolsets=benchmark"
    );
    crate::app::is_problem(&refused["structuredContent"]);
    // What is near is looked for among the tools that are offered.
    let unknown = called(&ada, "get_result").await;
    let hint = &unknown["structuredContent"]["hint"];
    assert_eq!(*hint, "did you mean get_results?");
    assert!(OpDef::tool("get_result").is_err());
}
