//! Imports of small files made here.

use std::{fs, path::PathBuf};

use super::{Import, import, import_into};
use crate::scenarios::{Day, Error, Resolution, check, fixture};

fn asked(files: &[(&str, &str)]) -> (tempfile::TempDir, Import) {
    let folder = tempfile::tempdir().unwrap();
    let write = |(name, text): &(&str, &str)| -> PathBuf {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let asked = Import {
        files: files.iter().map(write).collect(),
        slug: "mine".into(),
        resolution: None,
        time_zone: "UTC".into(),
        currency: "USD".into(),
        today: Day { year: 2026, month: 11, day: 22 },
    };
    (folder, asked)
}

fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let (folder, asked) = asked(files);
    let Err(Error::Files { problems, .. }) = import(&asked) else { panic!("it was imported") };
    let parent = format!("{}/", folder.path().display());
    problems.listed().iter().map(|it| it.to_string().replace(&parent, "")).collect()
}

#[test]
fn a_csv_becomes_a_scenario_that_passes_the_check() {
    let text = "Symbol,Date,Open,High,Low,Close,Adj Close,Volume\n\
                aaa,2024-01-01,1,2,0.5,1.5,1,100\n\
                btc-usd,2024-01-01,10,20,5,15.123456789,1,\n\
                aaa,2024-01-02,1,2,0.5,1.5,1,100\n\
                btc-usd,2024-01-02,10,20,5,15,1,7\n\
                aaa,2024-01-03,1,2,0.5,1.5,1,100\n";
    let (folder, asked) = asked(&[("a.csv", text)]);
    let (path, report) = import_into(&asked, folder.path()).unwrap();
    assert_eq!(report.card.bar_resolution, Resolution::Day1);
    assert_eq!(report.card.created, Some(asked.today));
    assert_eq!(report.card.description, "Imported from a.csv; not described.");
    let symbols: Vec<&str> = report.card.universe.iter().map(|it| it.symbol.as_str()).collect();
    assert_eq!(symbols, ["AAA", "BTC/USD"]);
    assert!(report.warnings.contains(&"1 prices were rounded to 8 decimals".into()));
    assert_eq!(check::check_folder(&path).unwrap().digest, report.digest);
    assert!(matches!(import_into(&asked, folder.path()), Err(Error::Exists(_))));
}

#[test]
fn every_bad_row_is_named_and_nothing_is_written() {
    let text = "symbol,ts,open,high,low,close,volume\n\
                A,2024-01-01,1,2,0.5,1.5,100\n\
                A,someday,1,2,0.5,1.5,100\n\
                A,2024-01-03,x,2,0.5,-,100\n\
                A,2024-01-04,1,2,0.5\n\
                A,2024-01-05,1,0.5,2,1.5,100\n\
                A,2024-01-06,1,2,0,1.5,100\n\
                A,2024-01-07,1,2,0.5,1.5,many\n\
                A,2024-01-08,1,NaN,0.5,1.5,1\n\
                A,2024-01-09,1,inf,0.5,1.5,1\n\
                A B,2024-01-10,1,2,0.5,1.5,1\n\
                A,2024-01-01,1,2,0.5,1.5,100\n";
    let found = problems(&[("a.csv", text)]);
    for part in [
        "a.csv:3: ts: must be an ISO 8601 date or date and time, or seconds or milliseconds since \
         1970, not \"someday\"",
        "a.csv:4: open: must be a number, not \"x\"",
        "a.csv:4: close: must be a number, not \"-\"",
        "a.csv:5: has 5 fields, the header has 7",
        "a.csv:6: high: high is below low",
        "a.csv:7: low: must be above 0",
        "a.csv:8: volume: must be a number or empty, not \"many\"",
        "a.csv:9: high: must be a number, not \"NaN\"",
        "a.csv:10: high: must be a finite number",
        "a.csv:11: symbol: may hold only A-Z, 0-9 and / . - ^ = _, not \"A B\"",
        "a.csv:12: ts: A at 2024-01-01T00:00:00Z is there twice, first at a.csv:2",
    ] {
        assert!(found.iter().any(|it| it == part), "{part}: {found:#?}");
    }
    assert_eq!(found.len(), 11, "{found:#?}");
    let (folder, asked) = asked(&[("a.csv", text)]);
    assert!(import_into(&asked, &folder.path().join("out")).is_err());
    assert!(!folder.path().join("out").exists());
}

