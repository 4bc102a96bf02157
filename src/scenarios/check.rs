//! Checks a scenario's folder and reports everything that is wrong or odd about it.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

use sim::{Date, Timestamp};

use super::{
    Error, Span,
    assemble::{self, Assembled},
    bars::{self, BARS_FILE, Bars},
    card::{CARD_FILE, Card},
    examine,
    folder::{self, Files},
    problems::{Problem, Problems},
    sessions::Sessions,
    words::Resolution,
};

/// Two bars of an instrument further apart than this are worth a word.
const SILENCE_SECONDS: i64 = 7 * 86_400;
/// A market with this many sessions a year never closes.
const ALWAYS_OPEN: u32 = 360;
/// `sessions_per_year` may differ by this share from what the bars show.
const SESSIONS_TOLERANCE: f64 = 0.12;
/// Fewer sessions than this say nothing about a year.
const SESSIONS_MIN: usize = 60;
/// The mean length of a year.
const DAYS_PER_YEAR: f64 = 365.25;

/// What a folder that passed holds.
#[derive(Debug)]
pub struct Report {
    /// What its `scenario.toml` says.
    pub card: Card,
    /// Where its timeline starts, ends and how long it is.
    pub span: Span,
    /// Rows of `bars.arrow`.
    pub rows: usize,
    /// Sessions on the timeline, and how many of them a run trades in.
    pub sessions: (usize, usize),
    /// SHA-256 over rules and bars.
    pub digest: String,
    /// What is odd but allowed.
    pub warnings: Vec<String>,
}

/// The folders to check: each one itself, or the scenario folders right under it.
pub fn folders(asked: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    for folder in asked {
        let itself = folder.join(CARD_FILE).exists() || folder.join(BARS_FILE).exists();
        let under = if itself { Vec::new() } else { folder::folders(folder)? };
        if under.is_empty() {
            all.push(folder.clone());
        } else {
            all.extend(under);
        }
    }
    Ok(all)
}

/// Checks the files in a folder.
pub fn check_folder(folder: &Path) -> Result<Report, Error> {
    check_files(&Files::read(folder)?, &folder.display().to_string())
}

/// Checks the content of the two files; `place` names them in errors.
pub fn check_files(files: &Files, place: &str) -> Result<Report, Error> {
    let mut problems = Problems::default();
    let card = examine::read(&files.card, &mut problems);
    if let Some(card) = &card {
        card.examine(&files.name, &mut problems);
    }
    let rows = bars::read(&files.bars, &mut problems);
    let report = match (card, rows) {
        (Some(card), Some(rows)) => check(card, &rows, &mut problems),
        _ => None,
    };
    report.ok_or_else(|| Error::at(place, problems))
}

