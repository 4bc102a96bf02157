//! The shapes that answers share: the only serialised forms of runs, orders, trades and bars.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sim::{
    Status, Timestamp,
    market::Bar,
    order::{OrderKind, Side, TimeInForce, WorkingOrder},
    run::{Fill, Outcome, Rejection, Sample},
};

use crate::{
    error::Error,
    runs::{Seat, ids},
    scenarios::Entry,
};

/// A scenario: its market, its rules, and what a reader of its results must know.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScenarioView {
    id: String,
    slug: String,
    name: String,
    description: String,
    /// Such as us-equities, crypto or fx.
    market: String,
    /// Tags of the market's mood, such as bear or high-vol.
    regime: Vec<String>,
    bar_resolution: String,
    /// The first bar of a run; trading starts at the next one.
    start_ts: String,
    end_ts: String,
    /// Where the visible history begins.
    history_start_ts: String,
    /// Bars a run can step through.
    decisions: usize,
    starting_cash: f64,
    currency: String,
    leverage_cap: f64,
    short_enabled: bool,
    commission_bps: u32,
    borrow_bps_annual: u32,
    sessions_per_year: u32,
    limit_fill: String,
    path_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    participation_pct: Option<u32>,
    universe: Vec<String>,
    /// What a fill of each symbol costs against its reference price.
    slippage_bps: std::collections::BTreeMap<String, u32>,
    benchmark_symbol: Option<String>,
    /// An index outside the universe that results are measured against.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    status: String,
    current_version: u32,
    /// SHA-256 of rules and bars; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    rights: String,
    origin: String,
    universe_selection: String,
    adjustment: String,
    dividends: String,
    known_biases: Vec<String>,
}

impl ScenarioView {
    /// The view of a catalogue entry.
    pub(crate) fn of(entry: &Entry) -> Self {
        let (card, span) = (entry.card(), entry.span());
        Self {
            id: entry.id().to_string(),
            slug: card.slug.clone(),
            name: card.name.clone(),
            description: card.description.clone(),
            market: card.market.clone(),
            regime: card.regime.clone(),
            bar_resolution: card.bar_resolution.to_string(),
            start_ts: span.start_ts.to_string(),
            end_ts: span.end_ts.to_string(),
            history_start_ts: span.history_start_ts.to_string(),
            decisions: span.decisions,
            starting_cash: card.starting_cash,
            currency: card.currency.clone(),
            leverage_cap: card.leverage_cap,
            short_enabled: card.short_enabled,
            commission_bps: card.commission_bps,
            borrow_bps_annual: card.borrow_bps_annual,
            sessions_per_year: card.sessions_per_year,
            limit_fill: card.limit_fill.name().into(),
            path_policy: card.path_policy.name().into(),
            participation_pct: card.participation_pct,
            universe: card.universe.iter().map(|it| it.symbol.clone()).collect(),
            slippage_bps: card
                .universe
                .iter()
                .map(|it| (it.symbol.clone(), it.slippage_bps))
                .collect(),
            benchmark_symbol: card.benchmark_symbol.clone(),
            reference: card.reference.as_ref().map(|it| it.symbol.clone()),
            status: "ready".into(),
            current_version: card.version,
            digest: None,
            rights: card.rights.to_string(),
            origin: card.origin.clone(),
            universe_selection: card.universe_selection.clone(),
            adjustment: card.adjustment.clone(),
            dividends: card.dividends.clone(),
            known_biases: card.known_biases.clone(),
        }
    }

    /// The view with the digest, for which the bars are read.
    pub(crate) fn with_digest(entry: &Entry) -> Result<Self, Error> {
        let digest = entry.digest().map_err(Error::internal)?;
        Ok(Self { digest: Some(digest.to_owned()), ..Self::of(entry) })
    }
}

/// A run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RunView {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_name: Option<String>,
    scenario_id: String,
    scenario_slug: String,
    scenario_version: u32,
    /// Which run of this account on this scenario it is, counted from 1 when it started.
    attempt: u32,
    /// active, completed, liquidated or abandoned.
    status: String,
    sim_time: String,
    /// Bars left to step through.
    bars_left: usize,
    cash: f64,
    starting_cash: f64,
    created_at: String,
    last_activity_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    published: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_info: Option<Value>,
}

impl RunView {
    pub(crate) fn of(seat: &Seat) -> Self {
        let (meta, run) = (&seat.meta, &seat.run);
        let ended = run.status() != Status::Active;
        Self {
            id: meta.id.to_string(),
            bot_name: meta.bot_name.clone(),
            scenario_id: seat.entry.id().to_string(),
            scenario_slug: seat.entry.slug().to_owned(),
            scenario_version: seat.entry.card().version,
            attempt: meta.attempt,
            status: run.status().name().into(),
            sim_time: run.sim_time().to_string(),
            bars_left: if ended { 0 } else { run.market().last() - run.now() },
            cash: run.cash().to_f64(),
            starting_cash: run.rules().starting_cash.to_f64(),
            created_at: instant(meta.created_at),
            last_activity_at: instant(meta.last_activity_at),
            completed_at: meta.completed_at.map(instant),
            published: meta.published_at.is_some(),
            agent_info: meta.agent_info.clone(),
        }
    }
}

