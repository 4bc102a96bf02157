//! Many bars in one call: to the next session, or to the end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim::{Command, Run, outcome::Outcome};

use super::{
    Cx, Effect, Formatted, Op,
    ResponseFormat::{self, Concise, Detailed},
    Route,
    views::{Instant, Pulse, Snapshot, Table, TradeView, Vitals, Workflow},
};
use crate::{
    error::Error,
    runs::{Answered, IdempotencyKey, Seat, Turn},
};

/// Bars of one call, however many are asked for.
const BARS_MAX: u32 = 500;
/// Bars to look for the next session in, when the call does not say.
const SESSION_BARS_DEFAULT: u32 = 32;
/// Bars to hold for, when the call does not say.
pub(super) const HOLD_BARS_DEFAULT: u32 = 256;

/// How many bars a call may advance: the usual number when it does not say, never too many.
pub(super) fn bars(asked: Option<i64>, usual: u32) -> u32 {
    match asked {
        Some(asked) if asked > 0 => u32::try_from(asked).map_or(BARS_MAX, |it| it.min(BARS_MAX)),
        _ => usual,
    }
}

/// What an advance was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    NextSession,
    HoldUntilEnd,
}

/// An advance that was made: where it began, and what it was to reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    pub(super) mode: Mode,
    /// The instant before it.
    pub(super) from: usize,
    /// Bars before the stretch that the same command advanced.
    pub(super) skipped: u32,
}

impl Stretch {
    /// The whole of a command.
    fn of(seat: &Seat, outcome: &Outcome, mode: Mode) -> Self {
        let bars = usize::try_from(outcome.bars_advanced).unwrap_or_default();
        Self { mode, from: seat.run.now() - bars, skipped: 0 }
    }

    /// The instant at which nothing is left to advance to.
    fn goal(self, run: &Run) -> usize {
        match self.mode {
            Mode::NextSession => next_session(run, self.from),
            Mode::HoldUntilEnd => run.market().last(),
        }
    }

    /// Whether it stopped only because the call allowed no more bars.
    fn reached_limit(self, seat: &Seat) -> bool {
        seat.is_active() && seat.run.now() < self.goal(&seat.run)
    }
}

/// The first instant of the session after this one; the last instant, if it is the last session.
fn next_session(run: &Run, now: usize) -> usize {
    let market = run.market();
    let end = (now..market.last()).find(|&t| market.ends_session(t));
    end.map_or(market.last(), |end| end + 1)
}

/// Many bars, in few words.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AdvanceBrief {
    #[serde(flatten)]
    vitals: Vitals,
    bars_advanced: u32,
    /// It stopped because `max_bars` were advanced, not because it was there.
    reached_limit: bool,
    /// A forced liquidation; left out otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    fills: Option<Table>,
}

/// Many bars, in full.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Advance {
    phase: String,
    next_action: String,
    run_id: String,
    mode: Mode,
    #[schemars(with = "Instant")]
    initial_sim_time: String,
    #[schemars(with = "Instant")]
    final_sim_time: String,
    /// One per bar.
    steps_submitted: u32,
    bars_advanced: u32,
    final_equity: f64,
    final_cash: f64,
    positions_value: f64,
    #[serde(flatten)]
    pulse: Pulse,
    /// It stopped because `max_bars` were advanced, not because it was there.
    reached_limit: bool,
    snapshot: Snapshot,
    human_summary: String,
}

impl Advance {
    pub(super) fn of(seat: &Seat, outcome: &Outcome, stretch: Stretch) -> Self {
        let sample = seat.run.last_sample();
        let timeline = seat.run.market().timeline();
        let Workflow { phase, next_action, done, liquidated, .. } = Workflow::of(seat);
        let bars = outcome.bars_advanced - stretch.skipped;
        let equity = sample.equity().to_f64();
        Self {
            phase,
            next_action,
            run_id: seat.meta.id.to_string(),
            mode: stretch.mode,
            initial_sim_time: timeline[stretch.from].to_string(),
            final_sim_time: seat.run.sim_time().to_string(),
            steps_submitted: bars,
            bars_advanced: bars,
            final_equity: equity,
            final_cash: sample.cash.to_f64(),
            positions_value: sample.positions_value.to_f64(),
            pulse: Pulse::of(seat),
            reached_limit: stretch.reached_limit(seat),
            snapshot: Snapshot::of(seat),
            human_summary: format!(
                "Advanced {bars} bars. Equity {equity:.2}. Done={done}. Liquidated={liquidated}."
            ),
        }
    }
}