#[test]
fn missing_and_repeated_columns_are_named() {
    let found = problems(&[("a.csv", "date,open,high,close\n2024-01-01,1,2,1\n")]);
    assert_eq!(found, ["a.csv:1: has no column low"]);
    let found = problems(&[("a.csv", "date,time,open,high,low,close\n")]);
    assert!(found[0].contains("two columns are called ts or date"), "{found:?}");
    assert_eq!(problems(&[("a.csv", "ts,open,high,low,close\n")]), ["a.csv: has no rows"]);
    assert_eq!(problems(&[("a.csv", "")]).len(), 1);
    let found = problems(&[("a.arrow", "ARROW1 but not really")]);
    assert_eq!(found.len(), 1);
}

#[test]
fn one_file_per_symbol_takes_the_name_of_the_file() {
    let text =
        "ts;open;high;low;close\n1704067200;1;2;1;1\n1704070800;1;2;1;1\n1704074400;1;2;1;1\n";
    let (_folder, asked) = asked(&[("eur-usd.csv", text), ("GBP-USD.csv", text)]);
    let (bars, report) = import(&asked).unwrap();
    assert_eq!(bars.names(), ["EUR/USD", "GBP/USD"]);
    assert_eq!(report.card.bar_resolution, Resolution::Hour1);
    assert_eq!(report.card.market, "fx");
}

#[test]
fn the_date_on_the_page_names_a_daily_bar() {
    let text = "ts,open,high,low,close\n\
                2024-03-08 00:00:00+09:00,1,2,1,1\n\
                2024-03-09 00:00:00+09:00,1,2,1,1\n\
                2024-03-10 00:00:00+09:00,1,2,1,1\n";
    let (_folder, mut asked) = asked(&[("a.csv", text)]);
    asked.time_zone = "Asia/Tokyo".into();
    let (_, report) = import(&asked).unwrap();
    assert_eq!(report.span.history_start_ts.to_string(), "2024-03-08T00:00:00Z");
}

#[test]
fn times_without_an_offset_are_in_the_zone_that_is_named() {
    let text = "ts,open,high,low,close\n\
                2024-03-08 15:30,1,2,1,1\n\
                2024-03-08 16:00,1,2,1,1\n\
                2024-03-11 09:30,1,2,1,1\n";
    let (_folder, mut asked) = asked(&[("a.csv", text)]);
    asked.time_zone = "America/New_York".into();
    let (_, report) = import(&asked).unwrap();
    assert_eq!(report.span.history_start_ts.to_string(), "2024-03-08T20:30:00Z");
    assert_eq!(report.span.end_ts.to_string(), "2024-03-11T13:30:00Z");
    assert_eq!((report.sessions.0, report.card.bar_resolution), (2, Resolution::Min30));
    asked.time_zone = "Mars/Olympus".into();
    assert!(matches!(import(&asked), Err(Error::Asked { .. })));
}

#[test]
fn an_unclear_resolution_is_asked_for() {
    let text = "ts,open,high,low,close\n2024-01-01,1,2,1,1\n2024-01-08,1,2,1,1\n";
    let found = problems(&[("a.csv", text)]);
    assert!(found[0].contains("resolution") && found[0].contains("604800"), "{found:?}");
}

#[test]
fn an_arrow_file_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = fixture::write(folder.path(), &fixture::card(), &fixture::bars());
    let asked = Import {
        files: vec![path.join("bars.arrow")],
        slug: "mine".into(),
        resolution: None,
        time_zone: "UTC".into(),
        currency: "EUR".into(),
        today: Day { year: 2026, month: 11, day: 22 },
    };
    let (bars, report) = import(&asked).unwrap();
    assert_eq!(bars, fixture::bars());
    assert_eq!(report.card.currency, "EUR");
}
