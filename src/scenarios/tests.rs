//! Folder, catalogue, check and cut on small scenarios made here, and all the embedded ones.

use std::{fs, path::Path};

use sim::Timestamp;

use super::{
    Catalog, Day, Error, assemble, bars, check,
    cut::{self, Edge, Window},
    fixture,
    problems::Problems,
    words::{Resolution, Rights},
};

fn digest(change: impl FnOnce(&mut super::Card, &mut bars::Bars)) -> String {
    let (mut card, mut rows) = (fixture::card(), fixture::bars());
    change(&mut card, &mut rows);
    assemble::assemble(&card, &rows).unwrap().digest
}

fn problems(change: impl FnOnce(&mut super::Card, &mut bars::Bars)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, mut rows) = (fixture::card(), fixture::bars());
    change(&mut card, &mut rows);
    let path = fixture::write(folder.path(), &card, &rows);
    match check::check_folder(&path) {
        Ok(_) => Vec::new(),
        Err(Error::Files { problems, .. }) => {
            problems.listed().iter().map(ToString::to_string).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn files_read_back_what_was_written() {
    let (card, rows) = (fixture::card(), fixture::bars());
    assert_eq!(super::Card::parse(&card.to_text().unwrap()).unwrap(), card);
    let mut problems = Problems::default();
    let read = bars::read(&bars::write(&rows).unwrap(), &mut problems);
    assert_eq!(read.unwrap(), rows, "{problems}");
}

#[test]
fn the_digest_changes_with_any_bar_and_any_rule() {
    let original = digest(|_, _| {});
    assert_eq!(original.len(), 64);
    let changed = [
        digest(|_, rows| rows.rows[0].prices[0] += 0.01),
        digest(|_, rows| rows.rows[20].prices[3] += 0.01),
        digest(|_, rows| rows.rows[7].volume += 1.0),
        digest(|_, rows| rows.rows.retain(|row| *row != fixture::bars().rows[4])),
        digest(|card, _| card.starting_cash += 1.0),
        digest(|card, _| card.leverage_cap = 4.0),
        digest(|card, _| card.short_enabled = false),
        digest(|card, _| card.commission_bps += 1),
        digest(|card, _| card.borrow_bps_annual += 1),
        digest(|card, _| card.sessions_per_year += 1),
        digest(|card, _| card.warmup += 1),
        digest(|card, _| card.limit_fill = sim::rules::LimitFill::Touch),
        digest(|card, _| card.path_policy = sim::rules::PathPolicy::Best),
        digest(|card, _| card.participation_pct = Some(10)),
        digest(|card, _| card.benchmark_symbol = None),
        digest(|card, _| card.universe[0].slippage_bps += 1),
    ];
    for (at, digest) in changed.iter().enumerate() {
        assert_ne!(*digest, original, "change {at}");
    }
}

#[test]
fn the_digest_does_not_change_with_words_or_the_order_of_rows() {
    let original = digest(|_, _| {});
    assert_eq!(digest(|card, _| card.description = "Other words.".into()), original);
    assert_eq!(digest(|card, _| card.rights = Rights::PackageLicenceOnly), original);
    assert_eq!(digest(|card, _| card.universe.reverse()), original);
    assert_eq!(digest(|_, rows| rows.rows.swap(0, 1)), original);
    assert_eq!(digest(|_, rows| rows.rows[3].volume = 100.0), original);
}

#[test]
fn a_sound_folder_passes_and_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let path = fixture::write(folder.path(), &fixture::card(), &fixture::bars());
    let report = check::check_folder(&path).unwrap();
    assert_eq!((report.rows, report.sessions, report.span.decisions), (21, (7, 4), 4));
    let mut text = Vec::new();
    report.write(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    for part in ["small v1: A small one", "2024-01-03T00:00:00Z", &report.digest] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("warning"), "{text}");
}

#[test]
fn every_bad_row_is_named() {
    let found = problems(|_, rows| {
        rows.rows[0].prices[1] = 1.0;
        rows.rows[1].prices[0] = f64::NAN;
        rows.rows[4].prices[3] = 0.1 + 0.2;
        rows.rows[6].prices[2] = -1.0;
        rows.rows[9].volume = -5.0;
    });
    assert_eq!(
        found,
        [
            "bars.arrow:1: high: AAA at 2024-01-01T00:00:00Z: high is below low",
            "bars.arrow:2: open: BBB at 2024-01-01T00:00:00Z: must be a finite number",
            "bars.arrow:5: close: BBB at 2024-01-02T00:00:00Z: has more than 8 decimals",
            "bars.arrow:7: low: AAA at 2024-01-03T00:00:00Z: must be above 0",
            "bars.arrow:10: volume: AAA at 2024-01-04T00:00:00Z: volume is negative or not a \
             number",
        ]
    );
}

#[test]
fn a_bar_outside_the_calendar_is_named() {
    for (day, shown) in [(2_932_897, "10000-01-01"), (-719_163, "0000-12-31")] {
        let found = problems(|_, rows| rows.rows[0].ts = Timestamp::from_seconds(day * 86_400));
        let text = format!("bars.arrow:1: ts: AAA at {shown}T00:00:00Z: must be in the years");
        assert!(found[0].starts_with(&text), "{found:?}");
    }
    // So far away that neither its date nor its distance can be counted.
    let far = Timestamp::from_seconds(i64::MAX / 1_000);
    assert!(!problems(|_, rows| rows.rows[20].ts = far).is_empty());
}

#[test]
fn order_repetition_strangers_and_missing_symbols_are_named() {
    let found = problems(|_, rows| {
        let twin = rows.rows[3];
        rows.rows.insert(4, twin);
    });
    assert_eq!(found, ["bars.arrow:5: ts: AAA at 2024-01-02T00:00:00Z: is there twice"]);
    let found = problems(|_, rows| rows.rows.swap(3, 4));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("bars.arrow:5: ts: AAA at 2024-01-02T00:00:00Z: is out of order"));
    let found = problems(|card, _| card.universe[0].symbol = "CCC".into());
    assert_eq!(
        found,
        [
            "bars.arrow:2: symbol: BBB at 2024-01-01T00:00:00Z: is not in the universe",
            "bars.arrow: symbol: CCC has no bars",
        ]
    );
    let found = problems(|card, _| card.warmup = 6);
    assert_eq!(found, ["scenario.toml: warmup: leaves no bar to trade: the timeline has 7 bars"]);
}

