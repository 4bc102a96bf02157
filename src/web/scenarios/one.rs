//! The page of one scenario: its market, its rules, what is wrong with it, who has played it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use sim::{
    Scenario,
    bots::baseline::Baseline,
    metrics::{Benchmark, Report},
};

use super::card::{curve_title, grant};
use crate::{
    app::App,
    error::Error,
    ops::{Op as _, leaderboard::GetLeaderboard},
    scenarios::{Card, Entry, card::Member},
    web::{
        anybody,
        chart::{Caption, growth, interval::Scale, sparkline::sparkline},
        leaderboard::PATHS_NOTE,
        listed::{Bounded, Listed},
        page::{Failed, public},
        show,
    },
};

/// Published runs that are shown; the leaderboard has the others.
const RUNS: i64 = 10;

#[derive(Template)]
#[template(path = "scenario.html", blocks = ["title"])]
struct Page<'a> {
    card: &'a Card,
    id: String,
    facts: Vec<(&'static str, String)>,
    grant: &'static str,
    symbols: Vec<Instrument<'a>>,
    /// What results are measured against, drawn and in words.
    benchmark: (String, String),
    digest: &'a str,
    bots: Vec<Bot>,
    runs: Vec<Listed>,
    paths_note: &'static str,
}

/// An instrument as it is traded here.
struct Instrument<'a> {
    member: &'a Member,
    /// Its closes over the window, drawn.
    curve: String,
    change: String,
    tone: &'static str,
}

/// What a reference bot made of it.
struct Bot {
    name: String,
    gain: String,
    tone: &'static str,
    sharpe: Bounded,
    drawdown: String,
    fills: String,
    liquidated: bool,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
) -> Result<Response, Failed> {
    let entry = Arc::clone(app.scenario(&slug)?);
    let asked = GetLeaderboard {
        scenario: Some(entry.slug().to_owned()),
        sort_by: None,
        limit: Some(RUNS),
    };
    let board = asked.run(&anybody(&app)).await?;
    let runs = Listed::all(board.entries);
    // Reading bars, playing bots and drawing keep a thread busy.
    let made = tokio::task::spawn_blocking(move || page(&entry, runs));
    made.await.map_err(Error::internal)?
}

fn page(entry: &Entry, runs: Vec<Listed>) -> Result<Response, Failed> {
    let card = entry.card();
    let benchmark = entry.benchmark().map_err(Error::internal)?;
    let bots = entry.baselines().map_err(Error::internal)?;
    let title = curve_title(benchmark);
    public(&Page {
        card,
        id: entry.id().to_string(),
        facts: facts(entry, benchmark),
        grant: grant(card.rights),
        symbols: symbols(entry)?,
        benchmark: (held(entry.scenario().map_err(Error::internal)?, benchmark, &title), title),
        digest: entry.digest().map_err(Error::internal)?,
        bots: Bot::all(bots),
        runs,
        paths_note: PATHS_NOTE,
    })
}

/// What holding the benchmark made, bar by bar.
fn held(scenario: &Scenario, benchmark: &Benchmark, title: &str) -> String {
    let times = scenario.market.timeline().get(scenario.rules.warmup..).unwrap_or_default();
    let gain: Vec<f64> = benchmark.curve.iter().map(|it| (it - 1.0) * 100.0).collect();
    let caption = Caption { id: "benchmark", title, description: "In percent of the start." };
    growth(caption, times, &gain, &[], None)
}

impl Bot {
    fn all(baselines: &[Baseline]) -> Vec<Self> {
        let scale = Scale::of(baselines.iter().filter_map(|it| bounds(&it.report)));
        baselines.iter().map(|it| Self::of(it, scale)).collect()
    }

    fn of(baseline: &Baseline, scale: Scale) -> Self {
        let report = &baseline.report;
        Self {
            name: baseline.bot.to_owned(),
            gain: show::percent(report.return_pct),
            tone: show::tone(report.return_pct),
            sharpe: Bounded::of(report.sharpe.ok(), bounds(report), scale),
            drawdown: show::share(report.max_drawdown.depth),
            fills: show::count(report.trade_count),
            liquidated: baseline.liquidated,
        }
    }
}

