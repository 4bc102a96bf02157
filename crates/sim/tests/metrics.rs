//! Every metric against five libraries: empyrical, quantstats, ffn, vectorbt and nautilus.
//!
//! `data/metrics_reference.json` holds ten return series with the figures of each library (and
//! of a plain reference script, `spec`), 137 trade results and five series with the statistics
//! of a Sharpe ratio. [`SHARED`] names the figures whose definition is ours: they agree to 1e-10
//! wherever the library gives a number. [`DIFFERENT`] names the others; each is tied to ours by
//! its closed form. Libraries have no gates, so the ungated functions are compared.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use sim::metrics::{
    Metric, NullReason, alpha, beta, cagr, calmar, drawdown, moments, sharpe, sortino, sum, trades,
    volatility,
};

/// One series of the file.
struct Case {
    name: String,
    figures: Value,
    returns: Vec<f64>,
    excess: Vec<f64>,
    benchmark: Vec<f64>,
    equity: Vec<f64>,
    per_year: f64,
}

/// Our figure and where the libraries have the same one.
type Shared = (&'static str, fn(&Case) -> Metric, &'static str);

const SHARED: &[Shared] = &[
    ("mean", |c| Ok(mean(&c.returns)), "spec.mean nautilus.ReturnsAverage"),
    (
        "total return",
        |c| Ok(c.growth() - 1.0),
        "spec.total_return empyrical.cum_returns_final quantstats.comp \
         ffn.calc_total_return vectorbt.total",
    ),
    (
        "cagr",
        Case::cagr,
        "spec.cagr empyrical.cagr quantstats.cagr vectorbt.annualized nautilus.CAGR",
    ),
    (
        "volatility",
        |c| volatility::annualised(&c.returns, c.per_year),
        "spec.volatility_ann empyrical.annual_volatility quantstats.volatility \
         ffn.stats_daily_vol vectorbt.annualized_volatility nautilus.ReturnsVolatility",
    ),
    (
        "sharpe",
        |c| sharpe::annualised(&c.excess, c.per_year),
        "spec.sharpe_ann empyrical.sharpe_ratio quantstats.sharpe ffn.calc_sharpe \
         vectorbt.sharpe_ratio",
    ),
    ("sharpe per period", |c| sharpe::per_period(&c.excess), "spec.sharpe_per_period"),
    // Nautilus knows no risk-free rate, and neither does a report of ours.
    ("sharpe, no rate", |c| sharpe::annualised(&c.returns, c.per_year), "nautilus.SharpeRatio"),
    ("sharpe per period, no rate", |c| sharpe::per_period(&c.returns), "nautilus.RiskReturnRatio"),
    (
        "sortino",
        |c| sortino::annualised(&c.excess, c.per_year),
        "spec.sortino_ann empyrical.sortino_ratio quantstats.sortino \
         ffn.calc_sortino_ratio vectorbt.sortino_ratio",
    ),
    ("sortino, no rate", |c| sortino::annualised(&c.returns, c.per_year), "nautilus.SortinoRatio"),
    (
        "downside deviation",
        |c| Ok(sortino::downside_deviation(&c.excess)? * c.per_year.sqrt()),
        "spec.downside_dev_ann empyrical.downside_risk vectorbt.downside_risk",
    ),
    (
        "max drawdown, negative",
        |c| Ok(-drawdown::max(&c.equity).depth),
        "spec.max_drawdown empyrical.max_drawdown quantstats.max_drawdown \
         ffn.calc_max_drawdown vectorbt.max_drawdown nautilus.MaxDrawdown",
    ),
    (
        "calmar",
        |c| calmar::calmar(c.cagr()?, drawdown::max(&c.equity).depth),
        "spec.calmar empyrical.calmar_ratio quantstats.calmar vectorbt.calmar_ratio \
         nautilus.CalmarRatio",
    ),
    (
        "profit factor",
        |c| trades::profit_factor(&c.returns),
        "spec.profit_factor quantstats.profit_factor nautilus.ProfitFactor",
    ),
    ("skewness", |c| moments::skewness(&c.returns), "spec.skew_pop"),
    ("kurtosis", |c| moments::kurtosis(&c.returns), "spec.kurtosis_pop_nonexcess"),
    (
        "probabilistic sharpe",
        |c| Ok(normal(sharpe::per_period(&c.excess)? / sharpe::standard_error(&c.excess)?)),
        "spec.psr_vs_0",
    ),
    (
        "beta",
        |c| beta::beta(&c.returns, &c.benchmark),
        "spec.beta empyrical.beta quantstats.beta vectorbt.beta",
    ),
    (
        "alpha",
        |c| {
            // A rate moves alpha by (1 − β) · rate; a report's rate is zero.
            let slope = beta::beta(&c.returns, &c.benchmark)?;
            let alpha = alpha::annualised(&c.returns, &c.benchmark, c.per_year)?;
            Ok(alpha - (1.0 - slope) * c.rate() * c.per_year)
        },
        "spec.alpha_arith_ann",
    ),
    // Quantstats leaves the rate out of alpha, as a report of ours.
    (
        "alpha, no rate",
        |c| alpha::annualised(&c.returns, &c.benchmark, c.per_year),
        "quantstats.alpha",
    ),
];

