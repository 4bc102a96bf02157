//! The frozen market of a scenario: bars of several instruments on one timeline.
//!
//! Bars lie time-major, a row per instant and a column per instrument, so that a step reads
//! neighbouring memory. The bars of one instrument may have gaps.

mod check;

pub use check::MarketError;

use crate::{
    num::Price,
    time::{Date, Timestamp},
};
use check::{check_bars, check_closes, check_instruments, limit};

/// A column of the market: an index into [`Market::instruments`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(u16);

impl SymbolId {
    /// The column at this index, which is below [`INSTRUMENTS_MAX`].
    pub(crate) fn at(index: usize) -> Self {
        Self(u16::try_from(index).unwrap_or(u16::MAX))
    }

    /// The column.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Instruments a market may hold.
pub const INSTRUMENTS_MAX: usize = 4_096;
/// Slippage is below this, in basis points.
pub const SLIPPAGE_BPS_END: u32 = 5_000;
/// Instants a market may hold.
pub const BARS_MAX: usize = 2_000_000;

/// Something that can be traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// Canonical upper-case name, such as `AAPL` or `BTC/USD`.
    pub symbol: String,
    /// How far a fill moves from its reference price, in basis points.
    pub slippage_bps: u32,
}

/// One bar of one instrument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// When it became known, as a whole.
    pub ts: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Units traded; 0 where the source has none.
    pub volume: f64,
}

/// A price series outside the universe, against which runs are measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its name, such as `SPX`.
    pub symbol: String,
    /// Its last close at each instant of the timeline; zero before its first bar.
    pub closes: Vec<Price>,
}

/// Bars, sessions and instruments of a scenario. Immutable.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    instruments: Vec<Instrument>,
    timeline: Vec<Timestamp>,
    session_of: Vec<u32>,
    sessions: Vec<Date>,
    /// `open[t * width + s]`; zero where the instrument has no bar at that instant.
    open: Vec<Price>,
    high: Vec<Price>,
    low: Vec<Price>,
    /// The last close at or before the instant; zero before the first bar.
    mark: Vec<Price>,
    volume: Vec<f64>,
    /// The instants at which each instrument has a bar.
    instants: Vec<Vec<u32>>,
    benchmark: Option<SymbolId>,
    reference: Option<Reference>,
}

/// The ingredients of a [`Market`].
#[derive(Debug, Clone, Default)]
pub struct MarketData {
    /// The universe, in ascending order of symbol.
    pub instruments: Vec<Instrument>,
    /// Each instrument's bars, ascending in time.
    pub bars: Vec<Vec<Bar>>,
    /// The symbol of the benchmark, a member of the universe.
    pub benchmark: Option<String>,
    /// Closes of a series outside the universe, ascending in time.
    pub reference: Option<(String, Vec<(Timestamp, Price)>)>,
}

impl Market {
    /// Lays out the bars; `session_of` labels each instant with its session's date.
    pub fn new(
        data: MarketData,
        session_of: impl Fn(Timestamp) -> Date,
    ) -> Result<Self, MarketError> {
        let MarketData { instruments, bars, benchmark, reference } = data;
        check_instruments(&instruments)?;
        check_bars(&instruments, &bars)?;
        if let Some((symbol, closes)) = &reference {
            check_closes(symbol, closes)?;
        }
        let mut timeline: Vec<Timestamp> = bars.iter().flatten().map(|bar| bar.ts).collect();
        timeline.sort_unstable();
        timeline.dedup();
        limit("bars", timeline.len(), BARS_MAX)?;
        let benchmark = match benchmark {
            None => None,
            Some(symbol) => {
                Some(find(&instruments, &symbol).ok_or(MarketError::UnknownBenchmark(symbol))?)
            }
        };
        let cells = timeline.len() * instruments.len();
        let mut market = Self {
            open: vec![Price::ZERO; cells],
            high: vec![Price::ZERO; cells],
            low: vec![Price::ZERO; cells],
            mark: vec![Price::ZERO; cells],
            volume: vec![0.0; cells],
            instants: vec![Vec::new(); instruments.len()],
            session_of: Vec::with_capacity(timeline.len()),
            sessions: Vec::new(),
            reference: reference.map(|(symbol, closes)| Reference {
                symbol,
                closes: carried_forward(&timeline, &closes),
            }),
            instruments,
            timeline,
            benchmark,
        };
        market.label_sessions(session_of);
        for (column, bars) in bars.iter().enumerate() {
            market.fill_column(column, bars);
        }
        Ok(market)
    }

    fn label_sessions(&mut self, session_of: impl Fn(Timestamp) -> Date) {
        for &ts in &self.timeline {
            let date = session_of(ts);
            if self.sessions.last() != Some(&date) {
                self.sessions.push(date);
            }
            self.session_of.push(index_u32(self.sessions.len() - 1));
        }
    }

