//! A season that an operator pushes: order, repetitions, bad lines, restarts, tampering.

use std::{path::Path, sync::Arc};

use sim::paper::AssetType;

use super::{
    super::{Feed, Taken, lines::LINES_MAX},
    at, prices, told,
};
use crate::{
    clock::{Clock as _, TestClock},
    error::Code,
    store::Store,
};

const NOON: &str = "2026-11-22T12:00:00Z";
const BITCOIN: &str =
    r#"{"type":"instrument","symbol":"BTC/USD","name":"Bitcoin","asset_type":"CRYPTO"}"#;
const APPLE: &str = r#"{"type":"instrument","symbol":"AAPL","name":"Apple","asset_type":"STOCK"}"#;

fn quote(symbol: &str, price: &str, ts: &str) -> String {
    format!(r#"{{"type":"quote","symbol":"{symbol}","price":"{price}","ts":"2026-11-22T{ts}Z"}}"#)
}

fn feed(store: &Store) -> Feed {
    Feed::push(store.clone(), 30).unwrap()
}

async fn take(feed: &Feed, now: &str, lines: &[&str]) -> Result<(usize, usize), String> {
    let taken = feed.take(at(now), lines.join("\n").as_bytes()).await;
    taken.map(|it| (it.taken, it.repeated)).map_err(|error| error.message)
}

/// Every print of the season, the moment of this instant, and who is listed.
fn all(feed: &Feed, now: &str) -> (Vec<String>, String, Vec<String>) {
    let seen = |market: &super::Market<'_>| {
        let ticks = market.tape.ticks().iter().map(|it| told(market, it)).collect();
        let moment = format!("{} at {}", market.moment.ticks, market.moment.at);
        let listed = |it: &sim::paper::Listing| format!("{it:?}");
        (ticks, moment, market.tape.listings().iter().map(listed).collect())
    };
    feed.read(at(now), seen).unwrap()
}

#[tokio::test]
async fn a_quote_takes_place_when_it_is_taken_and_stays() {
    let feed = feed(&Store::in_memory().unwrap());
    assert_eq!(all(&feed, NOON), (vec![], format!("0 at {NOON}"), vec![]));
    let quote_one = quote("btc-usd", "64000.5", "11:59:59.5");
    assert_eq!(take(&feed, NOON, &[BITCOIN, "", &quote_one]).await, Ok((2, 0)));
    let clock = TestClock::at(at("2026-11-22T12:00:07.9Z"));
    let quote_two = quote("BTC/USD", "64001", "12:00:07");
    assert_eq!(take(&feed, &clock.now().to_string(), &[&quote_two]).await, Ok((1, 0)));
    let (ticks, moment, listed) = all(&feed, "2026-11-22T12:00:08Z");
    assert_eq!(
        ticks,
        ["2026-11-22T12:00:00Z BTC/USD price 64000.5", "2026-11-22T12:00:07Z BTC/USD price 64001"]
    );
    assert_eq!(moment, "2 at 2026-11-22T12:00:08Z");
    assert!(listed[0].contains("slippage_bps: 5, calendar: Always"), "{listed:?}");
    clock.advance(86_400);
    assert_eq!(prices(&feed, clock.now(), &["BTC/USD", "AAPL"]), ["64001", "none"]);
}

#[tokio::test]
async fn a_season_is_labelled_and_named() {
    let feed = feed(&Store::in_memory().unwrap());
    let season = feed.read(at(NOON), |it| it.season.clone()).unwrap();
    assert_eq!((season.number, season.market.as_str()), (10, "push 30d"));
    assert_eq!(season.source, "quotes pushed by the operator of this server");
    assert_eq!(season.starts_at, at("2026-10-28T00:00:00Z"));
    let year = feed.read(at(NOON), |it| it.tape.sessions_per_year()).unwrap();
    assert_eq!(year, 365);
}

