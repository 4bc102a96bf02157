//! Figures of the service: `cargo bench --bench service`, `-- --quick` for a look in a minute.
//!
//! The release binary runs as a child on a real disk and is driven over loopback; what it is
//! compared with runs beside it, in rounds that take turns. Times of a server are its CPU time as
//! the kernel counts it. The report is a page of Markdown on the standard output.

mod bare;
mod calls;
mod client;
mod disk;
mod durable;
mod limits;
mod long;
mod many;
mod page;
mod paper;
mod replay;
mod report;
mod server;
mod start;
mod timer;
mod unit;

use std::path::PathBuf;

use anyhow::Context as _;
use report::Report;

/// How much is measured.
struct Size {
    /// Rounds that take turns; figures are medians over them.
    rounds: usize,
    /// Calls of a kind in a round.
    calls: usize,
    /// Steps of each number of writers in a round.
    steps: usize,
    /// Runs that are active together.
    runs: usize,
    /// Paper accounts that are open together.
    accounts: usize,
    /// Starts of the server.
    starts: usize,
    /// Where the data folders go.
    folder: PathBuf,
}

impl Size {
    fn new(quick: bool) -> Self {
        let folder = std::env::var_os("BENCH_DIR").map_or_else(
            // A folder of the build: on the disk that the sources are on, never in memory.
            || PathBuf::from(env!("CARGO_TARGET_TMPDIR")),
            PathBuf::from,
        );
        let full = Self {
            rounds: 24,
            calls: 4_000,
            steps: 2_000,
            runs: 10_000,
            accounts: 10_000,
            starts: 12,
            folder,
        };
        if !quick {
            return full;
        }
        let (runs, accounts) = (2_000, 1_000);
        Self { rounds: 12, calls: 640, steps: 320, runs, accounts, starts: 5, ..full }
    }

    /// A data folder that is gone when it is dropped.
    fn data(&self) -> anyhow::Result<tempfile::TempDir> {
        tempfile::Builder::new()
            .prefix("service-")
            .tempdir_in(&self.folder)
            .with_context(|| format!("cannot make a folder in {}", self.folder.display()))
    }
}

fn main() -> anyhow::Result<()> {
    let asked: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if let [word, answer] = asked.as_slice()
        && word == bare::WORD
    {
        return bare::serve(answer);
    }
    let quick = asked.iter().any(|it| it == "--quick");
    let parts: Vec<&String> = asked.iter().filter(|it| !it.starts_with("--")).collect();
    let size = Size::new(quick);
    let mut report = Report::new(quick);
    for (name, part) in PARTS {
        if parts.is_empty() || parts.iter().any(|it| it == name) {
            eprintln!("service: {name}");
            part(&size, &mut report).with_context(|| format!("in the part {name}"))?;
        }
    }
    print!("{report}");
    Ok(())
}

type Part = fn(&Size, &mut Report) -> anyhow::Result<()>;

/// The parts in order; `cargo bench --bench service -- NAME` measures only some.
const PARTS: &[(&str, Part)] = &[
    ("calls", calls::measure),
    ("durable", durable::measure),
    ("many", many::measure),
    ("long", long::measure),
    ("replay", replay::measure),
    ("page", page::measure),
    ("paper", paper::measure),
    ("start", start::measure),
];
