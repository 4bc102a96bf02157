//! What a step did, as answers show it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::outcome::{Outcome, Rejection};

use super::{TradeView, Workflow};
use crate::runs::{Seat, ids};

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