#[tokio::test]
async fn what_was_taken_before_is_passed_over() {
    let feed = feed(&Store::in_memory().unwrap());
    let (one, two, three) = (
        quote("BTC/USD", "1", "11:00:00"),
        quote("BTC/USD", "2", "11:00:01"),
        quote("BTC/USD", "3", "11:00:02"),
    );
    assert_eq!(take(&feed, NOON, &[BITCOIN, &one, &two]).await, Ok((3, 0)));
    let before = all(&feed, NOON);
    assert_eq!(take(&feed, NOON, &[BITCOIN, &one, &two]).await, Ok((0, 3)));
    assert_eq!(all(&feed, NOON), before);
    // A client that had no answer goes on where it was; a line twice in one batch is one.
    assert_eq!(take(&feed, NOON, &[&one, &two, &three, &three]).await, Ok((1, 3)));
    assert_eq!(all(&feed, NOON).0.len(), 3);
}

/// Lines that are wrong by themselves.
const WRONG_LINES: &[(&str, &str)] = &[
    ("{", "`line 3`: EOF while parsing an object at column 1"),
    ("[]", "`line 3`: must be a JSON object"),
    ("{} {}", "`line 3`: missing field `type`"),
    (r#"{"symbol":"A"}"#, "`line 3`: missing field `type` at column 14"),
    (r#"{"type":"trade"}"#, "`line 3.type`: unknown variant `trade`, expected `instrument` or"),
    (r#"{"type":"quote","price":1,"price":2}"#, "`line 3`: duplicate field `price` at column"),
    (r#"{"type":"quote","ts":"x","size":2}"#, "`line 3.size`: unknown field `size`"),
    (r#"{"type":"quote","price":1e400}"#, "`line 3.price`: number out of range"),
    (r#"{"type":"quote","price":true}"#, "`line 3.price`: invalid type: boolean"),
    (r#"{"type":"quote","price":0.1234567891}"#, "`line 3.price`: has more than 8 decimals"),
];

/// Symbols, prices and times of quotes that are wrong.
const WRONG_QUOTES: &[(&str, &str, &str, &str)] = &[
    ("BTC/USD", "0", "11:59:30", "`line 3.price`: must be above 0 and at most 1000000000"),
    ("BTC/USD", "-1", "11:59:30", "`line 3.price`: must be above 0 and at most 1000000000"),
    ("BTC/USD", "1000000001", "11:59:30", "`line 3.price`: must be above 0 and at most"),
    ("BTC/USD", "0.123456789", "11:59:30", "`line 3.price`: more than 8 decimals"),
    ("BTC/USD", "NaN", "11:59:30", "`line 3.price`: not a decimal number"),
    ("DOGE/USD", "1", "11:59:30", "`line 3.symbol`: is not listed; send a line of type"),
    ("B TC", "1", "11:59:30", "`line 3.symbol`: may hold only"),
    ("BTC/USD", "1", "25:00:00", "`line 3.ts`: must be an instant with its offset"),
    ("BTC/USD", "1", "11:58:59", "`line 3.ts`: must be after the last one, 2026-11-22T11:59:20Z"),
    ("BTC/USD", "2", "11:59:00", "`line 3.price`: was 64000 at this `ts` before"),
    ("BTC/USD", "2", "11:59:20", "`line 3.price`: was 64002 at this `ts` before"),
    ("BTC/USD", "1", "12:00:05.000001", "`line 3.ts`: is more than 5 s ahead of the server's"),
];

/// What makes a line of an instrument wrong: the line, what becomes of which text in it.
const WRONG_INSTRUMENTS: &[(&str, &str, &str, &str)] = &[
    (BITCOIN, "Bitcoin", "Coin", "`line 3.symbol`: is listed already, otherwise"),
    (BITCOIN, "BTC/USD", "BTCUSD", "`line 3.symbol`: is listed already, otherwise"),
    (BITCOIN, "BTC/USD", "BTC-EUR", "`line 3.symbol`: must be priced in US dollars"),
    (
        APPLE,
        "STOCK",
        "OPTION",
        "`line 3.asset_type`: must be one of STOCK, CRYPTO, FOREX, ETF, COM",
    ),
    (APPLE, "Apple", " ", "`line 3.name`: must have 1 to 80 printable"),
    (APPLE, "Apple", r"A\u0007", "`line 3.name`: must have 1 to 80 printable"),
    (APPLE, "}", r#","slippage_bps":5000}"#, "`line 3.slippage_bps`: must be below 5000"),
    (APPLE, "}", r#","slippage_bps":-1}"#, "`line 3.slippage_bps`: invalid value: integer `-1`"),
    (APPLE, "}", r#","hours":"lunch"}"#, "`line 3.hours`: unknown variant `lunch`"),
];

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_of_its_batch_is_taken() {
    let feed = feed(&Store::in_memory().unwrap());
    let good = quote("BTC/USD", "64000", "11:59:00");
    take(&feed, NOON, &[BITCOIN, &good]).await.unwrap();
    let before = all(&feed, NOON);
    let mut cases: Vec<(String, &str)> =
        WRONG_LINES.iter().map(|(line, problem)| ((*line).to_owned(), *problem)).collect();
    cases.extend(WRONG_QUOTES.iter().map(|it| (quote(it.0, it.1, it.2), it.3)));
    cases.extend(WRONG_INSTRUMENTS.iter().map(|it| (it.0.replace(it.1, it.2), it.3)));
    let name = "`line 3.name`: must have 1 to 80 printable";
    cases.push((APPLE.replace("Apple", &"x".repeat(81)), name));
    cases.push(("x".repeat(1_025), "`line 3`: must have at most 1024 bytes"));
    for (line, problem) in &cases {
        let new = quote("BTC/USD", "64002", "11:59:20");
        let error = take(&feed, NOON, &[new.as_str(), "", line]).await.unwrap_err();
        assert!(error.starts_with(problem), "{line}: {error}");
        assert_eq!(all(&feed, NOON), before, "{line}");
    }
    let error = feed.take(at(NOON), b"\n\n\xff").await.unwrap_err();
    let told = (error.code, error.message.as_str());
    assert_eq!(told, (Code::InvalidInput, "`line 3`: must be UTF-8 text"));
    assert!(error.hint.unwrap().starts_with("nothing of this batch was taken"));
}

#[tokio::test]
async fn a_batch_has_a_limit() {
    let feed = feed(&Store::in_memory().unwrap());
    let lines: Vec<String> = (0..=LINES_MAX)
        .map(|it| quote("BTC/USD", "5", &format!("11:{:02}:{:02}.{:03}", it / 60, it % 60, 0)))
        .collect();
    let mut batch: Vec<&str> = lines.iter().map(String::as_str).collect();
    let error = take(&feed, NOON, &batch).await.unwrap_err();
    assert_eq!(error, format!("a batch has at most {LINES_MAX} lines"));
    batch.truncate(LINES_MAX - 1);
    batch.insert(0, BITCOIN);
    assert_eq!(take(&feed, NOON, &batch).await, Ok((LINES_MAX, 0)));
}

#[tokio::test]
async fn a_replay_takes_nothing() {
    let feed = Feed::replay(&super::super::ReplaySettings::default()).unwrap();
    let error = feed.take(at(NOON), BITCOIN.as_bytes()).await.unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::NotFound, "this server takes no quotes")
    );
}

#[tokio::test]
async fn a_restart_has_every_quote_that_was_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bottrade.sqlite");
    let before = {
        let store = Store::open(&path).unwrap();
        let feed = feed(&store);
        take(&feed, NOON, &[BITCOIN, APPLE, &quote("AAPL", "186.5", "11:00:00")]).await.unwrap();
        take(&feed, "2026-11-22T12:00:01Z", &[&quote("BTC/USD", "64000", "11:00:00")])
            .await
            .unwrap();
        store.close().await;
        all(&feed, "2026-11-23T00:00:00Z")
    };
    let store = Store::open(&path).unwrap();
    let feed = feed(&store);
    assert_eq!(all(&feed, "2026-11-23T00:00:00Z"), before);
    // It goes on as if nothing had been: repetitions are known, times ascend.
    let again = [BITCOIN.to_owned(), quote("BTC/USD", "64000", "11:00:00")];
    let again: Vec<&str> = again.iter().map(String::as_str).collect();
    assert_eq!(take(&feed, "2026-11-23T00:00:00Z", &again).await, Ok((0, 2)));
    let late = take(&feed, NOON, &[&quote("AAPL", "1", "10:59:59")]).await.unwrap_err();
    assert!(late.starts_with("`line 1.ts`: must be after the last one"), "{late}");
}

#[tokio::test]
async fn the_next_season_takes_over_the_instruments_alone() {
    let store = Store::in_memory().unwrap();
    let one = feed(&store);
    take(&one, "2026-11-26T23:59:59Z", &[BITCOIN, APPLE, &quote("BTC/USD", "5", "11:00:00")])
        .await
        .unwrap();
    let next = "2026-11-27T00:00:00Z";
    assert_eq!(all(&one, next), (vec![], format!("0 at {next}"), vec![]));
    let quote = quote("aapl", "186", "23:00:00").replace("11-22", "11-26");
    assert_eq!(take(&one, next, &[&quote]).await, Ok((1, 0)));
    let (ticks, _, listed) = all(&one, next);
    assert_eq!(ticks, [format!("{next} AAPL price 186")]);
    assert_eq!(listed.len(), 2);
    assert_eq!(all(&feed(&store), next), all(&one, next));
    // The old season is still there.
    assert_eq!(prices(&one, at("2026-11-26T23:59:59Z"), &["BTC/USD"]), ["5"]);
}

#[tokio::test]
async fn what_was_pushed_before_heads_were_kept_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bottrade.sqlite");
    let store = Store::open(&path).unwrap();
    let lines = [BITCOIN.to_owned(), quote("BTC/USD", "5", "11:00:00")];
    for line in &lines {
        take(&feed(&store), NOON, &[line]).await.unwrap();
    }
    let before = all(&feed(&store), NOON);
    store.close().await;
    // Back to the schema before it.
    let database = rusqlite::Connection::open(&path).unwrap();
    let older = "DROP TABLE feed_heads; DROP INDEX scores_by_publication; \
        DELETE FROM schema_version WHERE version >= 8";
    database.execute_batch(older).unwrap();
    drop(database);
    let store = Store::open(&path).unwrap();
    assert_eq!(all(&feed(&store), NOON), before);
    assert_eq!(take(&feed(&store), NOON, &[&quote("BTC/USD", "6", "11:00:01")]).await, Ok((1, 0)));
}

async fn tampered(change: &'static str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bottrade.sqlite");
    let store = Store::open(&path).unwrap();
    let lines = [
        BITCOIN.to_owned(),
        quote("BTC/USD", "64000", "11:00:00"),
        quote("BTC/USD", "64001", "11:00:01"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    take(&feed(&store), NOON, &lines).await.unwrap();
    store.close().await;
    edit(&path, change);
    let copy = crate::store::backup::backup(&path, &folder.path().join("copy")).unwrap_err();
    let store = Store::open(&path).unwrap();
    let feed = feed(&store);
    let error = feed.read(at(NOON), |_| ()).unwrap_err();
    assert_eq!(error.code, Code::Internal);
    // A backup finds it too.
    assert!(error.message.ends_with(&copy.to_string()), "{copy}");
    // Nor is anything added to it.
    let more = take(&feed, NOON, &[&quote("BTC/USD", "64002", "11:00:02")]).await.unwrap_err();
    assert_eq!(more, error.message);
    error.message
}

/// Changes a database as somebody would who has its file.
fn edit(path: &Path, sql: &str) {
    let database = rusqlite::Connection::open(path).unwrap();
    let drop = "DROP TRIGGER feed_journal_is_append_only_update;
        DROP TRIGGER feed_journal_is_append_only_delete;";
    database.execute_batch(drop).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
}

#[tokio::test]
async fn a_row_that_was_changed_is_refused_by_name() {
    let named = |problem: &str| {
        format!(
            "this market cannot be served: corrupt data in feed_journal: market \"push 30d\", \
             season 10: {problem}"
        )
    };
    let cases = [
        (
            "UPDATE feed_journal SET line = replace(line, '64000', '6400') WHERE seq = 2",
            "line 2: was changed",
        ),
        ("UPDATE feed_journal SET at = at + 1000000 WHERE seq = 3", "line 3: was changed"),
        ("UPDATE feed_journal SET hash = randomblob(32) WHERE seq = 1", "line 1: was changed"),
        ("DELETE FROM feed_journal WHERE seq = 2", "line 2: is missing"),
        ("DELETE FROM feed_journal WHERE seq = 1", "line 1: is missing"),
        ("DELETE FROM feed_journal WHERE seq = 3", "line 3: is missing"),
        ("DELETE FROM feed_journal", "line 1: is missing"),
        ("DELETE FROM feed_heads", "line 1: lies beyond the head"),
        ("UPDATE feed_heads SET head_seq = 2", "line 3: lies beyond the head"),
        (
            "UPDATE feed_heads SET head_hash = zeroblob(32)",
            "line 3: is not the one that was kept last",
        ),
    ];
    for (change, problem) in cases {
        assert_eq!(tampered(change).await, named(problem), "{change}");
    }
}

#[tokio::test]
async fn of_two_servers_that_write_one_season_one_is_told() {
    let store = Store::in_memory().unwrap();
    let (one, other) = (feed(&store), feed(&store));
    take(&one, NOON, &[BITCOIN]).await.unwrap();
    assert_eq!(all(&other, NOON).2.len(), 1);
    take(&one, NOON, &[&quote("BTC/USD", "1", "11:00:00")]).await.unwrap();
    let second = quote("BTC/USD", "2", "11:00:01");
    let error = other.take(at(NOON), second.as_bytes()).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    // It has read again what is there and goes on from it.
    assert_eq!(take(&other, NOON, &[&second]).await, Ok((1, 0)));
    assert_eq!(all(&other, NOON).0.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_at_the_same_time_are_taken_one_after_the_other() {
    let store = Store::in_memory().unwrap();
    let one = Arc::new(feed(&store));
    let symbols: Vec<String> = (0..8).map(|it| format!("C{it}/USD")).collect();
    for symbol in &symbols {
        take(&one, NOON, &[&BITCOIN.replace("BTC/USD", symbol)]).await.unwrap();
    }
    let sent = symbols.into_iter().map(|symbol| {
        let feed = Arc::clone(&one);
        tokio::spawn(async move {
            for second in 0..10 {
                let quote = quote(&symbol, "5", &format!("11:00:{second:02}"));
                take(&feed, NOON, &[&quote]).await.unwrap();
            }
        })
    });
    for sent in sent.collect::<Vec<_>>() {
        sent.await.unwrap();
    }
    assert_eq!(all(&one, NOON).0.len(), 80);
    assert_eq!(all(&feed(&store), NOON), all(&one, NOON));
}

#[tokio::test]
async fn market_time_never_goes_back() {
    let feed = feed(&Store::in_memory().unwrap());
    take(&feed, NOON, &[BITCOIN]).await.unwrap();
    assert_eq!(all(&feed, "2026-11-22T12:00:09Z").1, "0 at 2026-11-22T12:00:09Z");
    // The machine's clock was set back; somebody has seen second 9.
    let taken = feed.take(at(NOON), quote("BTC/USD", "1", "11:00:00").as_bytes()).await.unwrap();
    assert_eq!(taken.market_time.to_string(), "2026-11-22T12:00:09Z");
    assert_eq!(all(&feed, NOON).1, "1 at 2026-11-22T12:00:09Z");
    let body = Taken { taken: 1, repeated: 2, season: 3, market_time: taken.market_time }.body();
    assert_eq!(
        body.to_string(),
        r#"{"taken":1,"repeated":2,"season":3,"market_time":"2026-11-22T12:00:09Z"}"#
    );
}

#[test]
fn hours_follow_from_the_kind() {
    use super::super::lines::Line;
    for kind in AssetType::NAMES.iter().filter(|it| **it != "OPTION") {
        let line = APPLE.replace("STOCK", kind);
        let expected =
            if *kind == "CRYPTO" { "\"hours\":\"always\"" } else { "\"hours\":\"weekdays\"" };
        let kept = Line::parse(&line).unwrap().canonical().unwrap();
        assert!(kept.contains(expected), "{kept}");
        assert_eq!(Line::parse(&kept).unwrap().canonical().unwrap(), kept);
    }
}
