//! `GET /api/v1/runs/{id}/market` and the tool `get_market`.

use serde_json::{Value, json};

use crate::app::TestApp;

fn bars<'a>(market: &'a Value, symbol: &str) -> &'a [Value] {
    market["bars"][symbol].as_array().unwrap()
}

#[tokio::test]
async fn lookback_is_1_to_1000_and_50_when_not_said() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    for (lookback, count) in [("?lookback=1", 1), ("?lookback=1000", 1_000), ("", 50)] {
        let market = ada.on(&run, &format!("/market{lookback}")).await;
        assert_eq!(market["bars"].as_object().unwrap().len(), 10);
        assert_eq!(bars(&market, "W0/USD").len(), count);
    }
    for lookback in ["0", "1001", "-1", "99999999999999999999", "1.5", "x", ""] {
        let path = format!("/api/v1/runs/{run}/market?lookback={lookback}");
        let problem = ada.get(&path).await.any_problem();
        assert_eq!(problem["status"], 422, "lookback {lookback}");
        assert!(problem["detail"].as_str().unwrap().starts_with("`lookback`: "), "{problem}");
    }
}

#[tokio::test]
async fn bars_ascend_and_end_at_sim_time() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    for day in 1..=9_usize {
        ada.step(&run, 1).await.expect(200);
        let market = ada.on(&run, "/market?symbols=AAA").await;
        let rows = bars(&market, "AAA");
        assert_eq!(rows.len(), day + 1);
        assert_eq!(rows[day]["ts"], market["sim_time"]);
        assert!(rows.windows(2).all(|it| it[0]["ts"].as_str() < it[1]["ts"].as_str()));
    }
    let ended = ada.on(&run, "/market?symbols=AAA&lookback=2").await;
    let last = json!({ "ts": "2024-01-10T00:00:00Z", "open": 109, "high": 109.5, "low": 109,
        "close": 109.5, "volume": 1000 });
    assert_eq!(bars(&ended, "AAA")[1], last, "it works after the end");
}

#[tokio::test]
async fn symbols_are_a_comma_list() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    let names = async |query: &str| {
        let market = ada.on(&run, &format!("/market?lookback=1&symbols={query}")).await;
        let members = market["bars"].as_object().unwrap();
        members.iter().map(|(name, rows)| (name.clone(), rows.as_array().unwrap().len())).collect()
    };
    let two = [("W1/USD".to_owned(), 1), ("W2/USD".to_owned(), 1)];
    for query in ["W1/USD,W2/USD", "W1%2FUSD%2CW2%2FUSD", "W1/USD,%20W2/USD,,"] {
        let found: Vec<(String, usize)> = names(query).await;
        assert_eq!(found, two, "{query}");
    }
    let whole: Vec<(String, usize)> = names("").await;
    assert_eq!(whole.len(), 10, "an empty list is the whole universe");
    let odd: Vec<(String, usize)> = names("W1-USD,NOPE,w1usd").await;
    assert_eq!(odd, [("NOPE".into(), 0), ("W1-USD".into(), 1), ("w1usd".into(), 1)]);
}

#[tokio::test]
async fn gaps_are_skipped_and_a_late_listing_is_empty_before() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("gaps").await;
    ada.step(&run, 4).await.expect(200);
    let market = ada.on(&run, "/market?lookback=2").await;
    assert_eq!(market["sim_time"], "2024-01-05T00:00:00Z");
    let odd: Vec<&Value> = bars(&market, "ODD").iter().map(|it| &it["ts"]).collect();
    assert_eq!(odd, ["2024-01-02T00:00:00Z", "2024-01-04T00:00:00Z"], "older than sim_time");
    assert_eq!(bars(&market, "LATE").len(), 0);
    ada.step(&run, 1).await.expect(200);
    assert_eq!(bars(&ada.on(&run, "/market").await, "LATE").len(), 1);
}

#[tokio::test]
async fn a_model_is_kept_from_filling_its_context() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    let names = |count: usize| (0..count).map(|at| format!("W{at}/USD")).collect::<Vec<_>>();
    let ask = async |symbols: Option<Vec<String>>, lookback: Option<i64>| {
        let mut arguments = json!({ "run_id": run });
        if let Some(symbols) = symbols {
            arguments["symbols"] = json!(symbols);
        }
        if let Some(lookback) = lookback {
            arguments["lookback"] = json!(lookback);
        }
        ada.tool("get_market", arguments).await
    };
    let good = [
        (None, None),
        (None, Some(1)),
        (Some(names(8)), Some(62)),
        (Some(names(1)), Some(500)),
        (Some(names(8)), None),
    ];
    for (symbols, lookback) in good {
        let result = ask(symbols, lookback).await;
        assert!(!result.is_error, "{}", result.text);
    }
    let bad = [
        (None, Some(2), "get_market with all symbols is capped at lookback=1"),
        (Some(names(9)), Some(1), "9 symbols in one call; at most 8"),
        (Some(names(8)), Some(63), "504 bars in one call; at most 500"),
        (Some(names(1)), Some(501), "501 bars in one call; at most 500"),
    ];
    for (symbols, lookback, detail) in bad {
        let result = ask(symbols, lookback).await;
        assert_eq!((result.is_error, &result.value["detail"]), (true, &json!(detail)));
        crate::app::is_problem(&result.value);
    }
}