/// Checks bars against a card that was examined already. `None` when there are problems, of
/// this check or before it.
pub fn check(card: Card, rows: &Bars, problems: &mut Problems) -> Option<Report> {
    check_rows(&card, rows, problems);
    if !problems.is_empty() {
        return None;
    }
    let Assembled { scenario, digest } = match assemble::assemble(&card, rows) {
        Ok(assembled) => assembled,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let market = &scenario.market;
    let span = match Span::of(market.timeline(), card.warmup) {
        Ok(span) => span,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let traded = market.sessions().len() - market.session_of(card.warmup + 1);
    Some(Report {
        span,
        rows: rows.rows.len(),
        sessions: (market.sessions().len(), traded),
        digest,
        warnings: warnings(&card, rows, market.sessions()),
        card,
    })
}

/// Order, repetition and the content of each row, and whether every symbol has rows.
fn check_rows(card: &Card, bars: &Bars, problems: &mut Problems) {
    let reference = card.reference.as_ref().map(|it| it.symbol.as_str());
    let members = card.universe.iter().map(|it| it.symbol.as_str());
    let known: Vec<&str> = members.chain(reference).collect();
    let mut seen: BTreeMap<&str, Timestamp> = BTreeMap::new();
    let mut previous: Option<(Timestamp, &str)> = None;
    for (row, number) in bars.rows.iter().zip(1_u64..) {
        let name = bars.name(row);
        let mut wrong = |field: &str, text: &str| {
            let text = format!("{name} at {}: {text}", row.ts);
            problems.push(Problem::new(BARS_FILE, text).row(number).field(field));
        };
        if let Err((field, text)) = assemble::bar(row) {
            wrong(field, text);
        }
        match seen.insert(name, row.ts) {
            None if !known.contains(&name) => wrong("symbol", "is not in the universe"),
            Some(last) if last == row.ts => wrong("ts", "is there twice"),
            _ if previous.is_some_and(|it| it > (row.ts, name)) => {
                wrong("ts", "is out of order: rows lie in order of ts, then symbol");
            }
            _ => {}
        }
        previous = Some((row.ts, name));
    }
    for symbol in known.into_iter().filter(|symbol| !seen.contains_key(symbol)) {
        problems.push(Problem::new(BARS_FILE, format!("{symbol} has no bars")).field("symbol"));
    }
    let members = |row: &&bars::Row| reference != Some(bars.name(row));
    let mut timeline: Vec<Timestamp> = bars.rows.iter().filter(members).map(|row| row.ts).collect();
    timeline.sort_unstable();
    timeline.dedup();
    if card.warmup + 1 >= timeline.len() {
        let text = format!("leaves no bar to trade: the timeline has {} bars", timeline.len());
        problems.push(Problem::new(CARD_FILE, text).field("warmup"));
    }
}

fn warnings(card: &Card, bars: &Bars, sessions: &[Date]) -> Vec<String> {
    let mut warnings = Vec::new();
    if card.known_biases.is_empty() {
        warnings.push("known_biases is empty: every history has some".to_owned());
    }
    if card.regime.is_empty() {
        warnings.push("regime is empty".to_owned());
    }
    gaps(card, bars, &mut warnings);
    if let Some(warning) = yearly(card, sessions) {
        warnings.push(warning);
    }
    warnings
}

/// What is missing between the bars of one instrument.
#[derive(Default)]
struct Gaps {
    silent: usize,
    longest: i64,
    missing: usize,
    close: usize,
    last: Option<Timestamp>,
}

fn gaps(card: &Card, bars: &Bars, warnings: &mut Vec<String>) {
    let Some(rule) = Sessions::of(card) else { return };
    let step = card.bar_resolution.seconds();
    let intraday = card.bar_resolution != Resolution::Day1;
    let mut found: BTreeMap<&str, Gaps> = BTreeMap::new();
    for row in &bars.rows {
        let gaps = found.entry(bars.name(row)).or_default();
        if let Some(last) = gaps.last.replace(row.ts) {
            let distance = row.ts.seconds() - last.seconds();
            let open = card.sessions_per_year >= ALWAYS_OPEN;
            gaps.longest = gaps.longest.max(distance);
            gaps.silent += usize::from(distance > SILENCE_SECONDS);
            gaps.close += usize::from(distance < step);
            let inside = || open || rule.label(last) == rule.label(row.ts);
            gaps.missing += usize::from(intraday && distance > step && inside());
        }
    }
    for (symbol, gaps) in found {
        let mut say = |count: usize, what: String| {
            if count > 0 {
                warnings.push(format!("{symbol}: {what}: {count}"));
            }
        };
        let (days, step) = (gaps.longest / 86_400, card.bar_resolution);
        say(gaps.silent, format!("silences of more than 7 days, the longest of {days}"));
        say(gaps.missing, format!("gaps of more than {step} inside a session"));
        say(gaps.close, format!("bars less than {step} after the one before"));
    }
}

fn yearly(card: &Card, sessions: &[Date]) -> Option<String> {
    let (first, last) = (sessions.first()?, sessions.last()?);
    if sessions.len() < SESSIONS_MIN {
        return None;
    }
    let years = f64::from(last.days() - first.days() + 1) / DAYS_PER_YEAR;
    let seen = f64::from(u32::try_from(sessions.len()).ok()?) / years;
    let stated = f64::from(card.sessions_per_year);
    ((seen / stated - 1.0).abs() > SESSIONS_TOLERANCE).then(|| {
        format!("sessions_per_year is {stated}, but the bars show about {seen:.0} sessions a year")
    })
}

impl Report {
    /// Writes it for a person.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { card, span, .. } = self;
        writeln!(out, "{} v{}: {}", card.slug, card.version, card.name)?;
        let symbols = card.universe.len();
        writeln!(out, "  symbols    {symbols} ({}, {})", card.market, card.bar_resolution)?;
        writeln!(out, "  bars       {} on the timeline, {} rows", span.bars, self.rows)?;
        let (sessions, traded) = self.sessions;
        writeln!(out, "  sessions   {sessions}, {traded} of them traded")?;
        writeln!(out, "  decisions  {}", span.decisions)?;
        writeln!(out, "  history    {}", span.history_start_ts)?;
        writeln!(out, "  start      {}", span.start_ts)?;
        writeln!(out, "  end        {}", span.end_ts)?;
        writeln!(out, "  digest     {}", self.digest)?;
        for warning in &self.warnings {
            writeln!(out, "  warning    {warning}")?;
        }
        Ok(())
    }
}
