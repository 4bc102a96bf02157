//! Two scenarios that are equal up to an instant answer byte for byte the same up to it.

use bottrade::{scenarios::Catalog, store::Store};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::{Client, Reply, TestApp},
    parity::Names,
    world::{DAY, Sketch},
};

/// Bars on the timeline, and the last one that both scenarios share.
const BARS: i32 = 24;
const SHARED: i32 = 14;

/// What results are measured against: each kind could leak.
const BENCHMARKS: [&str; 3] = ["reference", "symbol", "equal weight"];

/// A market that is the same up to [`SHARED`] and another one after it.
fn twin(other: bool, benchmark: &str) -> Sketch {
    let rules = [
        "leverage_cap = 2.0",
        "short_enabled = true",
        "commission_bps = 2",
        "warmup = 3",
        "borrow_bps_annual = 50",
        "participation_pct = 50",
    ];
    let mut edit = rules.to_vec();
    if benchmark == "symbol" {
        edit.push("benchmark_symbol = \"AAA\"");
    }
    let mut sketch = Sketch::new("twin", &[("AAA", 3), ("GAP", 8), ("LATE", 8)], &edit);
    for day in 0..BARS {
        let past = day <= SHARED;
        let (at, swing) = (i64::from(day) * DAY, f64::from((day * 7) % 5));
        let price = if other && !past { 500.0 - swing } else { 100.0 + swing };
        let volume = if other && !past { 5.0 } else { 10_000.0 };
        sketch.bar("AAA", at, [price, price + 3.0, price - 3.0, price + 1.0], volume);
        // After the shared part one twin goes on trading and the other does not.
        if day % 3 != 2 && (past || !other) {
            sketch.bar("GAP", at, [price, price + 1.0, price - 1.0, price - 0.5], volume);
        }
        // The same is true of a listing that lies in the future of both.
        if day > if other { SHARED + 5 } else { SHARED + 1 } {
            sketch.bar("LATE", at, [price, price, price, price], volume);
        }
        if benchmark == "reference" {
            sketch.bar("IDX", at, [price * 10.0; 4], volume);
        }
    }
    if benchmark == "reference" {
        let reference = "symbol = \"IDX\"\nname = \"Index\"";
        let text = format!("{}\n[reference]\n{reference}\n", sketch.card.to_text().unwrap());
        sketch.card = bottrade::scenarios::Card::parse(&text).unwrap();
    }
    sketch
}

struct Twin {
    client: Client,
    run: String,
    names: Names,
    _app: TestApp,
    _folder: TempDir,
}

impl Twin {
    async fn new(other: bool, benchmark: &str) -> Self {
        let folder = TempDir::new().unwrap();
        twin(other, benchmark).write(folder.path());
        let catalog = Catalog::default().with_folder(folder.path()).unwrap();
        let app = TestApp::with(catalog, Store::in_memory().unwrap());
        let client = app.account("ada").await;
        let run = client.start("twin").await;
        Self { client, run, names: Names::default(), _app: app, _folder: folder }
    }

    /// What the caller sees: status, headers that tell a length, body with ids by name.
    fn shown(&mut self, what: &str, reply: &Reply) -> String {
        let length = reply.headers.get("content-length").map(|it| it.to_str().unwrap().to_owned());
        let body = self.names.replace(&reply.text);
        format!("{what}: {} {length:?} {} {body}", reply.status, reply.text.len())
    }

