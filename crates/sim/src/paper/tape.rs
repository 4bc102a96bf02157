//! The market of a season: what is listed, and what was printed, in order of time.

use std::collections::BTreeMap;

use super::{AssetType, Calendar, Session, Snapshots};
use crate::{
    market::{INSTRUMENTS_MAX, SLIPPAGE_BPS_END, SymbolId},
    num::{PRICE_MAX, Price, Quantity, SCALE},
    time::Timestamp,
};

/// Ticks a tape may hold.
pub const TICKS_MAX: usize = u32::MAX as usize;

/// An instrument that can be traded, priced in US dollars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Canonical upper-case name, such as `AAPL` or `BTC/USD`.
    pub symbol: String,
    /// What people call it.
    pub name: String,
    /// Its kind.
    pub asset_type: AssetType,
    /// How far a fill moves from its reference price, in basis points.
    pub slippage_bps: u32,
    /// When it is traded.
    pub calendar: Calendar,
}

/// What becomes known of an instrument at one instant. A bar is two of them: [`Print::Open`] when
/// it begins and [`Print::Bar`] when it is known as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// A bar begins at this price.
    Open(Price),
    /// The rest of the bar that began with the print before.
    Bar {
        /// Highest price.
        high: Price,
        /// Lowest price.
        low: Price,
        /// Last price.
        close: Price,
        /// Units traded; zero where the source has none.
        volume: Quantity,
    },
    /// One price: a fix or a quote.
    Price(Price),
}

/// A print of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// When it became known, in market time.
    pub at: Timestamp,
    /// The instrument.
    pub instrument: SymbolId,
    /// What became known.
    pub print: Print,
}

/// How much of a tape has happened.
///
/// The first `ticks` ticks of the tape are at `at` or earlier; all that follow, also those that are
/// yet to be pushed, are at `at` or later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// How many ticks have happened.
    pub ticks: usize,
    /// Market time.
    pub at: Timestamp,
}

/// Why something is not a part of a tape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TapeError {
    /// A named limit is passed.
    #[error("{what} is past the limit of {max}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// Statistics need a year.
    #[error("sessions_per_year must be between 1 and 366")]
    SessionsPerYear,
    /// Instants of sampling are not in order.
    #[error("snapshots must ascend")]
    Snapshots,
    /// An instrument cannot be listed like this.
    #[error("{symbol}: {problem}")]
    Listing {
        /// The instrument.
        symbol: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A tick is earlier than the one before it.
    #[error("a tick at {at} is earlier than the last one, at {last}")]
    Backwards {
        /// The instant of the tick.
        at: Timestamp,
        /// The last instant.
        last: Timestamp,
    },
    /// A tick is of no listed instrument.
    #[error("instrument {0} is not listed")]
    NotListed(usize),
    /// A print does not fit the prints before it, or itself.
    #[error("{symbol} at {at}: {problem}")]
    Print {
        /// The instrument.
        symbol: String,
        /// The instant of the tick.
        at: Timestamp,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Listings and ticks of one season.
#[derive(Debug, Clone)]
pub struct Tape {
    listings: Vec<Listing>,
    by_symbol: BTreeMap<String, SymbolId>,
    sessions_per_year: u32,
    snapshots: Snapshots,
    ticks: Vec<Tick>,
    /// The prints of each instrument, in order.
    prints: Vec<Vec<Point>>,
}

/// A print among those of its instrument.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// An index into the ticks of the tape.
    pub(super) tick: u32,
    /// Whether it belongs to a session, so that orders meet it.
    pub(super) in_session: bool,
    /// The price displayed from here on.
    pub(super) price: Price,
    /// The volume of the last completed bar; zero where there is none.
    pub(super) volume: Quantity,
}

impl Point {
    /// The index of its tick.
    pub(super) const fn index(&self) -> usize {
        self.tick as usize
    }
}

impl Tick {
    /// Whether it belongs to a session: an open to the one that begins or lasts, a bar to the one
    /// that lasts or closes, a price to either.
    fn is_in_session(&self, calendar: &Calendar) -> bool {
        let before = Timestamp::from_seconds(self.at.seconds() - 1);
        let lasts = || calendar.session(self.at).is_some();
        let lasted = || calendar.session(before).is_some();
        match self.print {
            Print::Open(_) => lasts(),
            Print::Bar { .. } => lasted(),
            Print::Price(_) => lasts() || lasted(),
        }
    }
}

impl Print {
    /// The price that is displayed once this is printed.
    pub const fn price(&self) -> Price {
        match self {
            Self::Open(price) | Self::Price(price) => *price,
            Self::Bar { close, .. } => *close,
        }
    }

    /// What is wrong with it after the print before it of the same instrument.
    fn problem(&self, before: Option<&Self>) -> Option<&'static str> {
        let max = Price::from_units(PRICE_MAX * SCALE);
        let prices = Price::from_units(1)..=max;
        match (self, before) {
            (Self::Open(price) | Self::Price(price), _) if !prices.contains(price) => {
                Some("a price must be positive and at most 1,000,000,000")
            }
            (Self::Open(_) | Self::Price(_), Some(Self::Open(_))) => {
                Some("a bar has begun and is not known yet: bars do not overlap")
            }
            (Self::Bar { high, low, close, volume }, Some(Self::Open(open))) => {
                if !prices.contains(low) || !prices.contains(high) {
                    Some("a price must be positive and at most 1,000,000,000")
                } else if open < low || close < low || open > high || close > high {
                    Some("open and close must be within low and high")
                } else {
                    (*volume < Quantity::ZERO).then_some("volume is negative")
                }
            }
            (Self::Bar { .. }, _) => Some("a bar must follow its open"),
            _ => None,
        }
    }
}