fn bounds(report: &Report) -> Option<[f64; 2]> {
    report.sharpe_ci95.ok().map(|it| [it.low, it.high])
}

/// The rules of a run here, each in words.
fn facts(entry: &Entry, benchmark: &Benchmark) -> Vec<(&'static str, String)> {
    let (card, span) = (entry.card(), entry.span());
    let day = |it: sim::Timestamp| show::day(&it.to_string()).to_owned();
    let slippage = |it: &Member| it.slippage_bps;
    let least = card.universe.iter().map(slippage).min().unwrap_or_default();
    let most = card.universe.iter().map(slippage).max().unwrap_or_default();
    let slippage =
        if least == most { format!("{least} bp") } else { format!("{least} to {most} bp") };
    let yes_no = |it: bool| if it { "allowed" } else { "not allowed" }.to_owned();
    let leverage = if card.leverage_cap > 1.0 {
        format!("up to {} × equity; liquidation below half of what that demands", card.leverage_cap)
    } else {
        "none".into()
    };
    let volume = card.participation_pct.map_or("not limited".to_owned(), |it| {
        format!("at most {it} % of a bar’s volume; the rest waits")
    });
    vec![
        ("Window", format!("{} to {}", day(span.start_ts), day(span.end_ts))),
        ("Visible history", format!("from {}", day(span.history_start_ts))),
        ("Bars", format!("{}, {} decisions", card.bar_resolution, show::count(span.decisions))),
        ("Sessions", format!("{} a year, {}", card.sessions_per_year, card.time_zone)),
        ("Starting cash", format!("{} {}", show::amount(card.starting_cash, 0), card.currency)),
        ("Slippage", format!("{slippage} of the price, on every fill")),
        ("Commission", format!("{} bp of every fill’s value", card.commission_bps)),
        ("Borrow", format!("{} bp a year of what is short", card.borrow_bps_annual)),
        ("Short selling", yes_no(card.short_enabled)),
        ("Leverage", leverage),
        ("Limit orders", format!("fill when the bar trades {} the limit", limit(card))),
        ("Inside a bar", format!("path policy “{}”", card.path_policy.name())),
        ("Fill size", volume),
        ("Measured against", format!("{} ({})", benchmark.name, kind(benchmark))),
    ]
}

fn limit(card: &Card) -> &'static str {
    match card.limit_fill {
        sim::rules::LimitFill::Through => "through",
        sim::rules::LimitFill::Touch => "at",
    }
}

fn kind(benchmark: &Benchmark) -> &'static str {
    use sim::metrics::BenchmarkKind as Kind;
    match benchmark.kind {
        Kind::Reference => "an index outside the universe",
        Kind::Symbol => "a member of the universe",
        Kind::EqualWeight => "equal parts of everything, held",
    }
}

/// Every instrument, as its card lists them.
fn symbols(entry: &Entry) -> Result<Vec<Instrument<'_>>, Error> {
    let scenario = entry.scenario().map_err(Error::internal)?;
    let members = entry.card().universe.iter();
    Ok(members.filter_map(|it| Instrument::of(it, scenario)).collect())
}

impl<'a> Instrument<'a> {
    /// An instrument and its closes from the first bar of a run on.
    fn of(member: &'a Member, scenario: &Scenario) -> Option<Self> {
        let market = &scenario.market;
        let id = market.symbols().find(|&it| market.symbol(it) == member.symbol)?;
        let bars = scenario.rules.warmup..=market.last();
        let marks = bars.map(|t| market.mark(t, id).to_f64());
        let closes: Vec<f64> = marks.filter(|it| *it > 0.0).collect();
        let change = (closes.last()? / closes.first()? - 1.0) * 100.0;
        let shown = show::percent(change);
        Some(Self {
            member,
            curve: sparkline(&closes, &format!("{}: {shown}", member.symbol)),
            change: shown,
            tone: show::tone(change),
        })
    }
}
