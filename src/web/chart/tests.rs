//! Charts against golden files; `UPDATE=1` writes them anew.

use std::{fs, path::Path};

use sim::Timestamp;

use super::*;

const DAY: i64 = 86_400;
/// 2 January 2024.
const START: i64 = 1_704_153_600;

fn days(count: i64) -> Vec<Timestamp> {
    (0..count).map(|n| Timestamp::from_seconds(START + n * DAY)).collect()
}

/// A walk that looks like one and is the same everywhere.
fn walk(seed: u32, count: i64) -> Vec<f64> {
    let mut state = seed;
    let mut value = 0.0;
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        value += f64::from(state >> 16) / 65_536.0 - 0.49;
        (value * 100.0_f64).round() / 100.0
    };
    (0..count).map(step).collect()
}

#[track_caller]
fn golden(name: &str, svg: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/chart/golden").join(name);
    let svg = svg.replace("><", ">\n<") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &svg).unwrap();
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(known, svg, "{name} is another one; `UPDATE=1 cargo test` writes it");
}

fn caption(id: &str) -> Caption<'_> {
    Caption { id, title: "Growth <of> a \"run\"", description: "What became of 100 & more." }
}

#[test]
fn growth_beside_others() {
    let times = days(60);
    let (run, benchmark, bot) = (walk(1, 60), walk(2, 60), walk(3, 60));
    let others = [
        Curve { class: "benchmark", percent: &benchmark },
        Curve { class: "other other-1", percent: &bot },
    ];
    golden("growth.svg", &growth(caption("growth"), &times, &run, &others, None));
}

#[test]
fn a_run_that_ended_early_goes_on_flat() {
    let times = days(60);
    let mut run = walk(4, 25);
    run.resize(60, run[24]);
    let ended = growth(caption("growth"), &times, &run, &[], Some((24, "liquidated")));
    golden("ended.svg", &ended);
    let to_the_end = growth(caption("growth"), &times, &run, &[], Some((59, "liquidated")));
    assert!(!to_the_end.contains("moment"));
}

#[test]
fn an_area_hangs_from_zero() {
    let fall: Vec<f64> = walk(5, 90).iter().map(|it| -it.abs()).collect();
    let drawdown = Area { class: "drawdown", values: &fall, unit: " %" };
    golden("drawdown.svg", &area(caption("drawdown"), &days(90), drawdown));
}

#[test]
fn prices_with_what_was_done() {
    let closes: Vec<f64> = walk(6, 38).iter().map(|it| 60_000.0 + it * 100.0).collect();
    let mark = |at, buys, said: Option<&'static str>| Mark {
        at,
        price: closes[at - 2],
        buys,
        note: said.map(|reasoning| Note {
            target: format!("fill-{at}"),
            text: format!("{at}"),
            reasoning: reasoning.into(),
        }),
    };
    let marks = [
        mark(4, true, None),
        mark(5, false, None),
        mark(9, true, Some("</title><script>alert(1)</script>")),
        mark(30, false, Some("")),
    ];
    let chart = prices(caption("price"), &days(40), Prices { from: 2, closes: &closes }, &marks);
    assert!(!chart.contains("<script"));
    golden("price.svg", &chart);
}

#[test]
fn a_long_run_is_a_short_text() {
    let times: Vec<Timestamp> =
        (0..13_000).map(|n| Timestamp::from_seconds(START + n * 3_600)).collect();
    let mut run = walk(7, 13_000);
    run[6_543] = 900.0;
    let chart = growth(caption("growth"), &times, &run, &[], None);
    assert!(chart.len() < 14_000, "{}", chart.len());
    let path = chart.split("<path class=\"line run\" d=\"M").nth(1).unwrap();
    let path = path.split('"').next().unwrap();
    let (mut y, mut highest) = (0, i64::MAX);
    for (n, step) in path.split('l').enumerate() {
        let place = step.rfind([' ', '-']).unwrap();
        let down: i64 = step[place..].trim().parse().unwrap();
        y = if n == 0 { down } else { y + down };
        highest = highest.min(y);
    }
    assert_eq!(highest, 96, "the spike is drawn to its end");
}

#[test]
fn nothing_is_a_chart_too() {
    for (times, values) in [(days(0), vec![]), (days(1), vec![0.0]), (days(2), vec![0.0, 0.0])] {
        let flat = Area { class: "drawdown", values: &values, unit: "×" };
        for chart in [
            growth(caption("a"), &times, &values, &[], Some((0, "abandoned"))),
            area(caption("b"), &times, flat),
            prices(caption("c"), &times, Prices { from: 0, closes: &values }, &[]),
        ] {
            assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
        }
    }
}
