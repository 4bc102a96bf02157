//! A small scenario for the tests, as values and as files.

use std::path::{Path, PathBuf};

use sim::Timestamp;

use super::{
    bars::{Bars, Row},
    card::Card,
    folder,
};

/// 2024-01-01, a Monday.
pub(super) const FIRST_DAY: i64 = 1_704_067_200;
pub(super) const DAY: i64 = 86_400;

const CARD: &str = r#"
slug = "small"
version = 1
name = "A small one"
description = "Two shares over a week."
market = "us-equities"
time_zone = "America/New_York"
session_shift_hours = 0
sessions_per_year = 252
bar_resolution = "1Day"
currency = "USD"
starting_cash = 100000
leverage_cap = 2.0
short_enabled = true
commission_bps = 1
borrow_bps_annual = 50
benchmark_symbol = "AAA"
warmup = 2
limit_fill = "through"
path_policy = "worst"
regime = ["calm"]
rights = "public-domain"
origin = "Made up."
universe_selection = "Made up."
adjustment = "None."
dividends = "None."
known_biases = ["It is made up."]

[[universe]]
symbol = "BBB"
name = "B"
asset_type = "stock"
slippage_bps = 8

[[universe]]
symbol = "AAA"
name = "A"
asset_type = "stock"
slippage_bps = 3

[reference]
symbol = "IDX"
name = "An index"
"#;

pub(super) fn card() -> Card {
    Card::parse(CARD).unwrap()
}

/// Seven days of AAA, BBB and the reference IDX.
pub(super) fn bars() -> Bars {
    let mut bars = Bars::default();
    for day in 0_i32..7 {
        for (name, base) in [("AAA", 10.0), ("BBB", 20.25), ("IDX", 4_000.5)] {
            let symbol = bars.intern(name);
            let open = base + f64::from(day);
            let ts = Timestamp::from_seconds(FIRST_DAY + i64::from(day) * DAY);
            let prices = [open, open + 0.5, open - 0.5, open + 0.25];
            bars.rows.push(Row { symbol, ts, prices, volume: 100.0 });
        }
    }
    bars
}

/// Writes card and bars to `<parent>/<slug>`.
pub(super) fn write(parent: &Path, card: &Card, bars: &Bars) -> PathBuf {
    folder::write(parent, card, bars).unwrap()
}
