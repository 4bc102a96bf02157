//! CPU per call: the service's tools beside a bare tool of rmcp and a bare route of axum.

use serde_json::{Value, json};

use crate::{
    Size,
    client::{Client, Wire, Worker, together},
    limits::{GET_RUN_CPU_MAX, SCAN_MICROS_MAX},
    report::{Report, short},
    server::Server,
    timer::{float, median, median_ratio},
};

/// Connections that call at the same time.
const CLIENTS: usize = 16;
/// The longest scenario: its runs do not end while they are measured.
pub(crate) const LONG: &str = "crypto-30m-winter-2018";

/// The broadest scenario, and its symbols.
const WIDE: &str = "eq-flash-crash-2010";
const WIDE_SYMBOLS: usize = 60;

/// A kind of call and what it cost.
struct Kind<'a> {
    name: String,
    server: &'a Server,
    workers: Vec<Worker>,
    /// Microseconds of the server's CPU per call, a value per round.
    cpu: Vec<f64>,
}

impl<'a> Kind<'a> {
    /// `requests` makes what the client of a number sends.
    fn new(
        name: impl Into<String>,
        server: &'a Server,
        requests: impl Fn(&Client, usize) -> Vec<Vec<u8>>,
    ) -> anyhow::Result<Self> {
        let worker = |number| {
            let client = Client::connect(server, number)?;
            let requests = requests(&client, number);
            Ok(Worker::new(client, requests))
        };
        let workers = (0..CLIENTS).map(worker).collect::<anyhow::Result<_>>()?;
        Ok(Self { name: name.into(), server, workers, cpu: Vec::new() })
    }

    fn round(&mut self, calls: usize) -> anyhow::Result<()> {
        let before = self.server.cpu()?;
        together(&mut self.workers, calls)?;
        let nanos = self.server.cpu()? - before;
        self.cpu.push(float(nanos) / 1e3 / float(calls.div_ceil(CLIENTS) * CLIENTS));
        Ok(())
    }
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let data = size.data()?;
    let server = Server::bottrade(data.path())?;
    let mut first = Client::connect(&server, 0)?;
    let runs =
        (0..CLIENTS).map(|_| first.start_run(LONG)).collect::<anyhow::Result<Vec<String>>>()?;
    let request = first.tool(Wire::Modern, "get_run", &json!({ "run_id": runs[0] }));
    let answer = first.json(&request)?["result"]["structuredContent"].to_string();
    let bare = Server::bare(&answer)?;
    let mut kinds = kinds(&server, &bare, &runs)?;
    kinds.push(results(&server, &mut first)?);
    kinds.push(scan(&server, &mut first)?);
    for round in 0..=size.rounds {
        for kind in &mut kinds {
            kind.round(size.calls)?;
            if round == 0 {
                // The first round warms up.
                kind.cpu.clear();
            }
        }
    }
    write(report, &kinds, answer.len());
    Ok(())
}

fn kinds<'a>(
    server: &'a Server,
    bare: &'a Server,
    runs: &[String],
) -> anyhow::Result<Vec<Kind<'a>>> {
    let mut kinds = Vec::new();
    let none = json!({});
    kinds.push(Kind::new("bare axum route, same answer", bare, |client, _| {
        vec![client.rest("/bare", Some(&none))]
    })?);
    for (wire, revision) in [(Wire::Modern, "2026-07-28"), (Wire::Legacy, "2025-06-18")] {
        for tool in ["small", "same"] {
            let name = format!("bare rmcp tool, {tool} answer, {revision}");
            let run = |at: usize| json!({ "run_id": runs[at] });
            let request = |client: &Client, at| vec![client.tool(wire, tool, &run(at))];
            kinds.push(Kind::new(name, bare, request)?);
        }
        kinds.push(Kind::new(format!("MCP get_run, {revision}"), server, |client, at| {
            vec![client.tool(wire, "get_run", &json!({ "run_id": runs[at] }))]
        })?);
    }
    kinds.push(Kind::new("REST GET a run", server, |client, at| {
        vec![client.rest(&format!("/api/v1/runs/{}", runs[at]), None)]
    })?);
    let tool =
        |client: &Client, name: &str, arguments: Value| client.tool(Wire::Modern, name, &arguments);
    kinds.push(Kind::new("MCP step_run (durable)", server, |client, at| {
        vec![tool(client, "step_run", json!({ "run_id": runs[at] }))]
    })?);
    kinds.push(Kind::new("MCP submit_turn (durable, one order)", server, |client, at| {
        let order = |side: &str| json!({ "symbol": "BTC/USD", "side": side, "quantity": 0.01 });
        let turn = |side| json!({ "run_id": runs[at], "trades": [order(side)] });
        ["buy", "sell"].map(|side| tool(client, "submit_turn", turn(side))).into()
    })?);
    Ok(kinds)
}

