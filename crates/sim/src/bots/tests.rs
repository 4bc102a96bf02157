//! Bots on a small synthetic market.

use std::sync::Arc;

use super::{LOOKBACK, NAMES, Observation, baseline, by_name, play};
use crate::{
    Money, Price, Quantity, Rules, Scenario, Timestamp,
    market::{Bar, Instrument, Market, MarketData},
    metrics::{Benchmark, Report, by_symbol},
    num::Leverage,
    order::Side,
    outcome::Status,
    rules::{LimitFill, PathPolicy},
    run::{Fill, Run},
};

const DAY: i64 = 86_400;

/// Rules without costs and without leverage.
pub(crate) fn rules(warmup: usize) -> Rules {
    Rules {
        starting_cash: Money::whole(100_000),
        leverage_cap: Leverage::ONE,
        short_enabled: false,
        commission_bps: 0,
        borrow_bps_annual: 0,
        sessions_per_year: 252,
        limit_fill: LimitFill::Through,
        path_policy: PathPolicy::Worst,
        participation_pct: None,
        warmup,
    }
}

/// A bar that opens where it closes.
pub(crate) fn bar(seconds: i64, close: Price) -> Bar {
    let ts = Timestamp::from_seconds(seconds);
    Bar { ts, open: close, high: close, low: close, close, volume: 1_000.0 }
}

/// Instruments in order of their names, each with bars.
pub(crate) fn data(instruments: Vec<(&str, Vec<Bar>)>) -> MarketData {
    let (names, bars): (Vec<_>, Vec<_>) = instruments.into_iter().unzip();
    let instrument = |name: &str| Instrument { symbol: name.to_owned(), slippage_bps: 5 };
    let instruments = names.into_iter().map(instrument).collect();
    MarketData { instruments, bars, benchmark: None, reference: None }
}

pub(crate) fn scenario(rules: Rules, data: MarketData) -> Arc<Scenario> {
    let market = Market::new(data, Timestamp::date).unwrap();
    Arc::new(Scenario::new(rules, market).unwrap())
}

/// A hundred days of a walk that rises by `drift` cents a day, without the days `skipped`.
fn walk(seed: u64, drift: i64, skipped: impl Fn(i64) -> bool) -> Vec<Bar> {
    let mut state = seed;
    let mut cents = 10_000;
    let mut bars = Vec::new();
    for day in 0..100 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        cents += drift + i64::try_from(state >> 33).unwrap() % 401 - 200;
        if !skipped(day) {
            bars.push(bar(day * DAY, Price::from_units(cents.max(100) * 1_000_000)));
        }
    }
    bars
}

/// Four instruments with gaps; one is listed late, one is delisted.
fn world(change: impl FnOnce(&mut Rules, &mut MarketData)) -> Arc<Scenario> {
    let mut rules = rules(10);
    let mut data = data(vec![
        ("AAA", walk(1, 30, |_| false)),
        ("BBB", walk(2, -30, |day| day % 7 > 4)),
        ("CCC", walk(3, 0, |day| day < 40)),
        ("DDD", walk(4, 10, |day| day > 60)),
    ]);
    change(&mut rules, &mut data);
    scenario(rules, data)
}

fn played(name: &str, seed: u64, scenario: &Arc<Scenario>) -> Run {
    let mut run = Run::new(Arc::clone(scenario));
    play(&mut run, by_name(name, seed).unwrap().as_mut(), &mut |_| ()).unwrap();
    run
}

/// Worlds that differ in every rule a bot could stumble over.
fn worlds() -> Vec<Arc<Scenario>> {
    vec![
        world(|_, _| {}),
        world(|_, data| data.benchmark = Some("AAA".to_owned())),
        world(|_, data| data.benchmark = Some("CCC".to_owned())),
        world(|rules, data| {
            rules.short_enabled = true;
            rules.leverage_cap = Leverage::from_f64(4.0).unwrap();
            rules.borrow_bps_annual = 500;
            rules.commission_bps = 30;
            data.instruments[0].slippage_bps = 300;
        }),
        world(|rules, _| rules.participation_pct = Some(1)),
        world(|rules, _| rules.starting_cash = Money::whole(1)),
        world(|rules, _| rules.starting_cash = Money::whole(1_000_000_000)),
        world(|rules, data| {
            rules.warmup = 0;
            data.instruments.truncate(2);
            data.bars.truncate(2);
        }),
    ]
}

