//! The examples of the `OpenAPI` document: each request is sent, each answer is what came back, and
//! both fit their schemas.
//!
//! What no page has is kept in `src/api/openapi/recorded/`; `UPDATE=1` writes it.

use std::{fs, sync::LazyLock};

use axum::body::Body;
use bottrade::{
    error::Dialect,
    ops::{
        OPS, OpDef,
        page::{REQUEST, fenced},
    },
};
use http::Request;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::{Stage, written};
use crate::{
    app::{Reply, TestApp, market},
    files::{root, update},
    openapi::operations,
};

/// The run that a call without a page is about.
const RUNS: &[(&str, &str)] = &[
    ("submit_order", "<held run>"),
    ("withdraw_order", "<new run>"),
    ("get_equity", "<held run>"),
    ("get_public_run", "<published run>"),
    ("get_public_trades", "<published run>"),
    ("get_journal", "<published run>"),
];

/// What has no example: bytes, and the document itself.
const WITHOUT: &[&str] = &[
    "get_trades_arrow",
    "get_equity_arrow",
    "get_public_trades_arrow",
    "openapi_json",
    "openapi_yaml",
    "docs",
];

/// The operation at an address, or at the address of a form of its table.
fn op_at(method: &str, path: &str) -> Option<&'static OpDef> {
    OPS.iter().find(|op| {
        let rest = path.strip_prefix(op.route.path);
        let here = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        here && format!("{:?}", op.route.method).eq_ignore_ascii_case(method)
    })
}

/// The stand-in of the run that the example of an operation is about; empty where there is none.
fn run_of(op: &OpDef) -> String {
    let named = RUNS.iter().find(|(name, _)| *name == op.name);
    let on_page = || {
        let request: Value = serde_json::from_str(fenced(&op.page(), REQUEST)?).unwrap();
        Some(request["run_id"].as_str()?.to_owned())
    };
    named.map(|(_, run)| (*run).to_owned()).or_else(on_page).unwrap_or_default()
}

