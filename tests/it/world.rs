//! Small scenarios made for the tests, written to disk and read back like any other.
//!
//! `tiny` (contract vector 1), `margin` (leverage, shorting, a crash), `wide` (long and broad),
//! `gaps` (missing bars, a late listing), `hours` (two sessions of intraday bars).

use std::{path::Path, sync::LazyLock};

use bottrade::scenarios::{
    Card, Catalog,
    bars::{Bars, Row},
    folder,
};
use sim::Timestamp;
use tempfile::TempDir;

/// 2024-01-01, a Monday.
pub(crate) const FIRST_DAY: i64 = 1_704_067_200;
pub(crate) const DAY: i64 = 86_400;

const CARD: &str = r#"
slug = "slug"
version = 1
name = "Made up"
description = "Made up for the tests."
market = "us-equities"
time_zone = "America/New_York"
session_shift_hours = 0
sessions_per_year = 252
bar_resolution = "1Day"
currency = "USD"
starting_cash = 100000
leverage_cap = 1.0
short_enabled = false
commission_bps = 0
borrow_bps_annual = 0
warmup = 0
limit_fill = "through"
path_policy = "worst"
regime = ["calm"]
rights = "public-domain"
origin = "Made up."
universe_selection = "Made up."
adjustment = "None."
dividends = "None."
known_biases = ["It is made up."]
"#;

/// A scenario in the making.
pub(crate) struct Sketch {
    pub(crate) card: Card,
    pub(crate) bars: Bars,
}

impl Sketch {
    /// Symbols with their slippage; `edit` replaces lines of the card.
    pub(crate) fn new(slug: &str, symbols: &[(&str, u32)], edit: &[&str]) -> Self {
        let mut lines: Vec<String> = CARD.trim().lines().map(str::to_owned).collect();
        for line in edit.iter().map(|it| (*it).to_owned()).chain([format!("slug = \"{slug}\"")]) {
            let key = line.split('=').next().unwrap().to_owned();
            match lines.iter().position(|it| it.starts_with(&key)) {
                Some(at) => lines[at] = line,
                None => lines.push(line),
            }
        }
        for (symbol, slippage) in symbols {
            lines.push(format!(
                "[[universe]]\nsymbol = \"{symbol}\"\nname = \"{symbol}\"\n\
                 asset_type = \"stock\"\nslippage_bps = {slippage}"
            ));
        }
        Self { card: Card::parse(&lines.join("\n")).unwrap(), bars: Bars::default() }
    }

    /// Adds a bar `at` seconds after the first day.
    pub(crate) fn bar(&mut self, symbol: &str, at: i64, prices: [f64; 4], volume: f64) {
        let symbol = self.bars.intern(symbol);
        let ts = Timestamp::from_seconds(FIRST_DAY + at);
        self.bars.rows.push(Row { symbol, ts, prices, volume });
    }

    /// Adds daily bars of these opens and closes.
    pub(crate) fn days(&mut self, symbol: &str, prices: impl IntoIterator<Item = (f64, f64)>) {
        for (day, (open, close)) in (0..).zip(prices) {
            let prices = [open, open.max(close), open.min(close), close];
            self.bar(symbol, day * DAY, prices, 1_000.0);
        }
    }

    /// Writes the folder `<parent>/<slug>`.
    pub(crate) fn write(mut self, parent: &Path) {
        self.bars.sort();
        folder::write(parent, &self.card, &self.bars).unwrap();
    }
}

struct Disk {
    catalog: Catalog,
    _folder: TempDir,
}

/// The scenarios of this file, written once per process.
pub(crate) fn catalog() -> Catalog {
    static DISK: LazyLock<Disk> = LazyLock::new(|| {
        let folder = TempDir::new().unwrap();
        for sketch in [tiny(), margin(), wide(), gaps(), hours(), brief()] {
            sketch.write(folder.path());
        }
        let catalog = Catalog::default().with_folder(folder.path()).unwrap();
        Disk { catalog, _folder: folder }
    });
    DISK.catalog.clone()
}

