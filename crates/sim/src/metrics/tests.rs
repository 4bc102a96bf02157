//! Reports of whole runs: clocks, gates, absorption and benchmarks.

use std::sync::Arc;

use super::{Benchmark, BenchmarkKind, NullReason, Report, Series};
use crate::{
    Command, Money, Price, Quantity, Rules, Run, Scenario, Timestamp,
    bots::tests::{bar, data, rules, scenario},
    market::{Bar, MarketData},
    num::Leverage,
    order::{NewOrder, Side},
};

const DAY: i64 = 86_400;

fn price(value: f64) -> Price {
    Price::parse_cut(&format!("{value:.8}")).unwrap()
}

/// One bar a day at these prices.
fn daily(prices: &[f64]) -> Vec<Bar> {
    let days = (0..).map(|day| day * DAY);
    days.zip(prices).map(|(seconds, &it)| bar(seconds, price(it))).collect()
}

/// A market of one instrument without slippage.
fn one(prices: &[f64]) -> MarketData {
    let mut data = data(vec![("AAA", daily(prices))]);
    data.instruments[0].slippage_bps = 0;
    data
}

/// Prices that go up and down, `count` of them.
fn zigzag(count: usize) -> Vec<f64> {
    [100.0, 102.0, 99.0, 103.0, 101.0].into_iter().cycle().take(count).collect()
}

fn order(run: &mut Run, symbol: &str, side: Side, quantity: i32) {
    let symbol = run.market().find(symbol).unwrap();
    let order = NewOrder::market(symbol, side, Quantity::whole(quantity));
    run.apply(&Command::order(vec![order])).unwrap();
}

fn step(run: &mut Run, steps: u32) {
    run.apply(&Command::step(steps)).unwrap();
}

/// Holds `quantity` of AAA from the first fill to the last bar.
fn holding(scenario: &Arc<Scenario>, quantity: i32) -> Run {
    let mut run = Run::new(Arc::clone(scenario));
    order(&mut run, "AAA", Side::Buy, quantity);
    step(&mut run, u32::MAX);
    run
}

fn held(prices: &[f64], change: impl FnOnce(&mut Rules)) -> Report {
    let mut rules = rules(0);
    change(&mut rules);
    Report::of(&holding(&scenario(rules, one(prices)), 500))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs().max(1.0)
}

#[test]
fn nineteen_returns_are_too_few_and_twenty_over_28_days_are_enough() {
    let reason = |report: &Report| report.sharpe.err();
    // 29 daily bars span 28 days.
    assert_eq!(reason(&held(&zigzag(29), |_| {})), None);
    assert_eq!(reason(&held(&zigzag(28), |_| {})), Some(NullReason::InsufficientSample));
    let sparse = |returns: i64| {
        let days = (0..=returns).map(|at| at * 2 * DAY);
        let bars = days.zip(zigzag(99)).map(|(seconds, it)| bar(seconds, price(it))).collect();
        Report::of(&holding(&scenario(rules(0), data(vec![("AAA", bars)])), 500))
    };
    assert_eq!(reason(&sparse(20)), None);
    let short = sparse(19);
    assert!((short.span_days - 38.0).abs() < 1e-9 && short.sessions == 19);
    for (name, reason) in short.null_reasons() {
        let trades = ["win_rate", "profit_factor", "expectancy"].contains(&name);
        let expected =
            if trades { NullReason::NoClosedTrade } else { NullReason::InsufficientSample };
        assert_eq!(reason, expected, "{name}");
    }
    assert_eq!(short.null_reasons().count(), 13);
}

#[test]
fn a_run_without_a_trade_says_so() {
    let mut run = Run::new(scenario(rules(0), one(&zigzag(60))));
    step(&mut run, u32::MAX);
    let report = Report::of(&run);
    assert_eq!(report.null_reasons().count(), 12, "turnover alone is a number: 0");
    assert!(report.null_reasons().all(|(_, reason)| reason == NullReason::NoTrade));
    assert_eq!(report.turnover, Ok(0.0));
    assert_eq!((report.return_pct, report.exposure, report.max_drawdown.depth), (0.0, 0.0, 0.0));
    assert_eq!((report.max_drawdown.start, report.max_drawdown.trough), (None, None));
}

