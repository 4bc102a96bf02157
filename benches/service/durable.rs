//! Durable steps beside the disk's own syncs: one writer, and many that share a sync.

use std::path::Path;

use serde_json::json;

use crate::{
    Size,
    calls::LONG,
    client::{Client, Wire, Worker, together},
    disk::{Disk, FRAME, How},
    limits::{ONE_WRITER_MAX, SYNCS_PER_STEP_MAX},
    report::{Report, short},
    server::{self, Server},
    timer::{Times, float, median, median_ratio, now},
    unit::OneRun,
};

/// Agents that step at the same time, each its own run.
const WRITERS: [usize; 4] = [1, 8, 64, 256];
/// Pages that SQLite logs for a step: the run, the entry and its place in the index.
const PAGES: usize = 3;
/// Steps of each agent whose syncs are counted.
const COUNTED: usize = 24;
/// Syncs of the bare disk in a round.
const SYNCS: usize = 200;

/// Connections that step a run each over MCP.
fn writers(server: &Server, count: usize) -> anyhow::Result<Vec<Worker>> {
    let worker = |number| {
        let mut client = Client::connect(server, number)?;
        let run = client.start_run(LONG)?;
        let step = client.tool(Wire::Modern, "step_run", &json!({ "run_id": run }));
        Ok(Worker::new(client, vec![step]))
    };
    (0..count).map(worker).collect()
}

/// What one number of writers did, a value per round.
#[derive(Default)]
struct Series {
    rate: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Series {
    fn add(&mut self, times: &Times, rate: f64) {
        self.rate.push(rate);
        self.p50.push(times.micros(0.5));
        self.p99.push(times.micros(0.99));
    }
}

pub(crate) fn measure(size: &Size, report: &mut Report) -> anyhow::Result<()> {
    let data = size.data()?;
    let server = Server::bottrade(data.path())?;
    let mut disks = [How::Append, How::Overwrite].map(|how| Disk::new(data.path(), how));
    let mut groups = WRITERS.map(|count| writers(&server, count));
    let mut raw = [Series::default(), Series::default()];
    let mut stepped = WRITERS.map(|_| Series::default());
    let (mut unit, mut units) = (OneRun::new(data.path())?, Series::default());
    for _ in 0..size.rounds {
        for (disk, series) in disks.iter_mut().zip(&mut raw) {
            let disk = disk.as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            let began = now();
            let times = disk.syncs(PAGES * FRAME, SYNCS)?;
            series.add(&times, float(SYNCS) / began.elapsed().as_secs_f64());
        }
        let (began, steps) = (now(), size.steps / 8);
        let times = Times::new(unit.steps(steps)?);
        units.add(&times, float(steps) / began.elapsed().as_secs_f64());
        for (group, series) in groups.iter_mut().zip(&mut stepped) {
            let group = group.as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            // One writer takes as long as all others together.
            let steps = if group.len() == 1 { size.steps / 8 } else { size.steps };
            let began = now();
            let times = together(group, steps)?;
            let all = steps.div_ceil(group.len()) * group.len();
            series.add(&times, float(all) / began.elapsed().as_secs_f64());
        }
    }
    drop(groups);
    server.stop()?;
    let syncs = WRITERS.map(|count| syncs_per_step(size, count));
    write(report, &raw, &units, &stepped, syncs)
}

/// Counts the syncs of so many writers' steps: the same steps done and not done.
fn syncs_per_step(size: &Size, count: usize) -> anyhow::Result<Option<f64>> {
    if std::process::Command::new("strace").arg("-V").output().is_err() {
        return Ok(None);
    }
    let (idle, _) = counted(size, count, 0)?;
    // Enough for a crowd to find together.
    let (busy, steps) = counted(size, count, (count * COUNTED).max(size.calls / 2))?;
    Ok(Some(float(busy.saturating_sub(idle)) / float(steps)))
}

fn counted(size: &Size, count: usize, steps: usize) -> anyhow::Result<(u64, usize)> {
    let data = size.data()?;
    let counts: &Path = &data.path().join("syncs");
    let server = Server::traced(data.path(), counts)?;
    let mut group = writers(&server, count)?;
    if steps > 0 {
        together(&mut group, steps)?;
    }
    drop(group);
    server.stop()?;
    Ok((server::syncs(counts)?, steps.div_ceil(count) * count))
}

fn write(
    report: &mut Report,
    raw: &[Series; 2],
    units: &Series,
    stepped: &[Series; 4],
    syncs: [anyhow::Result<Option<f64>>; 4],
) -> anyhow::Result<()> {
    let head = [
        "writer",
        "per second",
        "p50 µs",
        "p99 µs",
        "p50 of append",
        "of overwrite",
        "syncs per step",
    ];
    let table = report.table("Durable steps over MCP beside the disk", &head);
    let mut row = |name: String, series: &Series, syncs: String| {
        let figures = [&series.rate, &series.p50, &series.p99].map(|it| short(median(it)));
        let ratios = raw.each_ref().map(|it| format!("{:.2}", median_ratio(&series.p50, &it.p50)));
        table.row([name].into_iter().chain(figures).chain(ratios).chain([syncs]));
    };
    row("append and fdatasync".into(), &raw[0], "1".into());
    row("overwrite and fdatasync".into(), &raw[1], "1".into());
    row("one unit of the store, no server".into(), units, String::new());
    let mut at_64 = None;
    for ((count, series), syncs) in WRITERS.iter().zip(stepped).zip(syncs) {
        let syncs = syncs?;
        if *count == 64 {
            at_64 = syncs;
        }
        let shown = syncs.map_or_else(|| "no strace".into(), |it| format!("{it:.4}"));
        row(format!("{count} agents"), series, shown);
    }
    if let Some(syncs) = at_64 {
        table.target("syncs per step with 64 agents", syncs, SYNCS_PER_STEP_MAX);
    }
    for (raw, how) in raw.iter().zip(["append", "overwrite"]) {
        for (series, what) in
            [(units, "one writer at the store"), (&stepped[0], "one agent over MCP")]
        {
            let what = format!("p50 of {what}, to one {how} and fdatasync");
            table.target(&what, median_ratio(&series.p50, &raw.p50), ONE_WRITER_MAX);
        }
    }
    table.note(format!(
        "the bare disk writes {} bytes a time, as SQLite logs for a step; the append grows its \
         file, so that its sync writes metadata too, the overwrite does not",
        PAGES * FRAME
    ));
    Ok(())
}
