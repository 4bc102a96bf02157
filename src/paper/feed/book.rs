//! A season that is pushed, in memory: the tape, what the sources said, and who may see how much.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicI64, Ordering},
};

use jiff::SignedDuration;
use sim::{
    Price, SymbolId, Timestamp,
    paper::{Print, Snapshots, Tape, Tick},
};

use super::{
    lines::{Instrument, Line, Numbered, Quote},
    push::{AHEAD_MAX, QUOTES_MAX},
};
use crate::{error::Error, scenarios::symbols, store::chain::Head};

/// Sampled returns of a year: equity is sampled at every midnight.
const SAMPLES_PER_YEAR: u32 = 365;
/// Instruments of a season.
pub(super) const INSTRUMENTS_MAX: usize = 1_000;

/// What an instrument's source said, in order of its time.
type Said = Vec<(jiff::Timestamp, Price)>;

pub(super) struct Book {
    tape: Tape,
    head: Head,
    instruments: Vec<Instrument>,
    /// The listing of a symbol without case and separators.
    by_folded: BTreeMap<String, SymbolId>,
    said: Vec<Said>,
    /// Market time stands here while a batch is written.
    held: Option<Timestamp>,
    /// The latest second that somebody has seen.
    seen: AtomicI64,
}

/// A batch that was checked.
pub(super) struct Planned {
    pub(super) expected: Head,
    pub(super) at: Timestamp,
    /// What is to be appended.
    pub(super) lines: Vec<Line>,
    /// Lines of the batch that are new.
    pub(super) new: usize,
    pub(super) repeated: usize,
}

/// The book as it will be: what a batch adds to it.
struct Draft<'a> {
    book: &'a Book,
    instruments: Vec<Instrument>,
    by_folded: BTreeMap<String, usize>,
    said: BTreeMap<usize, Said>,
    /// The second up to which a source may be.
    latest: jiff::Timestamp,
}

impl Book {
    pub(super) fn new(head: Head) -> Result<Self, Error> {
        let tape = Tape::new(Vec::new(), SAMPLES_PER_YEAR, Snapshots::Midnights);
        Ok(Self {
            tape: tape.map_err(Error::internal)?,
            head,
            instruments: Vec::new(),
            by_folded: BTreeMap::new(),
            said: Vec::new(),
            held: None,
            seen: AtomicI64::new(i64::MIN),
        })
    }

    pub(super) const fn tape(&self) -> &Tape {
        &self.tape
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.instruments.is_empty()
    }

    /// What market time it is when the clock shows this second. It never goes back, and never past
    /// a batch that is being written.
    pub(super) fn market_time(&self, clock: Timestamp) -> Timestamp {
        let at = self.held.map_or(clock, |held| clock.min(held)).seconds();
        Timestamp::from_seconds(self.seen.fetch_max(at, Ordering::Relaxed).max(at))
    }

    /// Checks a batch against the book and holds market time until it is taken. `before` are the
    /// instruments that the season takes over.
    pub(super) fn plan(
        &mut self,
        before: Vec<Line>,
        batch: Vec<Numbered>,
        now: jiff::Timestamp,
    ) -> Result<Planned, Error> {
        let latest = now.saturating_add(SignedDuration::from_secs(AHEAD_MAX));
        let mut draft = Draft {
            book: self,
            instruments: Vec::new(),
            by_folded: BTreeMap::new(),
            said: BTreeMap::new(),
            latest: latest.map_err(Error::internal)?,
        };
        let mut lines = before;
        for line in &lines {
            draft.add(&Numbered { number: 0, line: line.clone() })?;
        }
        let (taken_over, all) = (lines.len(), batch.len());
        for numbered in batch {
            lines.extend(draft.add(&numbered)?);
        }
        let quotes = lines.iter().filter(|it| matches!(it, Line::Quote(_))).count();
        if self.tape.ticks().len() + quotes > QUOTES_MAX {
            return Err(Error::season_full(QUOTES_MAX));
        }
        let seen = Timestamp::from_seconds(self.seen.load(Ordering::Relaxed));
        let last = self.tape.ticks().last().map_or(seen, |it| it.at.max(seen));
        let at = Timestamp::from_seconds(now.as_second()).max(last);
        self.held = Some(at);
        let new = lines.len() - taken_over;
        Ok(Planned { expected: self.head, at, lines, new, repeated: all - new })
    }

    /// Puts a batch on the tape whose journal ends there now; or lets market time go on without it.
    pub(super) fn take(
        &mut self,
        plan: &Planned,
        written: Result<Head, Error>,
    ) -> Result<(), Error> {
        self.held = None;
        let head = written?;
        plan.lines.iter().try_for_each(|line| self.put(line, plan.at))?;
        self.head = head;
        Ok(())
    }

    /// Puts one line on the tape.
    pub(super) fn put(&mut self, line: &Line, at: Timestamp) -> Result<(), Error> {
        match line {
            Line::Instrument(instrument) => {
                let listing = instrument.listing();
                let listing = listing.ok_or_else(|| Error::internal("an unknown asset type"))?;
                let id = self.tape.list(listing).map_err(Error::internal)?;
                self.by_folded.insert(symbols::folded(&instrument.symbol), id);
                self.instruments.push(instrument.clone());
                self.said.push(Vec::new());
            }
            Line::Quote(Quote { symbol, price, ts }) => {
                let unlisted = || Error::internal(format!("{symbol} is not listed"));
                let instrument = self.tape.find(symbol).ok_or_else(unlisted)?;
                let print = Print::Price(*price);
                self.tape.push(Tick { at, instrument, print }).map_err(Error::internal)?;
                self.said[instrument.index()].push((*ts, *price));
            }
        }
        Ok(())
    }

