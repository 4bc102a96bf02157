//! Seasons: equal stretches of wall time, numbered from a fixed instant.

use jiff::{SignedDuration, Timestamp};

/// When season 0 of every feed began: 2026-01-01T00:00:00Z, in seconds since 1970.
const EPOCH_SECONDS: i64 = 1_767_225_600;
const HOURS_PER_DAY: i64 = 24;
/// The longest season, in days.
pub const SEASON_DAYS_MAX: u32 = 366;

/// How wall time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seasons {
    days: u32,
}

/// One of them: `[starts_at, ends_at)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) number: u32,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
}

impl Seasons {
    /// Seasons of so many days, from 1 to [`SEASON_DAYS_MAX`].
    pub(super) fn of_days(days: u32) -> Option<Self> {
        (1..=SEASON_DAYS_MAX).contains(&days).then_some(Self { days })
    }

    /// Days of a season.
    pub(super) const fn days(self) -> u32 {
        self.days
    }

    /// The season around this instant. What is before the first belongs to it.
    pub(super) fn around(self, now: Timestamp) -> Stretch {
        let epoch = Timestamp::constant(EPOCH_SECONDS, 0);
        let length = SignedDuration::from_hours(HOURS_PER_DAY * i64::from(self.days));
        let since = now.as_second().saturating_sub(EPOCH_SECONDS).max(0);
        let number = u32::try_from(since / length.as_secs()).unwrap_or(u32::MAX);
        let start = |number: i64| {
            let after = SignedDuration::from_secs(length.as_secs().saturating_mul(number));
            epoch.saturating_add(after).unwrap_or(Timestamp::MAX)
        };
        Stretch { number, starts_at: start(number.into()), ends_at: start(i64::from(number) + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(days: u32, now: &str) -> (u32, String, String) {
        let season = Seasons::of_days(days).unwrap().around(now.parse().unwrap());
        (season.number, season.starts_at.to_string(), season.ends_at.to_string())
    }

    fn of(number: u32, starts_at: &str, ends_at: &str) -> (u32, String, String) {
        let instant = |day: &str| format!("{day}T00:00:00Z");
        (number, instant(starts_at), instant(ends_at))
    }

    #[test]
    fn a_season_begins_where_the_one_before_it_ends() {
        assert_eq!(around(30, "2026-01-01T00:00:00Z"), of(0, "2026-01-01", "2026-01-31"));
        assert_eq!(around(30, "2026-01-30T23:59:59.999999Z"), of(0, "2026-01-01", "2026-01-31"));
        assert_eq!(around(30, "2026-01-31T00:00:00Z"), of(1, "2026-01-31", "2026-03-02"));
        // 325 days later, of which 300 are ten seasons.
        assert_eq!(around(30, "2026-11-22T09:30:00Z"), of(10, "2026-10-28", "2026-11-27"));
        assert_eq!(around(1, "2026-01-02T00:00:00Z"), of(1, "2026-01-02", "2026-01-03"));
        assert_eq!(around(366, "2027-01-01T23:00:00Z"), of(0, "2026-01-01", "2027-01-02"));
    }

    #[test]
    fn a_clock_before_the_first_season_is_in_it() {
        assert_eq!(around(30, "2025-12-31T23:59:59Z"), of(0, "2026-01-01", "2026-01-31"));
        assert_eq!(around(30, "-009999-01-02T01:59:59Z").0, 0);
    }

    #[test]
    fn no_season_is_past_what_time_there_is() {
        let last = Seasons::of_days(1).unwrap().around(Timestamp::MAX);
        assert_eq!((last.number > 2_000_000, last.ends_at), (true, Timestamp::MAX));
        assert!(Seasons::of_days(0).is_none() && Seasons::of_days(367).is_none());
    }
}
