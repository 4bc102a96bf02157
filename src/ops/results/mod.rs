//! What a finished run was worth: the score, how sure one can be of it, and where it came from.

mod breakdown;
mod evidence;
mod headline;
mod score;
pub(crate) mod tear_sheet;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{Status, bots::baseline::Baseline, metrics::Report};

use super::{
    Cx, Effect, Op, Route,
    publish::{leaderboard_url, page_url, public_url},
    views::{EquityView, OrderView, PositionView, RunView, Snapshot, TradeView, Workflow},
};
use crate::{error::Error, runs::Seat, scenarios::Entry};
use breakdown::BenchmarkRun;
pub(crate) use breakdown::{ReferenceBot, SymbolPnl};
pub(crate) use evidence::EvidenceView;

pub(crate) use evidence::UNUSUAL;
pub use evidence::{Attempts, Facts};
pub use headline::headline;
pub use score::{Results, Standing};

/// Trades that an answer lists; `get_trades` has the others.
const TRADES_MAX: usize = 100;

#[doc = include_str!("../../../tools/get_results.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetResults {
    run_id: String,
}

/// The score of a finished run and what it is worth.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResultsDetail {
    /// The result in two to five sentences.
    headline: String,
    /// What to do with it.
    next_step: String,
    run_id: String,
    results: Results,
    evidence: EvidenceView,
    benchmark: BenchmarkRun,
    /// The same scenario played by the bots that come with the program.
    reference_bots: Vec<ReferenceBot>,
    symbol_pnl: Vec<SymbolPnl>,
    /// The closed trade that brought most, commissions counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    best_trade: Option<TradeView>,
    /// The closed trade that brought least.
    #[serde(skip_serializing_if = "Option::is_none")]
    worst_trade: Option<TradeView>,
    /// What is still held, valued at the last closes.
    final_positions: Vec<PositionView>,
    last_equity: EquityView,
    queued_orders: Vec<OrderView>,
    /// The last 100 fills, oldest first.
    trades: Vec<TradeView>,
    /// Earlier fills, which `get_trades` lists.
    trades_omitted: usize,
    standing: Standing,
    run: RunView,
    workflow: Workflow,
    published: bool,
    /// Where everybody has it as JSON; absent until it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_url: Option<String>,
    /// Its page for people: everybody's once it is published, its owner's before.
    page_url: String,
    leaderboard_url: String,
    human_summary: String,
}

impl Op for GetResults {
    const NAME: &'static str = "get_results";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/results");
    const EFFECT: Effect = Effect::Read;
    type Output = ResultsDetail;

    async fn run(self, cx: &Cx) -> Result<ResultsDetail, Error> {
        let view = |seat: &Seat, started| {
            Ok::<_, Error>((detail(seat, started, &cx.app.public_url)?, Arc::clone(&seat.entry)))
        };
        let (mut detail, entry) = cx.app.runs.read_among(&cx.caller, &self.run_id, view).await??;
        detail.reference_bots = reference_bots(entry).await?;
        Ok(detail)
    }
}

/// The report of a run that has ended.
pub(super) fn final_report(seat: &Seat) -> Result<Report, Error> {
    if seat.run.status() == Status::Active { Err(Error::still_active()) } else { seat.report() }
}

/// The reference bots' results on a scenario: played by the first call, off the threads that
/// serve, and with no run locked.
async fn reference_bots(entry: Arc<Entry>) -> Result<Vec<ReferenceBot>, Error> {
    of_baselines(entry, |baselines| baselines.iter().map(ReferenceBot::from).collect()).await
}

/// What these make of the reference bots' runs, off the threads that serve.
async fn of_baselines<T: Send + 'static>(
    entry: Arc<Entry>,
    view: impl FnOnce(&[Baseline]) -> T + Send + 'static,
) -> Result<T, Error> {
    let played =
        tokio::task::spawn_blocking(move || entry.baselines().map(view).map_err(Error::internal));
    played.await.map_err(Error::internal)?
}

/// Everything but the reference bots.
fn detail(seat: &Seat, started: u32, base: &str) -> Result<ResultsDetail, Error> {
    let report = final_report(seat)?;
    let benchmark = seat.entry.benchmark().map_err(Error::internal)?;
    let attempts = Attempts { number: seat.meta.attempt, started: Some(started) };
    let facts = Facts::of_seat(seat, &report, attempts);
    let published = seat.meta.published_at.is_some();
    let public_url = published.then(|| public_url(base, seat));
    let page_url = page_url(base, seat);
    let trade = |at: usize| TradeView::of(seat, at, &seat.run.fills()[at]);
    let trades_omitted = seat.run.fills().len().saturating_sub(TRADES_MAX);
    let Snapshot { run, positions, queued_orders, last_equity } = Snapshot::of(seat);
    Ok(ResultsDetail {
        headline: headline(&facts),
        next_step: headline::next_step(&facts, published.then_some(page_url.as_str())),
        run_id: seat.meta.id.to_string(),
        results: Results::of_seat(seat, &report),
        evidence: EvidenceView::of(&facts),
        benchmark: BenchmarkRun::of(seat, benchmark),
        reference_bots: Vec::new(),
        symbol_pnl: SymbolPnl::all(seat),
        best_trade: report.best_trade.map(trade),
        worst_trade: report.worst_trade.map(trade),
        final_positions: positions,
        last_equity,
        queued_orders,
        trades: TradeView::from(seat, trades_omitted),
        trades_omitted,
        standing: Standing::of(seat),
        run,
        workflow: Workflow::of(seat),
        published,
        public_url,
        page_url,
        leaderboard_url: leaderboard_url(base, seat),
        human_summary: headline::summary(&facts, published),
    })
}

impl<'a> Facts<'a> {
    /// A run of an account.
    pub(crate) fn of_seat(seat: &'a Seat, report: &'a Report, attempts: Attempts) -> Self {
        let currency = &seat.entry.card().currency;
        Self { run: &seat.run, report, currency, attempts: Some(attempts) }
    }
}
