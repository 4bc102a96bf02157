//! Which session a bar belongs to: a date, from the bundled time zone database alone.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use sim::{Date, Timestamp};

use super::{card::Card, words::Resolution};

const SECONDS_PER_HOUR: i64 = 3_600;

/// The database compiled into the binary, so that a label never depends on the host.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time zone of this IANA name.
pub fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

/// Labels the bars of one scenario with the dates of their sessions.
#[derive(Debug, Clone)]
pub enum Sessions {
    /// A daily bar's session is the UTC date of its timestamp, never converted.
    Daily,
    /// An intraday bar's session is the local date after adding the shift.
    Intraday {
        /// Where the market's clock hangs.
        zone: TimeZone,
        /// Hours from the start of a session to the midnight that names it.
        shift_hours: i32,
    },
}

impl Sessions {
    /// The rule of a scenario; `None` when its time zone is unknown.
    pub fn of(card: &Card) -> Option<Self> {
        let zone = zone(&card.time_zone)?;
        Some(match card.bar_resolution {
            Resolution::Day1 => Self::Daily,
            _ => Self::Intraday { zone, shift_hours: card.session_shift_hours },
        })
    }

    /// The date of the session that holds this instant.
    pub fn label(&self, ts: Timestamp) -> Date {
        match self {
            Self::Daily => ts.date(),
            Self::Intraday { zone, shift_hours } => {
                let local = ts.seconds() + offset_seconds(zone, ts);
                Timestamp::from_seconds(local + i64::from(*shift_hours) * SECONDS_PER_HOUR).date()
            }
        }
    }
}

/// Seconds that local time is ahead of UTC; 0 for an instant past any calendar.
pub fn offset_seconds(zone: &TimeZone, ts: Timestamp) -> i64 {
    jiff::Timestamp::from_second(ts.seconds())
        .map_or(0, |instant| i64::from(zone.to_offset(instant).seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(zone_name: &str, shift_hours: i32, instant: &str) -> String {
        let sessions = Sessions::Intraday { zone: zone(zone_name).unwrap(), shift_hours };
        let instant: jiff::Timestamp = instant.parse().unwrap();
        sessions.label(Timestamp::from_seconds(instant.as_second())).to_string()
    }

    #[test]
    fn a_currency_session_changes_at_17_in_new_york_in_summer_and_winter() {
        let fx = |instant| label("America/New_York", 7, instant);
        assert_eq!(fx("2017-01-05T21:59:59Z"), "2017-01-05");
        assert_eq!(fx("2017-01-05T22:00:00Z"), "2017-01-06");
        assert_eq!(fx("2017-07-05T20:59:59Z"), "2017-07-05");
        assert_eq!(fx("2017-07-05T21:00:00Z"), "2017-07-06");
        // The week opens on Sunday at 17:00, on the day the clocks change too.
        assert_eq!(fx("2017-03-12T21:00:00Z"), "2017-03-13");
        assert_eq!(fx("2017-11-05T22:00:00Z"), "2017-11-06");
    }

    #[test]
    fn a_share_session_is_the_local_date_around_clock_changes() {
        let us = |instant| label("America/New_York", 0, instant);
        assert_eq!(us("2024-03-08T14:30:00Z"), "2024-03-08");
        assert_eq!(us("2024-03-11T13:30:00Z"), "2024-03-11");
        assert_eq!(us("2024-11-03T03:59:59Z"), "2024-11-02");
        assert_eq!(us("2024-11-03T04:00:00Z"), "2024-11-03");
        assert_eq!(us("2024-11-04T04:59:59Z"), "2024-11-03");
        assert_eq!(us("2024-11-04T05:00:00Z"), "2024-11-04");
        assert_eq!(label("Asia/Manila", 0, "2021-09-01T16:00:00Z"), "2021-09-02");
        assert_eq!(label("UTC", 0, "2018-01-01T00:00:00Z"), "2018-01-01");
    }

    #[test]
    fn a_daily_bar_is_never_converted() {
        let midnight = Timestamp::from_seconds(1_730_419_200);
        assert_eq!(Sessions::Daily.label(midnight).to_string(), "2024-11-01");
    }

    #[test]
    fn an_unknown_zone_is_none() {
        assert!(zone("America/Gotham").is_none());
        assert!(zone("").is_none());
    }
}
