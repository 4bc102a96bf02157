//! A month of UTC, in which plans count.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

const MONTHS_A_YEAR: i64 = 12;

/// A month, numbered since January 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(pub i64);

impl Month {
    /// The month in which this instant is.
    pub fn of(at: Timestamp) -> Self {
        let at = at.to_zoned(TimeZone::UTC);
        Self((i64::from(at.year()) - 1970) * MONTHS_A_YEAR + i64::from(at.month()) - 1)
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Its first instant; the last of all time for a month that no calendar has.
    pub fn begins(self) -> Timestamp {
        let year = 1970 + self.0.div_euclid(MONTHS_A_YEAR);
        let month = self.0.rem_euclid(MONTHS_A_YEAR) + 1;
        let day = i16::try_from(year).ok().zip(i8::try_from(month).ok());
        let day = day.and_then(|(year, month)| Date::new(year, month, 1).ok());
        let begins = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
        begins.map_or(Timestamp::MAX, |it| it.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_with_its_first_instant_and_ends_before_the_next() {
        for (at, begins, next) in [
            ("2030-01-31T23:59:59.999999Z", "2030-01-01T00:00:00Z", "2030-02-01T00:00:00Z"),
            ("2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"),
            ("2030-12-01T00:00:00Z", "2030-12-01T00:00:00Z", "2031-01-01T00:00:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ] {
            let month = Month::of(at.parse().unwrap());
            assert_eq!(month.begins().to_string(), begins);
            assert_eq!(month.next().begins().to_string(), next);
        }
        assert_eq!(Month::of(Timestamp::UNIX_EPOCH), Month(0));
        assert_eq!(Month(i64::MAX / 2).begins(), Timestamp::MAX);
    }
}
