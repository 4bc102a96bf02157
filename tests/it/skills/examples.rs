//! What the pages tell an agent to type, typed.

use std::collections::BTreeSet;

use bottrade::{ops::OPS, scenarios::Catalog, store::Store};
use serde_json::Value;

use super::{PAGES, SKILL, read};
use crate::app::TestApp;

/// The calls of the page, in order: tool and arguments, with `RUN_ID` for the run's id.
fn calls() -> Vec<(String, String)> {
    let page = read(SKILL);
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (block, _) = rest.split_once("\n```").unwrap();
    let call = |line: &str| {
        let call: Value = serde_json::from_str(line).unwrap_or_else(|it| panic!("{it}: {line}"));
        (call["tool"].as_str().unwrap().to_owned(), call["arguments"].to_string())
    };
    block.lines().map(call).collect()
}

#[tokio::test]
async fn the_calls_of_the_page_play_a_run() {
    let app = TestApp::with(Catalog::embedded().unwrap(), Store::in_memory().unwrap());
    let client = app.account("agent").await;
    let (mut run, mut last) = (String::new(), Value::Null);
    for (tool, arguments) in calls() {
        let arguments = serde_json::from_str(&arguments.replace("RUN_ID", &run)).unwrap();
        let result = client.tool(&tool, arguments).await;
        assert!(!result.is_error, "{tool}: {}", result.text);
        if tool == "start_run" {
            result.value["id"].as_str().unwrap().clone_into(&mut run);
        }
        last = result.value;
    }
    assert!(last["headline"].as_str().unwrap().contains('%'), "{last}");
    assert!(last["results"]["trade_count"].as_u64().unwrap() >= 2, "{last}");
}

#[test]
fn every_tool_that_is_named_exists() {
    let known: BTreeSet<&str> = OPS.iter().map(|op| op.name).collect();
    let verbs = [
        "list_",
        "get_",
        "start_",
        "submit_",
        "step_run",
        "publish_",
        "cancel_",
        "scan_",
        "inspect_",
        "advance_",
        "hold_until",
        "liquidate_",
        "run_sandbox",
        "connect_",
        "auth_",
    ];
    for path in PAGES {
        let page = read(path);
        for word in page.split(|it: char| !(it.is_ascii_lowercase() || it == '_')) {
            let named = verbs.iter().any(|verb| word.starts_with(verb));
            assert!(!named || known.contains(word), "{path}: there is no `{word}`");
        }
    }
}