#[test]
fn every_bot_trades_and_finishes() {
    for name in NAMES {
        for (at, scenario) in worlds().iter().enumerate() {
            for seed in 0..20 {
                let run = played(name, seed, scenario);
                assert_eq!(run.status(), Status::Completed, "{name} in world {at}");
                assert!(!run.fills().is_empty(), "{name} in world {at}");
                if name != "random" {
                    break;
                }
            }
        }
    }
}

#[test]
fn the_same_seed_plays_the_same_run() {
    let scenario = world(|rules, _| rules.short_enabled = true);
    for name in NAMES {
        assert_eq!(played(name, 7, &scenario), played(name, 7, &scenario), "{name}");
    }
    assert_ne!(played("random", 7, &scenario).fills(), played("random", 8, &scenario).fills());
}

#[test]
fn baselines_are_the_runs_of_every_bot() {
    for scenario in worlds() {
        let benchmark = Benchmark::of(&scenario);
        let all = baseline::baselines(&scenario, &benchmark);
        assert_eq!(all.iter().map(|it| it.bot).collect::<Vec<_>>(), NAMES);
        for it in all {
            let run = played(it.bot, baseline::SEED, &scenario);
            assert_eq!(it.report, Report::of(&run), "{}", it.bot);
        }
    }
}

#[test]
fn profits_by_symbol_add_up_to_the_run() {
    for scenario in worlds() {
        for name in NAMES {
            let run = played(name, 3, &scenario);
            let profits = by_symbol::profits(&run);
            let trades: usize = profits.iter().map(|it| it.trade_count).sum();
            assert_eq!(trades, run.fills().len());
            let realized: Money = run.fills().iter().map(|fill| fill.realized_pnl).sum();
            assert_eq!(profits.iter().map(|it| it.realized_pnl).sum::<Money>(), realized);
            let profit: Money = profits.iter().map(|it| it.profit).sum();
            let made = run.last_sample().equity() - run.rules().starting_cash;
            let off = (profit - run.costs().borrow - made).abs();
            // Each of four positions is rounded, and so is their sum.
            assert!(off <= Money::from_units(3), "{name}: {off}");
        }
    }
}

#[test]
fn bots_are_known_by_their_names() {
    for name in NAMES {
        assert_eq!(by_name(name, 0).unwrap().name(), name);
    }
    assert!(by_name("Random", 0).is_none());
}

#[test]
fn an_observation_ends_now() {
    let run = Run::new(world(|_, data| data.benchmark = Some("BBB".to_owned())));
    let seen = Observation::of(&run);
    assert_eq!((seen.step, seen.benchmark, seen.short_enabled), (0, Some(1), false));
    assert_eq!(seen.instruments[0].closes.len(), 11);
    assert_eq!(seen.instruments[0].last_close().unwrap(), run.market().marks(10)[0]);
    assert!(seen.instruments[2].closes.is_empty());
    let run = played("buy_hold", 0, run.scenario());
    assert_eq!(Observation::of(&run).instruments[0].closes.len(), LOOKBACK);
}

#[test]
fn buy_hold_puts_99_percent_into_the_benchmark() {
    let run = played("buy_hold", 0, &world(|_, data| data.benchmark = Some("AAA".to_owned())));
    assert_eq!(run.fills().len(), 1);
    let mark = run.market().marks(10)[0];
    let value = run.fills()[0].quantity.value(mark);
    let wanted = Money::whole(99_000);
    assert!(value <= wanted && wanted - value < Money::whole(1), "{value}");
    assert_eq!(run.fills()[0].quantity.units() % 10_000, 0);
}

#[test]
fn buy_hold_waits_for_a_benchmark_without_a_price() {
    let run = played("buy_hold", 0, &world(|_, data| data.benchmark = Some("CCC".to_owned())));
    assert_eq!(run.fills().len(), 1);
    assert_eq!(run.fills()[0].at, 41);
}

