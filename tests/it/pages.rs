//! The example on every tool's page, executed through both doors.
//!
//! A page has one fence `json request` and one `json response`. `<new run>`, `<held run>` and
//! `<ended run>` stand for runs that were made for it; other ids are `<id>`. The response is the
//! tool's; REST must give the same when it is asked for the same format. `UPDATE=1` writes it.

use std::fs;

use bottrade::{
    ops::{OPS, OpDef},
    scenarios::Catalog,
    store::Store,
};
use serde_json::{Value, json};

use crate::{
    app::{Client, TestApp, market},
    files::root,
    parity::{by_rest, is_uuid},
};

/// What the examples are played on.
const SCENARIO: &str = "sandbox-smoke";
/// Columns of a page.
const WIDTH: usize = 110;

const REQUEST: &str = "```json request\n";
const RESPONSE: &str = "```json response\n";
const END: &str = "\n```";

/// The text between the beginning of a fence and its end.
fn fenced<'a>(page: &'a str, fence: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(fence)?;
    Some(rest.split_once(END)?.0)
}

/// A server with a caller and the runs that examples speak of.
struct Stage {
    client: Client,
    runs: Vec<(&'static str, String)>,
    _app: TestApp,
}

impl Stage {
    async fn new() -> Self {
        let app = TestApp::with(Catalog::embedded().unwrap(), Store::in_memory().unwrap());
        let client = app.account("ada").await;
        let mut runs = Vec::new();
        for name in ["<new run>", "<held run>", "<ended run>"] {
            let run = client.start(SCENARIO).await;
            if name != "<new run>" {
                client.order(&run, market("buy", "AAPL", 100)).await.expect(201);
                client.step(&run, 1).await.expect(200);
            }
            if name == "<ended run>" {
                client.step(&run, 10_000).await.expect(200);
            }
            runs.push((name, run));
        }
        Self { client, runs, _app: app }
    }

    /// The request with this stage's runs.
    fn cast(&self, request: &str) -> Value {
        let cast = |text: String, (name, run): &(&str, String)| text.replace(name, run);
        serde_json::from_str(&self.runs.iter().fold(request.to_owned(), cast)).unwrap()
    }

    /// An answer with the names of the runs and without other ids.
    fn anonymous(&self, answer: &Value) -> Value {
        let text = answer.to_string();
        let cast = |text: String, (name, run): &(&str, String)| text.replace(run, name);
        let named = self.runs.iter().fold(text, cast);
        let (mut shown, mut rest) = (String::new(), named.as_str());
        while let Some(at) = (0..rest.len()).find(|&at| is_uuid(rest.as_bytes(), at)) {
            shown = shown + &rest[..at] + "<id>";
            rest = &rest[at + 36..];
        }
        serde_json::from_str(&(shown + rest)).unwrap()
    }
}

/// JSON as a page shows it: what fits in a line is in one.
fn written(value: &Value, indent: usize) -> String {
    let line = match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|it| written(it, 1_000)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let member =
                |(name, it): (&String, &Value)| format!("{name:?}: {}", written(it, 1_000));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", ")).replace("{  }", "{}")
        }
        other => other.to_string(),
    };
    if indent >= 1_000 || indent + line.len() <= WIDTH {
        return line;
    }
    let pad = " ".repeat(indent + 2);
    let (open, close, lines): (_, _, Vec<String>) = match value {
        Value::Array(items) => {
            let item = |it| format!("{pad}{}", written(it, indent + 2));
            ('[', ']', items.iter().map(item).collect())
        }
        Value::Object(members) => {
            let member = |(name, it): (&String, &Value)| {
                format!("{pad}{name:?}: {}", written(it, indent + 2))
            };
            ('{', '}', members.iter().map(member).collect())
        }
        _ => return line,
    };
    format!("{open}\n{}\n{}{close}", lines.join(",\n"), " ".repeat(indent))
}

/// Plays the example of a page through both doors; gives the response.
async fn play(op: &OpDef, request: &str) -> Value {
    let (by_tool, by_route) = (Stage::new().await, Stage::new().await);
    let result = by_tool.client.tool(op.name, by_tool.cast(request)).await;
    assert!(!result.is_error, "{}: {}", op.name, result.text);
    let shown = by_tool.anonymous(&result.value);
    let mut arguments = by_route.cast(request);
    let formatted = (op.input)().to_value()["properties"].get("response_format").is_some();
    if formatted && arguments.get("response_format").is_none() {
        arguments["response_format"] = json!("concise");
    }
    let reply = by_rest(&by_route.client, op, &arguments).await.expect(op.route.status);
    let answer = op.route.envelope.map_or(&reply, |name| &reply[name]);
    assert_eq!(by_route.anonymous(answer), shown, "{}: the doors differ", op.name);
    shown
}

#[tokio::test]
async fn every_page_has_an_example_that_is_true() {
    let update = std::env::var_os("UPDATE").is_some();
    for op in OPS.iter().filter(|op| op.tool) {
        let path = root().join("tools").join(format!("{}.md", op.name));
        let page = fs::read_to_string(&path).unwrap();
        let request = fenced(&page, REQUEST).unwrap_or_else(|| panic!("{}: no request", op.name));
        let kept = fenced(&page, RESPONSE).unwrap_or_else(|| panic!("{}: no response", op.name));
        let shown = written(&play(op, request).await, 0);
        if update {
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

#[test]
fn json_is_written_as_people_do() {
    let value = json!({ "a": [1, { "b": [] }], "c": "x".repeat(WIDTH), "d": {} });
    let long = "x".repeat(WIDTH);
    let expected =
        format!("{{\n  \"a\": [1, {{ \"b\": [] }}],\n  \"c\": \"{long}\",\n  \"d\": {{}}\n}}");
    assert_eq!(written(&value, 0), expected);
}
