//! `GET /api/v1/runs/{id}/scan`.

use serde_json::{Value, json};

use crate::app::{TestApp, market};

fn column(table: &Value, name: &str) -> Vec<Value> {
    let columns = table["columns"].as_array().unwrap();
    let at = columns.iter().position(|it| it == name).unwrap();
    table["rows"].as_array().unwrap().iter().map(|row| row[at].clone()).collect()
}

#[tokio::test]
async fn symbols_come_by_their_move_with_what_is_held() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    ada.order(&run, market("buy", "CALM", 10)).await.expect(201);
    ada.order(&run, market("short", "CRASH", 2)).await.expect(201);
    ada.step(&run, 2).await.expect(200);
    let scan = ada.on(&run, "/scan").await;
    assert_eq!((&scan["phase"], &scan["done"]), (&json!("trading"), &json!(false)));
    assert_eq!(scan["next_action"], "inspect_symbols_or_submit_decision");
    assert_eq!(scan["sim_time"], "2024-01-03T00:00:00Z");
    let [crash, calm] = scan["symbols"].as_array().unwrap().as_slice() else { panic!("{scan}") };
    // 100, 100, 10: the bar lost 90 % and so did the window.
    assert_eq!((&crash["symbol"], &crash["close"]), (&json!("CRASH"), &json!(10)));
    assert_eq!((&crash["bar_return_pct"], &crash["window_return_pct"]), (&json!(-90), &json!(-90)));
    assert_eq!(
        (&crash["position_qty"], &crash["position_market_value"]),
        (&json!(-2), &json!(-20))
    );
    // Shorted at 100 less 5 basis points.
    assert_eq!(crash["position_avg_cost"], json!(99.95));
    let profit = crash["unrealized_pnl"].as_f64().unwrap();
    assert!((profit - 2.0 * (99.95 - 10.0)).abs() < 1e-9, "{profit}");
    let equity = ada.on(&run, "").await["last_equity"]["equity"].as_f64().unwrap();
    let share = crash["exposure_pct"].as_f64().unwrap();
    assert!((share - -20.0 / equity * 100.0).abs() < 1e-9, "{share}");
    assert_eq!((&calm["window_return_pct"], &calm["volume"]), (&json!(0), &json!(1_000)));
    assert_eq!(scan["top_movers"], json!([crash, calm]));
    // What is held comes first, in the order of symbols.
    assert_eq!(scan["suggested_inspection"], json!(["CALM", "CRASH"]));
    let budget = json!({ "symbols_returned": 2, "bars_per_symbol": 8, "estimated_rows": 16 });
    assert_eq!(scan["data_budget"], budget);
    assert!(scan["human_summary"].as_str().unwrap().contains("2 symbols"));
}

#[tokio::test]
async fn the_window_is_eight_bars_of_the_symbol_itself() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    let window = async || {
        let scan = ada.on(&run, "/scan").await;
        scan["symbols"][0]["window_return_pct"].as_f64().unwrap()
    };
    assert!((window().await - 0.0).abs() < 1e-12, "one bar has no return");
    ada.step(&run, 9).await.expect(200);
    // The closes are 100.5 … 109.5; the eighth from the end is 102.5.
    assert!((window().await - 7.0 / 102.5 * 100.0).abs() < 1e-9);
    let scan = ada.on(&run, "/scan").await;
    assert_eq!(
        (&scan["phase"], &scan["next_action"]),
        (&json!("completed"), &json!("get_results"))
    );
    assert_eq!(scan["done"], true);
}

#[tokio::test]
async fn who_has_not_traded_is_missing_and_who_has_no_bar_is_named() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("gaps").await;
    ada.step(&run, 2).await.expect(200);
    let concise = ada.tool("scan_market", json!({ "run_id": run })).await.value;
    let symbols = column(&concise["symbols"], "symbol");
    assert_eq!(symbols.len(), 2, "LATE has no bar yet: {symbols:?}");
    assert_eq!(concise["no_bar_now"], json!(["ODD"]));
    ada.step(&run, 1).await.expect(200);
    let concise = ada.tool("scan_market", json!({ "run_id": run })).await.value;
    assert!(concise.get("no_bar_now").is_none(), "{concise}");
}

#[tokio::test]
async fn the_concise_form_is_rounded_and_says_only_what_is_there() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    let bare = ada.tool("scan_market", json!({ "run_id": run })).await.value;
    let names: Vec<&String> = bare.as_object().unwrap().keys().collect();
    let expected = ["sim_time", "done", "liquidated", "bars_left", "equity", "cash", "symbols"];
    assert_eq!(names, expected);
    ada.order(&run, market("buy", "CALM", 3.5)).await.expect(201);
    let waiting = ada.tool("scan_market", json!({ "run_id": run })).await.value;
    let queued = ada.on(&run, "").await["queued_orders"].clone();
    assert_eq!(column(&waiting["queued_orders"], "id"), [queued[0]["id"].clone()]);
    assert_eq!(column(&waiting["queued_orders"], "order_type"), [json!("market")]);
    ada.step(&run, 1).await.expect(200);
    let held = ada.tool("scan_market", json!({ "run_id": run })).await.value;
    let detailed = ada.on(&run, "/scan").await;
    let calm = &detailed["symbols"].as_array().unwrap().iter().find(|it| it["symbol"] == "CALM");
    let calm = calm.unwrap();
    for (short, long, places) in [
        ("quantity", "position_qty", 8),
        ("market_value", "position_market_value", 2),
        ("unrealized_pnl", "unrealized_pnl", 2),
        ("exposure_pct", "exposure_pct", 2),
    ] {
        let short = column(&held["positions"], short)[0].as_f64().unwrap();
        let scale = 10_f64.powi(places);
        let rounded = (calm[long].as_f64().unwrap() * scale).round() / scale;
        assert!((short - rounded).abs() < 1e-9, "{long}: {short} is not {rounded}");
    }
    let by_rest = ada.on(&run, "/scan?response_format=concise").await;
    assert_eq!(by_rest, held);
}
