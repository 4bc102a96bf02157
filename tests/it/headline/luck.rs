//! Zero-skill runs on which luck was kind: nothing in their results claims skill.

use std::sync::LazyLock;

use serde_json::{Value, json};
use sim::metrics::{Estimate, Report};

use super::{
    reader::complaints,
    stage::{app, play, turns},
};

/// Windows of about a quarter, of rising and of falling markets.
const SCENARIOS: [&str; 8] = [
    "ai-bull-q2-2024",
    "ai-bull-spring-2023",
    "bear-h1-2022",
    "bear-autumn-2022",
    "covid-crash-2020",
    "covid-recovery-2020",
    "ecb-q2-2026",
    "brexit-jun-2016",
];
/// Throws of the dice on each.
const SEEDS: u64 = 25;
/// The luckiest of all, which are looked at.
const LUCKIEST: usize = 20;
/// Throws of which the headline says "a few cases of a hundred", of a hundred.
const FEW: usize = 5;

/// A run of the random bot.
struct Throw {
    slug: &'static str,
    /// Whether it made money, and more than the benchmark.
    ahead: bool,
    alpha: Estimate,
    turns: Vec<Vec<Value>>,
}

/// Every throw, the luckiest first.
static THROWS: LazyLock<Vec<Throw>> = LazyLock::new(|| {
    let throw = |slug, seed| {
        let (run, turns) = turns(slug, "random", seed);
        let report = Report::of(&run);
        let ahead = report.return_pct > report.benchmark_return_pct.max(0.0);
        Some(Throw { slug, ahead, alpha: report.evidence.alpha.ok()?, turns })
    };
    let all = SCENARIOS.into_iter().flat_map(|slug| (0..SEEDS).map(move |seed| (slug, seed)));
    let mut throws: Vec<Throw> = all.filter_map(|(slug, seed)| throw(slug, seed)).collect();
    let by_luck = |it: &Throw| it.alpha.probability_by_luck();
    throws.sort_by(|a, b| by_luck(a).total_cmp(&by_luck(b)));
    throws
});

#[test]
fn luck_puts_few_runs_above_zero() {
    let bounds = |it: &Throw| it.alpha.interval_95().unwrap();
    let above = THROWS.iter().filter(|it| bounds(it).low > 0.0).count();
    let outside = THROWS.iter().filter(|it| bounds(it).high < 0.0).count() + above;
    let all = THROWS.len();
    assert!(all >= 190, "{all} have an alpha");
    assert!(above * 100 <= FEW * all, "{above} of {all} are above zero");
    assert!(outside * 100 <= 2 * FEW * all, "{outside} of {all} intervals miss zero");
}

#[tokio::test]
async fn kind_luck_is_never_called_skill() {
    let app = app();
    let lucky: Vec<&Throw> = THROWS.iter().filter(|it| it.ahead).take(LUCKIEST).collect();
    assert_eq!(lucky.len(), LUCKIEST);
    let mut above = 0;
    for (at, throw) in lucky.iter().enumerate() {
        // Each has an account of its own: the server knows nothing of the other throws.
        let player = app.account(&format!("player {at}")).await;
        let run = play(&player, throw.slug, &throw.turns).await;
        let detail = player.on(&run, "/results").await;
        assert_eq!(complaints(&detail), Vec::<String>::new(), "{}", detail["headline"]);
        above += usize::from(detail["evidence"]["verdict"] == "above_zero_in_this_window");
        let by_tool = player.tool("get_results", json!({ "run_id": run })).await;
        assert_eq!(by_tool.value, detail);
    }
    // Otherwise luck was not kind enough to tempt anybody.
    assert!(above >= 3, "only {above} of them look unusual");
}

#[tokio::test]
async fn the_best_of_many_attempts_is_told_from_luck_by_their_number() {
    let app = app();
    let ada = app.account("ada").await;
    let mut runs = Vec::new();
    for seed in 0..LUCKIEST as u64 {
        let (_, turns) = turns("ecb-q2-2026", "random", seed);
        runs.push(play(&ada, "ecb-q2-2026", &turns).await);
    }
    for run in runs {
        let detail = ada.on(&run, "/results").await;
        assert_eq!(complaints(&detail), Vec::<String>::new(), "{}", detail["headline"]);
        assert_eq!(detail["evidence"]["sample"]["attempts"], json!(LUCKIEST));
        let verdict = detail["evidence"]["verdict"].as_str().unwrap();
        assert_ne!(verdict, "above_zero_in_this_window", "{}", detail["headline"]);
        let headline = detail["headline"].as_str().unwrap();
        assert!(headline.contains("the best of 20 would show a Sharpe ratio of"), "{headline}");
    }
}
