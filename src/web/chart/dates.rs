//! Dates for the axis under a chart: where a day, a month or a year begins.

use sim::Timestamp;

/// Labels that an axis has at most.
const LABELS_MAX: usize = 9;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A label and the bar at which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    pub(super) at: usize,
    pub(super) text: String,
}

/// The stretches of time whose beginnings are labelled, the shortest first.
const STRETCHES: [Stretch; 10] = [
    Stretch::Hours(1),
    Stretch::Hours(3),
    Stretch::Hours(6),
    Stretch::Days(1),
    Stretch::Days(2),
    Stretch::Days(7),
    Stretch::Months(1),
    Stretch::Months(3),
    Stretch::Months(6),
    Stretch::Months(12),
];

#[derive(Debug, Clone, Copy)]
enum Stretch {
    Hours(i64),
    Days(i64),
    Months(i64),
}

/// A civil date with the hour.
#[derive(Clone, Copy)]
struct Moment {
    days: i64,
    hour: i64,
    year: i64,
    month: i64,
    day: i64,
}

impl Moment {
    /// `known` is the moment before, whose date it often shares.
    fn of(ts: Timestamp, known: Option<Self>) -> Self {
        let (days, hour) =
            (ts.seconds().div_euclid(86_400), ts.seconds().rem_euclid(86_400) / 3_600);
        if let Some(known) = known.filter(|it| it.days == days) {
            return Self { hour, ..known };
        }
        let text = ts.date().to_string();
        let mut parts = text.rsplitn(3, '-').map(|it| it.parse().unwrap_or(1));
        let [day, month, year] = [(); 3].map(|()| parts.next().unwrap_or(1));
        Self { days, hour, year, month, day }
    }

    /// The number of the stretch that it lies in.
    fn stretch(self, length: Stretch) -> i64 {
        match length {
            Stretch::Hours(n) => (self.days * 24 + self.hour).div_euclid(n),
            // Weeks begin on Mondays; the first day of 1970 was a Thursday.
            Stretch::Days(n) => (self.days + 3).div_euclid(n),
            Stretch::Months(n) => (self.year * 12 + self.month - 1).div_euclid(n),
        }
    }

    fn text(self, length: Stretch, first: bool) -> String {
        let month = usize::try_from(self.month - 1).ok().and_then(|it| MONTHS.get(it));
        let (month, year) = (month.copied().unwrap_or_default(), self.year);
        match length {
            Stretch::Hours(_) if first => format!("{} {month} {:02}h", self.day, self.hour),
            Stretch::Hours(_) => format!("{:02}h", self.hour),
            Stretch::Days(_) => format!("{} {month}", self.day),
            Stretch::Months(12) => year.to_string(),
            Stretch::Months(_) if first || self.month == 1 => format!("{month} {year}"),
            Stretch::Months(_) => month.to_owned(),
        }
    }
}

/// The labels of a timeline: beginnings of the shortest stretch of which there are not too many.
pub(super) fn labels(times: &[Timestamp]) -> Vec<Label> {
    let mut known = None;
    let moments: Vec<Moment> =
        times.iter().map(|ts| *known.insert(Moment::of(*ts, known))).collect();
    let beginnings = |length: Stretch| -> Vec<usize> {
        let begins = |pair: &[Moment]| pair[0].stretch(length) != pair[1].stretch(length);
        let pairs = moments.windows(2).enumerate().filter(|(_, pair)| begins(pair));
        pairs.map(|(at, _)| at + 1).collect()
    };
    let few = |length: Stretch| {
        Some((length, beginnings(length))).filter(|(_, it)| it.len() <= LABELS_MAX)
    };
    let Some((length, places)) = STRETCHES.into_iter().find_map(few) else {
        return evenly(&moments);
    };
    if places.is_empty() {
        return evenly(&moments);
    }
    let label = |(n, at): (usize, usize)| Label { at, text: moments[at].text(length, n == 0) };
    places.into_iter().enumerate().map(label).collect()
}

/// Years at equal distances, for windows of many, and the two ends of one within an hour.
fn evenly(moments: &[Moment]) -> Vec<Label> {
    let Some(last) = moments.len().checked_sub(1) else { return Vec::new() };
    let parts = LABELS_MAX.min(last.max(1));
    let label = |n: usize| {
        let at = n * last / parts;
        Label {
            at,
            text: moments[at].text(Stretch::Days(1), true) + " " + &moments[at].year.to_string(),
        }
    };
    let mut labels: Vec<Label> = (0..=parts).step_by(2).map(label).collect();
    labels.dedup();
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(first: i64, step: i64, count: i64) -> Vec<String> {
        let times: Vec<Timestamp> =
            (0..count).map(|n| Timestamp::from_seconds(first + n * step)).collect();
        labels(&times).into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn the_length_of_the_window_chooses_the_stretch() {
        const DAY: i64 = 86_400;
        let may_2024 = 1_714_521_600;
        let weeks = ["6 May", "13 May", "20 May", "27 May", "3 Jun", "10 Jun", "17 Jun", "24 Jun"];
        assert_eq!(texts(may_2024, DAY, 60), weeks);
        assert_eq!(texts(may_2024, DAY, 150), ["Jun 2024", "Jul", "Aug", "Sep"]);
        assert_eq!(texts(may_2024, DAY, 1_500)[..3], ["Jul 2024", "Jan 2025", "Jul"]);
        assert_eq!(texts(may_2024, DAY, 2_500)[..3], ["2025", "2026", "2027"]);
        assert_eq!(texts(may_2024, 3_600, 8)[..2], ["1 May 01h", "02h"]);
        assert_eq!(texts(may_2024, 1, 3), ["1 May 2024", "1 May 2024"]);
        assert_eq!(texts(may_2024, DAY, 10_000).first().unwrap(), "1 May 2024");
        assert!(texts(may_2024, DAY, 1).len() == 1 && texts(may_2024, DAY, 0).is_empty());
    }
}
