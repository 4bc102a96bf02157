//! A run as answers show it: its particulars, its books, and what can be done next.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sim::{Status, Timestamp, run::Sample};

use super::{Instant, OrderView, instant};
use crate::runs::Seat;

/// A run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunView {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bot_name: Option<String>,
    pub(crate) scenario_id: String,
    pub(crate) scenario_slug: String,
    pub(crate) scenario_version: u32,
    /// Which run of this account on this scenario it is, counted from 1 when it started.
    pub(crate) attempt: u32,
    /// active, completed, liquidated or abandoned.
    pub(crate) status: String,
    #[schemars(with = "Instant")]
    pub(crate) sim_time: String,
    /// Bars left to step through.
    pub(crate) bars_left: usize,
    pub(crate) cash: f64,
    pub(crate) starting_cash: f64,
    #[schemars(with = "Instant")]
    pub(crate) created_at: String,
    #[schemars(with = "Instant")]
    pub(crate) last_activity_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    pub(crate) completed_at: Option<String>,
    pub(crate) published: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent_info: Option<Value>,
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

/// A position that is not flat.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PositionView {
    pub(crate) run_id: String,
    pub(crate) symbol: String,
    /// Negative when short.
    pub(crate) quantity: f64,
    /// Always positive.
    pub(crate) avg_cost: f64,
    #[schemars(with = "Instant")]
    pub(crate) updated_at: String,
}

/// Books at one instant.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EquityView {
    run_id: String,
    #[schemars(with = "Instant")]
    sim_time: String,
    pub(crate) cash: f64,
    pub(crate) positions_value: f64,
    pub(crate) equity: f64,
}

/// A point of the equity curve.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CurvePoint {
    #[schemars(with = "Instant")]
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
#[derive(Debug, Clone, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Workflow {
    /// trading or completed.
    pub(crate) phase: String,
    pub(crate) next_action: String,
    pub(crate) allowed_actions: Vec<String>,
    pub(crate) done: bool,
    pub(crate) liquidated: bool,
    publishable: bool,
    published: bool,
}

/// What leads on while a run can be traded.
const TRADING: &[&str] = &[
    "get_run",
    "scan_market",
    "inspect_symbols",
    "submit_decision",
    "step_run",
    "advance_until_next_session",
    "hold_until_end",
    "liquidate_and_finish",
];

/// What leads on after its end.
const COMPLETED: &[&str] = &["get_run", "get_results", "publish_run"];

impl Workflow {
    pub(crate) fn of(seat: &Seat) -> Self {
        let trading = seat.run.status() == Status::Active;
        let (phase, next, allowed): (_, _, &[&str]) = if trading {
            ("trading", "scan_market", TRADING)
        } else {
            ("completed", "get_results", COMPLETED)
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
