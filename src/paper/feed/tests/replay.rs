//! Seasons of the replay, their mapping to market time, and their prints against the raw rows.

use jiff::{SignedDuration, Timestamp};
use sim::paper::{Print, Snapshots};

use super::{
    super::{Feed, ReplaySettings},
    at, prices, told,
};
use crate::clock::{Clock as _, TestClock};

/// The default feed, whose season 0 begins with the data at 2026-01-01.
fn feed() -> Feed {
    Feed::replay(&ReplaySettings::default()).unwrap()
}

/// When season 0 shows this market time: a twelfth of the way, rounded up.
fn wall(market: &str) -> Timestamp {
    let gone = at(market).as_microsecond() - at("2017-10-01T00:00:00Z").as_microsecond();
    let micros = (gone + 11) / 12;
    at("2026-01-01T00:00:00Z") + SignedDuration::from_micros(micros)
}

/// The prints from one instant of market time to another, both included, of symbols that hold one
/// of these texts.
fn prints(from: &str, to: &str, symbols: &[&str]) -> Vec<String> {
    let (from, to) = (at(from).as_second(), at(to).as_second());
    let wanted = |text: &String| symbols.iter().any(|it| text.contains(it));
    let told = |market: &super::Market<'_>| {
        let ticks = market.tape.ticks().iter();
        let ticks = ticks.filter(|it| (from..=to).contains(&it.at.seconds()));
        ticks.map(|it| told(market, it)).filter(wanted).collect()
    };
    feed().read(at("2026-01-02T00:00:00Z"), told).unwrap()
}

fn season(feed: &Feed, now: &str) -> (u32, String, String) {
    let told = |market: &super::Market<'_>| {
        (market.season.number, market.moment.at.to_string(), market.season.source.clone())
    };
    feed.read(at(now), told).unwrap()
}

#[test]
fn market_time_runs_at_the_speed() {
    let feed = feed();
    let source = "replay of 2017-10 to 2018-09";
    for (now, market) in [
        ("2026-01-01T00:00:00Z", "2017-10-01T00:00:00Z"),
        ("2026-01-01T00:00:00.083333Z", "2017-10-01T00:00:00Z"),
        ("2026-01-01T00:00:00.083334Z", "2017-10-01T00:00:01Z"),
        ("2026-01-01T00:05:00Z", "2017-10-01T01:00:00Z"),
        ("2026-01-02T00:00:00Z", "2017-10-13T00:00:00Z"),
        ("2026-01-30T23:59:59.999999Z", "2018-09-25T23:59:59Z"),
    ] {
        assert_eq!(season(&feed, now), (0, market.into(), source.into()), "{now}");
    }
    // A clock that is before everything stands at its beginning.
    assert_eq!(season(&feed, "2020-01-01T00:00:00Z").1, "2017-10-01T00:00:00Z");
}

#[test]
fn seasons_roll_over_and_wrap() {
    let feed = feed();
    let clock = TestClock::at(at("2026-01-30T23:59:59Z"));
    let seen = || season(&feed, &clock.now().to_string());
    assert_eq!(seen(), (0, "2018-09-25T23:59:48Z".into(), "replay of 2017-10 to 2018-09".into()));
    clock.advance(1);
    // 360 days later there are 97 left of 457: the window starts at the 360th day modulo 98.
    assert_eq!(seen(), (1, "2017-12-06T00:00:00Z".into(), "replay of 2017-12 to 2018-11".into()));
    clock.advance(9 * 30 * 86_400);
    assert_eq!(seen(), (10, "2017-12-12T00:00:00Z".into(), "replay of 2017-12 to 2018-12".into()));
    // One that was left is what it was.
    assert_eq!(season(&feed, "2026-01-30T23:59:59Z").1, "2018-09-25T23:59:48Z");
}

#[test]
fn every_window_is_inside_the_data_and_ends_within_its_season() {
    let settings = ReplaySettings { speed: 37, season_days: 7, clear_rights: false };
    let feed = Feed::replay(&settings).unwrap();
    let (mut begun, clock) = (Vec::new(), TestClock::at(at("2026-01-01T00:00:00Z")));
    for number in 0..8 {
        let ends_at = feed.read(clock.now(), |market| {
            assert_eq!(market.season.number, number);
            begun.push(market.moment.at);
            market.season.ends_at
        });
        let last = ends_at.unwrap() - SignedDuration::from_micros(1);
        let length = feed.read(last, |market| {
            assert!(market.moment.at.seconds() < 1_546_300_800, "{}", market.moment.at);
            market.moment.at.seconds() - begun[number as usize].seconds()
        });
        assert_eq!(length.unwrap(), 7 * 37 * 86_400 - 1);
        clock.advance(7 * 86_400);
    }
    // 259 days each, and 199 days at which one can begin.
    let days: Vec<i64> =
        begun.iter().map(|it| (it.seconds() - begun[0].seconds()) / 86_400).collect();
    assert_eq!(days, [0, 60, 120, 180, 41, 101, 161, 22]);
}

