//! When markets are open, and when equity is sampled.

use std::sync::Arc;

use super::SECONDS_PER_DAY;
use crate::time::Timestamp;

/// A time of trading, in market time. Its first second belongs to it, that of its close does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Session {
    /// The first second.
    pub opens: Timestamp,
    /// The second at which it is over.
    pub closes: Timestamp,
}

/// When an instrument is traded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Calendar {
    /// Every UTC day is a session.
    Always,
    /// Every UTC day from Monday to Friday is a session.
    Weekdays,
    /// These sessions, ascending, without overlaps. Listings share them.
    Listed(Arc<[Session]>),
}

/// When the equity of every account is sampled, in market time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Snapshots {
    /// At these instants, ascending: the closes of one calendar.
    At(Arc<[Timestamp]>),
    /// Every UTC midnight.
    Midnights,
}

impl Session {
    const fn of_day(day: i64) -> Self {
        Self {
            opens: Timestamp::from_seconds(day * SECONDS_PER_DAY),
            closes: Timestamp::from_seconds((day + 1) * SECONDS_PER_DAY),
        }
    }

    /// Whether this second belongs to the session.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.opens <= at && at < self.closes
    }
}

impl Calendar {
    /// The session around this second.
    pub fn session(&self, at: Timestamp) -> Option<Session> {
        self.session_to_come(at).filter(|session| session.contains(at))
    }

    /// The session around this second, or else the next one.
    pub fn session_to_come(&self, at: Timestamp) -> Option<Session> {
        let day = at.seconds().div_euclid(SECONDS_PER_DAY);
        match self {
            Self::Always => Some(Session::of_day(day)),
            Self::Weekdays => Some(Session::of_day(weekday_from(day))),
            Self::Listed(sessions) => {
                sessions.get(sessions.partition_point(|it| it.closes <= at)).copied()
            }
        }
    }

    /// Whether listed sessions ascend, last, and do not overlap.
    pub(super) fn is_ordered(&self) -> bool {
        let Self::Listed(sessions) = self else { return true };
        sessions.iter().all(|it| it.opens < it.closes)
            && sessions.windows(2).all(|pair| pair[0].closes <= pair[1].opens)
    }
}

/// This day, counted from 1970-01-01, or the Monday after it.
const fn weekday_from(day: i64) -> i64 {
    // 1970-01-01 was a Thursday; Monday is 0.
    match (day + 3).rem_euclid(7) {
        5 => day + 2,
        6 => day + 1,
        _ => day,
    }
}

impl Snapshots {
    /// The first instant of sampling after this one.
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        match self {
            Self::At(instants) => instants.get(instants.partition_point(|it| *it <= at)).copied(),
            Self::Midnights => {
                let day = at.seconds().div_euclid(SECONDS_PER_DAY) + 1;
                Some(Timestamp::from_seconds(day * SECONDS_PER_DAY))
            }
        }
    }

    /// Whether the instants ascend.
    pub(super) fn is_ordered(&self) -> bool {
        let Self::At(instants) = self else { return true };
        instants.windows(2).all(|pair| pair[0] < pair[1])
    }
}
