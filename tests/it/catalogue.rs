//! What clients are told of the operations: the tool list and the `OpenAPI` document.

use std::{collections::BTreeSet, fs};

use bottrade::ops::{Effect, Method, OPS};
use serde_json::{Value, json};

use crate::{
    app::{Era, TestApp},
    files::{check_golden_json, root},
};

/// Words that a tool's description may have.
const WORDS_MAX: usize = 60;

/// Fields whose name says it all.
const PLAIN: &[&str] = &["run_id", "scenario_slug"];

async fn tools(era: Era) -> Vec<Value> {
    let list = TestApp::new().anon().mcp(era, "tools/list", json!({})).await;
    list["tools"].as_array().unwrap().clone()
}

async fn document() -> Value {
    TestApp::new().anon().get("/api/openapi.json").await.expect(200)
}

#[tokio::test]
async fn the_tool_list_is_what_it_was() {
    let legacy = tools(Era::Legacy).await;
    check_golden_json("tools.json", &json!(legacy));
    assert_eq!(tools(Era::Modern).await, legacy);
}

#[tokio::test]
async fn the_openapi_document_is_what_it_was() {
    let mut document = document().await;
    // The examples of answers have files of their own.
    for operation in document["paths"].as_object_mut().unwrap().values_mut() {
        for operation in operation.as_object_mut().unwrap().values_mut() {
            let contents = operation["responses"].as_object_mut().unwrap().values_mut();
            for content in contents.filter_map(|it| it["content"].as_object_mut()) {
                for content in content.values_mut().filter_map(Value::as_object_mut) {
                    content.retain(|name, _| !name.starts_with("example"));
                }
            }
        }
    }
    check_golden_json("openapi.json", &document);
}

#[tokio::test]
async fn the_tools_are_the_table_in_its_order() {
    let names: Vec<String> =
        tools(Era::Legacy).await.iter().map(|it| it["name"].as_str().unwrap().into()).collect();
    let table: Vec<&str> = OPS.iter().filter(|op| op.tool).map(|op| op.name).collect();
    assert_eq!(names, table);
}

#[tokio::test]
async fn every_tool_says_what_it_is_in_few_words() {
    for tool in tools(Era::Legacy).await {
        let name = tool["name"].as_str().unwrap();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
        assert!((1..=64).contains(&name.len()) && name.bytes().all(fits), "{name}");
        let description = tool["description"].as_str().unwrap();
        let words = description.split_whitespace().count();
        assert!((5..=WORDS_MAX).contains(&words), "{name}: {words} words");
        assert!(!description.contains('#') && !description.contains('\n'), "{name}: {description}");
        let op = OPS.iter().find(|op| op.name == name).unwrap();
        let notes = &tool["annotations"];
        assert!(!notes["title"].as_str().unwrap().is_empty(), "{name}");
        assert_eq!(notes["readOnlyHint"], op.effect == Effect::Read, "{name}");
        if op.effect == Effect::Write {
            assert_eq!(notes["destructiveHint"], false, "{name}");
        }
    }
}

#[tokio::test]
async fn every_schema_is_closed_plain_and_explained() {
    for tool in tools(Era::Legacy).await {
        let (name, schema) = (&tool["name"], &tool["inputSchema"]);
        assert_eq!(
            (&schema["type"], &schema["additionalProperties"]),
            (&json!("object"), &json!(false))
        );
        assert!(schema["properties"].is_object(), "{name}");
        let text = schema.to_string();
        for noise in
            ["\"format\"", "\"$schema\"", "\"null\"", "\"$ref\"", "\"title\"", "\"default\":null"]
        {
            assert!(!text.contains(noise), "{name} has {noise}: {text}");
        }
        for (field, property) in schema["properties"].as_object().unwrap() {
            let explained = property["description"].is_string() || property["enum"].is_array();
            assert!(explained || PLAIN.contains(&field.as_str()), "{name}.{field}");
        }
    }
}

#[tokio::test]
async fn every_operation_is_in_the_openapi_document() {
    let document = document().await;
    for op in OPS {
        let method = match op.route.method {
            Method::Get => "get",
            Method::Post => "post",
            Method::Patch => "patch",
            Method::Delete => "delete",
        };
        let operation = &document["paths"][op.route.path][method];
        assert_eq!(operation["operationId"], op.name);
        assert!(operation["responses"][op.route.status.to_string()].is_object(), "{}", op.name);
        let parameters = operation["parameters"].as_array().unwrap();
        for place in op.route.path.split('{').skip(1).map(|it| it.split('}').next().unwrap()) {
            let named = |it: &&Value| it["name"] == place && it["in"] == "path";
            assert!(parameters.iter().any(|it| named(&it)), "{}: {place}", op.name);
        }
    }
    let operations = document["paths"].as_object().unwrap().iter();
    let of_table = operations.filter(|(path, _)| path.starts_with("/api/v1/"));
    let count: usize = of_table.map(|(_, methods)| methods.as_object().unwrap().len()).sum();
    let tables = OPS.iter().filter(|op| op.rows.is_some()).count();
    assert_eq!(count, OPS.len() + 3 * tables, "no stray operation");
}

#[test]
fn every_tool_has_a_page_and_every_page_a_tool() {
    let pages: BTreeSet<String> = fs::read_dir(root().join("tools"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    let tools: BTreeSet<String> =
        OPS.iter().filter(|op| op.tool).map(|op| format!("{}.md", op.name)).collect();
    assert_eq!(pages, tools);
    for op in OPS.iter().filter(|op| op.tool) {
        let page =
            fs::read_to_string(root().join("tools").join(format!("{}.md", op.name))).unwrap();
        assert_eq!(op.page(), page.trim(), "{} shows another page", op.name);
        assert!(page.starts_with(&op.description()), "{}", op.name);
    }
}

#[tokio::test]
async fn names_written_in_the_pages_exist() {
    let known: BTreeSet<&str> = OPS.iter().map(|op| op.name).collect();
    for op in OPS.iter().filter(|op| op.tool) {
        let page = op.page();
        // Answers have names of their own; the example is true because it is executed.
        let prose = page.split("\n# Example").next().unwrap();
        let words = prose.split(|it: char| !(it.is_ascii_lowercase() || it == '_'));
        let verbs = [
            "list_",
            "get_",
            "start_",
            "submit_",
            "step_",
            "publish_",
            "cancel_",
            "scan_",
            "inspect_",
            "advance_",
            "hold_",
            "liquidate_",
            "connect_",
        ];
        for word in words.filter(|word| verbs.iter().any(|verb| word.starts_with(verb))) {
            let field = matches!(word, "step_count" | "start_close" | "start_ts");
            assert!(field || known.contains(word), "{}: there is no `{word}`", op.name);
        }
    }
}
