//! What a run was worth: every figure of a score, each with its clock, gate and definition.
//!
//! A [`Report`] is a pure function of a run's samples, fills, market and rules. Figures are
//! floats added up in fixed order ([`sum()`]); a figure that is undefined carries a
//! [`NullReason`] instead. Each file gives formula and source of
//! its figure; `tests/metrics.rs` compares them with five libraries.

pub mod alpha;
pub mod benchmark;
pub mod beta;
pub mod by_symbol;
pub mod cagr;
pub mod calmar;
pub mod drawdown;
pub mod evidence;
pub mod exposure;
pub mod gate;
pub mod luck;
pub mod moments;
pub mod newey_west;
pub mod normal;
pub mod null;
pub mod series;
pub mod sharpe;
pub mod sortino;
pub mod sum;
pub mod trades;
pub mod turnover;
pub mod volatility;

#[cfg(test)]
mod tests;

pub use benchmark::{Benchmark, BenchmarkKind};
pub use evidence::{Estimate, Evidence};
pub use null::{Metric, NullReason};
pub use series::Series;
pub use sharpe::Interval;
pub use sum::sum;

use crate::{
    ledger::Costs,
    num::Money,
    outcome::Status,
    run::{Fill, Run},
    time::Timestamp,
};

/// The figures of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Whether the run is still active: everything below is measured up to its current bar.
    pub provisional: bool,
    /// Session returns, the sample size of every return-based figure.
    pub sessions: usize,
    /// Bars measured after the start bar.
    pub bars: usize,
    /// Days from the start bar to the last bar measured.
    pub span_days: f64,

    /// Equity as the ledger has it, in currency; negative when more than everything was lost.
    pub final_equity: Money,
    /// `(final − starting) ÷ starting · 100`, in percent.
    pub return_pct: f64,
    /// Compound annual growth rate, a fraction ([`cagr`](mod@cagr)); −1 after a bankruptcy.
    pub cagr: Metric,
    /// Annualised volatility of session returns, a fraction ([`volatility`]).
    pub volatility: Metric,
    /// Annualised Sharpe ratio of session returns, risk-free rate zero ([`sharpe`]).
    pub sharpe: Metric,
    /// Standard error of [`Report::sharpe`], annualised likewise.
    pub sharpe_se: Metric,
    /// 95 % interval of [`Report::sharpe`].
    pub sharpe_ci95: Result<Interval, NullReason>,
    /// Annualised Sortino ratio of session returns, target zero ([`sortino`]).
    pub sortino: Metric,
    /// Deepest fall of equity on the bar clock.
    pub max_drawdown: MaxDrawdown,
    /// CAGR ÷ maximum drawdown ([`calmar`](mod@calmar)).
    pub calmar: Metric,

    /// Share of bars with a position, 0 to 1 ([`exposure::share`]).
    pub exposure: f64,
    /// Mean gross exposure as a multiple of equity ([`exposure::mean_leverage`]).
    pub mean_leverage: f64,
    /// One-way turnover per year, in multiples of mean equity ([`turnover`]).
    pub turnover: Metric,

    /// Fills.
    pub trade_count: usize,
    /// Fills that reduced or closed a position.
    pub closed_trades: usize,
    /// Share of closed trades that won, 0 to 1 ([`trades::win_rate`]).
    pub win_rate: Metric,
    /// Profits ÷ losses of closed trades ([`trades::profit_factor`]).
    pub profit_factor: Metric,
    /// Mean result of a closed trade, in currency ([`trades::expectancy`]).
    pub expectancy: Metric,
    /// The closed trade with the highest net result: an index into [`Run::fills`].
    pub best_trade: Option<usize>,
    /// The closed trade with the lowest net result: an index into [`Run::fills`].
    pub worst_trade: Option<usize>,

    /// What the run is measured against.
    pub benchmark: BenchmarkKind,
    /// Its name.
    pub benchmark_name: String,
    /// Its return over the same bars, in percent.
    pub benchmark_return_pct: f64,
    /// Arithmetic annualised return beyond the benchmark's, a fraction ([`alpha`]).
    pub alpha: Metric,
    /// Slope on the benchmark's session returns ([`beta`](mod@beta)).
    pub beta: Metric,

    /// How sure one can be of the figures above.
    pub evidence: Evidence,

    /// What trading cost, in currency.
    pub costs: Costs,
    /// Bars in which a path policy had to decide.
    pub ambiguous_bars: u32,
}

