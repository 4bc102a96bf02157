//! Out of everything, and on to the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{
    Command, Quantity,
    order::{NewOrder, Side},
    outcome::Outcome,
};

use super::{
    Cx, Effect, Formatted, Op,
    ResponseFormat::{self, Concise, Detailed},
    Route,
    advance::{Advance, HOLD_BARS_DEFAULT, Mode, Stretch, bars},
    input::{Checks, PRINTABLE, REASONING_MAX, check_text},
    turn::accepted,
    views::{
        OrderView, Pulse, RejectionView, Snapshot, StepView, Table, TradeView, Vitals, Workflow,
    },
};
use crate::{
    error::{Code, Error},
    runs::{Answered, IdempotencyKey, Seat, Turn},
};

#[doc = include_str!("../../tools/liquidate_and_finish.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LiquidateAndFinish {
    run_id: String,
    /// Why; kept with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = REASONING_MAX), regex(pattern = PRINTABLE))]
    rationale: Option<String>,
    /// Bars to advance at most after the exit bar, up to 500; default 256.
    #[serde(default)]
    #[schemars(range(min = i64::MIN, max = i64::MAX))]
    max_bars: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

/// How the run was left, in few words.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FinishBrief {
    #[serde(flatten)]
    vitals: Vitals,
    bars_advanced: u32,
    /// It stopped because `max_bars` were advanced, not because it was at the end.
    reached_limit: bool,
    /// The exits; left out when there was nothing to close.
    #[serde(skip_serializing_if = "Option::is_none")]
    fills: Option<Table>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejections: Option<Table>,
}

/// How the run was left, in full.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Finish {
    phase: String,
    next_action: String,
    run_id: String,
    #[serde(flatten)]
    pulse: Pulse,
    /// What was closed.
    exit_orders: Vec<Exit>,
    /// The orders that closed it, as they were accepted.
    exit_queued: Vec<OrderView>,
    /// What the bar after them did; left out when the run had ended before.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_step: Option<StepView>,
    /// The bars after that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    advance: Option<Advance>,
    snapshot: Snapshot,
    human_summary: String,
}

/// An exit from one position.
#[derive(Debug, Serialize, JsonSchema)]
struct Exit {
    symbol: String,
    side: Side,
    quantity: f64,
}

/// Orders that close every position; none where a liquidation is due, which closes them itself.
fn exits(seat: &Seat) -> Vec<NewOrder> {
    if seat.run.liquidation_due() {
        return Vec::new();
    }
    let exit = |held: Quantity| if held > Quantity::ZERO { Side::Sell } else { Side::Cover };
    let positions = seat.run.positions();
    positions.map(|(id, it)| NewOrder::market(id, exit(it.quantity), it.quantity.abs())).collect()
}

impl FinishBrief {
    fn of(seat: &Seat, outcome: &Outcome) -> Self {
        Self {
            vitals: Vitals::of(seat),
            bars_advanced: outcome.bars_advanced,
            reached_limit: seat.is_active(),
            fills: Table::fills(&TradeView::from(seat, outcome.fills_before)),
            rejections: Table::rejections(&RejectionView::all(seat, outcome)),
        }
    }
}

impl Finish {
    fn of(seat: &Seat, command: &Command, outcome: &Outcome) -> Self {
        let bars = usize::try_from(outcome.bars_advanced).unwrap_or_default();
        let exit_bar = seat.run.now() + 1 - bars;
        let held_on = Stretch { mode: Mode::HoldUntilEnd, from: exit_bar, skipped: 1 };
        let exits = match command {
            Command::Turn { orders, .. } => orders.as_slice(),
            Command::Abandon => &[],
        };
        let mut finish = Self::ended(seat);
        finish.exit_orders = exits
            .iter()
            .map(|order| Exit {
                symbol: seat.run.market().symbol(order.symbol).to_owned(),
                side: order.side,
                quantity: order.quantity.to_f64(),
            })
            .collect();
        finish.exit_queued = accepted(seat, command, outcome);
        finish.exit_step = Some(StepView::until(seat, outcome, exit_bar));
        finish.advance = (bars > 1).then(|| Advance::of(seat, outcome, held_on));
        finish.human_summary = format!(
            "Closed {} position(s), advanced {bars} bars. Equity {:.2}. Done={}.",
            exits.len(),
            seat.run.last_sample().equity().to_f64(),
            seat.run.done()
        );
        finish
    }

    /// A run in which nothing is left to do.
    fn ended(seat: &Seat) -> Self {
        let Workflow { phase, next_action, .. } = Workflow::of(seat);
        Self {
            phase,
            next_action,
            run_id: seat.meta.id.to_string(),
            pulse: Pulse::of(seat),
            exit_orders: Vec::new(),
            exit_queued: Vec::new(),
            exit_step: None,
            advance: None,
            snapshot: Snapshot::of(seat),
            human_summary: format!("The run is {} already.", seat.run.status().name()),
        }
    }
}

impl Op for LiquidateAndFinish {
    const NAME: &'static str = "liquidate_and_finish";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/finish");
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<Formatted<FinishBrief, Finish>>;

    async fn run(self, cx: &Cx) -> Result<Self::Output, Error> {
        let most = bars(self.max_bars, HOLD_BARS_DEFAULT);
        let mut checks = Checks::default();
        if let Some(text) = &self.rationale {
            checks.take("rationale", check_text("rationale", text, REASONING_MAX));
        }
        checks.take("idempotency_key", IdempotencyKey::check(self.idempotency_key.as_ref()));
        checks.done(Some(()))?;
        let format = cx.format(self.response_format);
        let normal = Self { max_bars: Some(most.into()), ..self };
        let rationale = normal.rationale.as_deref().map(str::trim).filter(|it| !it.is_empty());
        let key = normal.idempotency_key.as_ref();
        let turn = Turn::new(&normal.run_id, key, Self::NAME, &normal)?.because(rationale);
        // What waits could open a position again: it is withdrawn with the exits.
        let decide = |seat: &Seat| {
            let cancel = seat.run.working_orders().iter().map(|it| it.id).collect();
            Ok(Command::Turn { cancel, orders: exits(seat), steps: most + 1 })
        };
        let view = |seat: &Seat, command: &Command, outcome: &Outcome| match format {
            Concise => Formatted::Concise(FinishBrief::of(seat, outcome)),
            Detailed => Formatted::detailed(Finish::of(seat, command, outcome)),
        };
        match cx.app.runs.command(&cx.caller, turn, "", decide, view).await {
            // There is nothing left to do in a run that has ended.
            Err(error) if error.code == Code::Rejected => {
                let ended = |seat: &Seat| {
                    (!seat.is_active()).then(|| match format {
                        Concise => Formatted::Concise(FinishBrief::of(seat, &nothing_done(seat))),
                        Detailed => Formatted::detailed(Finish::ended(seat)),
                    })
                };
                let ended = cx.app.runs.read(&cx.caller, &normal.run_id, ended).await?;
                ended.map(Answered::Now).ok_or(error)
            }
            other => other,
        }
    }
}

/// The outcome of no command.
fn nothing_done(seat: &Seat) -> Outcome {
    Outcome { fills_before: seat.run.fills().len(), ..Outcome::default() }
}
