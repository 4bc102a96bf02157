//! All runs active at once: memory per run, and steps no slower than with ten.

use serde_json::json;

use crate::{
    Size,
    calls::LONG,
    client::{Client, Worker, together},
    limits::{FLAT_MAX, RESIDENT_BYTES_MAX},
    report::{Report, short},
    server::Server,
    timer::{Times, float, median, median_ratio},
};

/// Runs of the server that has few.
const FEW: usize = 10;
/// Connections.
const CLIENTS: usize = 10;
/// Bars that every run is advanced before its steps are timed.
const BARS: usize = 100;

/// A server with so many active runs, stepped in turn.
struct Crowd {
    server: Server,
    workers: Vec<Worker>,
    ids: Vec<String>,
    runs: usize,
    cpu: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    _data: tempfile::TempDir,
}

impl Crowd {
    /// Starts the runs and advances each by [`BARS`] in one call.
    fn new(size: &Size, runs: usize) -> anyhow::Result<Self> {
        let data = size.data()?;
        let server = Server::bottrade(data.path())?;
        // Starting a run is durable too: many clients share the syncs.
        let mut starters = (0..64.min(runs))
            .map(|number| {
                let client = Client::connect(&server, number)?;
                let body = json!({ "scenario_slug": LONG });
                let start = client.rest("/api/v1/runs", Some(&body));
                Ok(Worker::new(client, vec![start]))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        together(&mut starters, runs)?;
        drop(starters);
        let mut crowd = Self {
            workers: Vec::new(),
            ids: Vec::new(),
            runs,
            cpu: Vec::new(),
            p50: Vec::new(),
            p99: Vec::new(),
            server,
            _data: data,
        };
        let ids = crowd.list()?;
        crowd.workers = crowd.steppers(&ids, BARS)?;
        together(&mut crowd.workers, ids.len())?;
        crowd.ids = ids;
        Ok(crowd)
    }

    /// Connects those who step. Last, for a connection without a request is soon closed.
    fn connect(&mut self) -> anyhow::Result<()> {
        self.workers = self.steppers(&self.ids, 1)?;
        Ok(())
    }

    /// The runs, as the service lists them.
    fn list(&self) -> anyhow::Result<Vec<String>> {
        let mut client = Client::connect(&self.server, 0)?;
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = client.rest(&format!("/api/v1/runs?limit=100{cursor}"), None);
            let page = client.json(&page)?;
            let runs = page["runs"].as_array().into_iter().flatten();
            ids.extend(runs.filter_map(|run| Some(run["id"].as_str()?.to_owned())));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(ids),
            }
        }
    }

    /// Connections that step every run, each its share.
    fn steppers(&self, ids: &[String], bars: usize) -> anyhow::Result<Vec<Worker>> {
        let shares = ids.chunks(ids.len().div_ceil(CLIENTS));
        let steppers = shares.enumerate().map(|(number, ids)| {
            let client = Client::connect(&self.server, number)?;
            let body = json!({ "count": bars });
            let step = |id| client.rest(&format!("/api/v1/runs/{id}/step"), Some(&body));
            let steps = ids.iter().map(step).collect();
            Ok(Worker::new(client, steps))
        });
        steppers.collect()
    }

    fn round(&mut self, steps: usize) -> anyhow::Result<()> {
        let before = self.server.cpu()?;
        let times: Times = together(&mut self.workers, steps)?;
        self.cpu.push(float(self.server.cpu()? - before) / 1e3 / float(steps));
        self.p50.push(times.micros(0.5));
        self.p99.push(times.micros(0.99));
        Ok(())
    }
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let (mut few, mut many) = (Crowd::new(size, FEW)?, Crowd::new(size, size.runs)?);
    few.connect()?;
    many.connect()?;
    for _ in 0..size.rounds {
        few.round(size.steps)?;
        many.round(size.steps)?;
    }
    let head =
        ["active runs", "resident MB", "bytes a run", "step CPU µs", "step p50 µs", "step p99 µs"];
    let table = report.table("Many active runs", &head);
    let base = float(few.server.memory("VmRSS")?);
    for crowd in [&few, &many] {
        let resident = float(crowd.server.memory("VmRSS")?);
        let others = float(crowd.runs - FEW);
        let each = if others > 0.0 { short((resident - base) / others) } else { String::new() };
        let times = [&crowd.cpu, &crowd.p50, &crowd.p99].map(|it| short(median(it)));
        let row = [crowd.runs.to_string(), short(resident / 1e6), each];
        table.row(row.into_iter().chain(times));
    }
    let resident = float(many.server.memory("VmHWM")?);
    table.target("most resident bytes", resident, RESIDENT_BYTES_MAX);
    for (what, of, to) in
        [("CPU", &many.cpu, &few.cpu), ("p50", &many.p50, &few.p50), ("p99", &many.p99, &few.p99)]
    {
        table.target(
            &format!("{what} of a step to that with {FEW} runs"),
            median_ratio(of, to),
            FLAT_MAX,
        );
    }
    table.note(format!(
        "runs of {LONG} (12,895 bars, 5 symbols), {BARS} bars and more into it; \
         {CLIENTS} connections"
    ));
    Ok(())
}