#[test]
fn equity_that_never_moves_has_volatility_zero_and_no_ratio() {
    let report = held(&[100.0; 60], |_| {});
    assert_eq!(report.volatility, Ok(0.0));
    assert_eq!(report.cagr, Ok(0.0));
    assert_eq!(report.sharpe, Err(NullReason::Constant));
    assert_eq!(report.sharpe_ci95, Err(NullReason::Constant));
    assert_eq!(report.sortino, Err(NullReason::Constant));
    assert_eq!(report.calmar, Err(NullReason::NoDrawdown));
    assert_eq!(report.beta, Err(NullReason::FlatBenchmark));
    assert_eq!(report.profit_factor, Err(NullReason::NoClosedTrade));
}

#[test]
fn a_rising_run_has_no_loss_and_no_drawdown() {
    let rising: Vec<f64> = (0..60).map(|day| 100.0 + f64::from(day)).collect();
    let report = held(&rising, |_| {});
    assert!(report.sharpe.unwrap() > 0.0);
    assert_eq!(report.sortino, Err(NullReason::NoLoss));
    assert_eq!(report.calmar, Err(NullReason::NoDrawdown));
    assert_eq!((report.max_drawdown.depth, report.max_drawdown.start), (0.0, None));
}

#[test]
fn a_bankrupt_run_absorbs_at_zero_and_keeps_the_ledgers_number() {
    let mut prices = zigzag(60);
    prices[31..].fill(500.0);
    let mut rules = rules(0);
    (rules.short_enabled, rules.leverage_cap) = (true, Leverage::from_f64(2.0).unwrap());
    let mut run = Run::new(scenario(rules, one(&prices)));
    order(&mut run, "AAA", Side::Short, 1_000);
    step(&mut run, u32::MAX);
    let (report, series) = (Report::of(&run), Series::of(&run));
    assert_eq!(run.status(), crate::Status::Liquidated);
    assert!(report.final_equity < Money::ZERO && report.return_pct < -100.0);
    let ledgers = (report.final_equity.to_f64() - 100_000.0) / 100_000.0 * 100.0;
    assert_eq!(report.return_pct.to_bits(), ledgers.to_bits());
    assert!(near(report.max_drawdown.depth, 1.0));
    assert_eq!(report.max_drawdown.trough, Some(Timestamp::from_seconds(31 * DAY)));
    assert_eq!(report.max_drawdown.recovery, None);
    assert_eq!(report.cagr, Ok(-1.0));
    assert_eq!((series.equity.len(), series.last), (60, 59));
    let returns = series.returns();
    assert_eq!((returns[30], returns[31]), (-1.0, 0.0));
    for metric in [report.sharpe, report.sortino, report.volatility, report.calmar, report.beta] {
        assert_eq!(metric, Err(NullReason::Bankrupt));
    }
}

#[test]
fn an_abandoned_run_stays_flat_to_the_last_bar() {
    let mut run = Run::new(scenario(rules(0), one(&zigzag(60))));
    order(&mut run, "AAA", Side::Buy, 500);
    step(&mut run, 10);
    let active = Report::of(&run);
    assert!(active.provisional && active.bars == 10 && active.sessions == 10);
    run.apply(&Command::Abandon).unwrap();
    let report = Report::of(&run);
    assert!(!report.provisional && report.bars == 59 && report.sessions == 59);
    assert!(near(report.exposure, 10.0 / 59.0) && near(active.exposure, 1.0));
    assert!(Series::of(&run).returns()[10..].iter().all(|r| *r == 0.0));
    assert_eq!(report.final_equity, active.final_equity);
}

#[test]
fn an_active_run_shows_nothing_of_the_benchmarks_future() {
    let mut prices = zigzag(60);
    prices[59] = 900.0;
    let scenario = scenario(rules(0), one(&prices));
    let mut run = Run::new(Arc::clone(&scenario));
    order(&mut run, "AAA", Side::Buy, 500);
    step(&mut run, 40);
    let before = Report::of(&run);
    assert!(near(before.benchmark_return_pct, 0.0));
    step(&mut run, 1);
    assert!(near(Report::of(&run).benchmark_return_pct, 2.0));
    assert!(before.alpha.is_ok() && before.beta.is_ok());
    assert!(near(Benchmark::of(&scenario).return_pct, 800.0));
}