/// RFC 3339 to the second, from microseconds since the epoch.
pub(crate) fn instant(micros: i64) -> String {
    Timestamp::from_seconds(micros.div_euclid(1_000_000)).to_string()
}

/// One bar.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BarView {
    ts: String,
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: f64,
}

impl From<Bar> for BarView {
    fn from(bar: Bar) -> Self {
        Self {
            ts: bar.ts.to_string(),
            open: bar.open.to_f64(),
            high: bar.high.to_f64(),
            low: bar.low.to_f64(),
            close: bar.close.to_f64(),
            volume: bar.volume,
        }
    }
}

/// A position that is not flat.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PositionView {
    run_id: String,
    symbol: String,
    /// Negative when short.
    quantity: f64,
    /// Always positive.
    avg_cost: f64,
    updated_at: String,
}

/// An order that waits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct OrderView {
    id: String,
    run_id: String,
    symbol: String,
    side: Side,
    /// What is still to fill, as it was accepted (cut to 8 decimals).
    quantity: f64,
    /// market, limit, stop or `stop_limit`.
    order_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit_price: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stop_price: Option<f64>,
    time_in_force: TimeInForce,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    queued_at: String,
    queued_at_sim_time: String,
}

impl OrderView {
    pub(crate) fn of(seat: &Seat, working: &WorkingOrder) -> Self {
        let order = &working.order;
        let (order_type, stop, limit) = match order.kind {
            OrderKind::Market => ("market", None, None),
            OrderKind::Limit(limit) => ("limit", None, Some(limit)),
            OrderKind::Stop(stop) => ("stop", Some(stop), None),
            OrderKind::StopLimit { stop, limit } => ("stop_limit", Some(stop), Some(limit)),
        };
        Self {
            id: ids::order(seat.meta.id, working.id),
            run_id: seat.meta.id.to_string(),
            symbol: seat.run.market().symbol(order.symbol).into(),
            side: order.side,
            quantity: working.remaining.to_f64(),
            order_type: order_type.into(),
            limit_price: limit.map(sim::Price::to_f64),
            stop_price: stop.map(sim::Price::to_f64),
            time_in_force: order.time_in_force,
            reasoning: order.reasoning.as_deref().map(str::to_owned),
            queued_at: instant(seat.meta.last_activity_at),
            queued_at_sim_time: seat.run.market().timeline()[working.queued_at].to_string(),
        }
    }
}

/// An executed trade.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct TradeView {
    id: String,
    run_id: String,
    /// The order it filled; absent for a forced liquidation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    symbol: String,
    side: Side,
    quantity: f64,
    fill_price: f64,
    slippage_bps: u32,
    sim_time_filled: String,
    /// Price × quantity, always positive.
    total_value: f64,
    /// Against the average cost, before commissions; 0 for opening fills.
    realized_pnl: f64,
    /// What slippage cost, in currency.
    slippage_cost: f64,
    commission: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
}

impl TradeView {
    fn of(seat: &Seat, number: usize, fill: &Fill) -> Self {
        let market = seat.run.market();
        let instrument = market.instrument(fill.symbol);
        Self {
            id: ids::trade(seat.meta.id, number),
            run_id: seat.meta.id.to_string(),
            order_id: fill.order.map(|id| ids::order(seat.meta.id, id)),
            symbol: instrument.symbol.clone(),
            side: fill.side,
            quantity: fill.quantity.to_f64(),
            fill_price: fill.price.to_f64(),
            slippage_bps: instrument.slippage_bps,
            sim_time_filled: market.timeline()[fill.at].to_string(),
            total_value: fill.value.to_f64(),
            realized_pnl: fill.realized_pnl.to_f64(),
            slippage_cost: fill.slippage.to_f64(),
            commission: fill.commission.to_f64(),
            reasoning: fill.reasoning.as_deref().map(str::to_owned),
        }
    }

    /// The trades from number `from` on.
    pub(crate) fn from(seat: &Seat, from: usize) -> Vec<Self> {
        let fills = seat.run.fills().iter().enumerate().skip(from);
        fills.map(|(number, fill)| Self::of(seat, number, fill)).collect()
    }
}

/// Books at one instant.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EquityView {
    run_id: String,
    sim_time: String,
    cash: f64,
    positions_value: f64,
    equity: f64,
}

/// A point of the equity curve.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CurvePoint {
    sim_time: String,
    equity: f64,
}

