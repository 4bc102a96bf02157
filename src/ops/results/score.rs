//! The figures of a run, and what a reader must know of the market they come from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sim::{
    RULES_VERSION, Run, Status,
    metrics::{Metric, NullReason, Report},
};

use crate::{
    error::Error,
    ops::views::{Instant, instant, shorten},
    runs::{Score, Seat},
};

/// The score of a run. A figure that is undefined is left out and named in `null_reasons`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Results {
    pub(crate) run_id: String,
    pub(crate) final_equity: f64,
    /// Percent of starting cash.
    pub(crate) return_pct: f64,
    /// Annualised, of session returns; risk-free rate 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpe: Option<f64>,
    /// Standard error of `sharpe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpe_se: Option<f64>,
    /// The interval that holds the true Sharpe ratio with 95 % confidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sharpe_ci95: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sortino: Option<f64>,
    /// Annualised, a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) volatility: Option<f64>,
    /// A positive fraction, on the bar clock.
    pub(crate) max_drawdown: f64,
    pub(crate) drawdown: DrawdownView,
    /// Compound annual growth, a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cagr: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) calmar: Option<f64>,
    /// Share of bars with a position.
    pub(crate) exposure: f64,
    /// Mean gross exposure as a multiple of equity.
    pub(crate) mean_leverage: f64,
    /// One way, per year, in multiples of mean equity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) turnover: Option<f64>,
    /// Fills.
    pub(crate) trade_count: usize,
    /// Fills that reduced or closed a position.
    pub(crate) closed_trades: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) win_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profit_factor: Option<f64>,
    /// Mean result of a closed trade, net of commissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expectancy: Option<f64>,
    /// Annual return beyond the benchmark's, a fraction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alpha: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) beta: Option<f64>,
    pub(crate) benchmark: BenchmarkView,
    pub(crate) costs: CostsView,
    pub(crate) liquidated: bool,
    /// Bars in which the order of events inside the bar had to be assumed.
    pub(crate) ambiguous_bars: u32,
    pub(crate) clock: ClockView,
    /// Why a figure is missing.
    pub(crate) null_reasons: BTreeMap<&'static str, NullView>,
    #[schemars(with = "Instant")]
    pub(crate) computed_at: String,
}

/// The deepest fall of equity.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct DrawdownView {
    pub(crate) depth: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub(crate) start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub(crate) trough: Option<String>,
    /// Absent while equity is below its peak.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub(crate) recovery: Option<String>,
}

/// The passive holding that the run is measured against, without costs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct BenchmarkView {
    /// reference (an index outside the universe), symbol, or `equal_weight`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) return_pct: f64,
}

/// What trading cost, in currency.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct CostsView {
    pub(crate) slippage: f64,
    pub(crate) commission: f64,
    pub(crate) borrow: f64,
    pub(crate) total: f64,
}

/// Which clock the figures were taken on, and how many samples it gave.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct ClockView {
    /// Sharpe, Sortino, volatility, alpha, beta: returns from session close to session close.
    pub(crate) session_returns: usize,
    pub(crate) sessions_per_year: u32,
    /// Drawdown and exposure: every bar of the window.
    pub(crate) bars: usize,
    /// Bars until the run ended; the rest of the window counts as flat.
    pub(crate) bars_played: usize,
    pub(crate) span_days: f64,
    pub(crate) rules_version: u32,
}

/// Why a figure is undefined.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct NullView {
    pub(crate) reason: &'static str,
    pub(crate) detail: String,
}

impl Results {
    /// The score of a run, from its report.
    pub fn of(run_id: &str, run: &Run, report: &Report, computed_at: String) -> Self {
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
            null_reasons: report.null_reasons().map(|(name, why)| (name, why.into())).collect(),
            computed_at,
        }
    }

    /// The score of a run and when it was reached.
    pub(in crate::ops) fn of_seat(seat: &Seat, report: &Report) -> Self {
        let computed_at = seat.meta.completed_at.unwrap_or(seat.meta.last_activity_at);
        Self::of(&seat.meta.id.to_string(), &seat.run, report, instant(computed_at))
    }

    /// The score as JSON, its amounts as decimal strings to the last digit.
    pub(in crate::ops) fn exact(seat: &Seat) -> Result<Value, Error> {
        let results = Self::of_seat(seat, &seat.report()?);
        let mut value = serde_json::to_value(results).map_err(Error::internal)?;
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
    pub(in crate::ops) fn score(&self) -> Result<Score, Error> {
        Ok(Score {
            return_pct: self.return_pct,
            sharpe: self.sharpe,
            sortino: self.sortino,
            max_drawdown: Some(self.max_drawdown),
            results: serde_json::to_string(self).map_err(Error::internal)?,
        })
    }
}

impl From<NullReason> for NullView {
    fn from(why: NullReason) -> Self {
        Self { reason: why.name(), detail: why.to_string() }
    }
}

/// What a reader of a result must know about its market.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Standing {
    pub(crate) scenario_slug: String,
    pub(crate) scenario_version: u32,
    /// SHA-256 of the scenario's rules and bars.
    pub(crate) scenario_digest: String,
    pub(crate) rules_version: u32,
    pub(crate) currency: String,
    /// Which run of this account on this scenario it is, counted when it started.
    pub(crate) attempt: u32,
    pub(crate) universe_selection: String,
    pub(crate) adjustment: String,
    pub(crate) dividends: String,
    pub(crate) known_biases: Vec<String>,
}

impl Standing {
    pub(in crate::ops) fn of(seat: &Seat) -> Self {
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