    /// The journal that was put on the tape ends there.
    pub(super) fn follow(&mut self, head: Head) {
        self.head = head;
        if let Some(last) = self.tape.ticks().last() {
            *self.seen.get_mut() = last.at.seconds();
        }
    }
}

impl Draft<'_> {
    /// The line as it is kept; nothing where it is there already.
    fn add(&mut self, numbered: &Numbered) -> Result<Option<Line>, Error> {
        match &numbered.line {
            Line::Instrument(given) => self.instrument(numbered, given),
            Line::Quote(given) => self.quote(numbered, given),
        }
    }

    fn instrument(
        &mut self,
        numbered: &Numbered,
        given: &Instrument,
    ) -> Result<Option<Line>, Error> {
        let folded = symbols::folded(&given.symbol);
        if let Some(listed) = self.find(&folded).and_then(|index| self.listed(index)) {
            let problem = "is listed already, otherwise; it stays so for the season";
            let same = listed == given;
            return if same { Ok(None) } else { Err(numbered.wrong("symbol", problem)) };
        }
        let index = self.book.instruments.len() + self.instruments.len();
        if index >= INSTRUMENTS_MAX {
            let problem = format!("a season has at most {INSTRUMENTS_MAX} instruments");
            return Err(numbered.wrong("", &problem));
        }
        self.by_folded.insert(folded, index);
        self.instruments.push(given.clone());
        Ok(Some(Line::Instrument(given.clone())))
    }

    fn quote(&mut self, numbered: &Numbered, given: &Quote) -> Result<Option<Line>, Error> {
        let index = self.find(&symbols::folded(&given.symbol));
        let Some((index, listed)) = index.and_then(|it| Some((it, self.listed(it)?))) else {
            let problem = "is not listed; send a line of type \"instrument\" for it first";
            return Err(numbered.wrong("symbol", problem));
        };
        let symbol = listed.symbol.clone();
        if given.ts > self.latest {
            let problem = format!("is more than {AHEAD_MAX} s ahead of the server's clock");
            return Err(numbered.wrong("ts", &problem));
        }
        let old = self.book.said.get(index).map_or(&[][..], Vec::as_slice);
        let new = self.said.entry(index).or_default();
        let before = new.last().or(old.last()).filter(|last| given.ts <= last.0).copied();
        let Some((last, _)) = before else {
            new.push((given.ts, given.price));
            return Ok(Some(Line::Quote(Quote { symbol, ..given.clone() })));
        };
        let at = |said: &[(jiff::Timestamp, Price)]| {
            let found = said.binary_search_by_key(&given.ts, |it| it.0);
            found.ok().map(|at| said[at].1)
        };
        match at(new).or_else(|| at(old)) {
            Some(price) if price == given.price => Ok(None),
            Some(price) => {
                Err(numbered.wrong("price", &format!("was {price} at this `ts` before")))
            }
            None => Err(numbered.wrong("ts", &format!("must be after the last one, {last}"))),
        }
    }

    fn find(&self, folded: &str) -> Option<usize> {
        let book = self.book.by_folded.get(folded).map(|it| it.index());
        book.or_else(|| self.by_folded.get(folded).copied())
    }

    fn listed(&self, index: usize) -> Option<&Instrument> {
        let old = &self.book.instruments;
        old.get(index).or_else(|| self.instruments.get(index.checked_sub(old.len())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(lines: &[&str]) -> Vec<Numbered> {
        super::super::lines::read(lines.join("\n").as_bytes()).unwrap()
    }

    #[test]
    fn market_time_stands_still_while_a_batch_is_written() {
        let genesis = Head { seq: 0, hash: [0; 32] };
        let mut book = Book::new(genesis).unwrap();
        let second = Timestamp::from_seconds;
        assert_eq!(book.market_time(second(100)), second(100));
        let lines = batch(&[
            r#"{"type":"instrument","symbol":"AAPL","name":"Apple","asset_type":"STOCK"}"#,
            r#"{"type":"quote","symbol":"AAPL","price":1,"ts":"1970-01-01T00:01:00Z"}"#,
        ]);
        let now = jiff::Timestamp::constant(100, 900_000_000);
        let plan = book.plan(Vec::new(), lines, now).unwrap();
        // The write takes ten seconds.
        for clock in [100, 101, 110] {
            assert_eq!(book.market_time(second(clock)), second(100), "{clock}");
            assert_eq!(book.tape().ticks().len(), 0);
        }
        book.take(&plan, Ok(Head { seq: 2, ..genesis })).unwrap();
        assert_eq!(book.tape().ticks()[0].at, second(100));
        assert_eq!(book.market_time(second(110)), second(110));
        // What is taken next is not before what somebody has seen.
        let quote = r#"{"type":"quote","symbol":"AAPL","price":2,"ts":"1970-01-01T00:01:01Z"}"#;
        let plan = book.plan(Vec::new(), batch(&[quote]), now).unwrap();
        assert_eq!((plan.at, plan.expected.seq), (second(110), 2));
        // A write that failed lets time go on.
        book.take(&plan, Err(Error::season_moved())).unwrap_err();
        assert_eq!((book.market_time(second(120)), book.tape().ticks().len()), (second(120), 1));
    }
}
