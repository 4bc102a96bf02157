//! What a finished run was worth.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sim::{
    RULES_VERSION, Run, Status,
    metrics::{Metric, Report},
};

use super::{
    Cx, Effect, Op, Route,
    views::{RunView, Workflow, instant, shorten},
};
use crate::{
    error::Error,
    runs::{Score, Seat},
};

/// The score of a run. A figure that is undefined is left out and named in `null_reasons`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Results {
    run_id: String,
    final_equity: f64,
    /// Percent of starting cash.
    return_pct: f64,
    /// Annualised, of session returns; risk-free rate 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    sharpe: Option<f64>,
    /// Standard error of `sharpe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    sharpe_se: Option<f64>,
    /// The interval that holds the true Sharpe ratio with 95 % confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    sharpe_ci95: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sortino: Option<f64>,
    /// Annualised, a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    volatility: Option<f64>,
    /// A positive fraction, on the bar clock.
    max_drawdown: f64,
    drawdown: DrawdownView,
    /// Compound annual growth, a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    cagr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calmar: Option<f64>,
    /// Share of bars with a position.
    exposure: f64,
    /// Mean gross exposure as a multiple of equity.
    mean_leverage: f64,
    /// One way, per year, in multiples of mean equity.
    #[serde(skip_serializing_if = "Option::is_none")]
    turnover: Option<f64>,
    /// Fills.
    trade_count: usize,
    /// Fills that reduced or closed a position.
    closed_trades: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    win_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profit_factor: Option<f64>,
    /// Mean result of a closed trade, net of commissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    expectancy: Option<f64>,
    /// Annual return beyond the benchmark's, a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    alpha: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beta: Option<f64>,
    benchmark: BenchmarkView,
    costs: CostsView,
    liquidated: bool,
    /// Bars in which the order of events inside the bar had to be assumed.
    ambiguous_bars: u32,
    clock: ClockView,
    /// Why a figure is missing.
    pub(super) null_reasons: BTreeMap<&'static str, NullView>,
    computed_at: String,
}

/// The deepest fall of equity.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct DrawdownView {
    depth: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trough: Option<String>,
    /// Absent while equity is below its peak.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<String>,
}

/// The passive holding that the run is measured against, without costs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct BenchmarkView {
    /// reference (an index outside the universe), symbol, or `equal_weight`.
    kind: &'static str,
    name: String,
    return_pct: f64,
}

/// What trading cost, in currency.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct CostsView {
    slippage: f64,
    commission: f64,
    borrow: f64,
    total: f64,
}

/// Which clock the figures were taken on, and how many samples it gave.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct ClockView {
    /// Sharpe, Sortino, volatility, alpha, beta: returns from session close to session close.
    session_returns: usize,
    sessions_per_year: u32,
    /// Drawdown and exposure: every bar of the window.
    bars: usize,
    /// Bars until the run ended; the rest of the window counts as flat.
    bars_played: usize,
    span_days: f64,
    rules_version: u32,
}

/// Why a figure is undefined.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct NullView {
    reason: &'static str,
    detail: String,
}

impl Results {
    /// The score of a run as it stands.
    pub fn of(run_id: &str, run: &Run, computed_at: String) -> Self {
        let report = Report::of(run);
        let shown = |metric: Metric| metric.ok();
        Self {
            run_id: run_id.to_owned(),
            final_equity: report.final_equity.to_f64(),
            return_pct: report.return_pct,
            sharpe: shown(report.sharpe),
            sharpe_se: shown(report.sharpe_se),
            sharpe_ci95: report.sharpe_ci95.ok().map(|it| [it.low, it.high]),
            sortino: shown(report.sortino),
            volatility: shown(report.volatility),
            max_drawdown: report.max_drawdown.depth,
            drawdown: DrawdownView {
                depth: report.max_drawdown.depth,
                start: report.max_drawdown.start.map(|it| it.to_string()),
                trough: report.max_drawdown.trough.map(|it| it.to_string()),
                recovery: report.max_drawdown.recovery.map(|it| it.to_string()),
            },
            cagr: shown(report.cagr),
            calmar: shown(report.calmar),
            exposure: report.exposure,
            mean_leverage: report.mean_leverage,
            turnover: shown(report.turnover),
            trade_count: report.trade_count,
            closed_trades: report.closed_trades,
            win_rate: shown(report.win_rate),
            profit_factor: shown(report.profit_factor),
            expectancy: shown(report.expectancy),
            alpha: shown(report.alpha),
            beta: shown(report.beta),
            benchmark: BenchmarkView {
                kind: report.benchmark.name(),
                name: report.benchmark_name.clone(),
                return_pct: report.benchmark_return_pct,
            },
            costs: CostsView {
                slippage: report.costs.slippage.to_f64(),
                commission: report.costs.commission.to_f64(),
                borrow: report.costs.borrow.to_f64(),
                total: report.costs.total().to_f64(),
            },
            liquidated: run.status() == Status::Liquidated,
            ambiguous_bars: report.ambiguous_bars,
            clock: ClockView {
                session_returns: report.sessions,
                sessions_per_year: run.rules().sessions_per_year,
                bars: report.bars,
                bars_played: run.samples().len() - 1,
                span_days: report.span_days,
                rules_version: RULES_VERSION,
            },
            null_reasons: null_reasons(&report),
            computed_at,
        }
    }

    /// The score of a run and when it was reached.
    pub fn of_seat(seat: &Seat) -> Self {
        let computed_at = seat.meta.completed_at.unwrap_or(seat.meta.last_activity_at);
        Self::of(&seat.meta.id.to_string(), &seat.run, instant(computed_at))
    }

