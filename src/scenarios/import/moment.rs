//! Instants as other programs write them: ISO 8601 or seconds and milliseconds since 1970.

use jiff::{civil, tz::TimeZone};
use sim::{Date, Timestamp};

use crate::scenarios::sessions;

/// What a time is expected to look like.
pub const EXPECTED: &str = "must be an ISO 8601 date or date and time, or seconds or \
                            milliseconds since 1970";
const SECONDS_PER_DAY: i64 = 86_400;
/// Years outside this range are taken for a slip.
const YEARS: std::ops::RangeInclusive<i16> = 1800..=2200;

/// A time as it was read: the instant, and the date on the page it was written on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub instant: Timestamp,
    /// The calendar date as written, in the time's own offset or else in the file's zone.
    pub written: Date,
}

/// Reads a time; one without an offset is in `zone`.
///
/// # Errors
/// What was expected.
pub fn parse(text: &str, zone: &TimeZone) -> Result<Moment, String> {
    let text = text.trim();
    if let Ok(date) = calendar_date(text) {
        let midnight = i64::from(date.days()) * SECONDS_PER_DAY;
        return Ok(Moment { instant: Timestamp::from_seconds(midnight), written: date });
    }
    let plain = text.strip_suffix(".0").unwrap_or(text);
    if !plain.is_empty() && plain.bytes().all(|byte| byte.is_ascii_digit()) {
        let count = plain.parse().map_err(|_| EXPECTED)?;
        return epoch(count, zone);
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        let written = match text.parse::<civil::DateTime>() {
            Ok(local) => days(local.date()),
            Err(_) => of(instant)?.date(),
        };
        return checked(Moment { instant: of(instant)?, written });
    }
    let local: civil::DateTime = text.parse().map_err(|_| EXPECTED)?;
    naive(local, zone)
}

/// A count of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size.
///
/// # Errors
/// What was expected.
pub fn epoch(count: i64, zone: &TimeZone) -> Result<Moment, String> {
    let per_second = match count.unsigned_abs() {
        0..100_000_000_000 => 1,
        100_000_000_000..100_000_000_000_000 => 1_000,
        100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
        _ => 1_000_000_000,
    };
    counted(count, per_second, Some(zone))
}

/// An instant counted in parts of a second since 1970, dated in `zone` (UTC without one).
///
/// # Errors
/// What was expected.
pub fn counted(count: i64, per_second: i64, zone: Option<&TimeZone>) -> Result<Moment, String> {
    if count.rem_euclid(per_second) != 0 {
        return Err("must be a whole second".into());
    }
    let instant = Timestamp::from_seconds(count.div_euclid(per_second));
    // A count that is a midnight of UTC was a bare date before somebody counted it.
    let zone = zone.filter(|_| instant.seconds().rem_euclid(SECONDS_PER_DAY) != 0);
    let offset = zone.map_or(0, |zone| sessions::offset_seconds(zone, instant));
    let written = Timestamp::from_seconds(instant.seconds() + offset).date();
    checked(Moment { instant, written })
}

/// A wall clock's time in `zone`.
///
/// # Errors
/// When that zone's clocks show the time twice or never.
pub fn naive(local: civil::DateTime, zone: &TimeZone) -> Result<Moment, String> {
    let instant = zone.to_ambiguous_timestamp(local).unambiguous().map_err(|_| {
        let zone = zone.iana_name().unwrap_or("its zone");
        format!("{local} comes twice or never in {zone}: give the offset from UTC")
    })?;
    checked(Moment { instant: of(instant)?, written: days(local.date()) })
}

/// A date without a time: `2024-11-01` or `20241101`.
///
/// # Errors
/// What was expected.
pub fn calendar_date(text: &str) -> Result<Date, &'static str> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let dashed = text.len() == 10 && text.bytes().filter(|&byte| byte == b'-').count() == 2;
    let compact = text.len() == 8 && digits(text);
    if !dashed && !compact {
        return Err(EXPECTED);
    }
    let date: civil::Date = text.parse().map_err(|_| EXPECTED)?;
    if YEARS.contains(&date.year()) { Ok(days(date)) } else { Err(EXPECTED) }
}

/// Whole seconds; a fraction is refused.
fn of(instant: jiff::Timestamp) -> Result<Timestamp, String> {
    if instant.subsec_nanosecond() != 0 {
        return Err("must be a whole second".into());
    }
    Ok(Timestamp::from_seconds(instant.as_second()))
}

fn checked(moment: Moment) -> Result<Moment, String> {
    let year = jiff::Timestamp::from_second(moment.instant.seconds())
        .map(|instant| instant.to_zoned(TimeZone::UTC).year());
    if year.is_ok_and(|year| YEARS.contains(&year)) { Ok(moment) } else { Err(EXPECTED.into()) }
}

fn days(date: civil::Date) -> Date {
    let midnight = TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0));
    Timestamp::from_seconds(midnight.map_or(0, jiff::Timestamp::as_second)).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, zone: &str) -> Result<String, String> {
        let moment = parse(text, &sessions::zone(zone).unwrap())?;
        Ok(format!("{} {}", moment.instant, moment.written))
    }

    #[test]
    fn every_usual_form_is_read() {
        for (text, expected) in [
            ("2024-11-01", "2024-11-01T00:00:00Z 2024-11-01"),
            ("20241101", "2024-11-01T00:00:00Z 2024-11-01"),
            ("2024-11-01T13:30:00Z", "2024-11-01T13:30:00Z 2024-11-01"),
            ("2024-11-01 09:30:00-04:00", "2024-11-01T13:30:00Z 2024-11-01"),
            ("2024-11-01 00:00:00+09:00", "2024-10-31T15:00:00Z 2024-11-01"),
            ("2024-11-01 09:30", "2024-11-01T13:30:00Z 2024-11-01"),
            ("2024-12-02T09:30:00", "2024-12-02T14:30:00Z 2024-12-02"),
            ("1730467800", "2024-11-01T13:30:00Z 2024-11-01"),
            ("1730467800.0", "2024-11-01T13:30:00Z 2024-11-01"),
            ("1730467800000", "2024-11-01T13:30:00Z 2024-11-01"),
            ("1730467800000000000", "2024-11-01T13:30:00Z 2024-11-01"),
            ("1730422800", "2024-11-01T01:00:00Z 2024-10-31"),
            ("1730419200", "2024-11-01T00:00:00Z 2024-11-01"),
        ] {
            assert_eq!(read(text, "America/New_York").as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "yesterday", "2024-13-01", "2024-11-31", "01/11/2024", "12:30", "-5", "1e9"]
        {
            assert_eq!(read(text, "UTC"), Err(EXPECTED.to_owned()), "{text}");
        }
        assert!(read("2024-11-01T00:00:00.5Z", "UTC").is_err());
        assert!(read("99999999999999999999", "UTC").is_err());
    }

    #[test]
    fn a_wall_clock_time_that_comes_twice_or_never_is_refused() {
        assert!(read("2024-11-03 01:30", "America/New_York").unwrap_err().contains("twice"));
        assert!(read("2024-03-10 02:30", "America/New_York").unwrap_err().contains("never"));
        assert!(read("2024-11-03 01:30", "UTC").is_ok());
    }
}