/// The scenario whose results are asked for: of the size that a language model plays.
const PLAYED: &str = "ai-bull-q2-2024";

/// Reads what a traded run was worth, which is computed anew at every call.
fn results<'a>(server: &'a Server, first: &mut Client) -> anyhow::Result<Kind<'a>> {
    let (mut runs, mut bars) = (Vec::new(), Value::Null);
    for _ in 0..CLIENTS {
        let run = first.start_run(PLAYED)?;
        let order = json!({ "symbol": "AAPL", "side": "buy", "quantity": 10 });
        let trades = first.rest(&format!("/api/v1/runs/{run}/trades"), Some(&order));
        first.json(&trades)?;
        let end = json!({ "count": 1_000 });
        let end = first.json(&first.rest(&format!("/api/v1/runs/{run}/step"), Some(&end)))?;
        anyhow::ensure!(end["done"] == true, "the run has not ended: {end}");
        bars = end["bars_advanced"].clone();
        runs.push(json!({ "run_id": run }));
    }
    let asked = first.tool(Wire::Modern, "get_results", &runs[0]);
    let count = &first.json(&asked)?["result"]["structuredContent"]["results"]["trade_count"];
    anyhow::ensure!(count == 1, "{count} trades in the results");
    Kind::new(format!("MCP get_results ({bars} bars, one trade)"), server, |client, at| {
        vec![client.tool(Wire::Modern, "get_results", &runs[at])]
    })
}

/// Looks at the broadest universe, some bars after the start.
fn scan<'a>(server: &'a Server, first: &mut Client) -> anyhow::Result<Kind<'a>> {
    let mut runs = Vec::new();
    for _ in 0..CLIENTS {
        let run = first.start_run(WIDE)?;
        let step = json!({ "count": 20 });
        first.json(&first.rest(&format!("/api/v1/runs/{run}/step"), Some(&step)))?;
        runs.push(json!({ "run_id": run }));
    }
    let look = first.tool(Wire::Modern, "scan_market", &runs[0]);
    let seen = &first.json(&look)?["result"]["structuredContent"]["symbols"]["rows"];
    let symbols = seen.as_array().map(Vec::len);
    anyhow::ensure!(symbols == Some(WIDE_SYMBOLS), "{symbols:?} symbols in a scan of {WIDE}");
    let name = format!("MCP scan_market ({WIDE_SYMBOLS} symbols)");
    Kind::new(name, server, |client, at| vec![client.tool(Wire::Modern, "scan_market", &runs[at])])
}

fn write(report: &mut Report, kinds: &[Kind<'_>], bytes: usize) {
    let head = ["call", "CPU µs", "of bare axum", "of bare rmcp, small", "of bare rmcp, same"];
    let table = report.table("CPU of the server per call", &head);
    for kind in kinds {
        let of = |at: usize| format!("{:.2}", median_ratio(&kind.cpu, &kinds[at].cpu));
        // A call of the older revision is held against a bare one of it.
        let older = if kind.name.ends_with("2025-06-18") { 3 } else { 0 };
        let row = [of(0), of(1 + older), of(2 + older)];
        table.row([kind.name.clone(), short(median(&kind.cpu))].into_iter().chain(row));
    }
    for (get_run, what) in [(3, "2026-07-28"), (6, "2025-06-18")] {
        for (bare, answer) in [(get_run - 2, "small"), (get_run - 1, "same")] {
            let ratio = median_ratio(&kinds[get_run].cpu, &kinds[bare].cpu);
            let what = format!("`get_run` over MCP {what} to a bare tool with the {answer} answer");
            table.target(&what, ratio, GET_RUN_CPU_MAX);
        }
    }
    if let Some(scan) = kinds.last() {
        table.target("CPU µs of a scan of 60 symbols", median(&scan.cpu), SCAN_MICROS_MAX);
    }
    table.note(format!(
        "{CLIENTS} connections kept alive; the answer of `get_run` has {bytes} bytes, which MCP \
         sends twice (text and structured); the small one is two words"
    ));
}
