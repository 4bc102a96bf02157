//! What stands behind a score in `GET /api/v1/runs/{id}/results`.

use serde_json::{Value, json};

use crate::app::{Client, TestApp, market};

/// The members that the original has.
const ORIGINAL: &[&str] = &[
    "run_id",
    "results",
    "benchmark",
    "run",
    "last_equity",
    "final_positions",
    "queued_orders",
    "trades",
    "symbol_pnl",
    "workflow",
    "published",
    "leaderboard_url",
    "human_summary",
];

/// Two orders on `margin`: one is closed in part, the other is held.
async fn finished(ada: &Client) -> String {
    let run = ada.start("margin").await;
    ada.order(&run, market("buy", "CALM", 10)).await.expect(201);
    ada.order(&run, market("short", "CRASH", 5)).await.expect(201);
    ada.step(&run, 2).await.expect(200);
    ada.order(&run, market("sell", "CALM", 4)).await.expect(201);
    ada.step(&run, 1).await.expect(200);
    ada.order(&run, market("cover", "CRASH", 5)).await.expect(201);
    ada.step(&run, 100).await.expect(200);
    run
}

#[tokio::test]
async fn the_headline_is_first_and_the_originals_members_are_there() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = finished(&ada).await;
    let text = ada.get(&format!("/api/v1/runs/{run}/results")).await.text;
    assert!(text.starts_with("{\"headline\":\""), "{text}");
    let detail: Value = serde_json::from_str(&text).unwrap();
    for member in ORIGINAL {
        assert!(detail.get(member).is_some_and(|it| !it.is_null()), "{member}");
    }
    let own = ada.on(&run, "").await;
    assert_eq!(detail["final_positions"], own["positions"]);
    for member in ["run", "queued_orders", "last_equity", "workflow"] {
        assert_eq!(detail[member], own[member], "{member}");
    }
    assert_eq!(detail["trades"], ada.on(&run, "/trades").await["trades"]);
    assert_eq!(detail["trades_omitted"], 0);
    assert_eq!((&detail["published"], detail.get("public_url")), (&json!(false), None));
    let board = "http://localhost:8080/api/v1/leaderboard?scenario=margin";
    assert_eq!(detail["leaderboard_url"], board);
    let published = ada.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    let detail = ada.on(&run, "/results").await;
    assert_eq!(detail["published"], true);
    assert_eq!(detail["public_url"], published["public_url"]);
    assert!(detail["next_step"].as_str().unwrap().contains("This run is public at http"));
}

#[tokio::test]
async fn profits_and_trades_add_up() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = finished(&ada).await;
    let detail = ada.on(&run, "/results").await;
    let number = |value: &Value| value.as_f64().unwrap();
    let symbols = detail["symbol_pnl"].as_array().unwrap();
    let counts: Vec<(&str, u64)> = symbols
        .iter()
        .map(|it| (it["symbol"].as_str().unwrap(), it["trade_count"].as_u64().unwrap()))
        .collect();
    assert_eq!(counts, [("CALM", 2), ("CRASH", 2)]);
    let profit: f64 = symbols.iter().map(|it| number(&it["profit"])).sum();
    let made = number(&detail["results"]["final_equity"]) - 10_000.0;
    let borrow = number(&detail["results"]["costs"]["borrow"]);
    assert!(borrow > 0.0 && (profit - borrow - made).abs() < 1e-6, "{profit} {borrow} {made}");
    let trades = detail["trades"].as_array().unwrap();
    for symbol in symbols {
        let mine = trades.iter().filter(|it| it["symbol"] == symbol["symbol"]);
        let realized: f64 = mine.map(|it| number(&it["realized_pnl"])).sum();
        assert!((realized - number(&symbol["realized_pnl"])).abs() < 1e-6, "{symbol}");
    }
    assert_eq!(detail["best_trade"], trades[3], "the short of what crashed");
    assert_eq!(detail["worst_trade"], trades[2]);
    let idle = ada.start("margin").await;
    ada.step(&idle, 100).await.expect(200);
    let idle = ada.on(&idle, "/results").await;
    assert_eq!((&idle["symbol_pnl"], idle.get("best_trade")), (&json!([]), None));
}

