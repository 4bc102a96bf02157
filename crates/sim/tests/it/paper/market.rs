//! What a tape takes and says: listings, prints, sessions, displayed prices.

use sim::{
    Money, Price, Quantity,
    paper::{
        AssetType, Calendar, Listing, Moment, Print, Session, Snapshots, Tape, TapeError, Tick,
    },
};

use super::world::{at, daily, empty_tape, listings};

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

#[test]
fn an_order_owes_what_its_kind_costs() {
    let rows = [
        // Kind, units, value, owed.
        (AssetType::Stock, "1", "100", "1"),
        (AssetType::Stock, "200", "100", "1"),
        (AssetType::Stock, "201", "100", "1.005"),
        (AssetType::Etf, "2000", "100", "10"),
        (AssetType::Etf, "2000.1", "100", "10"),
        (AssetType::Etf, "1999", "100", "9.995"),
        (AssetType::Crypto, "1", "499.99", "0.5"),
        (AssetType::Crypto, "1", "500", "0.5"),
        (AssetType::Crypto, "1", "12345.67", "12.34567"),
        (AssetType::Forex, "1000000", "1000000", "0"),
        (AssetType::Commodity, "0.00000001", "1", "1.5"),
        (AssetType::Commodity, "1000", "1", "1.5"),
        (AssetType::Commodity, "1000.00000001", "1", "3"),
        (AssetType::Commodity, "2500", "1", "4.5"),
    ];
    for (kind, quantity, value, owed) in rows {
        let (quantity, value): (Quantity, Money) =
            (quantity.parse().unwrap(), value.parse().unwrap());
        let found = kind.commission(quantity, value);
        assert_eq!(found.to_string(), owed, "{} {quantity} {value}", kind.name());
    }
}

#[test]
fn every_kind_has_its_name_slippage_and_margin() {
    let rows = [
        (AssetType::Stock, "STOCK", "AAPL", 2, 50, true),
        (AssetType::Crypto, "CRYPTO", "BTC/USD", 5, 100, false),
        (AssetType::Crypto, "CRYPTO", "ETH/USD", 5, 100, false),
        (AssetType::Crypto, "CRYPTO", "BTCX/USD", 10, 100, false),
        (AssetType::Forex, "FOREX", "EUR/USD", 1, 50, true),
        (AssetType::Etf, "ETF", "SPY", 2, 50, true),
        (AssetType::Option, "OPTION", "X", 2, 50, true),
        (AssetType::Commodity, "COMMODITY", "WTI", 5, 50, true),
    ];
    for (kind, name, symbol, slippage, margin, shortable) in rows {
        assert_eq!((kind.name(), AssetType::from_name(name)), (name, Some(kind)));
        assert_eq!(kind.slippage_bps(symbol), slippage, "{symbol}");
        assert_eq!((kind.margin_pct(), kind.shortable()), (margin, shortable), "{name}");
    }
    assert_eq!(AssetType::NAMES.len(), 6);
}

#[test]
fn sessions_have_their_first_second_and_not_their_last() {
    let session = |day: i64| Session { opens: at(day * DAY), closes: at((day + 1) * DAY) };
    // Day 0 is a Monday, 5 a Saturday.
    for (calendar, day, around, to_come) in [
        (Calendar::Always, 5, true, 5),
        (Calendar::Weekdays, 4, true, 4),
        (Calendar::Weekdays, 5, false, 7),
        (Calendar::Weekdays, 6, false, 7),
        (Calendar::Weekdays, 7, true, 7),
    ] {
        for second in [0, 1, DAY - 1] {
            let now = at(day * DAY + second);
            assert_eq!(calendar.session(now), around.then(|| session(day)), "{day} {second}");
            assert_eq!(calendar.session_to_come(now), Some(session(to_come)), "{day} {second}");
        }
    }
    let listed = Calendar::Listed(daily());
    let nine_to_four = Session { opens: at(9 * HOUR), closes: at(16 * HOUR) };
    for (now, around) in [(9 * HOUR - 1, false), (9 * HOUR, true), (16 * HOUR - 1, true)] {
        assert_eq!(listed.session(at(now)), around.then_some(nine_to_four), "{now}");
        assert_eq!(listed.session_to_come(at(now)), Some(nine_to_four), "{now}");
    }
    assert_eq!(listed.session(at(16 * HOUR)), None);
    assert_eq!(listed.session_to_come(at(16 * HOUR)).unwrap().opens, at(DAY + 9 * HOUR));
    assert_eq!(listed.session_to_come(at(1_000 * DAY)), None, "a calendar may end");
}

