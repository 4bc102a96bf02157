//! The market that paper accounts trade on: a [`Season`], its tape, and how much has happened.
//!
//! - [`Feed::replay`] plays embedded history on the wall clock (`replay`, [`manifest`]). Its state
//!   is a function of time: nothing runs, nothing is stored.
//! - [`Feed::push`] has what an operator sends (`push`): lines of instruments and quotes
//!   ([`lines`]), kept in a journal of their own before anybody sees them.
//!
//! Both go by seasons: equal stretches of wall time, each with a market of its own.

pub mod args;
mod book;
mod data;
pub mod lines;
pub mod manifest;
mod push;
mod replay;
mod seasons;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use sim::paper::{Moment, Tape};

use crate::{error::Error, scenarios::problems::Problem, store::Store};

pub use args::{FeedArgs, Operator};
pub use push::{QUOTES_MAX, Taken};
pub use replay::{ReplaySettings, SPEED_MAX};
pub use seasons::SEASON_DAYS_MAX;

/// Days of a season where nobody says otherwise.
pub const SEASON_DAYS: u32 = 30;

/// A stretch of wall time with a market of its own: accounts begin anew in each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// Its number, from 0.
    pub number: u32,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it is over; the next one begins then.
    pub ends_at: Timestamp,
    /// What its prices are, in words that nobody takes for today's market: `replay of 2017-10 to
    /// 2018-09`.
    pub source: String,
    /// What tells this market from every other: feed, settings and data. An account belongs to it.
    pub market: String,
}

/// The market at an instant.
#[derive(Debug, Clone, Copy)]
pub struct Market<'a> {
    /// The season around it.
    pub season: &'a Season,
    /// Everything that is printed in the season: also what is yet to happen.
    pub tape: &'a Tape,
    /// How much of the tape has happened.
    pub moment: Moment,
}

/// Why a feed cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// No season, or one that nobody lives to see.
    #[error("--season-days must be between 1 and {SEASON_DAYS_MAX}, not {0}")]
    SeasonDays(u32),
    /// Time that stands, or flies.
    #[error("--replay-speed must be between 1 and {SPEED_MAX}, not {0}")]
    Speed(u32),
    /// A season would need more history than there is.
    #[error(
        "--replay-speed {speed} × --season-days {season_days} makes {} days of market, and the \
         data has {days}; choose a lower speed or shorter seasons",
        u64::from(*speed) * u64::from(*season_days)
    )]
    TooFast {
        /// Days of market time in a day.
        speed: u32,
        /// Days of a season.
        season_days: u32,
        /// Days of market time in the data.
        days: u32,
    },
    /// The embedded data is not what this program expects.
    #[error("the data of the replay: {0}")]
    Data(Problem),
}

impl From<Problem> for SettingsError {
    fn from(problem: Problem) -> Self {
        Self::Data(problem)
    }
}

/// Where the market comes from.
pub struct Feed(Source);

enum Source {
    Replay(Box<replay::Replay>),
    Push(Arc<push::Push>),
}

impl Feed {
    /// A feed that replays the embedded history. Its tape is made on the first [`Feed::read`] of a
    /// season.
    pub fn replay(settings: &ReplaySettings) -> Result<Self, SettingsError> {
        replay::Replay::new(settings).map(|it| Self(Source::Replay(Box::new(it))))
    }

    /// A feed of what an operator pushes, kept in the store. A season is loaded on its first
    /// [`Feed::read`].
    pub fn push(store: Store, season_days: u32) -> Result<Self, SettingsError> {
        push::Push::new(store, season_days).map(|it| Self(Source::Push(Arc::new(it))))
    }

    /// Whether it has what is pushed.
    pub const fn is_pushed(&self) -> bool {
        matches!(self.0, Source::Push(_))
    }

    /// Shows `f` the market at this instant. Of two readings of one season, the one whose market
    /// time is later has all the ticks of the other.
    ///
    /// `f` must be quick and not call the feed: quotes that are pushed wait for it.
    ///
    /// # Errors
    /// When the stored quotes of the season are damaged (by name), or cannot be read.
    pub fn read<R>(&self, now: Timestamp, f: impl FnOnce(&Market<'_>) -> R) -> Result<R, Error> {
        match &self.0 {
            Source::Replay(replay) => replay.read(now, f),
            Source::Push(push) => push.read(now, f),
        }
    }

    /// Takes a batch of pushed lines ([`lines`]), whole or not at all. When this answers `Ok`, they
    /// are on the disk and seen.
    ///
    /// # Errors
    /// The line and the field that are wrong; a feed that replays takes none.
    pub async fn take(&self, now: Timestamp, body: &[u8]) -> Result<Taken, Error> {
        match &self.0 {
            Source::Replay(_) => Err(Error::nothing_is_pushed()),
            Source::Push(push) => push.take(now, body).await,
        }
    }
}