#[test]
fn what_the_data_cannot_give_is_refused_at_the_start() {
    let refused = |speed, season_days| {
        let settings = ReplaySettings { speed, season_days, clear_rights: false };
        Feed::replay(&settings).err().map(|it| it.to_string())
    };
    assert_eq!(refused(457, 1), None);
    assert_eq!(
        refused(24, 30).unwrap(),
        "--replay-speed 24 × --season-days 30 makes 720 days of market, and the data has 457; \
         choose a lower speed or shorter seasons"
    );
    assert_eq!(refused(10_000, 366).unwrap().split(' ').nth(6), Some("3660000"));
    assert_eq!(refused(0, 30).unwrap(), "--replay-speed must be between 1 and 10000, not 0");
    assert_eq!(
        refused(u32::MAX, 30).unwrap(),
        "--replay-speed must be between 1 and 10000, not 4294967295"
    );
    assert_eq!(refused(12, 0).unwrap(), "--season-days must be between 1 and 366, not 0");
    assert_eq!(refused(1, 367).unwrap(), "--season-days must be between 1 and 366, not 367");
}

#[test]
fn a_session_is_printed_at_new_yorks_hours_around_the_change_of_clocks() {
    // Clocks went forward on Sunday, 11 March 2018.
    assert_eq!(
        prints("2018-03-09T00:00:00Z", "2018-03-12T23:59:59Z", &["AAPL"]),
        [
            "2018-03-09T14:30:00Z AAPL open 41.9931",
            "2018-03-09T21:00:00Z AAPL high 42.47 low 41.8532 close 42.4651 volume 136406256",
            "2018-03-12T13:30:00Z AAPL open 42.542",
            "2018-03-12T20:00:00Z AAPL high 43.0349 low 42.5223 close 42.8754 volume 136499152",
        ]
    );
    let early = prints("2017-11-24T00:00:00Z", "2017-11-24T23:59:59Z", &["SPY"]);
    assert!(early[0].starts_with("2017-11-24T14:30:00Z SPY open"), "{early:?}");
    assert!(early[1].starts_with("2017-11-24T18:00:00Z SPY high"), "{early:?}");
}

#[test]
fn a_fix_is_one_price_at_its_local_time() {
    assert_eq!(
        prints("2018-03-09T00:00:00Z", "2018-03-12T23:59:59Z", &["EUR/USD", "WTI/USD"]),
        [
            "2018-03-09T13:15:00Z EUR/USD price 1.2291",
            "2018-03-09T19:30:00Z WTI/USD price 62.02",
            "2018-03-12T13:15:00Z EUR/USD price 1.2302",
            "2018-03-12T18:30:00Z WTI/USD price 61.35",
        ]
    );
    // Europe changed its clocks two weeks later. 1.2291 dollars and 0.88893 pounds a euro.
    let pounds = prints("2018-03-09T00:00:00Z", "2018-03-09T23:59:59Z", &["GBP/USD"]);
    assert_eq!(pounds, ["2018-03-09T13:15:00Z GBP/USD price 1.382674"]);
    let summer = prints("2018-03-26T00:00:00Z", "2018-03-26T23:59:59Z", &["GBP/USD"]);
    assert_eq!(summer, ["2018-03-26T12:15:00Z GBP/USD price 1.422497"]);
}

#[test]
fn an_hour_begins_after_the_one_before_has_ended() {
    assert_eq!(
        prints("2018-03-12T13:00:00Z", "2018-03-12T14:00:00Z", &["BTC/USD"])[1..],
        [
            "2018-03-12T13:00:00Z BTC/USD open 9781.1",
            "2018-03-12T14:00:00Z BTC/USD high 9799 low 9701.3 close 9776 volume 1451.17",
            "2018-03-12T14:00:00Z BTC/USD open 9775.5",
        ]
    );
    let ends_before_it_begins = |market: &super::Market<'_>| {
        let opens = |at: usize| matches!(market.tape.ticks()[at].print, Print::Open(_));
        let ticks = market.tape.ticks();
        (1..ticks.len()).all(|at| ticks[at - 1].at < ticks[at].at || !opens(at - 1) || opens(at))
    };
    assert!(feed().read(at("2026-01-01T00:00:00Z"), ends_before_it_begins).unwrap());
}