    fn fill_column(&mut self, column: usize, bars: &[Bar]) {
        let width = self.width();
        let mut upcoming = bars.iter().peekable();
        let mut last = Price::ZERO;
        for t in 0..self.timeline.len() {
            let cell = t * width + column;
            if let Some(bar) = upcoming.next_if(|bar| bar.ts == self.timeline[t]) {
                self.open[cell] = bar.open;
                self.high[cell] = bar.high;
                self.low[cell] = bar.low;
                self.volume[cell] = bar.volume;
                self.instants[column].push(index_u32(t));
                last = bar.close;
            }
            self.mark[cell] = last;
        }
    }

    /// How many instruments there are.
    pub fn width(&self) -> usize {
        self.instruments.len()
    }

    /// The universe, in ascending order of symbol.
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// Every column.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = SymbolId> + use<> {
        (0..self.width()).map(SymbolId::at)
    }

    /// The column of this canonical symbol.
    pub fn find(&self, symbol: &str) -> Option<SymbolId> {
        find(&self.instruments, symbol)
    }

    /// The instrument of a column.
    pub fn instrument(&self, symbol: SymbolId) -> &Instrument {
        &self.instruments[symbol.index()]
    }

    /// The name of a column.
    pub fn symbol(&self, symbol: SymbolId) -> &str {
        &self.instruments[symbol.index()].symbol
    }

    /// Every instant at which some instrument has a bar.
    pub fn timeline(&self) -> &[Timestamp] {
        &self.timeline
    }

    /// The index of the last instant.
    pub fn last(&self) -> usize {
        self.timeline.len() - 1
    }

    /// The dates that label the sessions, in order.
    pub fn sessions(&self) -> &[Date] {
        &self.sessions
    }

    /// The session of an instant: an index into [`Market::sessions`].
    pub fn session_of(&self, t: usize) -> usize {
        self.session_of[t] as usize
    }

    /// Whether an instant is the last of its session.
    pub fn ends_session(&self, t: usize) -> bool {
        t == self.last() || self.session_of[t + 1] != self.session_of[t]
    }

    /// The last close at or before an instant; zero before the first bar.
    #[inline]
    pub fn mark(&self, t: usize, symbol: SymbolId) -> Price {
        self.mark[t * self.width() + symbol.index()]
    }

    /// The last closes at or before an instant, a price per column.
    #[inline]
    pub fn marks(&self, t: usize) -> &[Price] {
        &self.mark[t * self.width()..(t + 1) * self.width()]
    }

    /// The open of an instrument's bar at exactly this instant.
    #[inline]
    pub fn open(&self, t: usize, symbol: SymbolId) -> Option<Price> {
        let open = self.open[t * self.width() + symbol.index()];
        (open != Price::ZERO).then_some(open)
    }

    /// What an instrument is worth as an instant begins: its open, or its last close where it has
    /// no bar.
    #[inline]
    pub fn opening(&self, t: usize, symbol: SymbolId) -> Price {
        self.open(t, symbol).unwrap_or_else(|| self.mark(t, symbol))
    }

    /// The bar of an instrument at exactly this instant.
    #[inline]
    pub fn bar(&self, t: usize, symbol: SymbolId) -> Option<Bar> {
        let cell = t * self.width() + symbol.index();
        (self.open[cell] != Price::ZERO).then(|| Bar {
            ts: self.timeline[t],
            open: self.open[cell],
            high: self.high[cell],
            low: self.low[cell],
            close: self.mark[cell],
            volume: self.volume[cell],
        })
    }

    /// The last `count` bars of an instrument at or before an instant, oldest first.
    pub fn bars(&self, t: usize, symbol: SymbolId, count: usize) -> impl Iterator<Item = Bar> {
        let instants = &self.instants[symbol.index()];
        let end = instants.partition_point(|&instant| instant as usize <= t);
        instants[end.saturating_sub(count)..end]
            .iter()
            .filter_map(move |&instant| self.bar(instant as usize, symbol))
    }

    /// The tradable benchmark.
    pub fn benchmark(&self) -> Option<SymbolId> {
        self.benchmark
    }

    /// The index series outside the universe.
    pub fn reference(&self) -> Option<&Reference> {
        self.reference.as_ref()
    }
}

fn find(instruments: &[Instrument], symbol: &str) -> Option<SymbolId> {
    instruments.binary_search_by(|it| it.symbol.as_str().cmp(symbol)).ok().map(SymbolId::at)
}

fn carried_forward(timeline: &[Timestamp], closes: &[(Timestamp, Price)]) -> Vec<Price> {
    timeline
        .iter()
        .map(|&ts| match closes.partition_point(|&(at, _)| at <= ts) {
            0 => Price::ZERO,
            known => closes[known - 1].1,
        })
        .collect()
}

fn index_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
