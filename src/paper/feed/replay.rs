//! The feed that replays history on the wall clock: market time is a function of wall time alone.
//!
//! ```text
//! market time = begin of the season's window + (now − begin of the season) × speed
//! ```
//!
//! Windows follow each other through the data, a whole number of days each. One that would pass the
//! data's end begins as far after the data's begin as it would have passed it, so that time never
//! jumps inside a season. The tape of a window has the prints of [`HISTORY_DAYS`] before it too:
//! they have happened when the season begins, so that everything has a price by then.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sim::{Timestamp, paper::Tape};

use super::{
    Market, Season, SettingsError,
    data::{self, Data},
    manifest::Manifest,
    seasons::Seasons,
};
use crate::{
    error::Error,
    scenarios::{Rights, problems::Problem},
};

/// The highest speed: a day of market time in 8.64 seconds.
pub const SPEED_MAX: u32 = 10_000;
/// Days before a window whose prints are known from its beginning.
const HISTORY_DAYS: i64 = 7;
/// Seasons that are kept: this one, and the one before for who asks a moment late.
const SEASONS_KEPT: usize = 2;
const SECONDS_PER_DAY: i64 = 86_400;
const MICROS_PER_SECOND: i128 = 1_000_000;

/// What a replay is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplaySettings {
    /// Days of market time in a day, from 1 to [`SPEED_MAX`].
    pub speed: u32,
    /// Days of a season, from 1 to [`super::SEASON_DAYS_MAX`].
    pub season_days: u32,
    /// Whether instruments are left out whose origin shows no grant.
    pub clear_rights: bool,
}

impl Default for ReplaySettings {
    fn default() -> Self {
        Self { speed: 12, season_days: super::SEASON_DAYS, clear_rights: false }
    }
}

pub(super) struct Replay {
    settings: ReplaySettings,
    seasons: Seasons,
    manifest: Manifest,
    /// Days of market in the data.
    days: u32,
    kept: Mutex<Vec<Arc<Played>>>,
    name: OnceLock<String>,
}

/// The market of one season.
struct Played {
    season: Season,
    window: Window,
    tape: Tape,
}

/// Market time of a season: `[begins, ends)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    begins: Timestamp,
    ends: Timestamp,
}

impl Replay {
    pub(super) fn new(settings: &ReplaySettings) -> Result<Self, SettingsError> {
        let ReplaySettings { speed, season_days, .. } = *settings;
        let seasons =
            Seasons::of_days(season_days).ok_or(SettingsError::SeasonDays(season_days))?;
        if !(1..=SPEED_MAX).contains(&speed) {
            return Err(SettingsError::Speed(speed));
        }
        let manifest = data::manifest()?;
        let days = manifest.days()?;
        if u64::from(speed) * u64::from(season_days) > u64::from(days) {
            return Err(SettingsError::TooFast { speed, season_days, days });
        }
        Ok(Self {
            settings: *settings,
            seasons,
            manifest,
            days,
            kept: Mutex::default(),
            name: OnceLock::new(),
        })
    }

    pub(super) fn read<R>(
        &self,
        now: jiff::Timestamp,
        f: impl FnOnce(&Market<'_>) -> R,
    ) -> Result<R, Error> {
        let played = self.played(now)?;
        let (season, tape) = (&played.season, &played.tape);
        let moment = tape.moment(self.market_time(&played, now));
        Ok(f(&Market { season, tape, moment }))
    }

    /// What market time it is, in whole seconds.
    fn market_time(&self, played: &Played, now: jiff::Timestamp) -> Timestamp {
        let since = now.as_microsecond().saturating_sub(played.season.starts_at.as_microsecond());
        let gone = i128::from(since.max(0)) * i128::from(self.settings.speed) / MICROS_PER_SECOND;
        let Window { begins, ends } = played.window;
        let last = ends.seconds() - 1;
        let at = i64::try_from(gone).map_or(last, |gone| begins.seconds().saturating_add(gone));
        Timestamp::from_seconds(at.min(last))
    }

    /// The window of a season.
    fn window(&self, season: u32) -> Result<Window, Problem> {
        let days = self.settings.speed * self.seasons.days();
        let room = u64::from(self.days - days) + 1;
        let skipped = u64::from(season) * u64::from(days) % room;
        let skipped = i64::try_from(skipped).unwrap_or_default();
        let begins = self.manifest.begins()?.seconds() + skipped * SECONDS_PER_DAY;
        let ends = begins + i64::from(days) * SECONDS_PER_DAY;
        Ok(Window { begins: Timestamp::from_seconds(begins), ends: Timestamp::from_seconds(ends) })
    }

    /// The season around this instant, made when it is first asked for.
    fn played(&self, now: jiff::Timestamp) -> Result<Arc<Played>, Error> {
        let number = self.seasons.around(now).number;
        // A panic while a season is made leaves the list as it was.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().find(|it| it.season.number == number) {
            return Ok(Arc::clone(found));
        }
        let made = Arc::new(self.play(now).map_err(Error::internal)?);
        if kept.len() >= SEASONS_KEPT {
            kept.remove(0);
        }
        kept.push(Arc::clone(&made));
        Ok(made)
    }

    fn play(&self, now: jiff::Timestamp) -> Result<Played, Problem> {
        let stretch = self.seasons.around(now);
        let window = self.window(stretch.number)?;
        let data = Data::read(&self.manifest)?;
        let known = window.begins.seconds() - HISTORY_DAYS * SECONDS_PER_DAY;
        let clear = self.settings.clear_rights;
        let wanted = |rights: Rights| rights.is_clear() || !clear;
        let tape = data.tape(Timestamp::from_seconds(known)..window.ends, wanted)?;
        let season = Season {
            number: stretch.number,
            starts_at: stretch.starts_at,
            ends_at: stretch.ends_at,
            source: source(window),
            market: self.name.get_or_init(|| self.name(data.digest())).clone(),
        };
        Ok(Played { season, window, tape })
    }

    /// What tells this market from others.
    fn name(&self, digest: &str) -> String {
        let ReplaySettings { speed, season_days, clear_rights } = self.settings;
        let rights = if clear_rights { " clear" } else { "" };
        format!("replay v{} {digest} {speed}x {season_days}d{rights}", self.manifest.version)
    }
}

/// `replay of 2017-10 to 2018-09`: the months of the first and the last day.
fn source(window: Window) -> String {
    let month = |at: i64| {
        let date = Timestamp::from_seconds(at).date().to_string();
        date.rsplit_once('-').map(|it| it.0.to_owned()).unwrap_or(date)
    };
    let (first, last) = (month(window.begins.seconds()), month(window.ends.seconds() - 1));
    if first == last {
        format!("replay of {first}")
    } else {
        format!("replay of {first} to {last}")
    }
}