#[test]
fn everything_wrong_with_a_card_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = fixture::write(folder.path(), &fixture::card(), &fixture::bars());
    let card = path.join("scenario.toml");
    edit(&card, "origin = \"Made up.\"\n", "colour = 3\n");
    edit(&card, "1Day", "2Day");
    edit(&card, "warmup = 2", "warmup = \"two\"");
    edit(&card, "limit_fill = \"through\"", "limit_fill = \"always\"");
    edit(&card, "slippage_bps = 3", "slippage_bps = -3");
    let text = check::check_folder(&path).unwrap_err().to_string();
    for part in [
        "origin: is missing",
        "colour: is not a known key",
        "bar_resolution: unknown variant `2Day`, expected one of",
        "warmup: invalid type: string \"two\"",
        "limit_fill: must be one of through, touch, not \"always\"",
        "universe[1].slippage_bps: invalid value: integer `-3`",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(text.lines().count(), 7, "{text}");
}

#[test]
fn values_of_a_card_are_examined() {
    let found = problems(|card, _| {
        card.name = " ".into();
        card.time_zone = "America/Gotham".into();
        card.leverage_cap = 0.5;
        card.starting_cash = 0.0;
        card.benchmark_symbol = Some("ZZZ".into());
        card.universe[0].quoted = Some("GBX".into());
        card.universe[1].symbol = "B-BB".into();
        card.reference.as_mut().unwrap().symbol = "idx".into();
    });
    let expected = [
        "scenario.toml: name: must not be empty",
        "scenario.toml: time_zone: must be an IANA name such as America/New_York",
        "scenario.toml: starting_cash: must be between 1 and 1,000,000,000",
        "scenario.toml: leverage_cap: must be between 1 and 100 with at most 4 decimals",
        "scenario.toml: universe: BBB: quoted and rate go together",
        "scenario.toml: universe: B-BB and BBB cannot be told apart",
        "scenario.toml: benchmark_symbol: must be a member of the universe",
        "scenario.toml: reference.symbol: may hold only A-Z, 0-9 and / . - ^ = _",
    ];
    assert_eq!(found[..expected.len()], expected);
}

#[test]
fn a_slug_is_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = fixture::write(folder.path(), &fixture::card(), &fixture::bars());
    let moved = folder.path().join("other");
    fs::rename(path, &moved).unwrap();
    let text = check::check_folder(&moved).unwrap_err().to_string();
    assert!(text.contains("slug: must be the folder's name \"other\""), "{text}");
}

#[test]
fn gaps_are_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let (card, mut rows) = (fixture::card(), fixture::bars());
    for row in &mut rows.rows[18..] {
        row.ts = sim::Timestamp::from_seconds(row.ts.seconds() + 9 * fixture::DAY);
    }
    let path = fixture::write(folder.path(), &card, &rows);
    let report = check::check_folder(&path).unwrap();
    let warning = "AAA: silences of more than 7 days, the longest of 10: 1";
    assert_eq!(report.warnings[0], warning);
    let (mut card, mut rows) = (fixture::card(), fixture::bars());
    card.slug = "hours".into();
    card.bar_resolution = Resolution::Hour1;
    for (at, row) in (0_i64..).zip(&mut rows.rows) {
        let hour = at / 3 + i64::from(at >= 12);
        row.ts = sim::Timestamp::from_seconds(fixture::FIRST_DAY + 50_400 + hour * 3_600);
    }
    let path = fixture::write(folder.path(), &card, &rows);
    let report = check::check_folder(&path).unwrap();
    assert_eq!(report.sessions.0, 1);
    assert_eq!(report.warnings[0], "AAA: gaps of more than 1Hour inside a session: 1");
}

