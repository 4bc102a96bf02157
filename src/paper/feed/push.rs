//! The feed of what an operator pushes: market time is the clock's, in whole seconds.
//!
//! A batch of [`lines`] is checked whole, appended to the season's journal and, once
//! it is on the disk, put on the tape. Its quotes take place in the second in which it is taken;
//! market time stands still in that second while the batch is written, so that whoever looks never
//! sees a later second to which an earlier quote is added afterwards. For the same reason market
//! time does not follow a clock that is set back while the server runs.
//!
//! The first batch of a season takes over the instruments of the season before.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::json;
use sim::Timestamp;

use super::{
    Market, Season, SettingsError,
    book::{Book, Planned},
    lines::{self, Line},
    seasons::{Seasons, Stretch},
};
use crate::{
    error::Error,
    store::{
        Store, StoreError,
        feed::{self, Append, Place},
    },
};

/// Quotes of a season: about 100 MB of memory.
pub const QUOTES_MAX: usize = 1_000_000;
/// Seasons that are kept: this one, and the one before for who asks a moment late.
const SEASONS_KEPT: usize = 2;
/// A source may be ahead of our clock by so many seconds.
pub(super) const AHEAD_MAX: i64 = 5;
const MICROS_PER_SECOND: i64 = 1_000_000;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Lines that are new.
    pub taken: usize,
    /// Lines that were taken before, word for word.
    pub repeated: usize,
    /// The number of the season.
    pub season: u32,
    /// When they take place, in market time.
    pub market_time: Timestamp,
}

impl Taken {
    /// As an answer.
    pub fn body(&self) -> serde_json::Value {
        let Self { taken, repeated, season, market_time } = self;
        json!({ "taken": taken, "repeated": repeated, "season": season,
            "market_time": market_time })
    }
}

pub(super) struct Push {
    store: Store,
    seasons: Seasons,
    /// The market's name.
    name: String,
    kept: Mutex<Vec<Arc<Live>>>,
    /// One batch at a time.
    turn: tokio::sync::Mutex<()>,
}

/// A season as it is in memory.
struct Live {
    season: Season,
    book: RwLock<Book>,
}

impl Push {
    pub(super) fn new(store: Store, season_days: u32) -> Result<Self, SettingsError> {
        let seasons =
            Seasons::of_days(season_days).ok_or(SettingsError::SeasonDays(season_days))?;
        let name = format!("push {season_days}d");
        Ok(Self {
            store,
            seasons,
            name,
            kept: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    pub(super) fn read<R>(
        &self,
        now: jiff::Timestamp,
        f: impl FnOnce(&Market<'_>) -> R,
    ) -> Result<R, Error> {
        let live = self.live(now)?;
        // What panics under this lock only reads.
        let book = live.book.read().unwrap_or_else(PoisonError::into_inner);
        let tape = book.tape();
        let moment = tape.moment(book.market_time(second(now)));
        Ok(f(&Market { season: &live.season, tape, moment }))
    }

    pub(super) async fn take(
        self: &Arc<Self>,
        now: jiff::Timestamp,
        body: &[u8],
    ) -> Result<Taken, Error> {
        let lines = lines::read(body)?;
        let push = Arc::clone(self);
        // What is on its way to the disk is finished, whether or not its sender waits.
        let taken = tokio::spawn(async move { push.take_all(now, lines).await });
        taken.await.map_err(Error::internal)?
    }

    async fn take_all(
        &self,
        now: jiff::Timestamp,
        lines: Vec<lines::Numbered>,
    ) -> Result<Taken, Error> {
        let _turn = self.turn.lock().await;
        let live = self.live(now)?;
        let plan = {
            let mut book = live.book.write().unwrap_or_else(PoisonError::into_inner);
            let takeover = book.is_empty().then(|| self.takeover(&live)).transpose()?;
            book.plan(takeover.unwrap_or_default(), lines, now)?
        };
        let taken = Taken {
            taken: plan.new,
            repeated: plan.repeated,
            season: live.season.number,
            market_time: plan.at,
        };
        let written = self.write(&live, &plan).await;
        let done = live.book.write().unwrap_or_else(PoisonError::into_inner).take(&plan, written);
        if done.is_err() {
            // What the disk has is read again.
            self.forget(&live);
        }
        done.map(|()| taken)
    }

    /// Appends what is new to the journal.
    async fn write(&self, live: &Live, plan: &Planned) -> Result<crate::store::chain::Head, Error> {
        let lines = plan.lines.iter().map(Line::canonical).collect::<Result<Vec<_>, _>>()?;
        if lines.is_empty() {
            return Ok(plan.expected);
        }
        let append = Append {
            place: self.place(live.season.number),
            expected: plan.expected,
            at: plan.at.seconds() * MICROS_PER_SECOND,
            lines,
        };
        self.store.write(move |tx| feed::append(tx, &append)).await.map_err(refused)
    }

    /// The instruments of the season before.
    fn takeover(&self, live: &Live) -> Result<Vec<Line>, Error> {
        let place = self.place(live.season.number);
        let mut listed = Vec::new();
        let read = self.store.read_blocking(|tx| {
            let Some(before) = feed::season_before(tx, &place)? else { return Ok(()) };
            feed::walk(tx, &before, |entry| {
                let old = kept(&before, &entry)?;
                listed.extend(matches!(old, Line::Instrument(_)).then_some(old));
                Ok(())
            })
            .map(drop)
        });
        read.map(|()| listed).map_err(refused)
    }

    /// The season around this instant, loaded when it is first asked for.
    fn live(&self, now: jiff::Timestamp) -> Result<Arc<Live>, Error> {
        let stretch = self.seasons.around(now);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().find(|it| it.season.number == stretch.number) {
            return Ok(Arc::clone(found));
        }
        let loaded = Arc::new(self.load(stretch)?);
        if kept.len() >= SEASONS_KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&loaded));
        Ok(loaded)
    }

    fn forget(&self, live: &Arc<Live>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|it| !Arc::ptr_eq(it, live));
    }

    fn load(&self, stretch: Stretch) -> Result<Live, Error> {
        let place = self.place(stretch.number);
        let mut book = Book::new(place.genesis())?;
        let walked = self.store.read_blocking(|tx| {
            feed::walk(tx, &place, |entry| {
                let at = Timestamp::from_seconds(entry.at.div_euclid(MICROS_PER_SECOND));
                let put = book.put(&kept(&place, &entry)?, at);
                put.map_err(|error| place.corrupt(entry.seq, error))
            })
        });
        book.follow(walked.map_err(refused)?);
        let season = Season {
            number: stretch.number,
            starts_at: stretch.starts_at,
            ends_at: stretch.ends_at,
            source: "quotes pushed by the operator of this server".into(),
            market: self.name.clone(),
        };
        Ok(Live { season, book: RwLock::new(book) })
    }

    fn place(&self, season: u32) -> Place {
        Place { market: self.name.clone(), season: season.into() }
    }
}

/// A line as it was kept.
fn kept(place: &Place, entry: &feed::Entry) -> Result<Line, StoreError> {
    Line::parse(&entry.line).map_err(|(_, problem)| place.corrupt(entry.seq, problem))
}

fn refused(error: StoreError) -> Error {
    match error {
        StoreError::Conflict(_) => Error::season_moved(),
        StoreError::Unavailable(why) => Error::unavailable(why),
        StoreError::Corrupt { .. } => Error::corrupt_feed(error),
        StoreError::Schema(_) | StoreError::Internal(_) => Error::internal(error),
    }
}

fn second(now: jiff::Timestamp) -> Timestamp {
    Timestamp::from_seconds(now.as_second())
}