/// The deepest fall of equity, bar by bar, the initial equity included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxDrawdown {
    /// `1 − trough ÷ peak`, a fraction from 0 to 1; 0 when equity never fell.
    pub depth: f64,
    /// When equity last stood at the peak; absent when it never fell.
    pub start: Option<Timestamp>,
    /// When the fall was deepest; absent when equity never fell.
    pub trough: Option<Timestamp>,
    /// When equity was first back at the peak; absent when it was not.
    pub recovery: Option<Timestamp>,
}

/// The figures that come from session returns.
struct Returns {
    volatility: Metric,
    sharpe: Metric,
    sharpe_se: Metric,
    sharpe_ci95: Result<Interval, NullReason>,
    sortino: Metric,
    alpha: Metric,
    beta: Metric,
    evidence: Evidence,
}

impl Report {
    /// Measures a run against its scenario's benchmark.
    pub fn of(run: &Run) -> Self {
        Self::against(run, &Benchmark::of(run.scenario()))
    }

    /// Measures a run against the benchmark of its scenario, computed before.
    pub fn against(run: &Run, benchmark: &Benchmark) -> Self {
        let series = Series::of(run);
        let returns = series.returns();
        let span = span_seconds(run, &series);
        let gate = gate::annualised(run.fills().len(), returns.len(), span);
        let solvent = gate.and(if series.bankrupt { Err(NullReason::Bankrupt) } else { Ok(()) });
        let per_year = f64::from(run.rules().sessions_per_year);
        let of_returns = Returns::of(solvent, &returns, benchmark, per_year);
        let max_drawdown = MaxDrawdown::of(run, &series);
        let cagr = gate.and_then(|()| growth(&series, per_year));
        let closed = Closed::of(run.fills());
        let years = sum::count(returns.len()) / per_year;
        Self {
            provisional: run.status() == Status::Active,
            sessions: returns.len(),
            bars: series.last - series.start,
            span_days: sum::whole(span) / sum::whole(gate::DAY_SECONDS),
            final_equity: run.last_sample().equity(),
            return_pct: return_pct(run),
            cagr,
            volatility: of_returns.volatility,
            sharpe: of_returns.sharpe,
            sharpe_se: of_returns.sharpe_se,
            sharpe_ci95: of_returns.sharpe_ci95,
            sortino: of_returns.sortino,
            max_drawdown,
            calmar: solvent.and(cagr).and_then(|cagr| calmar::calmar(cagr, max_drawdown.depth)),
            exposure: exposure::share(&series.gross),
            mean_leverage: exposure::mean_leverage(&series.gross, &series.equity[1..]),
            turnover: match gate {
                Err(NullReason::InsufficientSample) => Err(NullReason::InsufficientSample),
                _ => turnover::per_year(run.traded().to_f64(), series.mean_equity(), years),
            },
            trade_count: run.fills().len(),
            closed_trades: closed.pnls.len(),
            win_rate: closed.unless_untraded(run, trades::win_rate),
            profit_factor: closed.unless_untraded(run, trades::profit_factor),
            expectancy: closed.unless_untraded(run, trades::expectancy),
            best_trade: closed.best,
            worst_trade: closed.worst,
            benchmark: benchmark.kind,
            benchmark_name: benchmark.name.clone(),
            benchmark_return_pct: benchmark.return_pct_at(series.last - series.start),
            alpha: of_returns.alpha,
            beta: of_returns.beta,
            evidence: of_returns.evidence,
            costs: run.costs(),
            ambiguous_bars: run.ambiguous_bars(),
        }
    }

