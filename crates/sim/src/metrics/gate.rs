//! The gate of annualised figures: what is too short or too empty is not scaled to a year.

use super::null::NullReason;

/// Session returns below which nothing is annualised.
pub const RETURNS_MIN: usize = 20;
/// Days from start to end below which nothing is annualised.
pub const SPAN_DAYS_MIN: i64 = 28;
/// Seconds in a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// Whether figures over so many fills, session returns and seconds may be annualised.
///
/// A run without a fill is named as that, however long it is.
pub fn annualised(fills: usize, returns: usize, span_seconds: i64) -> Result<(), NullReason> {
    if fills == 0 {
        Err(NullReason::NoTrade)
    } else if returns < RETURNS_MIN || span_seconds < SPAN_DAYS_MIN * DAY_SECONDS {
        Err(NullReason::InsufficientSample)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_returns_over_twenty_eight_days_pass() {
        let short = Err(NullReason::InsufficientSample);
        let days = |days: i64| days * DAY_SECONDS;
        assert_eq!(annualised(1, 20, days(28)), Ok(()));
        assert_eq!(annualised(1, 19, days(28)), short);
        assert_eq!(annualised(1, 20, days(27)), short);
        assert_eq!(annualised(1, 20, days(28) - 1), short);
        assert_eq!(annualised(0, 100, days(365)), Err(NullReason::NoTrade));
    }
}