/// A figure of a library that is not ours: the cases it concerns (`*` is all), why, and what it
/// is in terms of ours.
type Different = (&'static str, &'static str, &'static str, Option<fn(&Case) -> Metric>);

static DIFFERENT: &[Different] = &[
    ("ffn.calc_cagr", "crypto365", "years of the calendar", Some(calendar_cagr)),
    ("ffn.calc_cagr", "*", "years of the calendar, which the file does not hold", None),
    ("ffn.calc_calmar_ratio", "*", "of the calendar CAGR", None),
    (
        "ffn.calc_sharpe",
        "wipeout",
        "0/0 after ruin is dropped",
        Some(|c| sharpe::annualised(c.until_ruin(), c.per_year)),
    ),
    (
        "ffn.calc_sortino_ratio",
        "wipeout",
        "0/0 after ruin is dropped",
        Some(|c| sortino::annualised(c.until_ruin(), c.per_year)),
    ),
    (
        "ffn.stats_daily_vol",
        "wipeout",
        "0/0 after ruin is dropped",
        Some(|c| volatility::annualised(c.until_ruin(), c.per_year)),
    ),
    (
        "vectorbt.max_drawdown",
        "first_loss",
        "the initial equity is no peak",
        Some(|c| Ok(-drawdown::max(&c.equity[1..]).depth)),
    ),
    (
        "vectorbt.calmar_ratio",
        "first_loss",
        "the initial equity is no peak",
        Some(|c| calmar::calmar(c.cagr()?, drawdown::max(&c.equity[1..]).depth)),
    ),
    ("empyrical.alpha", "*", "alpha per period is compounded", Some(compounded_alpha)),
    ("vectorbt.alpha", "*", "alpha per period is compounded", Some(compounded_alpha)),
    ("quantstats.profit_factor", "flat_zero", "0/0 is called 0", None),
    ("quantstats.win_rate", "flat_zero", "0/0 is called 0", None),
    (
        "quantstats.win_rate",
        "*",
        "what breaks even is left out",
        Some(|c| {
            let moved: Vec<f64> = c.returns.iter().copied().filter(|r| *r != 0.0).collect();
            trades::win_rate(&moved)
        }),
    ),
    ("quantstats.skew", "*", "of a sample", Some(sample_skewness)),
    ("ffn.stats_daily_skew", "*", "of a sample", Some(|c| c.ffn(sample_skewness))),
    ("quantstats.kurtosis_excess", "*", "of a sample, in excess", Some(sample_kurtosis)),
    ("ffn.stats_daily_kurt", "*", "of a sample, in excess", Some(|c| c.ffn(sample_kurtosis))),
];

/// Of one return a day.
fn calendar_cagr(case: &Case) -> Metric {
    cagr::cagr(case.growth(), 365.25, case.returns.len())
}

fn compounded_alpha(case: &Case) -> Metric {
    let slope = beta::beta(&case.returns, &case.benchmark)?;
    let alpha = alpha::annualised(&case.returns, &case.benchmark, case.per_year)?;
    let per_period = alpha / case.per_year - (1.0 - slope) * case.rate();
    Ok(libm::pow(1.0 + per_period, case.per_year) - 1.0)
}

fn sample_skewness(case: &Case) -> Metric {
    let n = case.count();
    Ok(moments::skewness(&case.returns)? * (n * (n - 1.0)).sqrt() / (n - 2.0))
}

fn sample_kurtosis(case: &Case) -> Metric {
    let n = case.count();
    let excess = moments::kurtosis(&case.returns)? - 3.0;
    Ok((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0))
}

impl Case {
    fn new(name: &str, returns: Vec<f64>, benchmark: Vec<f64>, figures: Value) -> Self {
        let per_year = figures["periods_per_year"].as_f64().unwrap();
        let annual = figures["risk_free_annual"].as_f64().unwrap();
        let rate = libm::pow(1.0 + annual, 1.0 / per_year) - 1.0;
        let mut equity = vec![1.0];
        for r in &returns {
            equity.push(equity[equity.len() - 1] * (1.0 + r));
        }
        let excess = returns.iter().map(|r| r - rate).collect();
        Self { name: name.to_owned(), figures, returns, excess, benchmark, equity, per_year }
    }

    /// The same series without what follows its ruin, as ffn sees it.
    fn ffn(&self, figure: fn(&Self) -> Metric) -> Metric {
        let returns = self.until_ruin().to_vec();
        figure(&Self::new(&self.name, returns, self.benchmark.clone(), self.figures.clone()))
    }

    fn until_ruin(&self) -> &[f64] {
        let ruin = self.returns.iter().position(|r| *r <= -1.0);
        &self.returns[..ruin.map_or(self.returns.len(), |at| at + 1)]
    }

    fn growth(&self) -> f64 {
        self.equity[self.equity.len() - 1]
    }

    fn cagr(&self) -> Metric {
        cagr::cagr(self.growth(), self.per_year, self.returns.len())
    }

    fn rate(&self) -> f64 {
        self.returns[0] - self.excess[0]
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.returns.len()).unwrap())
    }

    /// The library's figure, where it is a number.
    fn theirs(&self, path: &str) -> Option<f64> {
        let (library, field) = path.split_once('.').unwrap();
        self.figures[library].get(field)?.as_f64()
    }
}

