//! The shapes of the contract (1.3), member by member: there, of the right type, never null.

use serde_json::{Value, json};

use crate::app::{TestApp, market};

/// Members of a shape: `name: kind`, `name?: kind` where it may be absent.
type Shape = &'static [(&'static str, Kind)];

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A UUID in its one form.
    Id,
    Text,
    /// `2024-04-01T13:00:00Z`.
    Time,
    /// A number; a whole one is written without a fraction.
    Number,
    /// A whole number.
    Whole,
    Flag,
    /// A list, `[]` when it is empty.
    List,
    Object,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text or null.
    TextOrNull,
}

use Kind::{Flag, Id, List, Number, Object, Text, TextOrNull, Time, Whole, Word};

const STATUS: Kind = Word(&["active", "completed", "liquidated", "abandoned"]);
const SIDE: Kind = Word(&["buy", "sell", "short", "cover"]);

/// `created_at` is of the scenarios whose file says it; the embedded ones do.
const SCENARIO: Shape = &[
    ("id", Id),
    ("slug", Text),
    ("name", Text),
    ("description", Text),
    ("bar_resolution", Text),
    ("start_ts", Time),
    ("end_ts", Time),
    ("starting_cash", Number),
    ("leverage_cap", Number),
    ("short_enabled", Flag),
    ("universe", List),
    ("slippage_bps", Object),
    ("benchmark_symbol", TextOrNull),
    ("status", Word(&["ready", "archived"])),
    ("current_version", Whole),
    ("created_at", Time),
];

/// `api_key_id` of the contract is left out everywhere: nobody needs to see it.
const RUN: Shape = &[
    ("id", Id),
    ("bot_name?", Text),
    ("scenario_id", Id),
    ("scenario_version", Whole),
    ("status", STATUS),
    ("sim_time", Time),
    ("cash", Number),
    ("starting_cash", Number),
    ("last_activity_at", Time),
    ("created_at", Time),
    ("completed_at?", Time),
    ("published", Flag),
    ("agent_info?", Object),
    ("attempt", Whole),
    ("bars_left", Whole),
];

const SNAPSHOT: Shape =
    &[("run", Object), ("positions", List), ("queued_orders", List), ("last_equity", Object)];

const POSITION: Shape = &[
    ("run_id", Id),
    ("symbol", Text),
    ("quantity", Number),
    ("avg_cost", Number),
    ("updated_at", Time),
];

const ORDER: Shape = &[
    ("id", Id),
    ("run_id", Id),
    ("symbol", Text),
    ("side", SIDE),
    ("quantity", Number),
    ("reasoning?", Text),
    ("queued_at", Time),
    ("queued_at_sim_time", Time),
    ("order_type", Word(&["market", "limit", "stop", "stop_limit"])),
    ("limit_price?", Number),
    ("stop_price?", Number),
    ("time_in_force", Word(&["gtc", "day", "ioc", "fok"])),
];

const EQUITY: Shape = &[
    ("run_id", Id),
    ("sim_time", Time),
    ("cash", Number),
    ("positions_value", Number),
    ("equity", Number),
];

const BAR: Shape = &[
    ("ts", Time),
    ("open", Number),
    ("high", Number),
    ("low", Number),
    ("close", Number),
    ("volume", Number),
];

const TRADE: Shape = &[
    ("id", Id),
    ("run_id", Id),
    ("order_id?", Id),
    ("symbol", Text),
    ("side", SIDE),
    ("quantity", Number),
    ("fill_price", Number),
    ("slippage_bps", Whole),
    ("sim_time_filled", Time),
    ("total_value", Number),
    ("realized_pnl", Number),
    ("reasoning?", Text),
    ("slippage_cost", Number),
    ("commission", Number),
];

const STEP: Shape = &[
    ("bars_advanced", Whole),
    ("new_sim_time", Time),
    ("fills", List),
    ("rejections", List),
    ("liquidated", Flag),
    ("liquidation_at_ts?", Time),
    ("liquidation_due", Flag),
    ("equity", Number),
    ("cash", Number),
    ("positions_value", Number),
    ("done", Flag),
];

const RESULTS: Shape = &[
    ("run_id", Id),
    ("final_equity", Number),
    ("return_pct", Number),
    ("sharpe?", Number),
    ("sortino?", Number),
    ("max_drawdown", Number),
    ("volatility?", Number),
    ("trade_count", Whole),
    ("liquidated", Flag),
    ("computed_at", Time),
    ("null_reasons", Object),
    ("benchmark", Object),
    ("clock", Object),
    ("costs", Object),
];