    /// The figures that can be undefined, by field name, in order of the fields; of an interval its
    /// lower bound.
    pub fn metrics(&self) -> [(&'static str, Metric); 13] {
        [
            ("cagr", self.cagr),
            ("volatility", self.volatility),
            ("sharpe", self.sharpe),
            ("sharpe_se", self.sharpe_se),
            ("sharpe_ci95", self.sharpe_ci95.map(|interval| interval.low)),
            ("sortino", self.sortino),
            ("calmar", self.calmar),
            ("turnover", self.turnover),
            ("win_rate", self.win_rate),
            ("profit_factor", self.profit_factor),
            ("expectancy", self.expectancy),
            ("alpha", self.alpha),
            ("beta", self.beta),
        ]
    }

    /// The undefined figures of [`Report::metrics`], each with its reason.
    pub fn null_reasons(&self) -> impl Iterator<Item = (&'static str, NullReason)> {
        self.metrics().into_iter().filter_map(|(name, metric)| Some((name, metric.err()?)))
    }
}

impl Returns {
    fn of(
        gate: Result<(), NullReason>,
        returns: &[f64],
        benchmark: &Benchmark,
        per_year: f64,
    ) -> Self {
        // An active run has fewer sessions than the benchmark: only those of both are compared.
        let of_benchmark = &benchmark.returns[..returns.len().min(benchmark.returns.len())];
        let sharpe = gate.and_then(|()| sharpe::annualised(returns, per_year));
        let sharpe_se = sharpe
            .and_then(|_| sharpe::standard_error(returns))
            .and_then(|error| null::finite(error * per_year.sqrt()));
        Self {
            volatility: gate.and_then(|()| volatility::annualised(returns, per_year)),
            sharpe,
            sharpe_se,
            sharpe_ci95: sharpe.and_then(|ratio| sharpe::interval_95(ratio, sharpe_se?)),
            sortino: gate.and_then(|()| sortino::annualised(returns, per_year)),
            alpha: gate.and_then(|()| alpha::annualised(returns, of_benchmark, per_year)),
            beta: gate.and_then(|()| beta::beta(returns, of_benchmark)),
            evidence: Evidence::of(gate, returns, of_benchmark, per_year),
        }
    }
}

impl MaxDrawdown {
    fn of(run: &Run, series: &Series) -> Self {
        let drawdown = drawdown::max(&series.equity);
        let at = |bar: usize| run.market().timeline()[series.start + bar];
        let fell = drawdown.depth > 0.0;
        Self {
            depth: drawdown.depth,
            start: fell.then(|| at(drawdown.peak)),
            trough: fell.then(|| at(drawdown.trough)),
            recovery: drawdown.recovery.map(at),
        }
    }
}

/// The fills that closed something.
struct Closed {
    pnls: Vec<f64>,
    best: Option<usize>,
    worst: Option<usize>,
}

impl Closed {
    fn of(fills: &[Fill]) -> Self {
        let closing = || fills.iter().enumerate().filter(|(_, fill)| !fill.side.opens());
        // Of equal results the first is named: `max_by_key` keeps the last, hence `rev`.
        let best = closing().rev().max_by_key(|(_, fill)| fill.net_pnl);
        let worst = closing().min_by_key(|(_, fill)| fill.net_pnl);
        Self {
            pnls: closing().map(|(_, fill)| fill.net_pnl.to_f64()).collect(),
            best: best.map(|(at, _)| at),
            worst: worst.map(|(at, _)| at),
        }
    }

    fn unless_untraded(&self, run: &Run, metric: fn(&[f64]) -> Metric) -> Metric {
        if run.fills().is_empty() { Err(NullReason::NoTrade) } else { metric(&self.pnls) }
    }
}

fn return_pct(run: &Run) -> f64 {
    let (start, end) = (run.rules().starting_cash.to_f64(), run.last_sample().equity().to_f64());
    (end - start) / start * 100.0
}

fn growth(series: &Series, per_year: f64) -> Metric {
    match series.closes.as_slice() {
        [first, .., last] => cagr::cagr(last / first, per_year, series.closes.len() - 1),
        _ => Err(NullReason::InsufficientSample),
    }
}

fn span_seconds(run: &Run, series: &Series) -> i64 {
    let timeline = run.market().timeline();
    timeline[series.last].seconds() - timeline[series.start].seconds()
}
