//! The charts of a run's page, with their legend and the numbers behind them.

use super::{
    super::{
        chart::{Area, Caption, Curve, Mark, Note, Prices, area, growth, prices},
        show,
    },
    declared::clipped,
    numbers,
};
use crate::{
    ops::tear_sheet::{Curves, TearSheet},
    scenarios::Resolution,
};

/// Rows of the table behind the curves, about.
const ROWS: usize = 24;
/// Characters of the agent's words that a mark on the chart tells.
const SAID_MAX: usize = 160;

/// A line of the chart of growth.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) class: String,
    pub(super) name: String,
    pub(super) percent: f64,
}

/// The curves at one bar.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) time: String,
    pub(super) equity: String,
    pub(super) percent: f64,
    pub(super) benchmark: f64,
    pub(super) drawdown: String,
    pub(super) leverage: String,
}

/// The charts.
#[derive(Debug)]
pub(super) struct Charts {
    pub(super) growth: String,
    pub(super) legend: Vec<Entry>,
    pub(super) drawdown: String,
    pub(super) exposure: String,
    pub(super) prices: String,
    pub(super) rows: Vec<Row>,
}

impl Charts {
    pub(super) fn of(sheet: &TearSheet) -> Self {
        let (growth, legend) = growth_of(sheet);
        Self {
            growth,
            legend,
            drawdown: drawdown(&sheet.curves),
            exposure: exposure(&sheet.curves),
            prices: price(sheet),
            rows: rows(&sheet.curves, is_daily(sheet)),
        }
    }
}

pub(super) fn percent(values: &[f64]) -> Vec<f64> {
    let start = values.first().copied().filter(|it| *it > 0.0).unwrap_or(1.0);
    values.iter().map(|it| (it / start - 1.0) * 100.0).collect()
}

fn last(values: &[f64]) -> f64 {
    values.last().copied().unwrap_or(0.0)
}

fn growth_of(sheet: &TearSheet) -> (String, Vec<Entry>) {
    let curves = &sheet.curves;
    let (run, benchmark) = (percent(&curves.equity), percent(&curves.benchmark));
    let bots: Vec<Vec<f64>> = sheet.references.iter().map(|it| percent(&it.equity)).collect();
    let class = |n: usize| format!("other other-{}", n + 1);
    let entry = |class: String, name: &str, line: &[f64]| Entry {
        class,
        name: name.into(),
        percent: last(line),
    };
    let mut legend = vec![
        entry("run".into(), "This run", &run),
        entry("benchmark".into(), &benchmark_name(sheet), &benchmark),
    ];
    for (n, (reference, line)) in sheet.references.iter().zip(&bots).enumerate() {
        legend.push(entry(class(n), reference.result.bot, line));
    }
    let classes: Vec<String> = (0..bots.len()).map(class).collect();
    let mut others: Vec<Curve> =
        classes.iter().zip(&bots).map(|(class, line)| Curve { class, percent: line }).collect();
    others.push(Curve { class: "benchmark", percent: &benchmark });
    let described: Vec<String> =
        legend.iter().map(|it| format!("{} {}", it.name, show::percent(it.percent))).collect();
    let caption = Caption {
        id: "growth",
        title: "Growth of equity in percent of the start",
        description: &format!("{}: {}.", window(curves), described.join(", ")),
    };
    let ended = sheet.headline.is_some() && curves.played < curves.times.len();
    let end = ended.then(|| (curves.played.saturating_sub(1), sheet.run.status.as_str()));
    (growth(caption, &curves.times, &run, &others, end), legend)
}

/// What is held beside the run.
pub(super) fn benchmark_name(sheet: &TearSheet) -> String {
    let name = &sheet.results.benchmark.name;
    match sheet.results.benchmark.kind {
        "equal_weight" => name.clone(),
        _ => format!("{name}, held"),
    }
}

/// From when to when, in words.
pub(super) fn window(curves: &Curves) -> String {
    let day = |it: Option<&sim::Timestamp>| it.map_or_else(String::new, |it| it.date().to_string());
    format!("{} to {}", day(curves.times.first()), day(curves.times.last()))
}

