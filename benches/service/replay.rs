//! Reading a long journal back: its chain checked, its commands replayed.
//!
//! The service does it when a run is asked for that is not in memory, `bottrade verify` with an
//! exported file, of which it recomputes the rest too.

use anyhow::ensure;
use bottrade::{proof::verify, scenarios::Catalog};
use serde_json::json;

use crate::{
    Size,
    client::{Client, Wire},
    long::{STEPS, trader},
    report::{Report, short},
    server::Server,
    timer::{float, median, now},
};

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let data = size.data()?;
    let server = Server::bottrade(data.path())?;
    let (run, mut trader) = trader(&server)?;
    trader.work(STEPS)?;
    drop(trader);
    server.stop()?;
    let (mut took, mut cpu, mut again) = (Vec::new(), Vec::new(), Vec::new());
    let mut file = Vec::new();
    for _ in 0..size.starts {
        let server = Server::bottrade(data.path())?;
        let mut client = Client::connect(&server, 0)?;
        // Another run first: the scenario is put together once per process.
        client.start_run(crate::calls::LONG)?;
        let request = client.tool(Wire::Modern, "get_run", &json!({ "run_id": run }));
        let (before, began) = (server.cpu()?, now());
        client.send(&request)?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
        cpu.push(float(server.cpu()? - before) / 1e6);
        let began = now();
        client.send(&request)?;
        again.push(began.elapsed().as_secs_f64() * 1e3);
        let export = client.rest(&format!("/api/v1/runs/{run}/journal"), None);
        file = client.send(&export)?.to_vec();
        server.stop()?;
    }
    let proven = proven(&file, size.starts)?;
    let head = ["answer", "ms", "CPU ms", "turns per second"];
    let table = report.table("Replay of a run of 12,895 turns, an order each", &head);
    let took = median(&took);
    let rate = short(float(STEPS) / took * 1e3);
    table.row(["first, from the journal".into(), short(took), short(median(&cpu)), rate]);
    table.row(["second, from memory".into(), short(median(&again)), String::new(), String::new()]);
    let (rate, size) = (short(float(STEPS) / proven * 1e3), float(file.len()) / 1e6);
    let what = format!("`bottrade verify` of its file of {} MB", short(size));
    table.row([what, short(proven), String::new(), rate]);
    Ok(())
}

/// Milliseconds that the proof of a file takes, the scenario being put together.
fn proven(file: &[u8], rounds: usize) -> anyhow::Result<f64> {
    let (catalog, mut took) = (Catalog::embedded()?, Vec::new());
    for _ in 0..=rounds {
        let began = now();
        let proof = verify(file, &catalog);
        took.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(proof.is_ok_and(|it| it.file.events.len() == STEPS), "the file is refused");
    }
    // The first round puts the scenario together.
    Ok(median(&took[1..]))
}