#[test]
fn the_last_print_is_displayed_until_the_next() {
    let feed = feed();
    let shown = |market: &str| {
        prices(&feed, wall(market), &["AAPL", "EUR/USD", "BTC/USD", "WTI/USD"]).join(" ")
    };
    // A session that lasts shows its open alone; what follows it, its close.
    assert_eq!(shown("2018-03-09T14:29:59Z").split(' ').next(), Some("41.7458"));
    assert_eq!(shown("2018-03-09T14:30:00Z").split(' ').next(), Some("41.9931"));
    assert_eq!(shown("2018-03-09T20:59:59Z").split(' ').next(), Some("41.9931"));
    for market in ["2018-03-09T21:00:00Z", "2018-03-11T12:00:00Z", "2018-03-12T13:29:59Z"] {
        let shown = shown(market);
        let rest: Vec<&str> = shown.split(' ').collect();
        assert_eq!((rest[0], rest[3]), ("42.4651", "62.02"), "{market}");
    }
    assert_eq!(shown("2018-03-12T13:14:59Z").split(' ').nth(1), Some("1.2291"));
    assert_eq!(shown("2018-03-12T13:15:00Z").split(' ').nth(1), Some("1.2302"));
    assert_eq!(shown("2018-03-12T13:59:59Z").split(' ').nth(2), Some("9781.1"));
    assert_eq!(shown("2018-03-12T14:00:00Z").split(' ').nth(2), Some("9775.5"));
}

#[test]
fn everything_has_a_price_when_a_season_begins() {
    let feed = feed();
    for now in ["2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z", "2026-11-23T09:00:00Z"] {
        let without = |market: &super::Market<'_>| {
            let unpriced = |it: &_| market.tape.price(*it, market.moment).is_none();
            market.tape.instruments().filter(unpriced).count()
        };
        assert_eq!(feed.read(at(now), without).unwrap(), 0, "{now}");
    }
}

#[test]
fn equity_is_sampled_at_the_closes_of_new_york() {
    let closes = |market: &super::Market<'_>| match market.tape.snapshots() {
        Snapshots::At(closes) => closes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        Snapshots::Midnights => Vec::new(),
    };
    let closes = feed().read(at("2026-01-01T00:00:00Z"), closes).unwrap();
    assert_eq!((closes.len(), closes[5].as_str()), (319, "2017-10-02T20:00:00Z"));
    assert!(closes.contains(&"2018-03-09T21:00:00Z".into()));
    assert!(closes.contains(&"2018-07-03T17:00:00Z".into()));
}

#[test]
fn a_restart_changes_nothing() {
    let (one, other) = (feed(), feed());
    // The second feed is asked in another order.
    for feed in [&one, &other] {
        let seasons = ["2026-03-05T00:00:00Z", "2026-01-05T00:00:00Z"];
        let order: Vec<_> = if std::ptr::eq(feed, &raw const one) {
            seasons.iter().collect()
        } else {
            seasons.iter().rev().collect()
        };
        for now in order {
            feed.read(at(now), |_| ()).unwrap();
        }
    }
    let all = |feed: &Feed| {
        let whole = |market: &super::Market<'_>| {
            (market.season.clone(), market.moment, market.tape.ticks().to_vec())
        };
        feed.read(at("2026-01-05T12:34:56Z"), whole).unwrap()
    };
    assert_eq!(all(&one), all(&other));
}

#[test]
fn a_market_is_named_by_all_that_makes_it() {
    let name = |settings: ReplaySettings| {
        let feed = Feed::replay(&settings).unwrap();
        feed.read(at("2026-01-05T00:00:00Z"), |market| market.season.market.clone()).unwrap()
    };
    let usual = ReplaySettings::default();
    let names = [
        name(usual),
        name(ReplaySettings { speed: 10, ..usual }),
        name(ReplaySettings { season_days: 10, ..usual }),
        name(ReplaySettings { clear_rights: true, ..usual }),
    ];
    assert_eq!(names[0], "replay v1 8d59402e1a8c 12x 30d");
    assert_eq!(names[3], format!("{} clear", names[0]));
    for (at, one) in names.iter().enumerate() {
        assert!(!names[at + 1..].contains(one), "{one}");
    }
}

#[test]
fn with_clear_rights_only_granted_data_is_listed() {
    let settings = ReplaySettings { clear_rights: true, ..ReplaySettings::default() };
    let feed = Feed::replay(&settings).unwrap();
    let symbols = |market: &super::Market<'_>| {
        let listings = market.tape.listings().iter();
        listings.map(|it| it.symbol.clone()).collect::<Vec<_>>().join(" ")
    };
    let now = at("2026-01-05T00:00:00Z");
    assert_eq!(
        feed.read(now, symbols).unwrap(),
        "EUR/USD GBP/USD AUD/USD NZD/USD CHF/USD CAD/USD JPY/USD WTI/USD"
    );
    assert!(feed.read(now, |it| it.tape.snapshots().after(it.moment.at)).unwrap().is_some());
}

#[test]
fn the_tape_of_a_season_is_small() {
    let ticks = feed().read(at("2026-01-05T00:00:00Z"), |it| it.tape.ticks().len()).unwrap();
    // Each is a tick of 56 bytes and a point of 24 in the list of its instrument.
    let bytes = ticks * (size_of::<sim::paper::Tick>() + 24);
    println!("a season of the default replay: {ticks} ticks, {bytes} bytes");
    assert!(
        (80_000..110_000).contains(&ticks) && bytes < 9_000_000,
        "{ticks} ticks, {bytes} bytes"
    );
}
