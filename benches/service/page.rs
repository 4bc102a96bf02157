//! The page of a long run: what it costs the server, and how long it is.

use serde_json::json;

use crate::{
    Size,
    limits::{PAGE_BYTES_MAX, PAGE_MILLIS_MAX},
    long::{STEPS, trader},
    report::{Report, short},
    server::Server,
    timer::{float, median, now},
};

/// Loads of the page in a round.
const LOADS: usize = 5;

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let data = size.data()?;
    let server = Server::bottrade(data.path())?;
    let (run, mut trader) = trader(&server)?;
    trader.work(STEPS)?;
    let client = &mut trader.client;
    let publish = client.rest(&format!("/api/v1/runs/{run}/publish"), Some(&json!({})));
    client.send(&publish)?;
    let page = client.rest(&format!("/run/{run}"), None);
    // The first load plays the reference bots.
    let bytes = float(client.send(&page)?.len());
    let (mut cpu, mut took) = (Vec::new(), Vec::new());
    for _ in 0..size.rounds {
        let (before, began) = (server.cpu()?, now());
        for _ in 0..LOADS {
            client.send(&page)?;
        }
        took.push(began.elapsed().as_secs_f64() * 1e3 / float(LOADS));
        cpu.push(float(server.cpu()? - before) / 1e6 / float(LOADS));
    }
    let table = report.table("The page of a run of 12,895 bars", &["page", "CPU ms", "ms", "KB"]);
    let figures = [short(median(&cpu)), short(median(&took)), short(bytes / 1e3)];
    table.row(["from memory".to_owned()].into_iter().chain(figures));
    table.target("ms of the page", median(&took), PAGE_MILLIS_MAX);
    table.target("bytes of the page", bytes, PAGE_BYTES_MAX);
    Ok(())
}
