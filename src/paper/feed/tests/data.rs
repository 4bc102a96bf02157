//! The embedded market itself.

use std::collections::BTreeMap;

use sim::{
    Timestamp,
    paper::{AssetType, Calendar, Print, Tape},
};

use super::super::{data, data::Data, manifest::Manifest};
use crate::scenarios::symbols;

/// What names the data of version 1.
const DIGEST: &str = "8d59402e1a8c";

fn whole(manifest: &Manifest) -> Tape {
    let data = Data::read(manifest).unwrap();
    data.tape(Timestamp::from_seconds(0)..Timestamp::from_seconds(i64::MAX), |_| true).unwrap()
}

#[test]
fn every_listing_has_its_prints_within_the_period() {
    let manifest = data::manifest().unwrap();
    let tape = whole(&manifest);
    // Bars of the file, without those of the last days of September 2017.
    let expected = |symbol: &str, kind: AssetType| match (kind, symbol) {
        (AssetType::Stock | AssetType::Etf, _) => 314,
        (AssetType::Forex, _) => 318,
        (AssetType::Commodity, _) => 312,
        (_, "BTC/USD") => 10_968,
        (_, "ETH/USD") => 10_967,
        (_, "XRP/USD") => 10_964,
        _ => 10_963,
    };
    let (begins, ends) = (1_506_816_000, 1_546_300_800);
    let mut prints: BTreeMap<_, usize> = BTreeMap::new();
    for tick in tape.ticks().iter().filter(|it| it.at.seconds() > begins) {
        assert!(tick.at.seconds() <= ends, "{tick:?}");
        if !matches!(tick.print, Print::Open(_)) {
            *prints.entry(tick.instrument).or_default() += 1;
        }
    }
    for id in tape.instruments() {
        let listing = tape.listing(id);
        let wanted = expected(&listing.symbol, listing.asset_type);
        assert_eq!(prints.get(&id), Some(&wanted), "{}", listing.symbol);
    }
    let before = tape.ticks().iter().filter(|it| it.at.seconds() < begins).count();
    // Five days: two prints a share and the fund, one a currency and oil.
    assert_eq!(before, 5 * (11 * 2 + 8));
    assert_eq!(tape.ticks().first().unwrap().at.to_string(), "2017-09-25T12:15:00Z");
}

#[test]
fn every_asset_type_but_options_is_there_and_priced_in_us_dollars() {
    let manifest = data::manifest().unwrap();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for listed in &manifest.listings {
        *kinds.entry(listed.asset_type.name()).or_default() += 1;
        assert_eq!(symbols::problem(&listed.symbol), None);
        assert!(!symbols::is_pair(&listed.symbol) || listed.symbol.ends_with("/USD"));
        assert!(!listed.name.is_empty());
    }
    let expected = [("COMMODITY", 1), ("CRYPTO", 5), ("ETF", 1), ("FOREX", 7), ("STOCK", 10)];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), expected);
    let texts = [&manifest.name, &manifest.description, &manifest.universe_selection];
    for text in texts.into_iter().chain([&manifest.adjustment, &manifest.dividends]) {
        assert!(text.len() > 20, "{text}");
    }
    assert!(manifest.known_biases.len() >= 5);
}

#[test]
fn a_change_of_the_data_shows() {
    let mut manifest = data::manifest().unwrap();
    // Accounts belong to this market: when it changes, `version` is raised and they begin anew.
    assert_eq!(manifest.version, 1);
    assert_eq!(Data::read(&manifest).unwrap().digest(), DIGEST);
    manifest.listings[0].hours = "ecb".into();
    assert_ne!(Data::read(&manifest).unwrap().digest(), DIGEST);
}

#[test]
fn prices_are_of_the_right_order_and_do_not_jump() {
    let manifest = data::manifest().unwrap();
    let tape = whole(&manifest);
    let mut last = BTreeMap::new();
    for tick in tape.ticks() {
        let listing = tape.listing(tick.instrument);
        let (price, symbol) = (tick.print.price().to_f64(), listing.symbol.as_str());
        let (low, high) = match symbol {
            "BTC/USD" => (3_000.0, 20_000.0),
            "EUR/USD" => (1.1, 1.3),
            "GBP/USD" => (1.2, 1.5),
            "JPY/USD" => (0.008, 0.01),
            "SPY" => (220.0, 300.0),
            "WTI/USD" => (40.0, 80.0),
            _ => (0.1, 1_500.0),
        };
        assert!((low..high).contains(&price), "{symbol} at {}: {price}", tick.at);
        let step = match listing.asset_type {
            AssetType::Crypto => 0.4,
            AssetType::Stock => 0.25,
            AssetType::Forex => 0.03,
            _ => 0.1,
        };
        if let Some(before) = last.insert(tick.instrument, price) {
            assert!((price / before - 1.0_f64).abs() < step, "{symbol} at {}: {price}", tick.at);
        }
    }
}

#[test]
fn sessions_are_those_of_new_york() {
    let tape = whole(&data::manifest().unwrap());
    let of = |symbol: &str| match &tape.listing(tape.find(symbol).unwrap()).calendar {
        Calendar::Listed(sessions) => sessions.clone(),
        other => panic!("{other:?}"),
    };
    let sessions = of("SPY");
    assert_eq!((sessions.len(), &sessions), (319, &of("AAPL")));
    let lengths = |seconds: i64| {
        let long = sessions.iter().filter(|it| it.closes.seconds() - it.opens.seconds() == seconds);
        long.map(|it| it.opens.date().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(lengths(6 * 3_600 + 1_800).len(), 315);
    let early = ["2017-11-24", "2018-07-03", "2018-11-23", "2018-12-24"];
    assert_eq!(lengths(3 * 3_600 + 1_800), early);
    // A day of mourning and the holidays.
    for closed in ["2018-12-05", "2017-12-25", "2018-07-04", "2018-03-30"] {
        assert!(!sessions.iter().any(|it| it.opens.date().to_string() == closed), "{closed}");
    }
    assert_eq!(tape.listing(tape.find("BTC/USD").unwrap()).calendar, Calendar::Always);
    for fixed in ["EUR/USD", "WTI/USD"] {
        assert_eq!(tape.listing(tape.find(fixed).unwrap()).calendar, Calendar::Weekdays);
    }
}

#[test]
fn a_manifest_that_does_not_fit_is_refused() {
    let text = String::from_utf8(
        crate::scenarios::folder::embedded(super::super::manifest::MANIFEST_FILE).unwrap().into(),
    );
    let text = text.unwrap();
    for (from, to, problem) in [
        ("samples = \"new-york\"", "samples = \"ecb\"", "samples: must name hours of kind"),
        ("samples = \"new-york\"", "samples = \"mars\"", "samples: must name hours of kind"),
        ("hours = \"settlement\"", "hours = \"x\"", "WTI/USD: there are no hours \"x\""),
        ("ends = 2018-12-31", "ends = 2017-09-30", "ends: must not be before `begins`"),
        ("asset_type = \"ETF\"", "asset_type = \"etf\"", "must be one of STOCK, CRYPTO"),
        ("opens = \"09:30\"", "opens = \"9.30\"", "must be a time such as 09:30"),
        ("version = 1", "version = 1\nextra = 2", "unknown field `extra`"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Manifest::parse(&text.replace(from, to)).unwrap_err().to_string();
        assert!(error.starts_with("paper.toml: ") && error.contains(problem), "{error}");
    }
}
