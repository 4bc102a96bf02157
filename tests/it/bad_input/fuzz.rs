//! Random JSON at every route and every tool: never a server error, never a panic.

use bottrade::ops::{Method, OPS};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Map, Value, json};

use crate::{
    app::{Client, Reply, TestApp, is_problem, market},
    parity::by_rest,
};

/// Any JSON, half of it numbers and words that mean something here.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|it| json!(it)),
        prop_oneof![Just(0), Just(1), Just(2), Just(-1)].prop_map(|it| json!(it)),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "buy",
            "sell",
            "short",
            "cover",
            "CALM",
            "CRASH",
            "limit",
            "stop",
            "stop_limit",
            "market",
            "gtc",
            "day",
            "ioc",
            "fok",
            "margin",
            "tiny",
            "\0",
            "$run",
            "$order",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A member's name: one that some operation knows, or any other.
fn name() -> impl Strategy<Value = String> {
    let known: Vec<String> = OPS
        .iter()
        .flat_map(|op| {
            let schema = (op.input)().to_value();
            schema["properties"].as_object().cloned().unwrap_or_default()
        })
        .map(|(name, _)| name)
        .chain(["symbol", "side", "quantity", "name", "config"].map(str::to_owned))
        .collect();
    prop_oneof![8 => prop::sample::select(known), 1 => "\\PC{0,8}"]
}

/// Arguments of an operation: each of its own members perhaps, and perhaps others.
fn arguments(op: usize) -> impl Strategy<Value = (usize, Value)> {
    let schema = (OPS[op].input)().to_value();
    let own: Vec<String> =
        schema["properties"].as_object().into_iter().flatten().map(|it| it.0.clone()).collect();
    let members = own.into_iter().map(|name| {
        let value = match name.as_str() {
            "run_id" => prop_oneof![6 => Just(json!("$run")), 1 => value()].boxed(),
            "symbol" => prop_oneof![4 => Just(json!("CALM")), 1 => value()].boxed(),
            "side" => prop_oneof![4 => Just(json!("buy")), 1 => value()].boxed(),
            "quantity" => {
                prop_oneof![3 => (0.0..3.0).prop_map(|it| json!(it)), 1 => value()].boxed()
            }
            "trades" => prop::collection::vec(order(), 0..4).prop_map(Value::from).boxed(),
            _ => value().boxed(),
        };
        prop::option::weighted(0.6, (Just(name), value)).boxed()
    });
    let extra = prop::option::weighted(0.1, (name(), value())).boxed();
    let members: Vec<BoxedStrategy<Option<(String, Value)>>> = members.chain([extra]).collect();
    members.prop_map(move |members| {
        (op, Value::Object(members.into_iter().flatten().collect::<Map<_, _>>()))
    })
}

/// Something like an order.
fn order() -> impl Strategy<Value = Value> {
    let good = (0.01..5.0_f64).prop_map(|quantity| market("buy", "CALM", quantity));
    prop_oneof![2 => good, 1 => prop::collection::vec((name(), value()), 0..6)
        .prop_map(|members| Value::Object(members.into_iter().collect()))]
}

fn check(reply: &Reply) {
    // This server sells no plans, and says so.
    assert!(reply.status < 500 || reply.status == 501, "{}: {}", reply.status, reply.text);
    if reply.status >= 400 {
        reply.any_problem();
    }
}

/// One case: the arguments at both doors, and as the raw body of the route.
async fn throw(client: &Client, run: &str, op: usize, arguments: &Value) {
    let op = &OPS[op];
    let text = arguments.to_string().replace("$run", run);
    let arguments: Value = serde_json::from_str(&text).unwrap();
    if addressable(&arguments) {
        check(&by_rest(client, op, &arguments).await);
    }
    if op.route.method == Method::Post {
        let path = op.route.path.replace("{run_id}", run);
        check(&client.rest("POST", &path, Some(text)).await);
    }
    if op.tool {
        let result = client.tool(op.name, arguments).await;
        if result.is_error {
            is_problem(&result.value);
            assert!(result.value["status"].as_u64().unwrap() < 500, "{result:?}");
        }
    }
}

/// Whether the members could stand in an address at all: an HTTP client could send it.
fn addressable(arguments: &Value) -> bool {
    let plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    arguments.as_object().unwrap().iter().all(|(name, value)| {
        plain(name) && value.as_str().is_none_or(plain) && !value.is_array() && !value.is_object()
    })
}

#[test]
fn random_json_is_answered_never_a_server_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let app = runtime.block_on(async { TestApp::new() });
    let client = runtime.block_on(app.account("ada"));
    let cases = (0..OPS.len()).prop_flat_map(arguments);
    let mut runner =
        TestRunner::new(Config { cases: 512, failure_persistence: None, ..Config::default() });
    runner
        .run(&cases, |(op, arguments)| {
            runtime.block_on(async {
                let run = client.start("margin").await;
                throw(&client, &run, op, &arguments).await;
            });
            Ok(())
        })
        .unwrap();
}

#[test]
fn random_bytes_are_answered_never_a_server_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let app = runtime.block_on(async { TestApp::new() });
    let client = runtime.block_on(app.account("ada"));
    let run = runtime.block_on(client.start("margin"));
    let mut runner =
        TestRunner::new(Config { cases: 256, failure_persistence: None, ..Config::default() });
    let posts: Vec<String> = OPS
        .iter()
        .filter(|op| op.route.method == Method::Post)
        .map(|op| op.route.path.replace("{run_id}", &run))
        .collect();
    let cases = (prop::sample::select(posts), "[\\[\\]{}\":,0-9a-zA-Z.\\-+ \\\\]{0,64}");
    runner
        .run(&cases, |(path, text)| {
            let reply = runtime.block_on(client.rest("POST", &path, Some(text.clone())));
            check(&reply);
            let reply = runtime.block_on(client.mcp_raw(&[], text));
            assert!(reply.status < 500, "{}: {}", reply.status, reply.text);
            Ok(())
        })
        .unwrap();
}
