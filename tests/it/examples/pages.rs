//! The example on every tool's page, executed through both doors.
//!
//! A page has one fence `json request` and one `json response`. The response is the tool's; REST
//! must give the same when it is asked for the same format. `UPDATE=1` writes it.

use std::fs;

use bottrade::{
    error::Dialect,
    ops::{
        OPS, OpDef,
        page::{END, REQUEST, RESPONSE, fenced},
    },
};
use serde_json::{Value, json};

use super::{Stage, written};
use crate::{
    files::{root, update},
    parity::{by_rest, paper::comparable},
};

/// Plays the example of a page through both doors; gives the response.
async fn play(op: &OpDef, request: &str) -> Value {
    let (by_tool, by_route) = (Stage::of(Some(op)).await, Stage::of(Some(op)).await);
    let result = by_tool.client.tool(op.name, by_tool.cast(request)).await;
    assert!(!result.is_error, "{}: {}", op.name, result.text);
    let shown = by_tool.anonymous(request, &result.value.to_string());
    let mut arguments = by_route.cast(request);
    let formatted = (op.input)().to_value()["properties"].get("response_format").is_some();
    if formatted && arguments.get("response_format").is_none() {
        arguments["response_format"] = json!("concise");
    }
    let reply = by_rest(&by_route.client, op, &arguments).await.expect(op.route.status);
    let (by_rest, by_model) = match op.dialect {
        Dialect::Bot => comparable(op, reply, &result.value),
        Dialect::Benchmark => {
            (op.route.envelope.map_or(&reply, |name| &reply[name]).clone(), result.value)
        }
    };
    let answer = by_route.anonymous(request, &by_rest.to_string());
    let told = by_tool.anonymous(request, &by_model.to_string());
    assert_eq!(answer, told, "{}: the doors differ", op.name);
    serde_json::from_str(&shown).unwrap()
}

#[tokio::test]
async fn every_page_has_an_example_that_is_true() {
    for op in OPS.iter().filter(|op| op.tool) {
        let path = root().join("tools").join(format!("{}.md", op.name));
        let page = fs::read_to_string(&path).unwrap();
        let request = fenced(&page, REQUEST).unwrap_or_else(|| panic!("{}: no request", op.name));
        let kept = fenced(&page, RESPONSE).unwrap_or_else(|| panic!("{}: no response", op.name));
        let shown = written(&play(op, request).await, 0);
        if update() {
            let (old, new) = ([RESPONSE, kept, END].concat(), [RESPONSE, &shown, END].concat());
            fs::write(&path, page.replace(&old, &new)).unwrap();
        } else {
            assert_eq!(kept, shown, "{}: `UPDATE=1 cargo test --test it` accepts", op.name);
        }
    }
}

#[test]
fn pages_are_parted_alike() {
    for op in OPS.iter().filter(|op| op.tool) {
        let page = op.page();
        let headings: Vec<&str> = page.lines().filter_map(|it| it.strip_prefix("# ")).collect();
        for wanted in ["Limits", "Errors", "Example"] {
            assert!(headings.contains(&wanted), "{}: no `# {wanted}` in {headings:?}", op.name);
        }
        assert_eq!(headings.last(), Some(&"Example"), "{}: the example comes last", op.name);
    }
}