    /// The score as JSON, its amounts as decimal strings to the last digit.
    pub(super) fn exact(seat: &Seat) -> Result<Value, Error> {
        let mut value = serde_json::to_value(Self::of_seat(seat)).map_err(Error::internal)?;
        shorten(&mut value);
        value["final_equity"] = json!(seat.run.last_sample().equity());
        let costs = seat.run.costs();
        for (name, amount) in [
            ("slippage", costs.slippage),
            ("commission", costs.commission),
            ("borrow", costs.borrow),
            ("total", costs.total()),
        ] {
            value["costs"][name] = json!(amount);
        }
        Ok(value)
    }

    /// The columns of a leaderboard.
    pub(super) fn score(&self) -> Result<Score, Error> {
        Ok(Score {
            return_pct: self.return_pct,
            sharpe: self.sharpe,
            sortino: self.sortino,
            max_drawdown: Some(self.max_drawdown),
            results: serde_json::to_string(self).map_err(Error::internal)?,
        })
    }
}

fn null_reasons(report: &Report) -> BTreeMap<&'static str, NullView> {
    report
        .null_reasons()
        .map(|(name, reason)| {
            (name, NullView { reason: reason.name(), detail: reason.to_string() })
        })
        .collect()
}

/// What a reader of a result must know about its market.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Standing {
    pub(super) scenario_slug: String,
    scenario_version: u32,
    /// SHA-256 of the scenario's rules and bars.
    scenario_digest: String,
    rules_version: u32,
    currency: String,
    /// Which run of this account on this scenario it is, counted when it started.
    attempt: u32,
    universe_selection: String,
    adjustment: String,
    dividends: String,
    known_biases: Vec<String>,
}

impl Standing {
    pub(super) fn of(seat: &Seat) -> Self {
        let card = seat.entry.card();
        Self {
            scenario_slug: card.slug.clone(),
            scenario_version: card.version,
            scenario_digest: seat.meta.scenario_digest.clone(),
            rules_version: RULES_VERSION,
            currency: card.currency.clone(),
            attempt: seat.meta.attempt,
            universe_selection: card.universe_selection.clone(),
            adjustment: card.adjustment.clone(),
            dividends: card.dividends.clone(),
            known_biases: card.known_biases.clone(),
        }
    }
}

#[doc = include_str!("../../tools/get_results.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetResults {
    run_id: String,
}

/// The score of a finished run and what it is worth.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResultsDetail {
    pub(super) run_id: String,
    /// The result in two to five sentences.
    headline: String,
    pub(super) results: Results,
    pub(super) standing: Standing,
    run: RunView,
    workflow: Workflow,
}

impl Op for GetResults {
    const NAME: &'static str = "get_results";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/results");
    const EFFECT: Effect = Effect::Read;
    type Output = ResultsDetail;

    async fn run(self, cx: &Cx) -> Result<ResultsDetail, Error> {
        cx.app.runs.read(&cx.caller, &self.run_id, detail).await?
    }
}

pub(super) fn detail(seat: &Seat) -> Result<ResultsDetail, Error> {
    if seat.run.status() == Status::Active {
        return Err(Error::still_active());
    }
    let results = Results::of_seat(seat);
    Ok(ResultsDetail {
        run_id: seat.meta.id.to_string(),
        headline: headline(&results, Some(seat.meta.attempt)),
        results,
        standing: Standing::of(seat),
        run: RunView::of(seat),
        workflow: Workflow::of(seat),
    })
}

/// The result beside the benchmark, how sure one can be, the costs, the attempt.
pub fn headline(results: &Results, attempt: Option<u32>) -> String {
    let sessions = results.clock.session_returns;
    let mut sentences = vec![format!(
        "{:+.2} % in {sessions} sessions; holding {} made {:+.2} %.",
        results.return_pct,
        results.benchmark.named(),
        results.benchmark.return_pct
    )];
    if results.liquidated {
        sentences.push(format!(
            "The run was liquidated after {} of {} bars; the rest counts as flat.",
            results.clock.bars_played, results.clock.bars
        ));
    }
    sentences.push(results.certainty());
    sentences.push(format!(
        "Costs {:.2}, deepest fall {:.1} %, {} fill{}.",
        results.costs.total,
        results.max_drawdown * 100.0,
        results.trade_count,
        if results.trade_count == 1 { "" } else { "s" }
    ));
    if let Some(attempt) = attempt {
        sentences.push(format!("Attempt {attempt} of this account on this scenario."));
    }
    sentences.join(" ")
}

impl Results {
    /// What the Sharpe ratio says, and what it cannot say.
    fn certainty(&self) -> String {
        let sessions = self.clock.session_returns;
        let (Some(sharpe), Some([low, high])) = (self.sharpe, self.sharpe_ci95) else {
            let why = ["sharpe", "sharpe_ci95"].iter().find_map(|it| self.null_reasons.get(it));
            return format!("No Sharpe ratio: {}.", why.map_or("", |it| it.detail.as_str()));
        };
        // Rounded first, so that a tiny loss does not read as minus zero.
        let [shown, from, to] = [sharpe, low, high].map(|it| (it * 10.0).round() / 10.0 + 0.0);
        let verdict = if low > 0.0 {
            "above zero in this one window, which a rising market or repeated attempts also bring"
        } else if high < 0.0 {
            "below zero in this one window"
        } else {
            return format!(
                "Sharpe {shown:.1}, 95 % between {from:.1} and {to:.1}: \
                 {sessions} sessions cannot tell this from luck."
            );
        };
        format!("Sharpe {shown:.1}, 95 % between {from:.1} and {to:.1}: {verdict}.")
    }
}

impl BenchmarkView {
    /// The holding in words.
    fn named(&self) -> String {
        match self.kind {
            "equal_weight" => "the equal-weight portfolio".into(),
            _ => self.name.clone(),
        }
    }
}
