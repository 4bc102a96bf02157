//! Errors, luck and lengths against statsmodels and an independent script.
//!
//! `data/evidence_reference.json` holds five series of 120 returns; each is regressed on the next
//! over its first 20, 63 and 120 returns.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use sim::metrics::{alpha, luck, newey_west, normal, sum};

fn data() -> Value {
    serde_json::from_str(include_str!("data/evidence_reference.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
}

#[track_caller]
fn agrees(ours: f64, theirs: &Value, what: &str) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= 1e-10 * theirs.abs() + 1e-14, "{what}: {ours}, not {theirs}");
}

#[test]
fn errors_are_those_of_statsmodels() {
    let data = data();
    let mut compared = 0;
    for (name, lengths) in data["newey_west"].as_object().unwrap() {
        for (length, theirs) in lengths.as_object().unwrap() {
            let n: usize = length.parse().unwrap();
            let returns = floats(&data["series"][name]);
            let benchmark = floats(&data["series"][theirs["benchmark"].as_str().unwrap()]);
            let (returns, benchmark) = (&returns[..n], &benchmark[..n]);
            let what = format!("{name} over {n}");
            assert_eq!(newey_west::lag(n), theirs["lag"], "{what}");
            let mean = sum(returns.iter().copied()) / f64::from(u32::try_from(n).unwrap());
            agrees(mean, &theirs["mean"], &what);
            agrees(newey_west::of_mean(returns).unwrap(), &theirs["mean_error"], &what);
            let intercept = alpha::annualised(returns, benchmark, 1.0).unwrap();
            agrees(intercept, &theirs["intercept"], &what);
            let error = newey_west::of_intercept(returns, benchmark).unwrap();
            agrees(error, &theirs["intercept_error"], &what);
            compared += 1;
        }
    }
    assert_eq!(compared, 15);
}

#[test]
fn the_luck_of_many_tries_is_as_expected() {
    let data = data();
    let expected = data["expected_best_sd_0.05"].as_object().unwrap();
    assert_eq!(expected.len(), 7);
    for (n, theirs) in expected {
        agrees(0.05 * luck::expected_best(n.parse().unwrap()), theirs, n);
    }
}

#[test]
fn the_length_that_a_ratio_needs_is_as_expected() {
    let data = data();
    let expected = data["returns_needed_95"].as_object().unwrap();
    assert!(expected.len() >= 2);
    for (name, theirs) in expected {
        let returns = floats(&data["series"][name]);
        let needed = luck::returns_needed(&returns, normal::upper_quantile(0.05)).unwrap();
        agrees(needed, theirs, name);
    }
}
