//! Runs as a service: each is its journal; the state in memory is a cache that replay rebuilds.
//!
//! A command is applied to the state, appended to the journal, and answered only when the append
//! is on the disk. Whatever goes wrong in between drops the state: the next call replays.

mod answered;
pub mod codec;
mod feed;
pub(crate) mod ids;
mod live;
mod quota;
mod ranked;
mod read;
mod replay;
mod seat;
mod turn;
mod upkeep;
mod visit;

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sim::{
    Command, RULES_VERSION, Run, Status,
    outcome::{Outcome, Refusal},
};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

pub use answered::Answered;
pub use feed::Watch;
pub use quota::{Allowance, Quota};
pub use ranked::Ranked;
pub use replay::{Unreplayable, replay};
pub use seat::{Meta, Seat, header};
pub use turn::{IdempotencyKey, Turn};
pub use upkeep::IDLE_DAYS_MAX;
pub use visit::{Eyes, Visit, Visitor};

pub use crate::store::{
    chain::{Head, hex, sha256},
    journal::Entry as JournalEntry,
    runs::Run as RunRow,
    scores::{Played as BoardCount, SortBy},
};
use crate::{
    caller::Caller,
    clock::{Clock, new_id},
    error::Error,
    faults::{self, Point},
    lives::Lives,
    scenarios::{Catalog, Entry},
    store::{Store, StoreError, idempotency, journal, runs, scores},
};
use feed::Feed;
use live::Live;

/// A run that is about to start.
pub struct NewRun {
    /// What it is played on.
    pub entry: Arc<Entry>,
    /// What the bot is called.
    pub bot_name: Option<String>,
    /// Who trades.
    pub agent_info: Option<Value>,
}

/// The columns of a published run on a leaderboard.
pub struct Score {
    /// Percent of starting cash.
    pub return_pct: f64,
    /// Annualised Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Annualised Sortino ratio.
    pub sortino: Option<f64>,
    /// A positive fraction.
    pub max_drawdown: Option<f64>,
    /// The results as JSON.
    pub results: String,
}

/// Every run of the service.
pub struct Runs {
    store: Store,
    catalog: Arc<Catalog>,
    allowance: Arc<Allowance>,
    clock: Arc<dyn Clock>,
    lives: Lives<Live>,
    feed: Arc<Feed>,
}

impl Runs {
    /// The runs of a store, on the scenarios of a catalogue, as many as the plans allow.
    pub fn new(
        store: Store,
        catalog: Arc<Catalog>,
        allowance: Allowance,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (allowance, lives, feed) = (Arc::new(allowance), Lives::default(), Arc::default());
        Self { store, catalog, allowance, clock, lives, feed }
    }

    /// Where an account stands with the runs of this month.
    pub async fn quota(&self, account_id: &str) -> Result<Quota, Error> {
        let (allowance, now) = (Arc::clone(&self.allowance), self.clock.now());
        let account_id = account_id.to_owned();
        let quota = self.store.read(move |tx| {
            let plan = Allowance::plan(tx, &account_id)?;
            plan.map(|plan| allowance.quota(tx, &account_id, plan, now)).transpose()
        });
        quota.await?.ok_or_else(Error::no_such_account)
    }

    /// Refuses an account that stands like this and may start no other run.
    pub fn check_room(&self, quota: &Quota) -> Result<(), Error> {
        self.allowance.refusal(quota, self.clock.now()).map_or(Ok(()), Err)
    }

    /// Starts a run, where the month of the plan has one more; from here on it counts there, and as
    /// an attempt. Gives also where the account stands then, if its plan has a limit.
    pub async fn start<T>(
        &self,
        caller: &Caller,
        new: NewRun,
        view: impl FnOnce(&Seat) -> T,
    ) -> Result<(T, Option<Quota>), Error> {
        let NewRun { entry, bot_name, agent_info } = new;
        let scenario = entry.scenario().map_err(Error::internal)?.clone();
        let (run, now) = (Run::new(scenario), self.clock.now());
        let mut origin = origin(caller, &entry, now)?;
        origin.bot_name = bot_name;
        origin.agent_info = agent_info.map(|info| info.to_string());
        let derived = seat::derived(&run, now.as_microsecond());
        let allowance = Arc::clone(&self.allowance);
        let started = self.store.write(move |tx| {
            let owner = &origin.account_id;
            let Some(plan) = Allowance::plan(tx, owner)? else {
                return Ok(Err(Error::key_invalid()));
            };
            // Without a limit there is nothing to count: an account may have very many.
            let limited = allowance.limits(plan);
            let quota = limited.then(|| allowance.quota(tx, owner, plan, now)).transpose()?;
            if let Some(refused) = quota.and_then(|it| allowance.refusal(&it, now)) {
                return Ok(Err(refused));
            }
            let row = runs::insert_run(tx, &origin, &derived, |attempt| header(&origin, attempt));
            Ok(Ok((row?, quota.map(Quota::and_one))))
        });
        let (row, quota) = started.await.map_err(|error| match error {
            // This version was used with another digest.
            StoreError::Conflict(_) => Error::scenario_edited(entry.slug(), entry.card().version),
            other => other.into(),
        })??;
        let live = Live::new(&row, entry, run)?;
        let answer = view(&live.seat);
        self.lives.insert(live.seat.meta.id, live, now);
        Ok((answer, quota))
    }