/// Six bars in three sessions, from the middle of the first: 0 1 | 2 3 | 4 5.
fn intraday(warmup: usize) -> Run {
    let prices = [100.0, 110.0, 99.0, 121.0, 60.5, 121.0];
    let bars = prices.iter().zip([0, 1, DAY, DAY + 1, 2 * DAY, 2 * DAY + 1]);
    let bars = bars.map(|(&it, seconds)| bar(seconds, price(it))).collect();
    let mut data = data(vec![("AAA", bars)]);
    data.instruments[0].slippage_bps = 0;
    holding(&scenario(rules(warmup), data), 100)
}

#[test]
fn returns_run_from_session_close_to_session_close() {
    let series = Series::of(&intraday(0));
    // Bought at 110: flat to the first close, +1,100 by the second, back there by the third.
    assert_eq!(series.closes, [100_000.0, 100_000.0, 101_100.0, 101_100.0]);
    assert!(near(series.returns()[1], 0.011));
    assert_eq!(series.equity.len(), 6);
    let drawdown = Report::of(&intraday(0)).max_drawdown;
    assert!(near(drawdown.depth, 6_050.0 / 101_100.0), "the fall inside a session counts");
    assert_eq!(drawdown.start, Some(Timestamp::from_seconds(DAY + 1)));
    assert_eq!(drawdown.trough, Some(Timestamp::from_seconds(2 * DAY)));
    assert_eq!(drawdown.recovery, Some(Timestamp::from_seconds(2 * DAY + 1)));
}

#[test]
fn a_start_at_a_session_close_begins_with_the_next_session() {
    assert_eq!(Series::of(&intraday(0)).returns().len(), 3);
    assert_eq!(Series::of(&intraday(1)).returns().len(), 2);
    assert_eq!(Series::of(&intraday(2)).returns().len(), 2);
    let benchmark = Benchmark::of(intraday(1).scenario());
    assert_eq!(benchmark.returns.len(), 2);
    assert!(near(benchmark.returns[0], 0.1) && near(benchmark.return_pct, 10.0));
}

#[test]
fn steps_grouped_differently_measure_the_same() {
    let scenario = scenario(rules(0), one(&zigzag(60)));
    let mut single = Run::new(Arc::clone(&scenario));
    order(&mut single, "AAA", Side::Buy, 500);
    for _ in 0..59 {
        step(&mut single, 1);
    }
    assert_eq!(Report::of(&single), Report::of(&holding(&scenario, 500)));
}

#[test]
fn closed_trades_are_counted_net_of_commissions() {
    let mut rules = rules(0);
    rules.commission_bps = 100;
    let mut run = Run::new(scenario(rules, one(&[100.0, 100.0, 100.0, 110.0, 110.0, 100.0, 90.0])));
    order(&mut run, "AAA", Side::Buy, 10);
    step(&mut run, 1);
    order(&mut run, "AAA", Side::Sell, 5); // at 100: −5 − 5
    step(&mut run, 1);
    order(&mut run, "AAA", Side::Sell, 5); // at 110: +50 − 5 − 5.5
    step(&mut run, 1);
    let report = Report::of(&run);
    assert_eq!((report.trade_count, report.closed_trades), (3, 2));
    assert_eq!((report.best_trade, report.worst_trade), (Some(2), Some(1)));
    assert_eq!(report.win_rate, Ok(0.5));
    assert!(near(report.profit_factor.unwrap(), 3.95));
    assert!(near(report.expectancy.unwrap(), 14.75));
    assert_eq!(report.costs.commission.to_string(), "20.5");
}

#[test]
fn the_reference_comes_before_the_benchmark_before_equal_weights() {
    let world = |benchmark: Option<&str>, reference: Option<i32>| {
        let mut late = daily(&[10.0, 20.0, 30.0, 60.0]);
        late.remove(0);
        let mut data = data(vec![("AAA", daily(&[100.0, 110.0, 120.0, 130.0])), ("BBB", late)]);
        data.benchmark = benchmark.map(str::to_owned);
        data.reference = reference.map(|day| {
            let close = |day: i32| {
                let ts = Timestamp::from_seconds(i64::from(day) * DAY);
                (ts, Price::whole(50 + day))
            };
            ("IDX".to_owned(), (day..4).map(close).collect())
        });
        Benchmark::of(&scenario(rules(0), data))
    };
    let found = |it: &Benchmark| (it.kind, it.name.clone());
    let closes = |it: &Benchmark, start, end| near(it.closes[0], start) && near(it.closes[1], end);
    assert!(closes(&world(Some("AAA"), Some(0)), 50.0, 53.0));
    assert!(closes(&world(Some("AAA"), None), 100.0, 130.0));
    assert!(closes(&world(None, None), 1.0, 1.3));
    assert_eq!(found(&world(Some("AAA"), Some(0))), (BenchmarkKind::Reference, "IDX".to_owned()));
    assert_eq!(found(&world(Some("AAA"), Some(1))), (BenchmarkKind::Symbol, "AAA".to_owned()));
    // BBB has no price at the start: it is neither a benchmark nor part of the equal weights.
    let equal = world(Some("BBB"), None);
    assert_eq!(found(&equal), (BenchmarkKind::EqualWeight, "equal-weight hold".to_owned()));
    assert!(near(equal.return_pct, 30.0) && near(equal.curve[0], 1.0));
    assert!(near(world(None, Some(0)).return_pct, 6.0));
}

