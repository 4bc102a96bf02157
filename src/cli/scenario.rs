//! `bottrade scenario …`: list, check, import and cut scenarios.

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use jiff::tz::TimeZone;

use super::Scenarios;
use crate::clock::{Clock as _, SystemClock};
use crate::scenarios::{
    Catalog, Day, Entry, Resolution,
    check::{self, Report},
    cut::{self, Edge, Window},
    import::{self, Import},
};

/// What to do with scenarios.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Lists the scenarios that can be played.
    List(Scenarios),
    /// Checks scenario folders and prints their digests.
    Check(CheckArgs),
    /// Makes a scenario folder from CSV or Arrow (Feather) files.
    Import(ImportArgs),
    /// Cuts a window out of a scenario.
    Cut(CutArgs),
}

/// What to check.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Scenario folders; or folders of them.
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
}

/// What to import.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Files with columns symbol, ts|date|timestamp, open, high, low, close and volume. Without a
    /// column symbol, the file's name is the symbol.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The slug of the new scenario.
    #[arg(long, env = "BOTTRADE_SLUG")]
    slug: String,
    /// The folder in which the scenario's folder is made.
    #[arg(long, value_name = "DIR", env = "BOTTRADE_OUT")]
    out: PathBuf,
    /// 1Min, 5Min, 30Min, 1Hour, 4Hour or 1Day; read off the bars when it is not given.
    #[arg(long, env = "BOTTRADE_RESOLUTION")]
    resolution: Option<Resolution>,
    /// The IANA zone of times without an offset, and of the sessions.
    #[arg(long, value_name = "Z", env = "BOTTRADE_TIME_ZONE", default_value = "UTC")]
    time_zone: String,
    /// What prices are counted in.
    #[arg(long, value_name = "C", env = "BOTTRADE_CURRENCY", default_value = "USD")]
    currency: String,
}

/// What to cut.
#[derive(Debug, Args)]
pub(super) struct CutArgs {
    /// The slug or id of the scenario to cut from.
    #[arg(value_name = "S")]
    source: String,
    /// The first session or instant to trade.
    #[arg(long, value_name = "T", env = "BOTTRADE_FROM")]
    from: Edge,
    /// The last session or instant.
    #[arg(long, value_name = "T", env = "BOTTRADE_TO")]
    to: Edge,
    /// The slug of the new scenario.
    #[arg(long, env = "BOTTRADE_SLUG")]
    slug: String,
    /// The folder in which the scenario's folder is made.
    #[arg(long, value_name = "DIR", env = "BOTTRADE_OUT", default_value = ".")]
    out: PathBuf,
    /// Bars of history before the first session.
    #[arg(long, value_name = "N", env = "BOTTRADE_WARMUP_BARS", default_value_t = cut::WARMUP_BARS)]
    warmup_bars: usize,
    #[command(flatten)]
    scenarios: Scenarios,
}

impl Verb {
    /// Does it and prints what came of it.
    ///
    /// # Errors
    /// Everything that is wrong with files or arguments.
    pub(super) fn run(&self, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
        let done = match self {
            Self::List(scenarios) => list(&scenarios.catalog()?, out),
            Self::Check(args) => check_all(args, out),
            Self::Import(args) => import_files(args, out),
            Self::Cut(args) => cut_window(args, out),
        };
        match done {
            // The reader has seen enough, as `| head` does.
            Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
            done => done.map(|()| ExitCode::SUCCESS),
        }
    }
}

fn list(catalog: &Catalog, out: &mut dyn Write) -> anyhow::Result<()> {
    let width = catalog.entries().map(|entry| entry.slug().len()).max().unwrap_or(0).max(4);
    writeln!(
        out,
        "{:width$} {:15} {:5} {:>7} {:>9} {:10} {:10} rights",
        "slug", "market", "bars", "symbols", "decisions", "from", "to"
    )?;
    for entry in catalog.entries() {
        writeln!(out, "{}", line(entry, width))?;
    }
    Ok(())
}

fn line(entry: &Entry, width: usize) -> String {
    let (card, span) = (entry.card(), entry.span());
    let rights = if card.rights.is_clear() { "clear" } else { "package" };
    format!(
        "{:width$} {:15} {:5} {:>7} {:>9} {} {} {rights}",
        card.slug,
        card.market,
        card.bar_resolution,
        card.universe.len(),
        span.decisions,
        span.start_ts.date(),
        span.end_ts.date(),
    )
}

