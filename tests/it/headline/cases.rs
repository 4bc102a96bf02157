//! Every kind of headline as text, in `golden/headlines.txt`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    reader::complaints,
    stage::{app, play, turns},
};
use crate::{
    app::{Client, TestApp, market},
    files::check_golden,
    parity::Names,
};

/// Orders one thing at the start and steps to the end.
async fn once(client: &Client, slug: &str, order: Option<Value>) -> String {
    let run = client.start(slug).await;
    if let Some(order) = order {
        client.order(&run, order).await.expect(201);
    }
    client.step(&run, 100_000).await.expect(200);
    run
}

/// The cases that one order makes: name, scenario, order.
fn simple() -> Vec<(&'static str, &'static str, Option<Value>)> {
    let buy = |symbol: &str, quantity: i32| Some(market("buy", symbol, quantity));
    vec![
        ("ahead of the benchmark", "ai-bull-q2-2024", buy("NVDA", 500)),
        ("behind the benchmark", "ai-bull-q2-2024", buy("JPM", 400)),
        ("beside an index outside the universe", "gfc-autumn-2008", buy("IBM", 400)),
        ("beside a benchmark symbol", "btc-covid-mar-2020-4h", buy("BTC/USD", 5)),
        ("too few sessions", "tiny", buy("AAA", 10)),
        ("no trade", "ai-bull-q2-2024", None),
        ("liquidated", "margin", buy("CRASH", 390)),
        ("ruined", "ruin", Some(market("short", "JUMP", 30_000))),
        ("nothing moved", "frozen", buy("ICE", 10)),
        ("a benchmark that did not move", "still", buy("MOVE", 900)),
        ("above zero", "steady", buy("STAR", 900)),
        ("below zero", "steady", buy("FADE", 900)),
    ]
}

/// Gives a run up after three bars.
async fn abandoned(app: &TestApp) -> (Client, String) {
    let player = app.account("abandoned").await;
    let run = player.start("ai-bull-q2-2024").await;
    player.order(&run, market("buy", "NVDA", 100)).await.expect(201);
    player.step(&run, 3).await.expect(200);
    app.clock.advance(6 * 86_400);
    app.app.runs.upkeep().await.unwrap();
    (player, run)
}

/// What a run's results say, with names for its ids.
async fn told(name: &str, client: &Client, run: &str, names: &mut Names) -> String {
    let detail = client.on(run, "/results").await;
    assert_eq!(complaints(&detail), Vec::<String>::new(), "{name}: {}", detail["headline"]);
    let mut text = format!("== {name}: {}\n", detail["evidence"]["verdict"].as_str().unwrap());
    for member in ["headline", "next_step", "human_summary"] {
        writeln!(text, "{}", names.replace(detail[member].as_str().unwrap())).unwrap();
    }
    text
}

#[tokio::test]
async fn every_kind_of_headline_is_as_it_was() {
    let (app, mut names, mut text) = (app(), Names::default(), String::new());
    for (name, slug, order) in simple() {
        let player = app.account(name).await;
        let run = once(&player, slug, order).await;
        text += &told(name, &player, &run, &mut names).await;
    }
    let player = app.account("many trades").await;
    let run = play(&player, "ecb-q2-2026", &turns("ecb-q2-2026", "random", 3).1).await;
    text += &told("many trades", &player, &run, &mut names).await;
    let (player, run) = abandoned(&app).await;
    text += &told("abandoned", &player, &run, &mut names).await;
    let player = app.account("many attempts").await;
    let run = once(&player, "steady", Some(market("buy", "STAR", 900))).await;
    let other = once(&player, "steady", Some(market("buy", "WELL", 900))).await;
    for _ in 0..98 {
        player.start("steady").await;
    }
    text += &told("above zero, of many attempts", &player, &run, &mut names).await;
    text += &told("many attempts", &player, &other, &mut names).await;
    player.post(&format!("/api/v1/runs/{run}/publish"), json!({})).await.expect(200);
    text += &told("published", &player, &run, &mut names).await;
    check_golden("headlines.txt", &text);
}
