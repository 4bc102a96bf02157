//! Every rule and formula, with the numbers of the engine.

use askama::Template;
use axum::response::Response;
use sim::{
    RULES_VERSION,
    bots::NAMES,
    metrics::{
        NullReason,
        gate::{RETURNS_MIN, SPAN_DAYS_MIN},
        sharpe::NORMAL_97_5,
    },
    num::{PRICE_MAX, QUANTITY_MAX, SCALE},
    rules::{GROSS_MAX, LimitFill, ORDERS_PER_TURN_MAX, PathPolicy, WORKING_ORDERS_MAX},
};

use super::{
    page::{Failed, public},
    show,
};
use crate::{ops::results::UNUSUAL, runs::IDLE_DAYS_MAX};

mod words;

#[derive(Template)]
#[template(path = "methodology.html", blocks = ["title"])]
struct Methodology {
    rules_version: u32,
    decimals: u32,
    limits: [(&'static str, String); 5],
    idle_days: i64,
    limit_fills: Vec<(&'static str, &'static str)>,
    path_policies: Vec<(&'static str, &'static str)>,
    figures: &'static [words::Figure],
    returns_min: usize,
    span_days_min: i64,
    quantile: String,
    unusual: String,
    reasons: Vec<(&'static str, String)>,
    bots: Vec<(&'static str, &'static str)>,
    threats: &'static [words::Threat],
}

pub(super) async fn show() -> Result<Response, Failed> {
    let limit = |it: i64| show::count(it);
    public(&Methodology {
        rules_version: RULES_VERSION,
        decimals: SCALE.ilog10(),
        limits: [
            ("Orders in one call", show::count(ORDERS_PER_TURN_MAX)),
            ("Orders that wait at the same time", show::count(WORKING_ORDERS_MAX)),
            ("Price of one unit", limit(PRICE_MAX)),
            ("Size of an order and of a position", limit(QUANTITY_MAX)),
            ("Gross exposure, in whole units of currency", limit(GROSS_MAX)),
        ],
        idle_days: IDLE_DAYS_MAX,
        limit_fills: named(LimitFill::NAMES, words::limit_fill),
        path_policies: named(PathPolicy::NAMES, words::path_policy),
        figures: words::FIGURES,
        returns_min: RETURNS_MIN,
        span_days_min: SPAN_DAYS_MIN,
        quantile: format!("{NORMAL_97_5:.2}"),
        unusual: show::share(UNUSUAL),
        reasons: NullReason::NAMES
            .iter()
            .filter_map(|name| Some((*name, NullReason::from_name(name)?.to_string())))
            .collect(),
        bots: named(&NAMES, words::bot),
        threats: words::THREATS,
    })
}

/// Names of the engine, each with what it means.
fn named(
    names: &[&'static str],
    meaning: fn(&str) -> &'static str,
) -> Vec<(&'static str, &'static str)> {
    names.iter().map(|&name| (name, meaning(name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_engine_has_a_meaning() {
        for (names, meaning) in [
            (LimitFill::NAMES, words::limit_fill as fn(&str) -> &'static str),
            (PathPolicy::NAMES, words::path_policy),
            (&NAMES, words::bot),
        ] {
            for name in names {
                assert!(!meaning(name).is_empty(), "{name}");
            }
        }
    }
}