    /// Everything that can be read of the run, at both doors.
    async fn reads(&mut self) -> Vec<String> {
        let run = self.run.clone();
        let rest = [
            "",
            "/market",
            "/market?lookback=1000",
            "/market?lookback=1&symbols=LATE,AAA",
            "/scan",
            "/scan?response_format=concise",
            "/inspect?symbols=AAA,LATE,GAP&lookback=100",
            "/trades",
            "/equity",
            "/results",
            "/public",
        ];
        let mut paths: Vec<String> = rest.map(|it| format!("/api/v1/runs/{run}{it}")).to_vec();
        paths.extend(
            [
                "/api/v1/runs",
                "/api/v1/scenarios",
                "/api/v1/leaderboard?scenario=twin",
                "/api/v1/leaderboard/scenarios",
                "/api/v1/auth/status",
            ]
            .map(str::to_owned),
        );
        let mut shown = Vec::new();
        for path in paths {
            let reply = self.client.get(&path).await;
            shown.push(self.shown(&path.replace(&run, "RUN"), &reply));
        }
        let market = json!({ "run_id": run, "symbols": ["AAA", "GAP", "LATE"], "lookback": 100 });
        for (tool, arguments) in [
            ("get_run", json!({ "run_id": run })),
            ("get_market", market),
            ("scan_market", json!({ "run_id": run })),
            ("get_trades", json!({ "run_id": run })),
            ("get_results", json!({ "run_id": run })),
            ("list_scenarios", json!({})),
            ("auth_status", json!({})),
        ] {
            let result = self.client.tool(tool, arguments).await;
            let (value, text) = (result.value.to_string(), result.text);
            shown.push(format!("{tool} {}", self.names.replace(&(value + &text))));
        }
        shown
    }

    async fn act(&mut self, bar: i32) -> Vec<String> {
        let mut shown = Vec::new();
        for (rest, body) in actions(bar) {
            let reply = self.client.post(&format!("/api/v1/runs/{}/{rest}", self.run), body).await;
            shown.push(self.shown(rest, &reply));
        }
        shown
    }
}

/// What is done at a bar: orders of every type, good ones and bad ones, then one bar.
fn actions(bar: i32) -> Vec<(&'static str, Value)> {
    let order = |symbol: &str, side: &str, members: Value| {
        let mut order = json!({ "symbol": symbol, "side": side, "quantity": 3.5 });
        for (name, value) in members.as_object().unwrap() {
            order[name] = value.clone();
        }
        order
    };
    let rest = match bar % 6 {
        0 => vec![order("AAA", "buy", json!({})), order("GAP", "short", json!({}))],
        1 => vec![
            order("AAA", "buy", json!({ "order_type": "limit", "limit_price": 99.25 })),
            order("AAA", "sell", json!({ "order_type": "stop", "stop_price": 97.5 })),
        ],
        2 => vec![order("LATE", "buy", json!({})), order("GAP", "sell", json!({}))],
        3 => vec![order(
            "AAA",
            "buy",
            json!({ "order_type": "stop_limit", "stop_price": 103,
            "limit_price": 104, "time_in_force": "day" }),
        )],
        4 => vec![order("GAP", "cover", json!({ "quantity": 1 }))],
        _ => vec![order("AAA", "buy", json!({ "quantity": 400_000, "time_in_force": "ioc" }))],
    };
    let mut actions: Vec<_> = rest.into_iter().map(|order| ("trades", order)).collect();
    let turn = json!({ "trades": [order("AAA", "buy", json!({ "quantity": 0.25 }))] });
    actions.push(match bar % 3 {
        0 => ("step", json!({})),
        1 => ("turn", turn),
        _ => ("decision", json!({ "rationale": "because" })),
    });
    actions
}

async fn compare(benchmark: &str) {
    let mut twins = (Twin::new(false, benchmark).await, Twin::new(true, benchmark).await);
    let mut fills = 0;
    for bar in 3..=SHARED {
        let (seen, also_seen) = (twins.0.reads().await, twins.1.reads().await);
        for (one, other) in seen.iter().zip(&also_seen) {
            assert_eq!(one, other, "{benchmark}, bar {bar}");
        }
        let (did, also_did) = (twins.0.act(bar).await, twins.1.act(bar).await);
        if bar < SHARED {
            assert_eq!(did, also_did, "{benchmark}, acting at bar {bar}");
            fills += did.iter().filter(|it| it.contains("fill_price")).count();
        } else {
            // The control: one bar later the twins are strangers.
            assert_ne!(did, also_did);
            assert_ne!(twins.0.reads().await, twins.1.reads().await);
        }
    }
    assert!(fills > 5, "{fills} steps with fills");
}

#[tokio::test]
async fn the_future_changes_no_byte_of_the_past() {
    for benchmark in BENCHMARKS {
        compare(benchmark).await;
    }
}