fn check_all(args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let folders = check::folders(&args.folders)?;
    let mut failed = Vec::new();
    for folder in &folders {
        match check::check_folder(folder) {
            Ok(report) => report.write(out)?,
            Err(error) => failed.push(error.to_string()),
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let (bad, all) = (failed.len(), folders.len());
    anyhow::bail!("{}\n{bad} of {all} scenarios failed the check", failed.join("\n"))
}

fn import_files(args: &ImportArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let asked = Import {
        files: args.files.clone(),
        slug: args.slug.clone(),
        resolution: args.resolution,
        time_zone: args.time_zone.clone(),
        currency: args.currency.clone(),
        today: today(),
    };
    let (folder, report) = import::import_into(&asked, &args.out).context("nothing was written")?;
    written(&folder, &report, out)?;
    writeln!(
        out,
        "Edit scenario.toml before others use it: the texts, rights and costs are placeholders."
    )?;
    Ok(())
}

fn cut_window(args: &CutArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let catalog = args.scenarios.catalog()?;
    let window = Window {
        slug: args.slug.clone(),
        from: args.from,
        to: args.to,
        warmup_bars: args.warmup_bars,
        today: today(),
    };
    let source = catalog.get(&args.source)?;
    let (folder, report) = cut::cut_into(source, &window, &args.out)?;
    written(&folder, &report, out)
}

/// The date in UTC.
fn today() -> Day {
    let date = SystemClock.now().to_zoned(TimeZone::UTC).date();
    let [month, day] = [date.month(), date.day()].map(i8::unsigned_abs);
    Day { year: date.year().unsigned_abs(), month, day }
}

fn written(folder: &std::path::Path, report: &Report, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "wrote {}", folder.display())?;
    Ok(report.write(out)?)
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        verb: Verb,
    }

    fn run_verb(args: &[&str]) -> Result<String, String> {
        let cli = Cli::try_parse_from([&["scenario"], args].concat());
        let cli = cli.map_err(|error| error.to_string())?;
        let mut out = Vec::new();
        cli.verb.run(&mut out).map_err(|error| format!("{error:#}"))?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_list_fits_a_terminal_of_100_columns() {
        let list = run_verb(&["list"]).unwrap();
        assert!(list.lines().all(|line| line.chars().count() <= 100), "{list}");
        assert!(list.lines().any(|line| line.starts_with("sandbox-nov-2024 ")), "{list}");
    }

    #[test]
    fn a_reader_that_leaves_is_no_error() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let cli = Cli::try_parse_from(["scenario", "list"]).unwrap();
        assert_eq!(cli.verb.run(&mut Closed).unwrap(), ExitCode::SUCCESS);
    }

    #[test]
    fn an_import_is_checked_cut_and_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let rows = (1..=20).map(|day| format!("2024-01-{day:02},1,2,1,2\n"));
        let text = rows.fold("date,open,high,low,close\n".to_owned(), |text, row| text + &row);
        std::fs::write(path("abc.csv"), text).unwrap();
        let (csv, out) = (path("abc.csv"), path("sets"));
        let wrote = run_verb(&["import", &csv, "--slug", "mine", "--out", &out]).unwrap();
        assert!(wrote.contains("sets/mine") && wrote.contains("decisions"), "{wrote}");
        let window = ["--from", "2024-01-11", "--to", "2024-01-15", "--warmup-bars", "5"];
        let rest = ["--slug", "mine-2", "--out", &out, "--scenarios", &out];
        let cut = run_verb(&[&["cut", "mine"], &window[..], &rest].concat()).unwrap();
        assert!(cut.contains("decisions  5"), "{cut}");
        let checked = run_verb(&["check", &out]).unwrap();
        assert_eq!(checked.matches("digest").count(), 2, "{checked}");
        let listed = run_verb(&["list", "--scenarios", &out]).unwrap();
        assert!(listed.contains("mine-2"), "{listed}");
        let again = run_verb(&["import", &csv, "--slug", "mine", "--out", &out]).unwrap_err();
        assert!(again.contains("is there already"), "{again}");
    }

    #[test]
    fn problems_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        let none = run_verb(&["check", &folder.path().display().to_string()]).unwrap_err();
        assert!(none.contains("scenario.toml: is missing"), "{none}");
        let slug = ["cut", "sandbox-nov-2042", "--slug", "x1", "--from", "2024-11-01"];
        let unknown = run_verb(&[&slug[..], &["--to", "2024-11-05"]].concat()).unwrap_err();
        assert!(unknown.contains("did you mean sandbox-nov-2024"), "{unknown}");
        let edge = run_verb(&[&slug[..], &["--to", "soon"]].concat()).unwrap_err();
        assert!(edge.contains("must be a date"), "{edge}");
    }
}
