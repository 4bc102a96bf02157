//! A decision: hold or trade, why, and the market that comes of it.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use sim::{Command, outcome::Outcome};

use super::{
    Cx, Effect, Formatted, Op,
    ResponseFormat::{self, Concise, Detailed},
    Route,
    input::{Checks, OrderInput, PRINTABLE, REASONING_MAX, check_text},
    turn::{accepted, command, steps},
    views::{
        EquityView, Look, OrderView, PositionView, Pulse, RejectionView, ScanBrief, Snapshot,
        StepView, Table, TradeView, Vitals,
    },
};
use crate::{
    error::Error,
    runs::{Answered, IdempotencyKey, Seat, Turn},
};

/// What an agent makes of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Action {
    Hold,
    Trade,
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "hold" => Ok(Self::Hold),
            "trade" => Ok(Self::Trade),
            _ => Err(de::Error::custom(format!("action must be hold or trade (got \"{text}\")"))),
        }
    }
}

#[doc = include_str!("../../tools/submit_decision.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitDecision {
    run_id: String,
    #[serde(default)]
    action: Option<Action>,
    /// Why; kept with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = REASONING_MAX), regex(pattern = PRINTABLE))]
    rationale: Option<String>,
    /// All are queued, or none.
    #[serde(default)]
    orders: Vec<OrderInput>,
    /// Order ids to withdraw first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cancel: Vec<String>,
    /// Over MCP only 1.
    #[serde(default)]
    #[schemars(range(min = 1, max = i64::MAX))]
    step_count: Option<i64>,
    /// false leaves out the next scan.
    #[serde(default)]
    observe: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

/// What a decision led to, and what there is to decide on next.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DecisionBrief {
    #[serde(flatten)]
    vitals: Vitals,
    /// Left out when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    bars_advanced: Option<u32>,
    /// Left out when nothing was filled.
    #[serde(skip_serializing_if = "Option::is_none")]
    fills: Option<Table>,
    /// Orders, or parts of them, that will not fill.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejections: Option<Table>,
    #[serde(flatten)]
    look: Option<Look>,
}

impl DecisionBrief {
    fn of(seat: &Seat, outcome: &Outcome, look: Option<Look>) -> Self {
        Self {
            vitals: Vitals::of(seat),
            bars_advanced: Some(outcome.bars_advanced).filter(|&bars| bars != 1),
            fills: Table::fills(&TradeView::from(seat, outcome.fills_before)),
            rejections: Table::rejections(&RejectionView::all(seat, outcome)),
            look,
        }
    }
}

/// A decision and everything that came of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Decision {
    pub(super) phase: String,
    pub(super) next_action: String,
    action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    rationale: Option<String>,
    #[serde(flatten)]
    pulse: Pulse,
    /// The accepted orders.
    queued_orders: Vec<OrderView>,
    step: StepView,
    /// The run afterwards.
    snapshot: Snapshot,
    portfolio: Portfolio,
    completion_flags: Flags,
    /// The next scan, in its concise form; left out once the run has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<ScanBrief>,
    human_summary: String,
}

/// The books after a decision.
#[derive(Debug, Serialize, JsonSchema)]
struct Portfolio {
    cash: f64,
    positions: Vec<PositionView>,
    equity: f64,
    positions_value: f64,
}

/// Whether there is anything left to decide.
#[derive(Debug, Serialize, JsonSchema)]
struct Flags {
    done: bool,
    liquidated: bool,
}

impl Decision {
    pub(super) fn of(
        seat: &Seat,
        command: &Command,
        outcome: &Outcome,
        rationale: Option<&str>,
        observe: bool,
    ) -> Self {
        let traded = matches!(command, Command::Turn { orders, .. } if !orders.is_empty());
        let step = StepView::of(seat, outcome);
        let snapshot = Snapshot::of(seat);
        let EquityView { cash, positions_value, equity, .. } = snapshot.last_equity;
        Self {
            phase: step.next.phase.clone(),
            next_action: step.next.next_action.clone(),
            action: if traded { Action::Trade } else { Action::Hold },
            rationale: rationale.map(str::to_owned),
            pulse: Pulse::of(seat),
            queued_orders: accepted(seat, command, outcome),
            portfolio: Portfolio {
                cash,
                positions: snapshot.positions.clone(),
                equity,
                positions_value,
            },
            completion_flags: Flags { done: step.done, liquidated: step.liquidated },
            scan: (observe && seat.is_active()).then(|| ScanBrief::of(seat)),
            human_summary: step.summary(),
            step,
            snapshot,
        }
    }
}

impl SubmitDecision {
    /// What is wrong with the call whatever the run; the bars to advance otherwise.
    fn check(&self, cx: &Cx) -> Result<u32, Error> {
        let mut checks = Checks::default();
        let steps = checks.take("step_count", steps(cx, Self::NAME, "step_count", self.step_count));
        let at_odds = match (self.action, self.orders.is_empty()) {
            (Some(Action::Hold), false) => {
                Some(("action hold takes no orders", "use action trade, or leave the orders out"))
            }
            (Some(Action::Trade), true) => {
                Some(("action trade needs at least one order", "add orders, or use action hold"))
            }
            _ => None,
        };
        if let Some((message, hint)) = at_odds {
            checks.add("orders", Error::rejected(message, hint));
        }
        if let Some(text) = &self.rationale {
            checks.take("rationale", check_text("rationale", text, REASONING_MAX));
        }
        checks.take("idempotency_key", IdempotencyKey::check(self.idempotency_key.as_ref()));
        checks.done(steps)
    }
}

impl Op for SubmitDecision {
    const NAME: &'static str = "submit_decision";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/decision");
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<Formatted<DecisionBrief, Decision>>;

    async fn run(self, cx: &Cx) -> Result<Self::Output, Error> {
        let steps = self.check(cx)?;
        let (format, observe) = (cx.format(self.response_format), self.observe.unwrap_or(true));
        let normal = Self { step_count: Some(steps.into()), observe: Some(observe), ..self };
        let rationale = normal.rationale.as_deref().map(str::trim).filter(|it| !it.is_empty());
        let key = normal.idempotency_key.as_ref();
        let turn = Turn::new(&normal.run_id, key, Self::NAME, &normal)?.because(rationale);
        let decide = |seat: &Seat| command(seat, &normal.cancel, ("orders", &normal.orders), steps);
        let view = |seat: &Seat, command: &Command, outcome: &Outcome| match format {
            Concise => {
                let look = (observe && seat.is_active()).then(|| Look::of(seat));
                Formatted::Concise(DecisionBrief::of(seat, outcome, look))
            }
            Detailed => {
                Formatted::detailed(Decision::of(seat, command, outcome, rationale, observe))
            }
        };
        cx.app.runs.command(&cx.caller, turn, "orders", decide, view).await
    }
}
