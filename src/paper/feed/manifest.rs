//! `paper.toml`: what the replayed market says of itself besides its bars.

use std::collections::BTreeMap;

use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::Deserialize;
use sim::{Timestamp, paper::AssetType};

use crate::scenarios::{Day, Rights, problems::Problem, sessions::zone};

/// The file's name in the folder of the scenarios.
pub(super) const MANIFEST_FILE: &str = "paper.toml";
const SECONDS_PER_MINUTE: i64 = 60;
const SECONDS_PER_DAY: i64 = 86_400;

/// The whole of `paper.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Raised whenever listings, hours or bars change.
    pub version: u32,
    /// The day it was made.
    pub created: Day,
    /// A title for people.
    pub name: String,
    /// What is in it.
    pub description: String,
    /// The first day of market time that a season may have.
    pub begins: Day,
    /// The last one.
    pub ends: Day,
    /// Samples of equity in a year, for annualised figures.
    pub sessions_per_year: u32,
    /// The hours at whose closes equity is sampled; they are of kind `sessions`.
    pub samples: String,
    /// How the instruments were chosen.
    pub universe_selection: String,
    /// What was done to the prices for splits and the like.
    pub adjustment: String,
    /// Where dividends are.
    pub dividends: String,
    /// What a reader of any result must know.
    pub known_biases: Vec<String>,
    /// When what is traded, by name.
    pub hours: BTreeMap<String, Hours>,
    /// The instruments.
    #[serde(rename = "listing")]
    pub listings: Vec<Listed>,
}

/// An instrument.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Canonical upper-case symbol.
    pub symbol: String,
    /// What people call it.
    pub name: String,
    /// Its kind.
    #[serde(deserialize_with = "asset_type")]
    pub asset_type: AssetType,
    /// The name of its hours.
    pub hours: String,
    /// What allows its bars to be passed on.
    pub rights: Rights,
}

/// When something is traded, and what the stamp of a bar means.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Hours {
    /// A bar is the session of its date.
    Sessions {
        /// IANA name.
        time_zone: String,
        /// When a session opens there.
        opens: Clock,
        /// When it closes.
        closes: Clock,
        /// When some close early.
        early_closes: EarlyCloses,
    },
    /// A bar lasts so long from its stamp; trading never ends.
    Always {
        /// Its length.
        bar_minutes: u32,
    },
    /// One price a date; in between there is trading from Monday to Friday.
    Fix {
        /// IANA name.
        time_zone: String,
        /// When it is known there.
        at: Clock,
    },
}

/// Sessions that are shorter than the others.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyCloses {
    /// When they close.
    pub at: Clock,
    /// Their dates.
    pub days: Vec<Day>,
}

/// A time of day: `09:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Clock(Time);

impl TryFrom<String> for Clock {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("must be a time such as 09:30, not {text:?}"))
    }
}

fn asset_type<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<AssetType, D::Error> {
    let text = String::deserialize(reader)?;
    AssetType::from_name(&text).ok_or_else(|| {
        let expected = AssetType::NAMES.join(", ");
        serde::de::Error::custom(format!("must be one of {expected}, not {text:?}"))
    })
}

/// From when to when the print of one row takes place; the same instant for a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lasting {
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
}

impl Manifest {
    /// Reads the file; the first thing that is wrong is the problem.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let manifest: Self = toml::from_str(text)
            .map_err(|error| Problem::new(MANIFEST_FILE, error.to_string().trim_end()))?;
        let wrong = |field: &str, text: &str| Problem::new(MANIFEST_FILE, text).field(field);
        if manifest.days()? == 0 {
            return Err(wrong("ends", "must not be before `begins`"));
        }
        if !matches!(manifest.hours.get(&manifest.samples), Some(Hours::Sessions { .. })) {
            return Err(wrong("samples", "must name hours of kind \"sessions\""));
        }
        for listed in &manifest.listings {
            manifest.hours_of(listed)?;
        }
        Ok(manifest)
    }

    /// The first instant of the first day.
    pub(super) fn begins(&self) -> Result<Timestamp, Problem> {
        midnight(self.begins)
    }

    /// Days from the first to the last, both included.
    pub(super) fn days(&self) -> Result<u32, Problem> {
        let days = midnight(self.ends)?.seconds() - self.begins()?.seconds();
        Ok(u32::try_from(days / SECONDS_PER_DAY + 1).unwrap_or(0))
    }

    /// When an instrument is traded.
    pub(super) fn hours_of(&self, listed: &Listed) -> Result<&Hours, Problem> {
        self.hours.get(&listed.hours).ok_or_else(|| {
            let text = format!("{}: there are no hours {:?}", listed.symbol, listed.hours);
            Problem::new(MANIFEST_FILE, text).field("listing.hours")
        })
    }
}

impl Hours {
    /// When the row with this stamp takes place: an instant for [`Hours::Always`], else midnight
    /// UTC of a date.
    pub(super) fn lasting(&self, stamp: Timestamp) -> Result<Lasting, Problem> {
        match self {
            Self::Sessions { time_zone, opens, closes, early_closes } => {
                let date = date(stamp)?;
                let early = early_closes.days.iter().any(|day| civil(*day).ok() == Some(date));
                let closes = if early { early_closes.at } else { *closes };
                let zone = named(time_zone)?;
                Ok(Lasting { begins: at(date, *opens, &zone)?, ends: at(date, closes, &zone)? })
            }
            Self::Always { bar_minutes } => {
                let seconds = i64::from(*bar_minutes) * SECONDS_PER_MINUTE;
                let ends = Timestamp::from_seconds(stamp.seconds() + seconds);
                Ok(Lasting { begins: stamp, ends })
            }
            Self::Fix { time_zone, at: time } => {
                let fixed = at(date(stamp)?, *time, &named(time_zone)?)?;
                Ok(Lasting { begins: fixed, ends: fixed })
            }
        }
    }
}

fn named(name: &str) -> Result<TimeZone, Problem> {
    zone(name).ok_or_else(|| Problem::new(MANIFEST_FILE, "must be an IANA name").field("time_zone"))
}

fn at(date: Date, time: Clock, zone: &TimeZone) -> Result<Timestamp, Problem> {
    let instant = zone.to_timestamp(date.to_datetime(time.0));
    let instant = instant.map_err(|error| Problem::new(MANIFEST_FILE, error))?;
    Ok(Timestamp::from_seconds(instant.as_second()))
}

/// The date that a row is stamped with.
fn date(stamp: Timestamp) -> Result<Date, Problem> {
    let instant = jiff::Timestamp::from_second(stamp.seconds());
    let date = instant.map(|it| TimeZone::UTC.to_datetime(it).date());
    date.map_err(|error| Problem::new(MANIFEST_FILE, error))
}

fn civil(day: Day) -> Result<Date, Problem> {
    let number = |it: u8| i8::try_from(it).unwrap_or(0);
    let year = i16::try_from(day.year).unwrap_or(0);
    let date = Date::new(year, number(day.month), number(day.day));
    date.map_err(|error| Problem::new(MANIFEST_FILE, error))
}

fn midnight(day: Day) -> Result<Timestamp, Problem> {
    at(civil(day)?, Clock(Time::midnight()), &TimeZone::UTC)
}
