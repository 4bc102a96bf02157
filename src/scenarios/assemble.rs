//! Card and bars put together into what the simulator plays.

use std::{fmt::Write as _, ops::RangeInclusive};

use aws_lc_rs::digest::{Context, SHA256};
use sim::{
    Market, Price, Scenario, Timestamp,
    market::{Bar, Instrument, MarketData},
};

use super::{
    bars::{BARS_FILE, Bars, COLUMNS, Row},
    card::{CARD_FILE, Card, Member},
    prices,
    problems::Problem,
    sessions::Sessions,
};

/// A scenario and the digest of its rules and bars.
#[derive(Debug)]
pub struct Assembled {
    /// What is played.
    pub scenario: Scenario,
    /// SHA-256 of [`Scenario::canonical`] in lower-case hexadecimal.
    pub digest: String,
}

/// Seconds of the instants that a bar may have: those of the years 1 to 9999, so that every date
/// and distance of theirs can be counted.
const SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Where the rows of a symbol go.
#[derive(Clone, Copy)]
enum Place {
    Universe(usize),
    Reference,
    Nowhere,
}

/// Builds the scenario; the first thing that is wrong is the problem.
pub fn assemble(card: &Card, bars: &Bars) -> Result<Assembled, Problem> {
    let mut universe: Vec<&Member> = card.universe.iter().collect();
    universe.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    let instrument =
        |it: &&Member| Instrument { symbol: it.symbol.clone(), slippage_bps: it.slippage_bps };
    let places: Vec<Place> = bars.names().iter().map(|it| place(card, &universe, it)).collect();
    let mut columns = vec![Vec::new(); universe.len()];
    let mut closes: Vec<(Timestamp, Price)> = Vec::new();
    for (at, row) in bars.rows.iter().enumerate() {
        let bar = bar(row).map_err(|(field, text)| {
            Problem::new(BARS_FILE, text).row(at as u64 + 1).field(field)
        })?;
        match places[row.symbol as usize] {
            Place::Universe(column) => columns[column].push(bar),
            Place::Reference => closes.push((bar.ts, bar.close)),
            Place::Nowhere => {
                let text = format!("{} is not in the universe", bars.name(row));
                return Err(Problem::new(BARS_FILE, text).row(at as u64 + 1).field("symbol"));
            }
        }
    }
    let reference = reference(card, closes)?;
    let data = MarketData {
        instruments: universe.iter().map(instrument).collect(),
        bars: columns,
        benchmark: card.benchmark_symbol.clone(),
        reference,
    };
    let sessions = Sessions::of(card)
        .ok_or_else(|| Problem::new(CARD_FILE, "must be an IANA name").field("time_zone"))?;
    let market = Market::new(data, |ts| sessions.label(ts))
        .map_err(|error| Problem::new(BARS_FILE, error))?;
    let scenario =
        Scenario::new(card.rules()?, market).map_err(|error| Problem::new(CARD_FILE, error))?;
    Ok(Assembled { digest: digest(&scenario), scenario })
}

fn place(card: &Card, universe: &[&Member], symbol: &str) -> Place {
    match universe.binary_search_by(|it| it.symbol.as_str().cmp(symbol)) {
        Ok(column) => Place::Universe(column),
        Err(_) if card.reference.as_ref().is_some_and(|it| it.symbol == symbol) => Place::Reference,
        Err(_) => Place::Nowhere,
    }
}

type Closes = (String, Vec<(Timestamp, Price)>);

fn reference(card: &Card, closes: Vec<(Timestamp, Price)>) -> Result<Option<Closes>, Problem> {
    let Some(reference) = &card.reference else { return Ok(None) };
    if closes.is_empty() {
        return Err(Problem::new(BARS_FILE, format!("{} has no bars", reference.symbol)));
    }
    if let Some(pair) = closes.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
        let text = format!("{} at {}: repeated or out of order", reference.symbol, pair[1].0);
        return Err(Problem::new(BARS_FILE, text));
    }
    Ok(Some((reference.symbol.clone(), closes)))
}

/// The simulator's bar of a row, or the field that is wrong and how.
pub fn bar(row: &Row) -> Result<Bar, (&'static str, &'static str)> {
    if !SECONDS.contains(&row.ts.seconds()) {
        return Err(("ts", "must be in the years 1 to 9999"));
    }
    let price = |at: usize| prices::exact(row.prices[at]).map_err(|text| (COLUMNS[at + 2], text));
    // Neither NaN nor a negative zero reaches the digest.
    let volume = if row.volume.is_nan() || row.volume == 0.0 { 0.0 } else { row.volume };
    let (open, high, low, close) = (price(0)?, price(1)?, price(2)?, price(3)?);
    let bar = Bar { ts: row.ts, open, high, low, close, volume };
    match bar.problem() {
        None => Ok(bar),
        Some(text) if high < low => Err(("high", text)),
        Some(text) if open < low || open > high => Err(("open", text)),
        Some(text) if close < low || close > high => Err(("close", text)),
        Some(text) => Err(("volume", text)),
    }
}

/// SHA-256 of the canonical form in lower-case hexadecimal.
pub fn digest(scenario: &Scenario) -> String {
    let mut context = Context::new(&SHA256);
    scenario.canonical(|piece| context.update(piece));
    context.finish().as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