/// Sends the request that an operation's examples make, on this run.
async fn send(stage: &Stage, path: &str, operation: &Value, method: &str, run: &str) -> Reply {
    let (mut address, mut query) = (path.to_owned(), Vec::new());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let (name, example) = (parameter["name"].as_str().unwrap(), &parameter["example"]);
        let text = match example {
            Value::Array(items) => {
                items.iter().map(|it| it.as_str().unwrap()).collect::<Vec<_>>().join(",")
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match (parameter["in"].as_str().unwrap(), name) {
            ("path", "run_id") => address = address.replace("{run_id}", stage.run(run)),
            ("path", "order_id") if path.starts_with("/api/v1/bot/") => {
                address = address.replace("{order_id}", stage.run("<waiting order>"));
            }
            ("path", "order_id") => {
                let order = stage.client.order(stage.run(run), market("buy", "IBM", 5)).await;
                let order = order.expect(201)["order"]["id"].as_str().unwrap().to_owned();
                address = address.replace("{order_id}", &order);
            }
            ("path", "session_id") => {
                address = address.replace("{session_id}", &stage.checkout().await);
            }
            ("path", "key_id") => address = address.replace("{key_id}", &stage.key().await),
            ("path", "id") => address = address.replace("{id}", &stage.bot_key().await),
            ("path", "grant_id") => address = address.replace("{grant_id}", &stage.grant().await),
            ("path", _) => address = address.replace(&format!("{{{name}}}"), &text),
            ("query", _) if !example.is_null() => query.push(format!("{name}={text}")),
            _ => {}
        }
    }
    let body = operation["requestBody"]["content"]["application/json"].get("example");
    let address = format!("{address}?{}", query.join("&"));
    let (method, body) = (method.to_uppercase(), body.map(Value::to_string));
    match path {
        "/api/v1/keys" | "/api/v1/bot/keys" if method == "POST" => {
            let mut request = Request::post(&address).header("cookie", stage.cookie().await);
            if body.is_some() {
                request = request.header("content-type", "application/json");
            }
            let body = body.map_or_else(Body::empty, Body::from);
            stage.app.anon().send(request.body(body).unwrap()).await
        }
        "/api/v1/billing/portal" | "/api/v1/billing/account" => {
            stage.checkout().await;
            stage.client.rest(&method, &address, body).await
        }
        "/api/v1/grants" => {
            stage.grant().await;
            stage.client.rest(&method, &address, body).await
        }
        "/api/v1/bot/standings" => {
            stage.closed_trades().await;
            stage.client.rest(&method, &address, body).await
        }
        "/api/v1/bot/keys" => {
            stage.bot_key().await;
            stage.client.rest(&method, &address, body).await
        }
        _ => stage.client.rest(&method, &address, body).await,
    }
}

/// The successful answer of an operation, by media type.
fn contents(operation: &Value) -> &Map<String, Value> {
    static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    let mut responses = operation["responses"].as_object().unwrap().iter();
    let (_, good) = responses.find(|(status, _)| status.starts_with('2')).unwrap();
    good["content"].as_object().unwrap_or(&NOTHING)
}

/// The example of a media type that shows what is answered to the example request.
fn example(content: &Value) -> Option<&Value> {
    content.get("example").or_else(|| content.pointer("/examples/detailed/value"))
}

#[tokio::test]
async fn every_example_request_has_the_example_answer() {
    let document = TestApp::new().anon().get("/api/openapi.json").await.json();
    let run_id =
        document["paths"]["/api/v1/runs/{run_id}"]["get"]["parameters"][0]["example"].clone();
    let run_id = run_id.as_str().unwrap();
    for (method, path, operation) in operations(&document) {
        let op = op_at(method, path);
        let stage = Stage::of(op).await;
        let run = op.map(run_of).unwrap_or_default();
        let reply = send(&stage, path, operation, method, &run).await;
        assert!(reply.status < 300, "{method} {path}: {}", reply.text);
        if op.is_some_and(|op| !op.route.has_answer()) {
            assert!(reply.text.is_empty() && !reply.headers.contains_key("content-type"));
            continue;
        }
        let kind = reply.headers["content-type"].to_str().unwrap();
        let content = contents(operation).get(kind.split(';').next().unwrap());
        let content = content.unwrap_or_else(|| panic!("{path}: {kind} is not in the document"));
        let answer = stage.anonymous(&run, &reply.text);
        if update() {
            // What is shown is what the program was built with.
            if let Some(op) = op.filter(|op| op.route.path == path && is_kept(op)) {
                let file = root().join(format!("src/api/openapi/recorded/{}.json", op.name));
                let value = serde_json::from_str(&answer).unwrap();
                fs::write(file, written(&value, 0) + "\n").unwrap();
            }
            continue;
        }
        let Some(shown) = example(content) else {
            let id = operation["operationId"].as_str().unwrap();
            assert!(WITHOUT.contains(&id), "{id} has no example");
            continue;
        };
        let shown = shown.as_str().map_or_else(|| shown.to_string(), str::to_owned);
        let shown = if run.is_empty() { shown } else { shown.replace(run_id, &run) };
        assert_eq!(stage.anonymous("", &shown), answer, "{path}: `UPDATE=1 cargo test` accepts");
    }
}

/// Whether the answer of an operation over REST is not the one on a page.
fn is_kept(op: &OpDef) -> bool {
    let formatted = (op.input)().to_value()["properties"].get("response_format").is_some();
    op.route.has_answer() && (!op.tool || formatted || op.dialect == Dialect::Bot)
}

#[test]
fn nothing_is_kept_that_nobody_asks_for() {
    let mut kept: Vec<String> = fs::read_dir(root().join("src/api/openapi/recorded"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    if update() {
        return;
    }
    kept.sort();
    let mut asked: Vec<String> =
        OPS.iter().filter(|op| is_kept(op)).map(|op| format!("{}.json", op.name)).collect();
    asked.sort();
    assert_eq!(kept, asked);
}

/// A reader of this schema that takes formats at their word.
fn validator(schema: &Value) -> Validator {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap()
}

#[track_caller]
fn fits(place: &str, schema: &Value, value: &Value) {
    let wrong: Vec<String> = validator(schema)
        .iter_errors(value)
        .map(|it| format!("{}: {it}", it.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{place}: {}", wrong.join("\n"));
}

/// Every example of a media type.
fn examples(content: &Value) -> Vec<&Value> {
    let many = content["examples"].as_object().into_iter().flatten();
    many.map(|(_, it)| &it["value"]).chain(content.get("example")).collect()
}

#[tokio::test]
async fn every_example_fits_its_schema() {
    let document = TestApp::new().anon().get("/api/openapi.json").await.json();
    for (method, path, operation) in operations(&document) {
        let place = format!("{method} {path}");
        let body = &operation["requestBody"]["content"]["application/json"];
        for example in examples(body) {
            fits(&place, &body["schema"], example);
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            for example in examples(parameter) {
                fits(&place, &parameter["schema"], example);
            }
        }
        for content in contents(operation).values() {
            for example in examples(content) {
                fits(&place, &content["schema"], example);
            }
        }
    }
    let problem = &document["components"]["schemas"]["Problem"];
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        for example in examples(&response["content"]["application/problem+json"]) {
            fits(name, problem, example);
        }
    }
}

/// Where the instants of a value are, as JSON pointers.
fn instants(value: &Value, place: &str) -> Vec<String> {
    match value {
        Value::String(text) if text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok() => {
            vec![place.to_owned()]
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.flat_map(|(at, it)| instants(it, &format!("{place}/{at}"))).collect()
        }
        Value::Object(members) => {
            members.iter().flat_map(|(name, it)| instants(it, &format!("{place}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// Places whose schema takes anything: the cells of a concise table, and the results in the file of
/// a run.
fn is_free(path: &str, place: &str) -> bool {
    place.contains("/rows/") || (path.ends_with("/journal") && place.starts_with("/results/"))
}

#[tokio::test]
async fn every_instant_of_an_answer_is_a_date_time() {
    let document = TestApp::new().anon().get("/api/openapi.json").await.json();
    let mut count = 0;
    for (_, path, operation) in operations(&document) {
        for content in contents(operation).values().filter(|it| !it["schema"].is_null()) {
            let schema = validator(&content["schema"]);
            for example in examples(content) {
                for place in instants(example, "").iter().filter(|it| !is_free(path, it)) {
                    let mut wrong = example.clone();
                    *wrong.pointer_mut(place).unwrap() = json!("yesterday");
                    assert!(!schema.is_valid(&wrong), "{path}: {place} may be anything");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 100, "{count}");
}