const PUBLIC: Shape = &[
    ("run", Object),
    ("positions", List),
    ("queued_orders", List),
    ("last_equity", Object),
    ("results", Object),
    ("trades", List),
    ("equity_curve", List),
    ("standing", Object),
];

const ENTRY: Shape = &[
    ("rank", Whole),
    ("run_id", Id),
    ("bot_name", Text),
    ("return_pct", Number),
    ("sharpe?", Number),
    ("sortino?", Number),
    ("max_drawdown?", Number),
    ("final_equity", Number),
    ("trade_count", Whole),
    ("liquidated", Flag),
    ("published_at", Time),
    ("scenario_version", Whole),
];

const BOARD: Shape =
    &[("id", Id), ("slug", Text), ("name", Text), ("run_count", Whole), ("published_count", Whole)];

impl Kind {
    fn fits(self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Id => text
                .is_some_and(|it| uuid::Uuid::try_parse(it).is_ok_and(|id| id.to_string() == it)),
            Text => text.is_some(),
            Time => text.is_some_and(|it| {
                it.len() == 20 && it.ends_with('Z') && it.parse::<jiff::Timestamp>().is_ok()
            }),
            Number => value.is_number() && !value.to_string().ends_with(".0"),
            Whole => value.is_i64() || value.is_u64(),
            Flag => value.is_boolean(),
            List => value.is_array(),
            Object => value.is_object(),
            Word(words) => text.is_some_and(|it| words.contains(&it)),
            TextOrNull => value.is_null() || text.is_some(),
        }
    }
}

/// Asserts that a value has the shape; where it may be absent it is not null either.
#[track_caller]
fn check(shape: Shape, value: &Value) {
    for &(name, kind) in shape {
        match (name.strip_suffix('?'), value.get(name.trim_end_matches('?'))) {
            (Some(_), None) => {}
            (_, Some(member)) => assert!(kind.fits(member), "{name} is no {kind:?}: {member}"),
            (None, None) => panic!("{name} is missing: {value}"),
        }
    }
}

#[track_caller]
fn check_all(shape: Shape, list: &Value) {
    let members = list.as_array().unwrap();
    assert!(!members.is_empty(), "nothing to check");
    for member in members {
        check(shape, member);
    }
}

/// No whole number has a fraction, anywhere.
#[track_caller]
fn plain(text: &str) {
    let body: Value = serde_json::from_str(text).unwrap();
    assert_eq!(fraction_of_nothing(&body), None);
}

/// The first number that ends in `.0`.
fn fraction_of_nothing(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(fraction_of_nothing),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, value)| Some(format!("{name}.{}", fraction_of_nothing(value)?))),
        other => other.is_number().then(|| other.to_string()).filter(|it| it.ends_with(".0")),
    }
}

#[tokio::test]
async fn scenarios_have_their_shape() {
    let embedded = bottrade::scenarios::Catalog::embedded().unwrap();
    let app = TestApp::with(embedded, bottrade::store::Store::in_memory().unwrap());
    let reply = app.anon().get("/api/v1/scenarios").await;
    plain(&reply.text);
    check_all(SCENARIO, &reply.json()["scenarios"]);
    let one = app.anon().get("/api/v1/scenarios/sandbox-nov-2024").await.expect(200);
    check(SCENARIO, &one["scenario"]);
    for (symbol, bps) in one["scenario"]["slippage_bps"].as_object().unwrap() {
        assert!(Whole.fits(bps), "{symbol}");
    }
}

#[tokio::test]
async fn an_active_run_has_its_shapes() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let body = json!({ "scenario_slug": "margin", "bot_name": "b", "agent_info": { "name": "a" } });
    let started = ada.post("/api/v1/runs", body).await.expect(201);
    check(RUN, &started["run"]);
    assert!(started["run"].get("completed_at").is_none());
    let run = started["run"]["id"].as_str().unwrap();
    let mut limit = market("buy", "CALM", 1.5);
    limit["order_type"] = json!("stop_limit");
    limit["stop_price"] = json!(900);
    limit["limit_price"] = json!(900.25);
    limit["reasoning"] = json!("r");
    check(ORDER, &ada.order(run, limit).await.expect(201)["order"]);
    ada.order(run, market("short", "CRASH", 2)).await.expect(201);
    let step = ada.step(run, 1).await;
    plain(&step.text);
    check(STEP, &step.json());
    check_all(TRADE, &step.json()["fills"]);
    let snapshot = ada.on(run, "").await;
    check(SNAPSHOT, &snapshot);
    check(RUN, &snapshot["run"]);
    check_all(POSITION, &snapshot["positions"]);
    check_all(ORDER, &snapshot["queued_orders"]);
    check(EQUITY, &snapshot["last_equity"]);
    let bars = ada.on(run, "/market").await;
    assert!(Time.fits(&bars["sim_time"]));
    bars["bars"].as_object().unwrap().values().for_each(|rows| check_all(BAR, rows));
    check_all(TRADE, &ada.on(run, "/trades").await["trades"]);
    for rest in ["", "/market", "/trades", "/equity"] {
        plain(&ada.get(&format!("/api/v1/runs/{run}{rest}")).await.text);
    }
}