fn data() -> Value {
    serde_json::from_str(include_str!("data/metrics_reference.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect()
}

fn cases() -> Vec<Case> {
    let data = data();
    let series = |name: &Value| floats(&data["series"][name.as_str().unwrap()]);
    let case = |(name, it): (&String, &Value)| {
        Case::new(name, series(&it["returns"]), series(&it["benchmark"]), it.clone())
    };
    data["cases"].as_object().unwrap().iter().map(case).collect()
}

fn mean(values: &[f64]) -> f64 {
    sum(values.iter().copied()) / f64::from(u32::try_from(values.len()).unwrap())
}

/// The standard normal distribution function.
fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// Equal to 1e-10, or both zero but for rounding.
fn agrees(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-10 * theirs.abs() + 1e-14
}

fn different(path: &str, case: &str) -> Option<&'static Different> {
    DIFFERENT.iter().find(|(it, cases, ..)| *it == path && (*cases == "*" || *cases == case))
}

#[test]
fn shared_definitions_agree_on_every_case() {
    let mut compared = 0;
    for case in cases() {
        for (metric, ours, paths) in SHARED {
            for path in paths.split(' ') {
                let Some(theirs) = case.theirs(path) else { continue };
                if different(path, &case.name).is_some() {
                    continue;
                }
                let ours = ours(&case);
                let agreed = ours.is_ok_and(|ours| agrees(ours, theirs));
                assert!(agreed, "{metric} of {}: ours {ours:?}, {path} {theirs}", case.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 450, "{compared} figures were compared");
}

#[test]
fn different_definitions_follow_from_ours() {
    let mut compared = 0;
    for case in cases() {
        for row in DIFFERENT {
            let (path, _, why, closed_form) = row;
            let here = different(path, &case.name).is_some_and(|it| std::ptr::eq(it, row));
            let (Some(theirs), Some(closed_form), true) = (case.theirs(path), closed_form, here)
            else {
                continue;
            };
            let ours = closed_form(&case);
            let agreed = ours.is_ok_and(|ours| agrees(ours, theirs));
            assert!(agreed, "{path} of {} ({why}): {ours:?}, theirs {theirs}", case.name);
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared} figures were compared");
}

#[test]
fn every_figure_of_the_file_is_accounted_for() {
    for case in cases() {
        for library in ["spec", "empyrical", "quantstats", "ffn", "vectorbt", "nautilus"] {
            for field in case.figures[library].as_object().unwrap().keys() {
                let path = format!("{library}.{field}");
                let shared = SHARED.iter().any(|(.., paths)| paths.split(' ').any(|it| it == path));
                assert!(shared || different(&path, &case.name).is_some(), "{path}");
            }
        }
    }
}

#[test]
fn what_libraries_call_nan_or_infinite_has_a_reason() {
    let reasons = |name: &str| {
        let cases = cases();
        let case = cases.iter().find(|case| case.name == name).unwrap();
        (
            sharpe::per_period(&case.returns).err(),
            sortino::per_period(&case.returns).err(),
            calmar::calmar(case.cagr().unwrap(), drawdown::max(&case.equity).depth).err(),
        )
    };
    let no_drawdown = Some(NullReason::NoDrawdown);
    assert_eq!(reasons("all_positive"), (None, Some(NullReason::NoLoss), no_drawdown));
    let constant = Some(NullReason::Constant);
    assert_eq!(reasons("flat_zero"), (constant, constant, no_drawdown));
    assert_eq!(reasons("wipeout"), (None, None, None));
}

#[test]
fn trade_figures_agree() {
    let data = data();
    let trades = &data["trades"];
    let pnls = floats(&trades["pnl"]);
    let theirs = |path: &str| trades.pointer(path).unwrap().as_f64().unwrap();
    for (ours, path) in [
        (trades::win_rate(&pnls), "/spec/win_rate_incl_breakeven"),
        (trades::win_rate(&pnls), "/nautilus/WinRate"),
        (trades::profit_factor(&pnls), "/spec/profit_factor"),
        (trades::expectancy(&pnls), "/spec/expectancy_per_trade"),
    ] {
        assert!(agrees(ours.unwrap(), theirs(path)), "{path}: {ours:?}");
    }
    // Nautilus leaves trades that break even out of the expectancy.
    let moved: Vec<f64> = pnls.iter().copied().filter(|pnl| *pnl != 0.0).collect();
    let ours = trades::expectancy(&moved).unwrap();
    assert!(agrees(ours, theirs("/nautilus/Expectancy")));
    assert!(agrees(ours, theirs("/spec/expectancy_excl_breakeven")));
}

#[test]
fn the_statistics_of_a_sharpe_ratio_agree() {
    let data = data();
    let series = data["stats"].as_object().unwrap();
    assert_eq!(series.len(), 5);
    for (name, expected) in series {
        let rates = serde_json::json!({ "periods_per_year": 252, "risk_free_annual": 0 });
        let Case { returns, equity, .. } =
            Case::new(name, floats(&expected["returns"]), Vec::new(), rates);
        let ratio = sharpe::per_period(&returns).unwrap();
        let error = sharpe::standard_error(&returns).unwrap();
        for (ours, field) in [
            (mean(&returns), "mean"),
            (moments::deviation(&returns).unwrap(), "sd1"),
            (moments::skewness(&returns).unwrap(), "skew"),
            (moments::kurtosis(&returns).unwrap(), "kurt"),
            (ratio, "sharpe"),
            (sharpe::annualised(&returns, 252.0).unwrap(), "sharpe_ann252"),
            (error, "se_mertens"),
            (normal(ratio / error), "psr0"),
            (drawdown::max(&equity).depth, "max_drawdown"),
            (sortino::per_period(&returns).unwrap(), "sortino_lpm2_mar0"),
        ] {
            let theirs = expected[field].as_f64().unwrap();
            assert!(agrees(ours, theirs), "{field} of {name}: {ours}, expected {theirs}");
        }
    }
}