impl Tape {
    /// An empty tape. `sessions_per_year` sampled returns make a year: 252, or 365 for
    /// [`Snapshots::Midnights`].
    pub fn new(
        listings: Vec<Listing>,
        sessions_per_year: u32,
        snapshots: Snapshots,
    ) -> Result<Self, TapeError> {
        if !(1..=366).contains(&sessions_per_year) {
            return Err(TapeError::SessionsPerYear);
        }
        if !snapshots.is_ordered() {
            return Err(TapeError::Snapshots);
        }
        let mut tape = Self {
            listings: Vec::with_capacity(listings.len()),
            by_symbol: BTreeMap::new(),
            sessions_per_year,
            snapshots,
            ticks: Vec::new(),
            prints: Vec::with_capacity(listings.len()),
        };
        for listing in listings {
            tape.list(listing)?;
        }
        Ok(tape)
    }

    /// Lists one more instrument.
    pub fn list(&mut self, listing: Listing) -> Result<SymbolId, TapeError> {
        let problem = if self.by_symbol.contains_key(&listing.symbol) {
            Some("is listed already")
        } else if listing.asset_type == AssetType::Option {
            Some("options cannot be traded yet")
        } else if listing.slippage_bps >= SLIPPAGE_BPS_END {
            Some("slippage_bps must be below 5000")
        } else {
            (!listing.calendar.is_ordered()).then_some("sessions must ascend and not overlap")
        };
        if let Some(problem) = problem {
            return Err(TapeError::Listing { symbol: listing.symbol, problem });
        }
        if self.listings.len() >= INSTRUMENTS_MAX {
            return Err(TapeError::TooMany { what: "listings", max: INSTRUMENTS_MAX });
        }
        let id = SymbolId::at(self.listings.len());
        self.by_symbol.insert(listing.symbol.clone(), id);
        self.listings.push(listing);
        self.prints.push(Vec::new());
        Ok(id)
    }

    /// Appends a print. Times ascend; a bar follows its open with no other print of the instrument
    /// between them.
    pub fn push(&mut self, tick: Tick) -> Result<(), TapeError> {
        let index = tick.instrument.index();
        let Some(listing) = self.listings.get(index) else {
            return Err(TapeError::NotListed(index));
        };
        if let Some(last) = self.ticks.last().map(|it| it.at).filter(|last| tick.at < *last) {
            return Err(TapeError::Backwards { at: tick.at, last });
        }
        let before = self.prints[index].last().copied();
        let print_before = before.map(|it| &self.ticks[it.index()].print);
        if let Some(problem) = tick.print.problem(print_before) {
            let symbol = listing.symbol.clone();
            return Err(TapeError::Print { symbol, at: tick.at, problem });
        }
        let Some(number) = u32::try_from(self.ticks.len()).ok().filter(|it| *it < u32::MAX) else {
            return Err(TapeError::TooMany { what: "ticks", max: TICKS_MAX });
        };
        let volume = match tick.print {
            Print::Bar { volume, .. } => volume,
            _ => before.map_or(Quantity::ZERO, |it| it.volume),
        };
        self.prints[index].push(Point {
            tick: number,
            in_session: tick.is_in_session(&listing.calendar),
            price: tick.print.price(),
            volume,
        });
        self.ticks.push(tick);
        Ok(())
    }

    /// Every print, in order.
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// Every listing, in order of their numbers.
    pub fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// The numbers of the listings.
    pub fn instruments(&self) -> impl ExactSizeIterator<Item = SymbolId> + use<> {
        (0..self.listings.len()).map(SymbolId::at)
    }

    /// A listing of this tape.
    pub fn listing(&self, instrument: SymbolId) -> &Listing {
        &self.listings[instrument.index()]
    }

    /// The listing of this canonical symbol.
    pub fn find(&self, symbol: &str) -> Option<SymbolId> {
        self.by_symbol.get(symbol).copied()
    }

    /// How many sampled returns make a year.
    pub const fn sessions_per_year(&self) -> u32 {
        self.sessions_per_year
    }

    /// When equity is sampled.
    pub const fn snapshots(&self) -> &Snapshots {
        &self.snapshots
    }

    /// The moment at which all that was printed at this instant or earlier has happened.
    pub fn moment(&self, at: Timestamp) -> Moment {
        Moment { ticks: self.ticks.partition_point(|tick| tick.at <= at), at }
    }

    /// The last print of an instrument before a moment.
    pub fn last(&self, instrument: SymbolId, moment: Moment) -> Option<&Tick> {
        self.point(instrument, moment.ticks).map(|it| &self.ticks[it.index()])
    }

    /// The displayed price of an instrument; none before its first print.
    pub fn price(&self, instrument: SymbolId, moment: Moment) -> Option<Price> {
        self.point(instrument, moment.ticks).map(|it| it.price)
    }

    /// The session an instrument is in at a moment; none without a price.
    pub fn session(&self, instrument: SymbolId, moment: Moment) -> Option<Session> {
        let session = self.listings[instrument.index()].calendar.session(moment.at)?;
        self.point(instrument, moment.ticks).map(|_| session)
    }

    /// The last print of an instrument among the first `ticks` of the tape.
    pub(super) fn point(&self, instrument: SymbolId, ticks: usize) -> Option<&Point> {
        let prints = &self.prints[instrument.index()];
        let known = prints.partition_point(|it| it.index() < ticks);
        prints[..known].last()
    }

    /// All prints of an instrument.
    pub(super) fn prints(&self, instrument: SymbolId) -> &[Point] {
        &self.prints[instrument.index()]
    }
}