#[tokio::test]
async fn a_finished_run_has_its_shapes() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for slug in ["tiny", "brief", "margin"] {
        let run = ada.start(slug).await;
        let symbol = if slug == "margin" { "CRASH" } else { "AAA" };
        let quantity = if slug == "margin" { 390 } else { 10 };
        ada.order(&run, market("buy", symbol, quantity)).await.expect(201);
        check(STEP, &ada.step(&run, 1_000).await.expect(200));
        check(RUN, &ada.on(&run, "").await["run"]);
        let results = ada.get(&format!("/api/v1/runs/{run}/results")).await;
        plain(&results.text);
        check(RESULTS, &results.json()["results"]);
        let published =
            ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
        check(RESULTS, &published["results"]);
        let public = app.anon().get(&format!("/api/v1/runs/{run}/public")).await;
        plain(&public.text);
        let public = public.json();
        check(PUBLIC, &public);
        check_all(TRADE, &public["trades"]);
        check_all(&[("sim_time", Time), ("equity", Number)], &public["equity_curve"]);
        let board =
            app.anon().get(&format!("/api/v1/leaderboard?scenario={slug}")).await.expect(200);
        check_all(ENTRY, &board["entries"]);
    }
    let boards = app.anon().get("/api/v1/leaderboard/scenarios").await.expect(200);
    check_all(BOARD, &boards["scenarios"]);
}

#[tokio::test]
async fn empty_lists_are_lists() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let empty = |value: &Value| assert_eq!(value, &json!([]));
    let snapshot = ada.on(&run, "").await;
    empty(&snapshot["positions"]);
    empty(&snapshot["queued_orders"]);
    empty(&ada.on(&run, "/trades").await["trades"]);
    empty(&ada.on(&run, "/market?symbols=NOPE").await["bars"]["NOPE"]);
    let step = ada.step(&run, 100).await.expect(200);
    empty(&step["fills"]);
    empty(&step["rejections"]);
    ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    let public = app.anon().get(&format!("/api/v1/runs/{run}/public")).await.expect(200);
    for member in ["positions", "queued_orders", "trades"] {
        empty(&public[member]);
    }
    let board = app.anon().get("/api/v1/leaderboard?scenario=gaps").await.expect(200);
    empty(&board["entries"]);
}

#[tokio::test]
async fn health_and_cors_are_open() {
    let app = TestApp::new();
    assert_eq!(app.anon().get("/api/health").await.expect(200), json!({ "ok": true }));
    for path in ["/api/v1/runs", "/api/v1/scenarios", "/api/v1/runs/x/step"] {
        let request = http::Request::options(path)
            .header("origin", "https://example.org")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "x-api-key, content-type, authorization");
        let reply = app.anon().send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert!(reply.status < 300, "{path}: {}", reply.status);
        assert_eq!(reply.headers["access-control-allow-origin"], "*");
        let request = http::Request::get(path).header("origin", "https://example.org");
        let reply = app.anon().send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(reply.headers["access-control-allow-origin"], "*", "errors too: {path}");
    }
}

#[test]
fn the_checker_finds_what_is_wrong() {
    let good = json!({ "ts": "2024-04-01T13:00:00Z", "open": 1, "high": 1.5, "low": 1, "close": 1,
        "volume": 0 });
    check(BAR, &good);
    for (member, wrong) in [
        ("ts", json!("2024-04-01T13:00:00.5Z")),
        ("ts", json!("yesterday")),
        ("open", json!(1.0)),
        ("high", json!("1.5")),
        ("low", Value::Null),
    ] {
        let mut bad = good.clone();
        bad[member] = wrong;
        assert!(std::panic::catch_unwind(|| check(BAR, &bad)).is_err(), "{bad}");
    }
    assert!(!Id.fits(&json!("6F1C9A52-3D0E-5B7A-9C41-8E27D4B60F35")));
    assert!(Id.fits(&json!("6f1c9a52-3d0e-5b7a-9c41-8e27d4b60f35")));
    assert!(!List.fits(&Value::Null) && !Whole.fits(&json!(1.5)));
}
