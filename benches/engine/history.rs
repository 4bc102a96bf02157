//! Whether anything grows with what a run has behind it.

use std::sync::Arc;

use anyhow::{Context as _, ensure};
use sim::{
    Market, Rules, Scenario, Timestamp,
    market::{Bar, MarketData},
    num::Leverage,
};

use crate::{
    agent::{Cross, EqualWeight, Player},
    measure::{float, median, median_ratio, timed},
    report::{Report, Target::AtMost, short},
};

const ROUNDS: usize = 21;
/// Bars of a lap: the same bars come again and again, so that equal laps are equal work.
const LAP: usize = 1_000;
const LAPS: usize = 13;
const SECONDS_PER_DAY: i64 = 86_400;
/// Orders of three runs of which each sends ten times as many.
const ORDERS: [usize; 3] = [1_000, 10_000, 100_000];

pub(crate) fn measure(scenario: &Scenario, report: &mut Report) -> anyhow::Result<()> {
    let laps = Arc::new(laps(scenario).context("the laps")?);
    orders(&laps, report)?;
    bars(&laps, report)
}

/// The first bars of a scenario, over and over. Where a lap begins all prices jump at once: the
/// higher cap keeps the orders of that bar within their buying power.
fn laps(scenario: &Scenario) -> anyhow::Result<Scenario> {
    let market = &scenario.market;
    let start = market.timeline()[0].seconds();
    let days = (0_i64..).map(|day| Timestamp::from_seconds(start + day * SECONDS_PER_DAY));
    let bars = market.symbols().map(|symbol| {
        let lap: Vec<Bar> = market.bars(LAP - 1, symbol, LAP).collect();
        let bars = lap.iter().cycle().take(LAP * LAPS).zip(days.clone());
        bars.map(|(bar, ts)| Bar { ts, ..*bar }).collect()
    });
    let data = MarketData {
        bars: bars.collect(),
        instruments: market.instruments().to_vec(),
        benchmark: None,
        reference: None,
    };
    let leverage_cap = Leverage::from_f64(2.0).context("a leverage")?;
    let rules = Rules { leverage_cap, ..scenario.rules.clone() };
    Ok(Scenario::new(rules, Market::new(data, Timestamp::date)?)?)
}

fn orders(laps: &Arc<Scenario>, report: &mut Report) -> anyhow::Result<()> {
    let mut seconds = ORDERS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (seconds, count) in seconds.iter_mut().zip(ORDERS) {
            let mut player = Player::new(laps, EqualWeight);
            let (done, cpu) = timed(|| player.play_while(|run| run.fills().len() < count));
            done?;
            let fills = player.run.fills().len();
            ensure!(fills >= count, "only {fills} fills");
            seconds.push(cpu / float(fills) * float(count));
        }
    }
    let table = report.table("Orders against history", &["orders of a run", "CPU", "per order"]);
    for (count, cpu) in ORDERS.into_iter().zip(seconds.clone().map(median)) {
        let per_order = format!("{:.0} ns", cpu / float(count) * 1e9);
        table.row([short(float(count)), format!("{:.2} ms", cpu * 1e3), per_order]);
    }
    for (few, pair) in ORDERS.into_iter().zip(seconds.windows(2)) {
        let what = format!("10 × {few} orders, × the time");
        table.target(&what, median_ratio(&pair[1], &pair[0]), AtMost(11.0));
    }
    table.note(format!("rebal20 on laps of {LAP} bars; medians of {ROUNDS} rounds."));
    Ok(())
}

fn bars(laps: &Arc<Scenario>, report: &mut Report) -> anyhow::Result<()> {
    // The first lap begins without averages and without positions: it is not equal work.
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut player = Player::new(laps, Cross::new(&laps.market));
        let mut until = |lap: usize| {
            let (done, cpu) = timed(|| player.play_while(|run| run.now() + 1 < lap * LAP));
            done.map(|()| (cpu, player.run.fills().len()))
        };
        let (_, before) = until(1)?;
        let (cpu, after) = until(2)?;
        early.push(cpu);
        let (_, before_last) = until(LAPS - 1)?;
        let (cpu, last) = until(LAPS)?;
        late.push(cpu);
        ensure!(after - before == last - before_last, "the laps differ in fills");
    }
    let ratio = median_ratio(&late, &early);
    let table = report.table("Steps against history", &["of 13,000 bars", "CPU", "per step"]);
    for (what, seconds) in [("bars 1,001 to 2,000", early), ("the last 1,000 bars", late)] {
        let cpu = median(seconds);
        let per_step = format!("{:.0} ns", cpu / float(LAP) * 1e9);
        table.row([what.into(), format!("{:.3} ms", cpu * 1e3), per_step]);
    }
    table.target("last to first, × the time", ratio, AtMost(1.1));
    table.note(format!("sma20 on laps of {LAP} bars; medians of {ROUNDS} rounds."));
    Ok(())
}