fn drawdown(curves: &Curves) -> String {
    let fall: Vec<f64> = curves.drawdown.iter().map(|it| -it * 100.0).collect();
    let deepest = fall.iter().copied().fold(0.0, f64::min);
    let description =
        format!("{}: at most {} below the peak.", window(curves), show::percent(deepest));
    let caption = Caption {
        id: "drawdown",
        title: "Fall from the highest equity so far, in percent",
        description: &description,
    };
    area(caption, &curves.times, Area { class: "drawdown", values: &fall, unit: " %" })
}

fn exposure(curves: &Curves) -> String {
    let highest = curves.leverage.iter().copied().fold(0.0, f64::max);
    let description =
        format!("{}: at most {} times equity.", window(curves), show::amount(highest, 2));
    let caption = Caption {
        id: "exposure",
        title: "Gross exposure in multiples of equity",
        description: &description,
    };
    let leverage = Area { class: "exposure", values: &curves.leverage, unit: "×" };
    area(caption, &curves.times, leverage)
}

fn price(sheet: &TearSheet) -> String {
    let history = &sheet.prices;
    let marks: Vec<Mark> = history
        .fills
        .iter()
        .map(|fill| {
            let told = sheet.fills.rows.iter().find(|(number, _)| *number == fill.number);
            let note = told.map(|(number, trade)| Note {
                target: format!("fill-{number}"),
                text: format!(
                    "Fill {number}, {}: {} {} at {}",
                    show::day(&trade.sim_time_filled),
                    trade.side.name(),
                    numbers::quantity(trade.quantity),
                    numbers::price(trade.fill_price)
                ),
                reasoning: clipped(trade.reasoning.as_deref().unwrap_or_default(), SAID_MAX),
            });
            Mark { at: fill.at, price: fill.price, buys: fill.buys, note }
        })
        .collect();
    let bought = history.fills.iter().filter(|it| it.buys).count();
    let description = format!(
        "Closes of {} with {} fills that bought and {} that sold.",
        history.symbol,
        show::count(bought),
        show::count(history.fills.len() - bought)
    );
    let title = format!("Price of {} and what the run did there", history.symbol);
    let caption = Caption { id: "price", title: &title, description: &description };
    // A run that ended early is shown as far as it went.
    let times = sheet.curves.times.get(..sheet.curves.played).unwrap_or(&sheet.curves.times);
    let closes = Prices { from: history.from, closes: &history.closes };
    prices(caption, times, closes, &marks)
}

/// Whether a bar is known by its day.
pub(super) fn is_daily(sheet: &TearSheet) -> bool {
    sheet.entry.card().bar_resolution == Resolution::Day1
}

/// A bar by its day, or by its minute.
pub(super) fn moment(instant: &str, daily: bool) -> String {
    if daily {
        return show::day(instant).to_owned();
    }
    instant.get(..16).unwrap_or(instant).replace('T', " ")
}

fn rows(curves: &Curves, daily: bool) -> Vec<Row> {
    let last = curves.times.len().saturating_sub(1);
    let steps = last.clamp(1, ROWS);
    let mut places: Vec<usize> = (0..=steps).map(|n| n * last / steps).collect();
    places.dedup();
    let (run, benchmark) = (percent(&curves.equity), percent(&curves.benchmark));
    let at = |values: &[f64], at: usize| values.get(at).copied().unwrap_or(0.0);
    let row = |place: usize| Row {
        time: curves.times.get(place).map_or_else(String::new, |it| moment(&it.to_string(), daily)),
        equity: show::amount(at(&curves.equity, place), 2),
        percent: at(&run, place),
        benchmark: at(&benchmark, place),
        drawdown: show::share(at(&curves.drawdown, place)),
        leverage: format!("{}×", show::amount(at(&curves.leverage, place), 2)),
    };
    places.into_iter().map(row).collect()
}
