//! A turn: orders, and the passage of time that fills them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{
    Command,
    order::{OrderId, WorkingOrder},
    outcome::Outcome,
};

use super::{
    Cx, Effect, Op, Reader, Route,
    input::{self, Checks, OrderInput},
    views::{OrderView, Snapshot, StepView},
};
use crate::{
    error::Error,
    runs::{Answered, IdempotencyKey, Seat, Turn, ids},
};

/// Reads a step count: at least 1, and for a model exactly 1, so that no bar passes unseen.
pub(super) fn steps(cx: &Cx, tool: &str, field: &str, count: Option<i64>) -> Result<u32, Error> {
    // Over MCP a count of 0 is the default, as some clients fill absent numbers with it.
    let count = match (count, cx.reader) {
        (None, _) | (Some(0), Reader::Model) => 1,
        (Some(count), _) => count,
    };
    if count < 1 {
        return Err(Error::invalid_field(field, &format!("{tool} {field} must be at least 1")));
    }
    if cx.reader == Reader::Model && count > 1 {
        let message = format!("{tool} only supports {field}=1 in MCP");
        return Err(Error::rejected(
            message,
            "call it once per bar; scripts can step many over REST",
        ));
    }
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

#[doc = include_str!("../../tools/submit_turn.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitTurn {
    run_id: String,
    /// Orders to queue, all or none; empty holds.
    #[serde(default)]
    trades: Vec<OrderInput>,
    /// Order ids to withdraw first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cancel: Vec<String>,
    /// Over MCP only 1.
    #[serde(default)]
    #[schemars(range(min = 1, max = i64::MAX))]
    step_count: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

/// A decision and what the market made of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct TurnView {
    /// The accepted orders.
    queued_orders: Vec<OrderView>,
    step: StepView,
    /// The run afterwards.
    snapshot: Snapshot,
}

impl Op for SubmitTurn {
    const NAME: &'static str = "submit_turn";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/turn");
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<TurnView>;

    async fn run(self, cx: &Cx) -> Result<Answered<TurnView>, Error> {
        let steps = checked(
            cx,
            (Self::NAME, "step_count"),
            self.step_count,
            self.idempotency_key.as_ref(),
        )?;
        let normal = Self { step_count: Some(steps.into()), ..self };
        let key = normal.idempotency_key.as_ref();
        let turn = Turn::new(&normal.run_id, key, Self::NAME, &normal)?;
        let decide = |seat: &Seat| command(seat, &normal.cancel, ("trades", &normal.trades), steps);
        // The accepted orders are gone from the queue after the step: they are shown as they were.
        let view = |seat: &Seat, command: &Command, outcome: &Outcome| TurnView {
            queued_orders: accepted(seat, command, outcome),
            step: StepView::of(seat, outcome),
            snapshot: Snapshot::of(seat),
        };
        cx.app.runs.command(&cx.caller, turn, "trades", decide, view).await
    }
}

/// The bars that a call of this tool advances, or everything that is wrong with count and key.
fn checked(
    cx: &Cx,
    (tool, field): (&str, &str),
    count: Option<i64>,
    key: Option<&IdempotencyKey>,
) -> Result<u32, Error> {
    let mut checks = Checks::default();
    let steps = checks.take(field, steps(cx, tool, field, count));
    checks.take("idempotency_key", IdempotencyKey::check(key));
    checks.done(steps)
}

/// The command of these withdrawals, orders and bars, or everything that is wrong with them.
pub(super) fn command(
    seat: &Seat,
    cancel: &[String],
    (place, orders): (&str, &[OrderInput]),
    steps: u32,
) -> Result<Command, Error> {
    let mut checks = Checks::default();
    let cancel = checks.take("cancel", withdrawn(seat, cancel));
    let orders = checks.take(place, input::orders(seat, place, orders));
    let (cancel, orders) = checks.done(cancel.zip(orders))?;
    Ok(Command::Turn { cancel, orders, steps })
}

/// The waiting orders of these names, each named once.
fn withdrawn(seat: &Seat, names: &[String]) -> Result<Vec<OrderId>, Error> {
    let (mut found, mut checks) = (Vec::with_capacity(names.len()), Checks::default());
    for (at, name) in names.iter().enumerate() {
        let place = format!("cancel[{at}]");
        let known = ids::find_order(seat, name).map_err(|it| it.at(&place));
        let Some(id) = checks.take(&place, known) else { continue };
        checks.require(&place, !found.contains(&id), || "is named twice".into());
        found.push(id);
    }
    checks.done(Some(found))
}

/// The orders of a command as they were accepted.
pub(super) fn accepted(seat: &Seat, command: &Command, outcome: &Outcome) -> Vec<OrderView> {
    let (Command::Turn { orders, .. }, Some(first)) = (command, outcome.first_order) else {
        return Vec::new();
    };
    let bars = usize::try_from(outcome.bars_advanced).unwrap_or_default();
    let queued_at = seat.run.now() - bars;
    (first.0..)
        .zip(orders)
        .map(|(number, order)| {
            OrderView::of(seat, &WorkingOrder::accepted(number, order, queued_at))
        })
        .collect()
}

#[doc = include_str!("../../tools/step_run.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepRun {
    run_id: String,
    /// Over MCP only 1.
    #[serde(default)]
    #[schemars(range(min = 1, max = i64::MAX))]
    count: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

impl Op for StepRun {
    const NAME: &'static str = "step_run";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/step");
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<StepView>;

    async fn run(self, cx: &Cx) -> Result<Answered<StepView>, Error> {
        let steps = checked(cx, (Self::NAME, "count"), self.count, self.idempotency_key.as_ref())?;
        let normal = Self { count: Some(steps.into()), ..self };
        let key = normal.idempotency_key.as_ref();
        let turn = Turn::new(&normal.run_id, key, Self::NAME, &normal)?;
        let decide = |_: &Seat| Ok(Command::step(steps));
        let view = |seat: &Seat, _: &Command, outcome: &Outcome| StepView::of(seat, outcome);
        cx.app.runs.command(&cx.caller, turn, "", decide, view).await
    }
}
