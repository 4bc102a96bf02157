//! `GET /api/v1/runs/{id}/inspect`.

use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_few_symbols_bar_by_bar() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    let seen = ada.on(&run, "/inspect?symbols=%20w1/usd,W2%2FUSD").await;
    let market = ada.on(&run, "/market?symbols=W1/USD,W2/USD&lookback=30").await;
    assert_eq!((&seen["bars"], &seen["sim_time"]), (&market["bars"], &market["sim_time"]));
    assert_eq!(seen["bars"]["W1/USD"].as_array().unwrap().len(), 30);
    assert_eq!(
        (&seen["phase"], &seen["next_action"]),
        (&json!("trading"), &json!("submit_decision"))
    );
    let budget = json!({ "symbols_returned": 2, "bars_per_symbol": 30, "estimated_rows": 60 });
    assert_eq!(seen["data_budget"], budget);
    let arguments = json!({ "run_id": run, "symbols": ["W1/USD", "NOPE"], "lookback": 2 });
    let concise = ada.tool("inspect_symbols", arguments).await.value;
    assert_eq!(concise["columns"], json!(["ts", "open", "high", "low", "close", "volume"]));
    let last = seen["bars"]["W1/USD"].as_array().unwrap().last().unwrap();
    let row = &concise["bars"]["W1/USD"][1];
    assert_eq!(row[0], json!(last["ts"].as_str().unwrap()[..16]), "an hourly bar has its minute");
    assert_eq!((&row[4], &row[5]), (&last["close"], &last["volume"]));
    assert_eq!(concise["unknown_symbols"], json!({ "NOPE": [] }));
    assert_eq!((&concise["done"], &concise["liquidated"]), (&json!(false), &json!(false)));
}

#[tokio::test]
async fn limits_are_errors_and_all_are_named() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    let refused = async |arguments: serde_json::Value| {
        let mut arguments = arguments;
        arguments["run_id"] = json!(run);
        let result = ada.tool("inspect_symbols", arguments).await;
        assert!(result.is_error, "{result:?}");
        let errors = result.value["errors"].as_array().unwrap().clone();
        errors.iter().map(|it| it["location"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let nine: Vec<String> = (0..9).map(|at| format!("W{at}/USD")).collect();
    assert_eq!(refused(json!({ "symbols": nine })).await, ["symbols"]);
    assert_eq!(refused(json!({ "symbols": [], "lookback": 121 })).await, ["symbols", "lookback"]);
    assert_eq!(
        refused(json!({ "symbols": ["W1/USD", " "], "lookback": 0 })).await,
        ["symbols[1]", "lookback"]
    );
    assert_eq!(refused(json!({})).await, ["symbols"]);
}