    /// Applies a command to a run of the caller: journal first, then the answer.
    ///
    /// A call with an idempotency key that was answered before gets the first answer again;
    /// `orders_at` names the place of the orders in the request, for errors.
    pub async fn command<T: Serialize>(
        &self,
        caller: &Caller,
        turn: Turn<'_>,
        orders_at: &str,
        decide: impl FnOnce(&Seat) -> Result<Command, Error>,
        view: impl FnOnce(&Seat, &Command, &Outcome) -> T,
    ) -> Result<Answered<T>, Error> {
        let slot = self.lives.slot(parse_id(turn.run_id)?, self.clock.now());
        let mut state = slot.lock_owned().await;
        let live = self.live(&mut state, turn.run_id).await?;
        owned(caller, &live.seat.meta.account_id)?;
        if let Some(answered) = self.answered(&turn).await? {
            return serde_json::from_str(&answered).map(Answered::Before).map_err(Error::internal);
        }
        if live.seat.run.status() != Status::Active {
            let refusal = Refusal::NotActive(live.seat.run.status());
            return Err(Error::refused(refusal, orders_at));
        }
        let command = decide(&live.seat)?;
        let refused = |refusal| Error::refused(refusal, orders_at);
        self.advance(state, &turn, &command, refused, |seat, outcome| view(seat, &command, outcome))
            .await
            .map(Answered::Now)
    }

    /// Applies a command to the state in the slot and appends it to the journal.
    ///
    /// While the state is ahead of the journal it is out of its slot, and the slot stays locked
    /// until the append is decided, also when the caller goes away meanwhile: nobody sees the
    /// state before it is on the disk, and after a failure the next call replays.
    async fn advance<T: Serialize>(
        &self,
        mut slot: OwnedMutexGuard<Option<Live>>,
        turn: &Turn<'_>,
        command: &Command,
        refused: impl FnOnce(Refusal) -> Error,
        view: impl FnOnce(&Seat, &Outcome) -> T,
    ) -> Result<T, Error> {
        let mut live = slot.take().ok_or_else(|| Error::internal("the state is not loaded"))?;
        let outcome = match live.seat.run.apply(command) {
            Ok(outcome) => outcome,
            // A refused command changed nothing.
            Err(refusal) => {
                *slot = Some(live);
                return Err(refused(refusal));
            }
        };
        let at = self.clock.now().as_microsecond().max(live.seat.meta.last_activity_at);
        live.seat.receive(&outcome, at);
        let (append, answer) = entry(&mut live, turn, command, at, |seat| view(seat, &outcome))?;
        let (store, feed) = (self.store.clone(), Arc::clone(&self.feed));
        let appended = tokio::spawn(async move {
            live.head = store.write(move |tx| journal::append(tx, &append)).await?;
            feed.tell(live.seat.meta.id, live.head.seq);
            *slot = Some(live);
            faults::point(Point::BeforeAnswer);
            Ok::<(), Error>(())
        });
        appended.await.map_err(Error::internal)??;
        Ok(answer)
    }

    /// The answer that this call got before, if it did.
    async fn answered(&self, turn: &Turn<'_>) -> Result<Option<String>, Error> {
        let Some((key, fingerprint)) = turn.key.clone() else {
            return Ok(None);
        };
        let run_id = turn.run_id.to_owned();
        let seen = move |tx: &mut dyn crate::store::Tx| {
            idempotency::lookup(tx, &run_id, &key, &fingerprint)
        };
        match self.store.read(seen).await? {
            idempotency::Seen::Never => Ok(None),
            idempotency::Seen::Same(answer) => Ok(Some(answer.body)),
            idempotency::Seen::Different => Err(Error::key_reused()),
        }
    }

