//! A run of 12,895 bars, an order with every step: its end beside its start.

use serde_json::json;

use crate::{
    Size,
    calls::LONG,
    client::{Client, Wire, Worker},
    limits::FLAT_MAX,
    report::{Report, short},
    server::Server,
    timer::{Times, float},
};

/// Steps of the run.
pub(crate) const STEPS: usize = 12_895;
/// Steps that are held against each other: as many at the end as at the start.
const PART: usize = 1_000;
/// Steps before the first that count.
const WARM: usize = 200;

/// Connects and prepares an endless run of small orders.
pub(crate) fn trader(server: &Server) -> anyhow::Result<(String, Worker)> {
    let mut client = Client::connect(server, 0)?;
    let run = client.start_run(LONG)?;
    let turn = |side: &str| {
        let order = json!({ "symbol": "BTC/USD", "side": side, "quantity": 0.01 });
        let turn = json!({ "run_id": run, "trades": [order] });
        client.tool(Wire::Modern, "submit_turn", &turn)
    };
    let turns = ["buy", "sell"].map(turn).into();
    Ok((run, Worker::new(client, turns)))
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let data = size.data()?;
    let server = Server::bottrade(data.path())?;
    let (_, mut trader) = trader(&server)?;
    trader.work(WARM)?;
    let mut parts = Vec::new();
    let middle = STEPS - WARM - 2 * PART;
    for steps in [PART, middle, PART] {
        let before = server.cpu()?;
        let times = Times::new(trader.work(steps)?);
        let cpu = float(server.cpu()? - before) / 1e3 / float(steps);
        parts.push((cpu, times.micros(0.5), times.micros(0.99)));
    }
    let head = ["turns", "CPU µs", "p50 µs", "p99 µs"];
    let table = report.table("A long run, a turn with one order per bar", &head);
    for (name, part) in ["first 1,000", "between", "last 1,000"].iter().zip(&parts) {
        table.row([(*name).to_owned(), short(part.0), short(part.1), short(part.2)]);
    }
    table.target("CPU of the last 1,000 to the first", parts[2].0 / parts[0].0, FLAT_MAX);
    table.target("p50 of the last 1,000 to the first", parts[2].1 / parts[0].1, FLAT_MAX);
    Ok(())
}
