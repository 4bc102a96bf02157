//! Makes a scenario's folder from files of OHLCV.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;
use sim::Timestamp;

use super::{
    Day, Error,
    bars::{Bars, COLUMNS, Row},
    check::{self, Report},
    prices,
    problems::{Problem, Problems},
    sessions, symbols,
    words::Resolution,
};

pub mod card;
pub mod moment;
pub mod source;
#[cfg(test)]
mod tests;

use source::SourceRow;

/// What to import and what the files do not say.
#[derive(Debug, Clone)]
pub struct Import {
    /// CSV or Arrow (Feather) files.
    pub files: Vec<PathBuf>,
    /// The slug of the new scenario.
    pub slug: String,
    /// The usual distance of two bars; inferred where it is not given.
    pub resolution: Option<Resolution>,
    /// The zone of times without an offset, and of the sessions.
    pub time_zone: String,
    /// What prices are counted in.
    pub currency: String,
    /// The day it is made.
    pub today: Day,
}

/// Reads the files and makes card and bars of them; every bad row is a problem.
pub fn import(asked: &Import) -> Result<(Bars, Report), Error> {
    let zone = sessions::zone(&asked.time_zone).ok_or_else(|| Error::Asked {
        field: "time zone",
        problem: format!("{:?} is not an IANA name such as America/New_York", asked.time_zone),
    })?;
    let mut problems = Problems::default();
    let mut notes = Vec::new();
    let mut rows = read(asked, &zone, &mut problems);
    let resolution = match asked.resolution.map_or_else(|| infer(&rows), Ok) {
        Ok(resolution) => resolution,
        Err(text) if problems.is_empty() => {
            problems.push(Problem::new(shown(asked, 0), text).field("resolution"));
            Resolution::Day1
        }
        Err(_) => Resolution::Day1,
    };
    if resolution == Resolution::Day1 {
        for row in &mut rows {
            // A daily bar is named by the date on the page, whatever the clock beside it says.
            let midnight = i64::from(row.moment.written.days()) * Resolution::Day1.seconds();
            row.moment.instant = Timestamp::from_seconds(midnight);
        }
    }
    rows.sort_by(|a, b| (a.moment.instant, &a.symbol).cmp(&(b.moment.instant, &b.symbol)));
    repeated(asked, &rows, &mut problems);
    let bars = bars(asked, &rows, &mut problems, &mut notes);
    let report = if problems.is_empty() {
        let card = card::card(asked, resolution, &bars);
        card.examine(&asked.slug, &mut problems);
        check::check(card, &bars, &mut problems)
    } else {
        None
    };
    let mut report = report.ok_or_else(|| Error::at(&asked.slug, problems))?;
    report.warnings.append(&mut notes);
    Ok((bars, report))
}

fn shown(asked: &Import, file: usize) -> String {
    asked.files.get(file).map(|path| path.display().to_string()).unwrap_or_default()
}

/// The rows of all files, their symbols canonical.
fn read(asked: &Import, zone: &TimeZone, problems: &mut Problems) -> Vec<SourceRow> {
    let mut rows = Vec::new();
    for (file, path) in asked.files.iter().enumerate() {
        source::read(file, path, zone, &mut rows, problems);
    }
    for row in &mut rows {
        row.symbol = card::canonical(&row.symbol);
        if let Some(text) = symbols::problem(&row.symbol) {
            let text = format!("{text}, not {:?}", row.symbol.chars().take(40).collect::<String>());
            let problem = Problem::new(shown(asked, row.file), text).row(row.row);
            problems.push(problem.field("symbol"));
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push(Problem::new(shown(asked, 0), "has no rows"));
    }
    rows
}

/// The resolution that the most frequent distance of two bars of a symbol stands for.
fn infer(rows: &[SourceRow]) -> Result<Resolution, String> {
    let mut instants: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for row in rows {
        instants.entry(&row.symbol).or_default().push(row.moment.instant.seconds());
    }
    let mut steps: BTreeMap<i64, usize> = BTreeMap::new();
    for instants in instants.values_mut() {
        instants.sort_unstable();
        for pair in instants.windows(2).filter(|pair| pair[0] < pair[1]) {
            *steps.entry(pair[1] - pair[0]).or_default() += 1;
        }
    }
    let Some((&step, _)) = steps.iter().max_by_key(|&(&step, &count)| (count, -step)) else {
        return Err("no symbol has two bars: give --resolution".into());
    };
    let found = Resolution::ALL.iter().find(|it| it.seconds() == step);
    found.copied().ok_or_else(|| {
        format!("bars lie {step} seconds apart, which is no known resolution: give --resolution")
    })
}

/// Reports every row whose symbol and time are those of another.
fn repeated(asked: &Import, rows: &[SourceRow], problems: &mut Problems) {
    for pair in rows.windows(2) {
        let [first, second] = pair else { continue };
        if (first.moment.instant, &first.symbol) == (second.moment.instant, &second.symbol) {
            let (symbol, ts) = (&second.symbol, second.moment.instant);
            let text = format!(
                "{symbol} at {ts} is there twice, first at {}:{}",
                shown(asked, first.file),
                first.row
            );
            let problem = Problem::new(shown(asked, second.file), text).row(second.row);
            problems.push(problem.field("ts"));
        }
    }
}

/// The rows as `bars.arrow` holds them: prices rounded to 8 decimals.
fn bars(
    asked: &Import,
    rows: &[SourceRow],
    problems: &mut Problems,
    notes: &mut Vec<String>,
) -> Bars {
    let mut bars = Bars::default();
    let mut changed = 0_usize;
    for row in rows {
        let mut wrong = |field: &str, text: &str| {
            problems.push(Problem::new(shown(asked, row.file), text).row(row.row).field(field));
        };
        let mut prices = row.prices;
        let mut sound = true;
        for (at, price) in prices.iter_mut().enumerate() {
            match prices::rounded(*price) {
                Ok((rounded, was)) => {
                    *price = rounded;
                    changed += usize::from(was);
                }
                Err(text) => {
                    sound = false;
                    wrong(COLUMNS[at + 2], text);
                }
            }
        }
        let volume = if row.volume.is_nan() { 0.0 } else { row.volume };
        let symbol = bars.intern(&row.symbol);
        let row = Row { symbol, ts: row.moment.instant, prices, volume };
        match super::assemble::bar(&row) {
            Err((field, text)) if sound => wrong(field, text),
            _ => bars.rows.push(row),
        }
    }
    if changed > 0 {
        notes.push(format!("{changed} prices were rounded to 8 decimals"));
    }
    bars
}

/// Imports and writes the folder `<out>/<slug>`.
pub fn import_into(asked: &Import, out: &Path) -> Result<(PathBuf, Report), Error> {
    super::folder::refuse_existing(out, &asked.slug)?;
    let (bars, report) = import(asked)?;
    Ok((super::folder::write(out, &report.card, &bars)?, report))
}
