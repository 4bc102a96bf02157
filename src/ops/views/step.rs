//! What a step did, as answers show it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use sim::outcome::{Outcome, Rejection};

use super::{Instant, TradeView, Workflow};
use crate::runs::{Seat, ids};

/// An order, or a part of one, that will not fill.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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

    /// Those of a command.
    pub(crate) fn all(seat: &Seat, outcome: &Outcome) -> Vec<Self> {
        outcome.rejections.iter().map(|it| Self::of(seat, it)).collect()
    }

    /// A row of [`super::Table::rejections`].
    pub(super) fn row(&self) -> Vec<Value> {
        vec![json!(self.symbol), json!(self.quantity), json!(self.reason)]
    }
}

/// What a step did.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct StepView {
    bars_advanced: u32,
    #[schemars(with = "Instant")]
    new_sim_time: String,
    pub(crate) fills: Vec<TradeView>,
    /// Orders that ended without filling whole.
    pub(crate) rejections: Vec<RejectionView>,
    pub(crate) liquidated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    liquidation_at_ts: Option<String>,
    /// Positions are closed by force at the next open; orders are refused until then.
    liquidation_due: bool,
    equity: f64,
    cash: f64,
    positions_value: f64,
    /// The last bar was reached.
    pub(crate) done: bool,
    #[serde(flatten)]
    pub(crate) next: NextAction,
}

/// What to call next.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct NextAction {
    pub(crate) phase: String,
    pub(crate) next_action: String,
    allowed_actions: Vec<String>,
}

impl StepView {
    /// What a command did.
    pub(crate) fn of(seat: &Seat, outcome: &Outcome) -> Self {
        Self::until(seat, outcome, seat.run.now())
    }

    /// What a command did up to an instant on its way.
    pub(crate) fn until(seat: &Seat, outcome: &Outcome, last: usize) -> Self {
        let run = &seat.run;
        let sample = run.samples()[last - run.rules().warmup];
        let time = run.market().timeline()[last].to_string();
        let after = u32::try_from(run.now() - last).unwrap_or_default();
        let Workflow { phase, next_action, allowed_actions, liquidated, done, .. } =
            Workflow::of(seat);
        let ends = last == run.now();
        Self {
            bars_advanced: outcome.bars_advanced.saturating_sub(after),
            fills: TradeView::until(seat, outcome.fills_before, last),
            rejections: RejectionView::all(seat, outcome),
            liquidated: liquidated && ends,
            liquidation_at_ts: (liquidated && ends).then(|| time.clone()),
            liquidation_due: run.liquidation_due() && ends,
            equity: sample.equity().to_f64(),
            cash: sample.cash.to_f64(),
            positions_value: sample.positions_value.to_f64(),
            done: done && ends,
            next: NextAction { phase, next_action, allowed_actions },
            new_sim_time: time,
        }
    }

    /// A line about it.
    pub(crate) fn summary(&self) -> String {
        format!(
            "Step +{}. Equity {:.2}. Fills {}. Done={}. Liquidated={}.",
            self.bars_advanced,
            self.equity,
            self.fills.len(),
            self.done,
            self.liquidated
        )
    }
}