#[test]
fn equal_weights_are_not_rebalanced() {
    let data =
        data(vec![("AAA", daily(&[100.0, 200.0, 400.0])), ("BBB", daily(&[10.0, 5.0, 5.0]))]);
    assert_eq!(Benchmark::of(&scenario(rules(0), data)).curve, [1.0, 1.25, 2.25]);
}

#[test]
fn holding_everything_is_the_benchmark() {
    let report = held(&zigzag(100), |rules| rules.starting_cash = Money::whole(51_000));
    // 500 × 102 = 51,000: all of it, from the second bar on.
    assert!(near(report.mean_leverage, 1.0) && near(report.exposure, 1.0));
    let beta = report.beta.unwrap();
    assert!((0.9..=1.0).contains(&beta), "{beta}: the first return alone is missed");
    assert!(near(report.turnover.unwrap() * 99.0 / 252.0, 51_000.0 / (2.0 * report_mean(100))));
    let (low, high) = report.sharpe_ci95.map(|it| (it.low, it.high)).unwrap();
    let reach = super::sharpe::NORMAL_97_5 * report.sharpe_se.unwrap();
    assert!(near((high - low) / 2.0, reach) && near(low + reach, report.sharpe.unwrap()));
}

#[test]
fn a_benchmark_is_measured_like_a_run() {
    let benchmark = Benchmark::of(&scenario(rules(0), one(&zigzag(60))));
    assert!(near(benchmark.max_drawdown, 4.0 / 103.0));
    let ratio = super::sharpe::annualised(&benchmark.returns, 252.0);
    assert_eq!(benchmark.sharpe, ratio);
    let short = Benchmark::of(&scenario(rules(0), one(&zigzag(20))));
    assert_eq!(short.sharpe, Err(NullReason::InsufficientSample));
}

#[test]
fn evidence_has_the_gates_and_the_figures_of_its_report() {
    let report = held(&zigzag(100), |_| ());
    let evidence = &report.evidence;
    assert_eq!(evidence.alpha.map(|it| it.value), report.alpha);
    assert_eq!(evidence.sharpe.map(|it| it.value), report.sharpe);
    assert_eq!(evidence.sharpe.map(|it| it.error), report.sharpe_se);
    assert_eq!(evidence.sharpe.and_then(|it| it.interval_95()), report.sharpe_ci95);
    assert!(evidence.returns_needed.unwrap() > 99.0, "99 are too few");
    let short = held(&zigzag(20), |_| ()).evidence;
    assert_eq!(short.mean_return.err(), Some(NullReason::InsufficientSample));
    let run = Run::new(scenario(rules(0), one(&zigzag(60))));
    assert_eq!(Report::of(&run).evidence.alpha.err(), Some(NullReason::NoTrade));
}

/// The mean equity of [`holding_everything_is_the_benchmark`].
fn report_mean(bars: usize) -> f64 {
    let prices = zigzag(bars);
    (51_000.0 + prices[1..].iter().map(|it| it * 500.0).sum::<f64>()) / 100.0
}

#[test]
fn the_first_bar_of_a_run_has_reasons_and_no_numbers() {
    let run = Run::new(scenario(rules(5), one(&zigzag(60))));
    let report = Report::of(&run);
    assert_eq!((report.bars, report.sessions, report.exposure), (0, 0, 0.0));
    assert_eq!(report.turnover, Err(NullReason::InsufficientSample));
    assert_eq!(report.null_reasons().count(), 13);
}
