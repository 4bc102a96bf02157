//! What bars must be to make a market.

use super::{Bar, INSTRUMENTS_MAX, Instrument};
use crate::{
    num::{PRICE_MAX, Price, SCALE},
    time::Timestamp,
};

/// Why bars do not make a market.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MarketError {
    /// There is nothing to trade.
    #[error("the universe has no instrument")]
    NoInstruments,
    /// A named limit is passed.
    #[error("{what}: {count} is past the limit of {max}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// Two instruments share a name, or they are not in order of their names.
    #[error("instrument {0} is repeated or out of order")]
    InstrumentOrder(String),
    /// The benchmark is not in the universe.
    #[error("benchmark {0} is not in the universe")]
    UnknownBenchmark(String),
    /// There are more or fewer columns of bars than instruments.
    #[error("{columns} columns of bars for {instruments} instruments")]
    Columns {
        /// Columns of bars.
        columns: usize,
        /// Instruments.
        instruments: usize,
    },
    /// An instrument has no bar at all.
    #[error("{0} has no bars")]
    NoBars(String),
    /// A bar is out of order, repeated or malformed.
    #[error("{symbol} at {ts}: {problem}")]
    Bar {
        /// The instrument.
        symbol: String,
        /// The bar's instant.
        ts: Timestamp,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Bar {
    /// What is wrong with this bar, if anything.
    pub fn problem(&self) -> Option<&'static str> {
        let max = Price::from_units(PRICE_MAX * SCALE);
        if self.low <= Price::ZERO {
            Some("a price is zero or negative")
        } else if self.high > max {
            Some("a price is past the limit")
        } else if self.high < self.low {
            Some("high is below low")
        } else if self.open < self.low || self.open > self.high {
            Some("open is outside low and high")
        } else if self.close < self.low || self.close > self.high {
            Some("close is outside low and high")
        } else if !self.volume.is_finite() || self.volume < 0.0 {
            Some("volume is negative or not a number")
        } else {
            None
        }
    }
}

pub(super) fn limit(what: &'static str, count: usize, max: usize) -> Result<(), MarketError> {
    if count > max { Err(MarketError::TooMany { what, count, max }) } else { Ok(()) }
}

pub(super) fn check_instruments(instruments: &[Instrument]) -> Result<(), MarketError> {
    if instruments.is_empty() {
        return Err(MarketError::NoInstruments);
    }
    limit("instruments", instruments.len(), INSTRUMENTS_MAX)?;
    match instruments.windows(2).find(|pair| pair[0].symbol >= pair[1].symbol) {
        Some(pair) => Err(MarketError::InstrumentOrder(pair[1].symbol.clone())),
        None => Ok(()),
    }
}

pub(super) fn check_closes(symbol: &str, closes: &[(Timestamp, Price)]) -> Result<(), MarketError> {
    for (at, &(ts, close)) in closes.iter().enumerate() {
        let ordered = at == 0 || closes[at - 1].0 < ts;
        let bar = Bar { ts, open: close, high: close, low: close, close, volume: 0.0 };
        let order = (!ordered).then_some("the close is repeated or out of order");
        if let Some(problem) = bar.problem().or(order) {
            return Err(MarketError::Bar { symbol: symbol.to_owned(), ts, problem });
        }
    }
    Ok(())
}

pub(super) fn check_bars(instruments: &[Instrument], bars: &[Vec<Bar>]) -> Result<(), MarketError> {
    let (columns, instruments_given) = (bars.len(), instruments.len());
    if columns != instruments_given {
        return Err(MarketError::Columns { columns, instruments: instruments_given });
    }
    for (at, instrument) in instruments.iter().enumerate() {
        let symbol = || instrument.symbol.clone();
        let bars = bars.get(at).filter(|bars| !bars.is_empty());
        let bars = bars.ok_or_else(|| MarketError::NoBars(symbol()))?;
        for (at, bar) in bars.iter().enumerate() {
            let ordered = at == 0 || bars[at - 1].ts < bar.ts;
            let order = (!ordered).then_some("the bar is repeated or out of order");
            if let Some(problem) = bar.problem().or(order) {
                return Err(MarketError::Bar { symbol: symbol(), ts: bar.ts, problem });
            }
        }
    }
    Ok(())
}