#[test]
fn without_a_benchmark_buy_hold_buys_what_is_listed() {
    let run = played("buy_hold", 0, &world(|_, _| {}));
    let bought: Vec<&str> =
        run.fills().iter().map(|fill| run.market().symbol(fill.symbol)).collect();
    assert_eq!(bought, ["AAA", "BBB", "DDD"]);
}

#[test]
fn equal_weight_takes_in_what_is_listed_later() {
    let run = played("equal_weight", 0, &world(|_, _| {}));
    let first = run.fills().iter().find(|fill| fill.symbol.index() == 2).unwrap();
    assert_eq!(first.at, 51);
    let instants: Vec<usize> = run.fills().iter().map(|fill| fill.at).collect();
    assert!(instants.iter().all(|at| (at - 11) % 20 < 4), "{instants:?}");
}

#[test]
fn momentum_holds_the_leader_and_leaves_losers() {
    let run = played("momentum", 0, &world(|_, _| {}));
    assert!(run.fills().iter().any(|fill| fill.side == Side::Sell));
    let held: Vec<usize> = run.positions().map(|(symbol, _)| symbol.index()).collect();
    assert_eq!(held.len(), 1, "{held:?}");
}

#[test]
fn momentum_holds_nothing_while_both_fall() {
    let falling = |days: i64| -> Vec<Bar> {
        (0..days)
            .map(|day| bar(day * DAY, Price::whole(200 - i32::try_from(day).unwrap())))
            .collect()
    };
    let scenario = scenario(rules(10), data(vec![("A", falling(60)), ("B", falling(60))]));
    assert!(played("momentum", 0, &scenario).fills().is_empty());
}

#[test]
fn random_goes_short_only_where_it_may() {
    let shorts = |fills: &[Fill]| fills.iter().filter(|fill| fill.side == Side::Short).count();
    let allowed = world(|rules, _| rules.short_enabled = true);
    let shorted: usize = (0..10).map(|seed| shorts(played("random", seed, &allowed).fills())).sum();
    assert!(shorted > 0);
    let forbidden = world(|_, _| {});
    for seed in 0..10 {
        assert_eq!(shorts(played("random", seed, &forbidden).fills()), 0);
    }
}

#[test]
fn random_closes_whole_positions() {
    let run = played("random", 3, &world(|rules, _| rules.short_enabled = true));
    let mut held = [Quantity::ZERO; 4];
    for fill in run.fills() {
        let position = &mut held[fill.symbol.index()];
        *position += Quantity::from_units(fill.side.direction() * fill.quantity.units());
        if !fill.side.opens() {
            assert_eq!(*position, Quantity::ZERO);
        }
    }
}

#[test]
fn a_large_universe_stays_within_one_turn() {
    let names: Vec<String> = (0..1_200).map(|at| format!("S{at:04}")).collect();
    let bars = |at: usize| walk(at as u64, 0, |day| day > 30);
    let all = names.iter().enumerate().map(|(at, name)| (name.as_str(), bars(at))).collect();
    let scenario = scenario(rules(10), data(all));
    for name in NAMES {
        let run = played(name, 0, &scenario);
        for chunk in run.fills().chunk_by(|a, b| a.at == b.at) {
            assert!(chunk.len() <= 500, "{name}: {} at once", chunk.len());
        }
    }
}

#[test]
fn nothing_is_ordered_while_a_liquidation_is_due() {
    let mut seen = Observation::of(&Run::new(world(|_, _| {})));
    seen.liquidation_due = true;
    for name in NAMES {
        let mut bot = by_name(name, 0).unwrap();
        assert!((0..50).all(|_| bot.decide(&seen).is_empty()), "{name}");
    }
}

#[test]
fn nothing_is_ordered_twice_while_it_is_pending() {
    let mut seen = Observation::of(&Run::new(world(|rules, _| rules.short_enabled = true)));
    for it in &mut seen.instruments {
        it.pending = true;
    }
    for name in NAMES {
        let mut bot = by_name(name, 0).unwrap();
        assert!((0..50).all(|_| bot.decide(&seen).is_empty()), "{name}");
    }
}