/// Ten days: AAA opens at 100 … 109 and closes half a unit higher; BBB is half of it. No costs.
pub(crate) fn tiny() -> Sketch {
    let benchmark = r#"benchmark_symbol = "AAA""#;
    let mut sketch =
        Sketch::new("tiny", &[("AAA", 0), ("BBB", 0)], &[benchmark, "created = 2024-02-29"]);
    let prices = (0..10).map(|day| (100.0 + f64::from(day), 100.5 + f64::from(day)));
    sketch.days("AAA", prices.clone());
    sketch.days("BBB", prices.map(|(open, close)| (open / 2.0, close / 2.0)));
    sketch
}

/// Eight days, leverage 4, shorting, costs: CRASH loses 90 % on the third day, CALM goes nowhere.
pub(crate) fn margin() -> Sketch {
    let rules = [
        "leverage_cap = 4.0",
        "short_enabled = true",
        "commission_bps = 1",
        "borrow_bps_annual = 50",
        "starting_cash = 10000",
    ];
    let mut sketch = Sketch::new("margin", &[("CALM", 5), ("CRASH", 5)], &rules);
    let crash = [100.0, 100.0, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0];
    sketch.days("CRASH", crash.map(|price| (price, price)));
    sketch.days("CALM", (0..8).map(|day| (50.0 + f64::from(day % 2), 50.25)));
    sketch
}

/// Ten symbols over 1,200 hours, of which a run starts at the 1,100th.
fn wide() -> Sketch {
    let names: Vec<String> = (0..10).map(|at| format!("W{at}/USD")).collect();
    let symbols: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 8)).collect();
    let rules = [
        "warmup = 1099",
        "time_zone = \"UTC\"",
        "bar_resolution = \"1Hour\"",
        "sessions_per_year = 365",
        "leverage_cap = 2.0",
        "short_enabled = true",
    ];
    let mut sketch = Sketch::new("wide", &symbols, &rules);
    for hour in 0..1_200_i32 {
        for (at, name) in (0_i32..).zip(&names) {
            let open = 20.0 + f64::from((hour * (at + 3)) % 17) / 4.0 + f64::from(at);
            let prices = [open, open + 0.5, open - 0.5, open + 0.25];
            sketch.bar(name, i64::from(hour) * 3_600, prices, 5_000.0);
        }
    }
    sketch
}

/// Nine days on which EVERY trades, ODD only on odd ones, LATE from the fifth on.
fn gaps() -> Sketch {
    let symbols = [("EVERY", 0), ("LATE", 0), ("ODD", 0)];
    let mut sketch = Sketch::new("gaps", &symbols, &["leverage_cap = 2.0", "created = 2024-03-01"]);
    for day in 0..9_i32 {
        let price = 10.0 + f64::from(day);
        let prices = [price, price + 1.0, price - 1.0, price + 0.5];
        let at = i64::from(day) * DAY;
        sketch.bar("EVERY", at, prices, 100.0);
        if day % 2 == 1 || day == 0 {
            sketch.bar("ODD", at, prices, 100.0);
        }
        if day >= 5 {
            sketch.bar("LATE", at, prices, 100.0);
        }
    }
    sketch
}

/// Two sessions of six hours each, New York.
fn hours() -> Sketch {
    let rules = ["bar_resolution = \"1Hour\"", "short_enabled = true", "leverage_cap = 2.0"];
    let mut sketch = Sketch::new("hours", &[("HHH", 0)], &rules);
    for day in 0..2_i64 {
        for hour in 0..6_i32 {
            let open = 100.0 + f64::from(hour);
            let at = day * DAY + (15 + i64::from(hour)) * 3_600;
            sketch.bar("HHH", at, [open, open + 2.0, open - 2.0, open + 0.5], 1_000.0);
        }
    }
    sketch
}

/// Two days, one decision: too short for most figures.
fn brief() -> Sketch {
    let mut sketch = Sketch::new("brief", &[("AAA", 0)], &[]);
    sketch.days("AAA", [(100.0, 100.0), (100.0, 100.0)]);
    sketch
}
