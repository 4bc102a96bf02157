//! Cuts a window out of a scenario.

use std::path::{Path, PathBuf};

use sim::{Date, Market, Timestamp};

use super::{
    Card, Day, Entry, Error, Resolution,
    bars::{Bars, Row},
    check::{self, Report},
    folder,
    import::moment::{self, Moment},
    problems::Problems,
};

/// Bars of history before a window, where none are asked for.
pub const WARMUP_BARS: usize = 60;

/// What to cut.
#[derive(Debug, Clone)]
pub struct Window {
    /// The slug of the new scenario.
    pub slug: String,
    /// The first bar to trade is at or after this.
    pub from: Edge,
    /// The last bar is at or before this.
    pub to: Edge,
    /// Bars of history before the first bar to trade.
    pub warmup_bars: usize,
    /// The day it is made.
    pub today: Day,
}

/// An end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A session: bars are compared by the date of theirs.
    Session(Date),
    /// An instant.
    Instant(Timestamp),
}

impl std::str::FromStr for Edge {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(date) = moment::calendar_date(text) {
            return Ok(Self::Session(date));
        }
        match moment::parse(text, &jiff::tz::TimeZone::UTC) {
            Ok(Moment { instant, .. }) => Ok(Self::Instant(instant)),
            Err(_) => Err("must be a date such as 2020-03-02 or an instant such as \
                           2020-03-02T14:30:00Z"
                .into()),
        }
    }
}

impl std::fmt::Display for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Session(date) => date.fmt(f),
            Self::Instant(ts) => ts.fmt(f),
        }
    }
}

impl Edge {
    fn order(self, market: &Market, t: usize) -> std::cmp::Ordering {
        match self {
            Self::Session(date) => market.sessions()[market.session_of(t)].cmp(&date),
            Self::Instant(ts) => market.timeline()[t].cmp(&ts),
        }
    }
}

/// Makes the card and the bars of a window, and checks them.
pub fn cut(source: &Entry, window: &Window) -> Result<(Bars, Report), Error> {
    let asked = |field, problem: &str| Error::Asked { field, problem: problem.to_owned() };
    let scenario = source.scenario().map_err(Clone::clone)?;
    let market = &scenario.market;
    let timeline = market.timeline();
    let instants = || 0..timeline.len();
    let first = instants().find(|&t| window.from.order(market, t).is_ge());
    let first = first.filter(|&t| t > 0 && window.warmup_bars > 0).ok_or_else(|| {
        asked("from", "must leave a bar of history before it and one to trade after it")
    })?;
    let last = instants().rev().find(|&t| window.to.order(market, t).is_le());
    let last =
        last.filter(|&t| t >= first).ok_or_else(|| asked("to", "no bar lies in the window"))?;
    let start = first.saturating_sub(window.warmup_bars);
    let mut card = card(source, window, (timeline[first], timeline[last]), last + 1 - first);
    card.warmup = first - start - 1;
    let bars = rows(source, (timeline[start], timeline[last]))?;
    let mut dropped = keep_present(&mut card, &bars);
    let mut problems = Problems::default();
    card.examine(&window.slug, &mut problems);
    let report = check::check(card, &bars, &mut problems);
    let mut report = report.ok_or_else(|| Error::at(&window.slug, problems))?;
    report.warnings.append(&mut dropped);
    Ok((bars, report))
}

fn card(source: &Entry, window: &Window, ends: (Timestamp, Timestamp), decisions: usize) -> Card {
    let card = source.card().clone();
    let shown = |ts: Timestamp| match card.bar_resolution {
        Resolution::Day1 => ts.date().to_string(),
        _ => ts.to_string(),
    };
    let (from, to) = (shown(ends.0), shown(ends.1));
    Card {
        slug: window.slug.clone(),
        version: 1,
        created: Some(window.today),
        name: format!("{}, {from} to {to}", card.name),
        description: format!(
            "{decisions} decisions from {from} to {to}, cut from the scenario {}: {}",
            card.slug, card.description
        ),
        ..card
    }
}

/// The rows of the window, and the reference's last row before it.
fn rows(source: &Entry, ends: (Timestamp, Timestamp)) -> Result<Bars, Error> {
    let whole = source.rows()?;
    let reference = source.card().reference.as_ref().map(|it| it.symbol.as_str());
    let mut bars = Bars::default();
    let early = |row: &Row| Some(whole.name(row)) == reference && row.ts <= ends.0;
    let before = whole.rows.iter().rfind(|row| early(row));
    let inside = whole.rows.iter().filter(|row| (ends.0..=ends.1).contains(&row.ts) && !early(row));
    for row in before.into_iter().chain(inside) {
        let symbol = bars.intern(whole.name(row));
        bars.rows.push(Row { symbol, ..*row });
    }
    bars.sort();
    Ok(bars)
}

/// Drops from the card what has no bars in the window, and says so.
fn keep_present(card: &mut Card, bars: &Bars) -> Vec<String> {
    let present = |symbol: &str| bars.names().iter().any(|it| it == symbol);
    let mut dropped = Vec::new();
    card.universe.retain(|member| {
        let kept = present(&member.symbol);
        if !kept {
            dropped.push(format!("{}: dropped, it has no bars in the window", member.symbol));
        }
        kept
    });
    if card.benchmark_symbol.as_deref().is_some_and(|it| !present(it)) {
        card.benchmark_symbol = None;
    }
    if card.reference.as_ref().is_some_and(|it| !present(&it.symbol)) {
        card.reference = None;
        dropped.push("reference: dropped, it has no bars in the window".into());
    }
    dropped
}

/// Cuts a window and writes the folder `<out>/<slug>`.
pub fn cut_into(source: &Entry, window: &Window, out: &Path) -> Result<(PathBuf, Report), Error> {
    folder::refuse_existing(out, &window.slug)?;
    let (bars, report) = cut(source, window)?;
    Ok((folder::write(out, &report.card, &bars)?, report))
}