#[test]
fn samples_are_taken_at_instants_or_at_midnight() {
    let instants = Snapshots::At([at(10), at(20)].into());
    for (now, next) in [(9, Some(10)), (10, Some(20)), (19, Some(20)), (20, None)] {
        assert_eq!(instants.after(at(now)), next.map(at), "{now}");
    }
    for (now, next) in [(0, DAY), (DAY - 1, DAY), (DAY, 2 * DAY)] {
        assert_eq!(Snapshots::Midnights.after(at(now)), Some(at(next)), "{now}");
    }
}

/// A bar of nothing but its open.
fn flat(price: i32) -> Print {
    let price = Price::whole(price);
    Print::Bar { high: price, low: price, close: price, volume: Quantity::ZERO }
}

#[test]
fn a_tape_takes_only_what_can_have_happened() {
    let ten = Price::whole(10);
    let bar = |high, low, close, volume| Print::Bar {
        high: Price::whole(high),
        low: Price::whole(low),
        close: Price::whole(close),
        volume: Quantity::whole(volume),
    };
    let rows: [(&[Print], Option<&str>); 15] = [
        (&[Print::Open(ten), flat(10), Print::Open(ten)], None),
        (&[Print::Price(ten), Print::Open(ten), bar(11, 9, 10, 5), Print::Price(ten)], None),
        (&[Print::Price(Price::ZERO)], Some("price must be positive")),
        (&[Print::Open(Price::from_units(-1))], Some("price must be positive")),
        (&[Print::Price(Price::from_units(i64::MAX))], Some("price must be positive")),
        (&[Print::Open(ten), Print::Open(ten)], Some("do not overlap")),
        (&[Print::Open(ten), Print::Price(ten)], Some("do not overlap")),
        (&[flat(10)], Some("must follow its open")),
        (&[Print::Price(ten), flat(10)], Some("must follow its open")),
        (&[Print::Open(ten), flat(10), flat(10)], Some("must follow its open")),
        (&[Print::Open(ten), bar(9, 8, 9, 0)], Some("within low and high")),
        (&[Print::Open(ten), bar(12, 11, 11, 0)], Some("within low and high")),
        (&[Print::Open(ten), bar(12, 9, 13, 0)], Some("within low and high")),
        (&[Print::Open(ten), bar(12, 0, 10, 0)], Some("price must be positive")),
        (&[Print::Open(ten), bar(12, 9, 10, -1)], Some("volume is negative")),
    ];
    for (prints, problem) in rows {
        let mut tape = empty_tape();
        let instrument = tape.find("A").unwrap();
        let ticks = prints.iter().map(|&print| Tick { at: at(0), instrument, print });
        let result: Result<Vec<()>, TapeError> = ticks.map(|tick| tape.push(tick)).collect();
        match (result, problem) {
            (Ok(_), None) => assert_eq!(tape.ticks().len(), prints.len()),
            (Err(TapeError::Print { problem: found, .. }), Some(problem)) => {
                assert!(found.contains(problem), "{prints:?}: {found}");
                assert_eq!(tape.ticks().len(), prints.len() - 1, "nothing has changed");
            }
            (found, _) => panic!("{prints:?}: {found:?}"),
        }
    }
}