    /// The state in the slot, replayed from the journal when it is not there.
    async fn live<'a>(
        &self,
        state: &'a mut Option<Live>,
        run_id: &str,
    ) -> Result<&'a mut Live, Error> {
        if state.is_none() {
            let loaded = self.load(run_id).await;
            if loaded.is_err() {
                self.lives.forget(parse_id(run_id)?);
            }
            *state = Some(loaded?);
        }
        state.as_mut().ok_or_else(|| Error::internal("a loaded run is not there"))
    }

    async fn load(&self, run_id: &str) -> Result<Live, Error> {
        let (row, entries) = self.journal(run_id).await?;
        let catalog = Arc::clone(&self.catalog);
        let replay = tokio::task::spawn_blocking(move || Live::replayed(&catalog, &row, &entries));
        replay.await.map_err(Error::internal)?
    }

    /// Makes a finished run public, for good.
    pub async fn publish<T>(
        &self,
        caller: &Caller,
        run_id: &str,
        score: impl FnOnce(&Seat) -> Result<(Score, T), Error>,
    ) -> Result<T, Error> {
        let slot = self.lives.slot(parse_id(run_id)?, self.clock.now());
        let mut state = slot.lock_owned().await;
        let live = self.live(&mut state, run_id).await?;
        owned(caller, &live.seat.meta.account_id)?;
        let (score, answer) = score(&live.seat)?;
        let row = live.seat.score_row(score, self.clock.now().as_microsecond());
        let kept_in = self.store.clone();
        // As in `advance`: the lock outlives a caller that goes away.
        let published = tokio::spawn(async move {
            let published_at = kept_in.write(move |tx| scores::publish(tx, &row)).await?;
            if let Some(live) = state.as_mut() {
                live.seat.meta.published_at = Some(published_at);
            }
            Ok::<(), Error>(())
        });
        published.await.map_err(Error::internal)??;
        Ok(answer)
    }

    /// Ends the streams of all who watch a run; there are no new ones.
    pub fn end_watches(&self) {
        self.feed.close();
    }
}

/// Where a run of the caller on this scenario comes from.
fn origin(caller: &Caller, entry: &Entry, now: jiff::Timestamp) -> Result<runs::Origin, Error> {
    let account = caller.account()?;
    Ok(runs::Origin {
        id: new_id(now).to_string(),
        account_id: account.id.clone(),
        key_id: account.credential.key_id().map(str::to_owned),
        scenario_slug: entry.slug().to_owned(),
        scenario_version: entry.card().version.into(),
        scenario_digest: entry.digest().map_err(Error::internal)?.to_owned(),
        rules_version: RULES_VERSION.into(),
        bot_name: None,
        agent_info: None,
        created_at: now.as_microsecond(),
    })
}

/// What a command that was applied adds to the journal, and its answer.
fn entry<T: Serialize>(
    live: &mut Live,
    turn: &Turn<'_>,
    command: &Command,
    at: i64,
    view: impl FnOnce(&Seat) -> T,
) -> Result<(journal::Append, T), Error> {
    let seat = &mut live.seat;
    let derived = seat::derived(&seat.run, at);
    seat.meta.last_activity_at = at;
    seat.meta.completed_at = derived.completed_at;
    let answer = view(seat);
    let kept = match &turn.key {
        None => None,
        Some((key, fingerprint)) => Some(idempotency::Answer {
            key: key.clone(),
            fingerprint: *fingerprint,
            body: serde_json::to_string(&answer).map_err(Error::internal)?,
        }),
    };
    let append = journal::Append {
        run_id: turn.run_id.to_owned(),
        expected: live.head,
        at,
        command: codec::encode(seat.run.market(), command, turn.rationale)
            .map_err(Error::internal)?,
        derived,
        answer: kept,
    };
    Ok((append, answer))
}

/// A run's id in its one form; anything else names no run.
fn parse_id(run_id: &str) -> Result<Uuid, Error> {
    let id = Uuid::try_parse(run_id).ok().filter(|id| id.to_string() == run_id);
    id.ok_or_else(Error::no_such_run)
}

/// Refuses a caller whose run it is not.
fn owned(caller: &Caller, owner: &str) -> Result<(), Error> {
    let account = caller.account()?;
    if account.id == owner { Ok(()) } else { Err(Error::foreign_run()) }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::run_moved(),
            StoreError::Unavailable(why) => Self::unavailable(why),
            StoreError::Corrupt { .. } => Self::corrupt(error),
            StoreError::Schema(_) | StoreError::Internal(_) => Self::internal(error),
        }
    }
}
