//! From nothing to the first answer.

use std::path::Path;

use serde_json::json;

use crate::{
    Size,
    client::{Client, Wire},
    report::{Report, short},
    server::Server,
    timer::{median, now},
};

/// Milliseconds from the start of the process to its first answer, and to the start of a run.
fn start(data: &Path) -> anyhow::Result<(f64, f64)> {
    let began = now();
    let server = Server::bottrade(data)?;
    let mut client = Client::connect(&server, 0)?;
    client.send(&client.tool(Wire::Modern, "auth_status", &json!({})))?;
    let first = began.elapsed().as_secs_f64() * 1e3;
    client.start_run("sandbox-nov-2024")?;
    let run = began.elapsed().as_secs_f64() * 1e3;
    server.stop()?;
    Ok((first, run))
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let head = ["data folder", "first answer ms", "first run started ms"];
    let table = report.table("Cold start", &head);
    let used = size.data()?;
    start(used.path())?;
    let mut rows = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for _ in 0..size.starts {
        let fresh = size.data()?;
        for (row, data) in rows.iter_mut().zip([fresh.path(), used.path()]) {
            let (first, run) = start(data)?;
            row.0.push(first);
            row.1.push(run);
        }
    }
    for (name, (first, run)) in ["new", "with runs in it"].iter().zip(&rows) {
        table.row([(*name).to_owned(), short(median(first)), short(median(run))]);
    }
    table.note("the binary is in the page cache; an answer is a tool called with a key");
    Ok(())
}
