//! A run with what the service knows of it besides its state.

use std::sync::Arc;

use serde_json::{Value, json};
use sim::{Run, Status, metrics::Report, order::OrderId, outcome::Outcome};
use uuid::Uuid;

use super::Score;
use crate::{
    error::Error,
    scenarios::Entry,
    store::{
        Digest,
        runs::{Derived, Origin, Run as RunRow, RunStatus},
        scores,
    },
};

/// A run, its scenario and its particulars.
pub struct Seat {
    /// Whose it is, and since when.
    pub meta: Meta,
    /// What it is played on.
    pub entry: Arc<Entry>,
    /// Its state.
    pub run: Run,
    /// When orders came: the first of each command, and the instant.
    received: Vec<(OrderId, i64)>,
}

/// The particulars of a run. Times are microseconds since the epoch.
#[derive(Debug, Clone)]
pub struct Meta {
    /// Its id.
    pub id: Uuid,
    /// Its owner.
    pub account_id: String,
    /// Which run of its account on its scenario it is, from 1.
    pub attempt: u32,
    /// The first link of its journal.
    pub genesis: Digest,
    /// SHA-256 of the scenario's rules and bars.
    pub scenario_digest: String,
    /// What the bot is called.
    pub bot_name: Option<String>,
    /// Who trades.
    pub agent_info: Option<Value>,
    /// When it started.
    pub created_at: i64,
    /// When its last command came.
    pub last_activity_at: i64,
    /// When it ended.
    pub completed_at: Option<i64>,
    /// When it was published.
    pub published_at: Option<i64>,
}

impl Meta {
    pub(super) fn of(row: &RunRow) -> Result<Self, Error> {
        let origin = &row.origin;
        Ok(Self {
            id: Uuid::try_parse(&origin.id).map_err(Error::internal)?,
            account_id: origin.account_id.clone(),
            attempt: u32::try_from(row.attempt).unwrap_or(u32::MAX),
            genesis: row.genesis,
            scenario_digest: origin.scenario_digest.clone(),
            bot_name: origin.bot_name.clone(),
            agent_info: origin.agent_info.as_deref().and_then(|it| serde_json::from_str(it).ok()),
            created_at: origin.created_at,
            last_activity_at: row.last_activity_at,
            completed_at: row.derived.completed_at,
            published_at: row.published_at,
        })
    }
}

impl Meta {
    /// The name on a leaderboard: the bot's, else what its agent calls itself. A key's name is its
    /// owner's affair.
    fn display_name(&self) -> String {
        let agent = || Some(self.agent_info.as_ref()?.get("name")?.as_str()?.to_owned());
        self.bot_name.clone().or_else(agent).unwrap_or_else(|| "unnamed".into())
    }
}

impl Seat {
    /// A run that has had no command yet.
    pub(super) fn new(meta: Meta, entry: Arc<Entry>, run: Run) -> Self {
        Self { meta, entry, run, received: Vec::new() }
    }

    /// Whether it can still be traded.
    pub(crate) fn is_active(&self) -> bool {
        self.run.status() == Status::Active
    }

    /// Remembers when the orders of a command came.
    pub(super) fn receive(&mut self, outcome: &Outcome, at: i64) {
        self.received.extend(outcome.first_order.map(|first| (first, at)));
    }

    /// When an order came, in microseconds since the epoch.
    pub(crate) fn received_at(&self, order: OrderId) -> i64 {
        let after = self.received.partition_point(|(first, _)| first.0 <= order.0);
        after.checked_sub(1).map_or(self.meta.created_at, |at| self.received[at].1)
    }

    /// What the run is worth as it stands.
    pub(crate) fn report(&self) -> Result<Report, Error> {
        let benchmark = self.entry.benchmark().map_err(Error::internal)?;
        Ok(Report::against(&self.run, benchmark))
    }

    /// The leaderboard row of this run.
    pub(super) fn score_row(&self, score: Score, now: i64) -> scores::Score {
        let meta = &self.meta;
        scores::Score {
            run_id: meta.id.to_string(),
            account_id: meta.account_id.clone(),
            scenario_slug: self.entry.slug().to_owned(),
            scenario_version: self.entry.card().version.into(),
            attempt: meta.attempt.into(),
            display_name: meta.display_name(),
            return_pct: score.return_pct,
            sharpe: score.sharpe,
            sortino: score.sortino,
            max_drawdown: score.max_drawdown,
            final_equity: units(self.run.last_sample().equity().units()),
            trade_count: i64::try_from(self.run.fills().len()).unwrap_or(i64::MAX),
            liquidated: self.run.status() == Status::Liquidated,
            published_at: now,
            results: score.results,
        }
    }
}

/// What lists show of a run without replaying it.
pub(super) fn derived(run: &Run, now: i64) -> Derived {
    let status = match run.status() {
        Status::Active => RunStatus::Active,
        Status::Completed => RunStatus::Completed,
        Status::Liquidated => RunStatus::Liquidated,
        Status::Abandoned => RunStatus::Abandoned,
    };
    Derived {
        status,
        sim_time: run.sim_time().seconds() * 1_000_000,
        cash: units(run.cash().units()),
        equity: units(run.last_sample().equity().units()),
        completed_at: (status != RunStatus::Active).then_some(now),
    }
}

/// Money as the store's lists hold it; absurd amounts saturate there, never in the journal.
fn units(units: i128) -> i64 {
    i64::try_from(units).unwrap_or(if units < 0 { i64::MIN } else { i64::MAX })
}

/// The text with which a run's hash chain begins.
pub fn header(origin: &Origin, attempt: i64) -> String {
    let header = json!({
        "format": "bottrade-journal/1",
        "run": origin.id,
        "scenario": { "slug": origin.scenario_slug, "version": origin.scenario_version,
            "digest": origin.scenario_digest },
        "rules_version": origin.rules_version,
        "created_at": origin.created_at,
        "attempt": attempt,
    });
    header.to_string()
}