#[test]
fn a_tape_goes_forward_and_knows_its_listings() {
    let mut tape = empty_tape();
    let instrument = tape.find("WTI").unwrap();
    let tick =
        |seconds| Tick { at: at(seconds), instrument, print: Print::Price(Price::whole(50)) };
    tape.push(tick(5)).unwrap();
    tape.push(tick(5)).unwrap();
    assert_eq!(tape.push(tick(4)), Err(TapeError::Backwards { at: at(4), last: at(5) }));
    let mut other = empty_tape();
    let stranger = other.list(Listing { symbol: "NEW".into(), ..listings().remove(0) }).unwrap();
    let unlisted = tape.push(Tick { instrument: stranger, ..tick(6) });
    assert_eq!(unlisted, Err(TapeError::NotListed(stranger.index())));
    assert_eq!(tape.ticks().len(), 2);
    assert_eq!(tape.find("wti"), None);
    assert!(tape.instruments().all(|it| tape.find(&tape.listing(it).symbol) == Some(it)));
}

#[test]
fn a_listing_must_make_sense() {
    let good = || listings().remove(0);
    let session = |opens, closes| Session { opens: at(opens), closes: at(closes) };
    let overlapping = [session(0, 20), session(10, 30)];
    let rows = [
        (Listing { ..good() }, "is listed already"),
        (Listing { symbol: "N".into(), asset_type: AssetType::Option, ..good() }, "options"),
        (Listing { symbol: "N".into(), slippage_bps: 5_000, ..good() }, "slippage_bps"),
        (
            Listing {
                symbol: "N".into(),
                calendar: Calendar::Listed(overlapping.into()),
                ..good()
            },
            "sessions",
        ),
    ];
    for (listing, expected) in rows {
        match empty_tape().list(listing) {
            Err(TapeError::Listing { problem, .. }) => assert!(problem.contains(expected)),
            found => panic!("{expected}: {found:?}"),
        }
    }
    let new = |per_year, snapshots| Tape::new(listings(), per_year, snapshots).err();
    assert_eq!(new(0, Snapshots::Midnights), Some(TapeError::SessionsPerYear));
    assert_eq!(new(367, Snapshots::Midnights), Some(TapeError::SessionsPerYear));
    assert_eq!(new(365, Snapshots::At([at(2), at(1)].into())), Some(TapeError::Snapshots));
    assert_eq!(new(365, Snapshots::Midnights), None);
}

#[test]
fn the_last_print_before_a_moment_is_displayed() {
    let mut tape = empty_tape();
    let (a, oil) = (tape.find("A").unwrap(), tape.find("WTI").unwrap());
    let open = 9 * HOUR;
    for (seconds, instrument, print) in [
        (open, a, Print::Open(Price::whole(10))),
        (open, oil, Print::Price(Price::whole(50))),
        (open + 60, a, flat(10)),
        (open + 60, a, Print::Open(Price::whole(12))),
    ] {
        tape.push(Tick { at: at(seconds), instrument, print }).unwrap();
    }
    assert_eq!(tape.moment(at(open - 1)), Moment { ticks: 0, at: at(open - 1) });
    assert_eq!(tape.moment(at(open)).ticks, 2);
    assert_eq!(tape.moment(at(open + 60)).ticks, 4);
    let shown = |ticks| {
        let moment = Moment { ticks, at: at(open) };
        (
            tape.price(a, moment).map(|it| it.units() / 100_000_000),
            tape.price(oil, moment).is_some(),
        )
    };
    assert_eq!(
        [0, 1, 2, 3, 4].map(shown),
        [(None, false), (Some(10), false), (Some(10), true), (Some(10), true), (Some(12), true)]
    );
    let last = tape.last(a, Moment { ticks: 3, at: at(open + 60) }).unwrap();
    assert_eq!(last.print, flat(10));
    let session = |seconds: i64| tape.session(a, tape.moment(at(seconds)));
    assert_eq!(session(open - 1), None);
    assert_eq!(session(open).unwrap().closes, at(16 * HOUR));
    assert_eq!(session(16 * HOUR), None);
    // In session, but nothing was printed yet.
    let early = Moment { ticks: 0, at: at(open) };
    assert_eq!(tape.session(a, early), None);
}
