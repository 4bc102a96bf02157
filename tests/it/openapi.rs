//! The `OpenAPI` document: complete, true, and readable as a page.

use std::collections::BTreeSet;

use bottrade::ops::{Access, OPS};
use serde_json::{Map, Value, json};

use crate::{
    app::{TestApp, is_problem},
    documented::document,
};

/// Every operation of the document, with method and path.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    })
}

/// Every value below this one, itself included.
fn all(value: &Value) -> Vec<&Value> {
    let below = match value {
        Value::Array(items) => items.iter().flat_map(all).collect(),
        Value::Object(members) => members.values().flat_map(all).collect(),
        _ => Vec::new(),
    };
    [vec![value], below].concat()
}

#[tokio::test]
async fn it_says_what_it_is() {
    let app = TestApp::new();
    let document = document(&app.router).await;
    assert_eq!(document["openapi"], "3.1.0");
    let info = &document["info"];
    assert_eq!(
        (&info["title"], &info["version"]),
        (&json!("BotTrade Benchmark API"), &json!("1.0.0"))
    );
    assert_eq!(document["servers"][0]["url"], "http://localhost:8080");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        (
            &schemes["ApiKeyAuth"]["type"],
            &schemes["ApiKeyAuth"]["in"],
            &schemes["ApiKeyAuth"]["name"]
        ),
        (&json!("apiKey"), &json!("header"), &json!("X-API-Key"))
    );
    assert_eq!(
        (&schemes["BearerAuth"]["type"], &schemes["BearerAuth"]["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
}

#[tokio::test]
async fn every_operation_is_whole() {
    let app = TestApp::new();
    let document = document(&app.router).await;
    let tags: Vec<&Value> =
        document["tags"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(document) {
        let place = format!("{method} {path}");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{place}: its id is not its own"
        );
        assert!(operation["summary"].as_str().is_some_and(|it| !it.is_empty()), "{place}");
        assert!(operation["description"].as_str().is_some_and(|it| !it.is_empty()), "{place}");
        assert!(tags.contains(&&operation["tags"][0]), "{place}");
        assert!(operation["security"].is_array(), "{place}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["schema"].is_object(), "{place}: {parameter}");
            let explained = !parameter["description"].is_null()
                || !parameter["example"].is_null()
                || !parameter["schema"]["enum"].is_null();
            assert!(explained, "{place}: {parameter}");
        }
        if let Some(body) = operation.get("requestBody") {
            let content = &body["content"]["application/json"];
            assert_eq!(content["schema"]["additionalProperties"], false, "{place}");
            assert!(content["example"].is_object(), "{place}");
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let app = TestApp::new();
    let document = document(&app.router).await;
    let mut used = BTreeSet::new();
    for reference in all(document).into_iter().filter_map(|it| it["$ref"].as_str()) {
        let target = document.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference}");
        used.insert(reference);
    }
    for name in document["components"]["responses"].as_object().unwrap().keys() {
        assert!(
            used.contains(format!("#/components/responses/{name}").as_str()),
            "{name} is unused"
        );
    }
}

#[tokio::test]
async fn failures_are_named_where_they_can_happen() {
    let app = TestApp::new();
    let document = document(&app.router).await;
    for op in OPS {
        let method = format!("{:?}", op.route.method).to_lowercase();
        let operation = &document["paths"][op.route.path][method];
        for status in ["400", "401", "408", "413", "422", "500", "503"] {
            assert!(operation["responses"][status].is_object(), "{}: {status}", op.name);
        }
        let open = operation["security"].as_array().unwrap().contains(&json!({}));
        let public = matches!(op.access, Access::Public | Access::OwnerOrPublished);
        assert_eq!(open, public, "{}", op.name);
        let foreign = op.access != Access::Public;
        assert_eq!(operation["responses"]["403"].is_object(), foreign, "{}", op.name);
    }
    for response in document["components"]["responses"].as_object().unwrap().values() {
        let content = &response["content"]["application/problem+json"];
        for example in content["examples"].as_object().into_iter().flat_map(Map::values) {
            is_problem(&example["value"]);
        }
    }
}

#[tokio::test]
async fn the_page_asks_nothing_of_anybody_else() {
    let app = TestApp::new();
    let page = app.anon().get("/api/docs").await;
    assert_eq!(
        (page.status, &page.headers["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert_eq!(
        policy,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self' http://localhost:8080; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    assert!(!page.text.contains("<script>") && !page.text.contains("style="), "nothing inline");
    let named = page.text.split(['"', '\'']).filter(|it| it.contains("//") || it.starts_with('/'));
    let mut parts: BTreeSet<&str> = named.collect();
    assert!(parts.remove("/api/openapi.yaml"));
    for part in &parts {
        let reply = app.anon().get(part).await;
        assert_eq!(reply.status, 200, "{part}");
        assert_eq!(reply.headers["x-content-type-options"], "nosniff", "{part}");
        let zipped = reply.headers.get("content-encoding").is_some_and(|it| it == "gzip");
        assert_eq!(zipped, reply.bytes.starts_with(&[0x1f, 0x8b]), "{part}");
    }
    assert_eq!(parts.len(), 3, "{parts:?}");
    let start = app.anon().get("/api/docs/page.js").await.text;
    assert!(start.contains("validatorUrl: null") && !start.contains("http"), "{start}");
}

#[tokio::test]
async fn it_is_yaml_too() {
    let app = TestApp::new();
    let yaml = app.anon().get("/api/openapi.yaml").await;
    assert_eq!(
        (yaml.status, &yaml.headers["content-type"]),
        (200, &"application/yaml".parse().unwrap())
    );
    assert!(yaml.text.starts_with("\"openapi\": \"3.1.0\"\n\"info\":\n  \"title\": "));
}