#[tokio::test]
async fn the_benchmark_is_held_over_the_whole_window() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.step(&run, 100).await.expect(200);
    let benchmark = ada.on(&run, "/results").await["benchmark"].clone();
    assert_eq!(benchmark["symbol"], "AAA");
    assert_eq!(
        (&benchmark["start_close"], &benchmark["end_close"]),
        (&json!(100.5), &json!(109.5))
    );
    assert_eq!(benchmark["bars_used"], 10);
    // A liquidated run has seen less than the whole window.
    let run = ada.start("margin").await;
    ada.order(&run, market("buy", "CRASH", 390)).await.expect(201);
    ada.step(&run, 100).await.expect(200);
    let detail = ada.on(&run, "/results").await;
    assert_eq!(detail["results"]["clock"]["bars_played"], 3);
    assert_eq!(detail["benchmark"]["bars_used"], 8);
    assert_eq!(detail["benchmark"]["end_ts"], "2024-01-08T00:00:00Z");
    assert_eq!(detail["benchmark"]["return_pct"], detail["results"]["benchmark"]["return_pct"]);
    // More bars than a look at the market may have.
    let run = ada.start("wide").await;
    ada.step(&run, 10_000).await.expect(200);
    assert_eq!(ada.on(&run, "/results").await["benchmark"]["bars_used"], 101);
}

#[tokio::test]
async fn reference_bots_are_what_anybody_plays() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    ada.step(&run, 10_000).await.expect(200);
    let shown = ada.on(&run, "/results").await["reference_bots"].clone();
    let entry = crate::world::catalog().get("wide").unwrap().clone();
    let mut expected = Vec::new();
    for name in sim::bots::NAMES {
        let mut bot = sim::bots::by_name(name, sim::bots::baseline::SEED).unwrap();
        let played = bottrade::play::local(&entry, bot.as_mut(), &mut |_| ()).unwrap().results;
        let mut row = json!({ "bot": name });
        for member in ["return_pct", "sharpe", "max_drawdown", "trade_count", "liquidated"] {
            if let Some(value) = played.get(member) {
                row[member] = value.clone();
            }
        }
        expected.push(row);
    }
    assert_eq!(shown, json!(expected));
    assert!(expected.iter().all(|it| it["trade_count"] != json!(0)), "{expected:?}");
}

#[tokio::test]
async fn later_attempts_are_counted() {
    let app = TestApp::new();
    let (ada, bob) = (app.account("ada").await, app.account("bob").await);
    let run = finished(&ada).await;
    let attempts = async |run: &str| {
        let detail = ada.on(run, "/results").await;
        let count = detail["evidence"]["sample"]["attempts"].as_u64().unwrap();
        let said = format!("Attempt {} of {count} by", detail["standing"]["attempt"]);
        assert!(detail["headline"].as_str().unwrap().contains(&said), "{detail}");
        count
    };
    assert_eq!(attempts(&run).await, 1);
    ada.start("margin").await;
    ada.start("tiny").await;
    bob.start("margin").await;
    assert_eq!(attempts(&run).await, 2, "of this account on this scenario alone");
}

#[tokio::test]
async fn a_long_list_of_trades_is_cut() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    let order = |at: usize| market("buy", &format!("W{}/USD", at % 10), 1);
    let trades: Vec<Value> = (0..130).map(order).collect();
    let body = json!({ "trades": trades, "step_count": 1 });
    ada.post(&format!("/api/v1/runs/{run}/turn"), body).await.expect(200);
    ada.step(&run, 10_000).await.expect(200);
    let detail = ada.on(&run, "/results").await;
    let all = ada.on(&run, "/trades").await["trades"].as_array().unwrap().clone();
    assert_eq!((all.len(), &detail["trades_omitted"]), (130, &json!(30)));
    assert_eq!(detail["trades"], json!(all[30..]));
    assert_eq!(detail["results"]["trade_count"], 130);
}
