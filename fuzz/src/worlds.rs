//! Small scenarios made for the fuzzers, through the loader that reads every other.

use std::sync::{Arc, LazyLock};

use bottrade::scenarios::{
    Card, Catalog,
    bars::{self, Bars, Row},
    folder::Files,
};
use sim::{Scenario, Timestamp};

/// 2024-01-01, a Monday.
const FIRST_DAY: i64 = 1_704_067_200;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// What every card says; a scenario's own rules come before it.
const CARD: &str = r#"
version = 1
name = "Made up"
description = "Made up for the fuzzers."
market = "us-equities"
time_zone = "America/New_York"
session_shift_hours = 0
sessions_per_year = 252
currency = "USD"
warmup = 1
regime = ["calm"]
rights = "public-domain"
origin = "Made up."
universe_selection = "Made up."
adjustment = "None."
dividends = "None."
known_biases = ["It is made up."]
"#;

/// The scenarios, each built to make other rules bite.
pub fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        [margin(), gaps(), edge()].into_iter().fold(Catalog::default(), |catalog, files| {
            catalog.with_files(files, "fuzz").expect("the fuzzers' own scenarios are good")
        })
    });
    &CATALOG
}

/// The scenario that the first line of `text` names, else `margin`; and the other lines.
pub fn chosen(text: &str) -> (&'static str, Arc<Scenario>, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let (entry, lines) = match catalog().get(first) {
        Ok(entry) => (entry, rest),
        Err(_) => (catalog().get("margin").expect("it is there"), text),
    };
    (entry.slug(), Arc::clone(entry.scenario().expect("it was loaded")), lines)
}

/// Eight days, leverage 4, shorting, every cost; CRASH loses 90 % on the third day.
fn margin() -> Files {
    let rules = r#"
slug = "margin"
bar_resolution = "1Day"
starting_cash = 10000
leverage_cap = 4.0
short_enabled = true
commission_bps = 1
borrow_bps_annual = 50
limit_fill = "through"
path_policy = "worst"
"#;
    let mut bars = Bars::default();
    for (day, price) in (0..).zip([100.0, 100.0, 10.0, 10.0, 11.0, 10.0, 12.0, 10.0]) {
        row(&mut bars, "CALM", day * DAY, [50.0, 51.0, 49.5, 50.25], 1_000.0);
        row(&mut bars, "CRASH", day * DAY, [price, price + 1.0, price - 1.0, price], 1_000.0);
    }
    files("margin", rules, &[("CALM", 5), ("CRASH", 5)], &bars)
}

/// Two sessions of hours with holes, a late listing, thin volume and no leverage.
fn gaps() -> Files {
    let rules = r#"
slug = "gaps"
bar_resolution = "1Hour"
starting_cash = 100000
leverage_cap = 1.0
short_enabled = true
commission_bps = 0
borrow_bps_annual = 10000
limit_fill = "touch"
path_policy = "nearest"
participation_pct = 10
benchmark_symbol = "EVERY"
"#;
    let mut bars = Bars::default();
    for hour in 0..12_i32 {
        let at = DAY * i64::from(hour / 6) + (15 + i64::from(hour % 6)) * HOUR;
        let price = 10.0 + f64::from(hour);
        let prices = [price, price + 1.0, price - 1.0, price + 0.5];
        row(&mut bars, "EVERY", at, prices, 100.0);
        if hour >= 5 {
            row(&mut bars, "LATE", at, prices, 0.0);
        }
        if hour % 2 == 0 {
            row(&mut bars, "ODD", at, prices, 33.3);
        }
    }
    files("gaps", rules, &[("EVERY", 0), ("LATE", 0), ("ODD", 4_999)], &bars)
}

/// Every number at its limit: the dearest and the cheapest price, the most cash, the most leverage.
fn edge() -> Files {
    let rules = r#"
slug = "edge"
bar_resolution = "1Day"
starting_cash = 1000000000
leverage_cap = 100.0
short_enabled = true
commission_bps = 1000
borrow_bps_annual = 100000
limit_fill = "touch"
path_policy = "best"
"#;
    let mut bars = Bars::default();
    let (dear, cheap) = (1e9, 1e-8);
    for day in 0..6 {
        let dearest = if day == 3 { [dear, dear, cheap, cheap] } else { [dear; 4] };
        let cheapest = if day == 4 { [cheap, dear, cheap, dear] } else { [cheap; 4] };
        row(&mut bars, "CHEAP", day * DAY, cheapest, f64::MAX);
        row(&mut bars, "DEAR", day * DAY, dearest, f64::MAX);
    }
    files("edge", rules, &[("CHEAP", 4_999), ("DEAR", 0)], &bars)
}

fn row(bars: &mut Bars, symbol: &str, at: i64, prices: [f64; 4], volume: f64) {
    let symbol = bars.intern(symbol);
    bars.rows.push(Row { symbol, ts: Timestamp::from_seconds(FIRST_DAY + at), prices, volume });
}

fn files(slug: &str, rules: &str, symbols: &[(&str, u32)], bars: &Bars) -> Files {
    let members = symbols.iter().map(|(symbol, slippage)| {
        format!(
            "[[universe]]\nsymbol = \"{symbol}\"\nname = \"{symbol}\"\nasset_type = \"stock\"\n\
             slippage_bps = {slippage}\n"
        )
    });
    let card = [rules, CARD].into_iter().map(str::to_owned).chain(members).collect();
    let bars = bars::write(bars).expect("a few rows can be written");
    named(slug, card, bars)
}

/// The two files of a scenario as if they lay in a folder of this name.
pub fn named(folder: &str, card: String, bars: Vec<u8>) -> Files {
    Files { name: folder.to_owned(), card, bars: bars.into() }
}

/// The two files in the folder that their card asks for.
pub fn at_home(card: String, bars: Vec<u8>) -> Files {
    let slug = Card::parse(&card).map_or_else(|_| "nowhere".to_owned(), |card| card.slug);
    named(&slug, card, bars)
}