type AdvanceView = Formatted<AdvanceBrief, Advance>;

/// Advances as far as `decide` says, and tells of it as of an advance of this mode.
async fn advance(
    cx: &Cx,
    turn: Turn<'_>,
    (mode, format): (Mode, ResponseFormat),
    decide: impl FnOnce(&Seat) -> Result<Command, Error>,
) -> Result<Answered<AdvanceView>, Error> {
    let view = |seat: &Seat, _: &Command, outcome: &Outcome| {
        let stretch = Stretch::of(seat, outcome, mode);
        match format {
            Concise => Formatted::Concise(AdvanceBrief {
                vitals: Vitals::of(seat),
                bars_advanced: outcome.bars_advanced,
                reached_limit: stretch.reached_limit(seat),
                fills: Table::fills(&TradeView::from(seat, outcome.fills_before)),
            }),
            Detailed => Formatted::detailed(Advance::of(seat, outcome, stretch)),
        }
    };
    cx.app.runs.command(&cx.caller, turn, "", decide, view).await
}

/// Bars pass unseen: what waits could fill in any of them.
fn nothing_waits(seat: &Seat, tool: &str) -> Result<(), Error> {
    match seat.run.working_orders().len() {
        0 => Ok(()),
        waiting => Err(Error::rejected(
            format!("{tool} will not advance while {waiting} queued order(s) are pending"),
            "nothing was done; step_run until they end, or withdraw them with submit_decision",
        )),
    }
}

fn is_flat(seat: &Seat, tool: &str) -> Result<(), Error> {
    match seat.run.positions().count() {
        0 => Ok(()),
        open => Err(Error::rejected(
            format!("{tool} requires a flat portfolio; {open} position(s) are open"),
            "nothing was done; close them, leave require_flat out, or use liquidate_and_finish",
        )),
    }
}

#[doc = include_str!("../../tools/advance_until_next_session.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AdvanceUntilNextSession {
    run_id: String,
    /// Bars to advance at most, up to 500; default 32.
    #[serde(default)]
    #[schemars(range(min = i64::MIN, max = i64::MAX))]
    max_bars: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

impl Op for AdvanceUntilNextSession {
    const NAME: &'static str = "advance_until_next_session";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/advance");
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<AdvanceView>;

    async fn run(self, cx: &Cx) -> Result<Self::Output, Error> {
        let most = bars(self.max_bars, SESSION_BARS_DEFAULT);
        let format = cx.format(self.response_format);
        let normal = Self { max_bars: Some(most.into()), ..self };
        let key = normal.idempotency_key.as_ref();
        let turn = Turn::new(&normal.run_id, key, Self::NAME, &normal)?;
        let decide = |seat: &Seat| {
            nothing_waits(seat, Self::NAME)?;
            let ahead = next_session(&seat.run, seat.run.now()) - seat.run.now();
            Ok(Command::step(u32::try_from(ahead).map_or(most, |ahead| ahead.min(most))))
        };
        advance(cx, turn, (Mode::NextSession, format), decide).await
    }
}

#[doc = include_str!("../../tools/hold_until_end.md")]
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldUntilEnd {
    run_id: String,
    /// Bars to advance at most, up to 500; default 256.
    #[serde(default)]
    #[schemars(range(min = i64::MIN, max = i64::MAX))]
    max_bars: Option<i64>,
    /// true refuses while positions are open.
    #[serde(default)]
    require_flat: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<IdempotencyKey>,
}

impl Op for HoldUntilEnd {
    const NAME: &'static str = "hold_until_end";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/hold");
    const EFFECT: Effect = Effect::Write;
    type Output = Answered<AdvanceView>;

    async fn run(self, cx: &Cx) -> Result<Self::Output, Error> {
        let most = bars(self.max_bars, HOLD_BARS_DEFAULT);
        let format = cx.format(self.response_format);
        let normal = Self { max_bars: Some(most.into()), ..self };
        let key = normal.idempotency_key.as_ref();
        let turn = Turn::new(&normal.run_id, key, Self::NAME, &normal)?;
        let decide = |seat: &Seat| {
            nothing_waits(seat, Self::NAME)?;
            if normal.require_flat {
                is_flat(seat, Self::NAME)?;
            }
            Ok(Command::step(most))
        };
        advance(cx, turn, (Mode::HoldUntilEnd, format), decide).await
    }
}