/// The equity of every bar so far.
pub(crate) fn equity_curve(seat: &Seat) -> Vec<CurvePoint> {
    let timeline = &seat.run.market().timeline()[seat.run.rules().warmup..];
    let point = |(sample, ts): (&Sample, &Timestamp)| CurvePoint {
        sim_time: ts.to_string(),
        equity: sample.equity().to_f64(),
    };
    seat.run.samples().iter().zip(timeline).map(point).collect()
}

/// A run with its books.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    pub(crate) run: RunView,
    pub(crate) positions: Vec<PositionView>,
    pub(crate) queued_orders: Vec<OrderView>,
    pub(crate) last_equity: EquityView,
}

impl Snapshot {
    pub(crate) fn of(seat: &Seat) -> Self {
        let (run, market) = (&seat.run, seat.run.market());
        let run_id = seat.meta.id.to_string();
        let sample = run.last_sample();
        Self {
            run: RunView::of(seat),
            positions: run
                .positions()
                .map(|(symbol, position)| PositionView {
                    run_id: run_id.clone(),
                    symbol: market.symbol(symbol).into(),
                    quantity: position.quantity.to_f64(),
                    avg_cost: position.avg_cost.to_f64(),
                    updated_at: market.timeline()[position.updated_at].to_string(),
                })
                .collect(),
            queued_orders: run
                .working_orders()
                .iter()
                .map(|working| OrderView::of(seat, working))
                .collect(),
            last_equity: EquityView {
                run_id,
                sim_time: run.sim_time().to_string(),
                cash: sample.cash.to_f64(),
                positions_value: sample.positions_value.to_f64(),
                equity: sample.equity().to_f64(),
            },
        }
    }
}

/// What can be done with a run now.
#[expect(clippy::struct_excessive_bools, reason = "the contract's shape")]
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Workflow {
    /// trading or completed.
    phase: String,
    next_action: String,
    allowed_actions: Vec<String>,
    done: bool,
    liquidated: bool,
    publishable: bool,
    published: bool,
}

impl Workflow {
    pub(crate) fn of(seat: &Seat) -> Self {
        let trading = seat.run.status() == Status::Active;
        let (phase, next, allowed): (_, _, &[&str]) = if trading {
            ("trading", "submit_turn", &["get_run", "get_market", "submit_turn", "step_run"])
        } else {
            ("completed", "get_results", &["get_run", "get_trades", "get_results", "publish_run"])
        };
        Self {
            phase: phase.into(),
            next_action: next.into(),
            allowed_actions: allowed.iter().map(|&it| it.into()).collect(),
            done: seat.run.done(),
            liquidated: seat.run.status() == Status::Liquidated,
            publishable: !trading,
            published: seat.meta.published_at.is_some(),
        }
    }
}

/// An order, or a part of one, that will not fill.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RejectionView {
    order_id: String,
    symbol: String,
    /// The quantity that will not fill.
    quantity: f64,
    reason: String,
}

impl RejectionView {
    pub(crate) fn of(seat: &Seat, rejection: &Rejection) -> Self {
        Self {
            order_id: ids::order(seat.meta.id, rejection.order),
            symbol: seat.run.market().symbol(rejection.symbol).into(),
            quantity: rejection.quantity.to_f64(),
            reason: rejection.reason.to_string(),
        }
    }
}

/// What a step did.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct StepView {
    bars_advanced: u32,
    new_sim_time: String,
    fills: Vec<TradeView>,
    /// Orders that ended without filling whole.
    rejections: Vec<RejectionView>,
    liquidated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    liquidation_at_ts: Option<String>,
    /// Positions are closed by force at the next open; orders are refused until then.
    liquidation_due: bool,
    equity: f64,
    cash: f64,
    positions_value: f64,
    /// The last bar was reached.
    done: bool,
    #[serde(flatten)]
    next: NextAction,
}

/// What to call next.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct NextAction {
    phase: String,
    next_action: String,
    allowed_actions: Vec<String>,
}

impl StepView {
    pub(crate) fn of(seat: &Seat, outcome: &Outcome) -> Self {
        let (run, sample) = (&seat.run, seat.run.last_sample());
        let Workflow { phase, next_action, allowed_actions, liquidated, done, .. } =
            Workflow::of(seat);
        Self {
            bars_advanced: outcome.bars_advanced,
            new_sim_time: run.sim_time().to_string(),
            fills: TradeView::from(seat, outcome.fills_before),
            rejections: outcome.rejections.iter().map(|it| RejectionView::of(seat, it)).collect(),
            liquidated,
            liquidation_at_ts: liquidated.then(|| run.sim_time().to_string()),
            liquidation_due: run.liquidation_due(),
            equity: sample.equity().to_f64(),
            cash: sample.cash.to_f64(),
            positions_value: sample.positions_value.to_f64(),
            done,
            next: NextAction { phase, next_action, allowed_actions },
        }
    }
}