#[test]
fn damaged_bars_are_an_error_not_a_crash() {
    let bytes = bars::write(&fixture::bars()).unwrap();
    for length in (0..bytes.len()).step_by(7) {
        assert!(bars::read(&bytes[..length], &mut Problems::default()).is_none());
    }
}

#[test]
fn a_folder_joins_the_catalogue_unless_its_slug_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    fixture::write(folder.path(), &fixture::card(), &fixture::bars());
    let catalog = Catalog::default().with_folder(folder.path()).unwrap();
    let entry = catalog.get("small").unwrap();
    assert_eq!(catalog.get(&entry.id().to_string()).unwrap().slug(), "small");
    assert_eq!(entry.scenario().unwrap().decisions(), entry.span().decisions);
    assert_eq!(entry.digest().unwrap(), digest(|_, _| {}));
    let reference = entry.scenario().unwrap().market.reference().unwrap();
    assert_eq!(reference.closes[0].to_string(), "4000.75");
    let twice = catalog.with_folder(folder.path());
    assert!(matches!(twice, Err(Error::Duplicate { slug, .. }) if slug == "small"));
    fs::create_dir(folder.path().join("stray")).unwrap();
    let stray = Catalog::default().with_folder(folder.path()).unwrap_err().to_string();
    assert!(stray.contains("stray") && stray.contains("scenario.toml: is missing"), "{stray}");
}

#[test]
fn an_unknown_slug_offers_near_ones() {
    let catalog = Catalog::embedded().unwrap();
    let Err(Error::Unknown { nearest, .. }) = catalog.get("sandbox-nov-2042") else { panic!() };
    assert_eq!(nearest[0], "sandbox-nov-2024");
    let Err(error) = catalog.get(&"x".repeat(100_000)) else { panic!() };
    assert!(error.to_string().len() < 200);
}

#[test]
fn clear_rights_drop_what_shows_no_grant() {
    let all = Catalog::embedded().unwrap();
    let clear = all.clone().with_clear_rights();
    assert!(clear.entries().count() < all.entries().count());
    assert!(clear.entries().all(|entry| entry.card().rights != Rights::PackageLicenceOnly));
}

#[test]
fn a_window_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    fixture::write(folder.path(), &fixture::card(), &fixture::bars());
    let catalog = Catalog::default().with_folder(folder.path()).unwrap();
    let source = catalog.get("small").unwrap();
    let window = |from: &str, to: &str, warmup_bars| Window {
        slug: "cut".into(),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        warmup_bars,
        today: Day { year: 2026, month: 11, day: 22 },
    };
    let wanted = window("2024-01-04", "2024-01-06", 2);
    let (path, report) = cut::cut_into(source, &wanted, folder.path()).unwrap();
    let span = report.span;
    assert_eq!((span.bars, span.decisions, report.card.warmup), (5, 3, 1));
    assert_eq!(report.card.created, Some(wanted.today));
    assert_eq!(span.history_start_ts.date().to_string(), "2024-01-02");
    assert_eq!(span.start_ts.date().to_string(), "2024-01-03");
    assert_eq!(span.end_ts.date().to_string(), "2024-01-06");
    assert_eq!(check::check_folder(&path).unwrap().digest, report.digest);
    let again = cut::cut_into(source, &wanted, folder.path());
    assert!(matches!(again, Err(Error::Exists(_))));
    let short = window("2024-01-02T00:00:00Z", "2030-01-01", 60);
    let (_, report) = cut::cut(source, &short).unwrap();
    assert_eq!((report.span.bars, report.span.decisions), (7, 6));
    for (from, to) in [("2024-01-01", "2024-01-05"), ("2024-01-05", "2024-01-04")] {
        assert!(cut::cut(source, &window(from, to, 2)).is_err(), "{from} {to}");
    }
    assert!("soon".parse::<Edge>().is_err());
}

#[test]
fn every_embedded_scenario_can_be_played() {
    let catalog = Catalog::embedded().unwrap();
    for entry in catalog.entries() {
        let scenario = entry.scenario().unwrap();
        assert_eq!(scenario.decisions(), entry.span().decisions, "{}", entry.slug());
        assert_eq!(scenario.market.timeline().len(), entry.span().bars, "{}", entry.slug());
    }
}
