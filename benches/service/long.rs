//! A run of 12,895 bars, an order with every step: its end beside its start.

use serde_json::json;

use crate::{
    Size,
    calls::LONG,
    client::{Client, Wire, Worker},
    limits::FLAT_MAX,
    report::{Report, short},
    server::Server,
    timer::{Times, float, median, median_ratio},
};

/// Steps of the run.
pub(crate) const STEPS: usize = 12_895;
/// Steps that are held against each other: as many at the end as at the start.
const PART: usize = 1_000;
/// Steps before the first that count.
const WARM: usize = 50;
/// Turns that the two runs take.
const ROUNDS: usize = 20;

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
    let ((_, mut young), (_, mut old)) = (trader(&server)?, trader(&server)?);
    young.work(WARM)?;
    old.work(STEPS - PART)?;
    // Both take turns from here on, so that nothing else differs.
    let mut series = [(&mut young, [vec![], vec![]]), (&mut old, [vec![], vec![]])];
    for _ in 0..ROUNDS {
        for (trader, [cpu, p50]) in &mut series {
            let before = server.cpu()?;
            let times = Times::new(trader.work(PART / ROUNDS)?);
            cpu.push(float(server.cpu()? - before) / 1e3 / float(PART / ROUNDS));
            p50.push(times.micros(0.5));
        }
    }
    let head = ["turns", "CPU µs", "p50 µs"];
    let table = report.table("A long run, a turn with one order per bar", &head);
    let [(_, young), (_, old)] = &series;
    for (name, series) in [("first 1,000 of 12,895", young), ("last 1,000", old)] {
        let figures = series.each_ref().map(|it| short(median(it)));
        table.row([name.to_owned()].into_iter().chain(figures));
    }
    for (what, young, old) in [("CPU", &young[0], &old[0]), ("p50", &young[1], &old[1])] {
        let what = format!("{what} of the last 1,000 to the first");
        table.target(&what, median_ratio(old, young), FLAT_MAX);
    }
    table.note("one run at its start and one at its end, in turns of 50 steps each");
    Ok(())
}
