//! How many runs an account may start in a month of UTC, and how many it has started.
//!
//! What counts is rows: a run that is in the store has been started, and none is ever deleted while
//! its account is there. They are counted in the unit of work that adds one, so the limit is exact
//! whoever starts runs at the same time and through whichever door, and survives every restart. The
//! plan is read there too: who has just paid may start.

use jiff::Timestamp;

use crate::{
    error::{Error, RunLimit},
    month::Month,
    plan::{Plan, Plans},
    store::{StoreError, Tx, accounts, runs},
};

/// Where an account stands with the runs of this month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Its plan.
    pub plan: Plan,
    /// Runs that were started this month.
    pub used: u32,
    /// Runs that the plan has; `None` is no limit.
    pub limit: Option<u32>,
    /// When the next month of UTC begins.
    pub resets_at: Timestamp,
}

impl Quota {
    /// Runs that may still be started; `None` is no limit.
    pub fn remaining(&self) -> Option<u32> {
        Some(self.limit?.saturating_sub(self.used))
    }

    /// The same when one more was started.
    #[must_use]
    pub(super) fn and_one(self) -> Self {
        Self { used: self.used.saturating_add(1), ..self }
    }
}

/// What the operator's plans allow, and where there is more.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// The terms of every plan.
    pub plans: Plans,
    /// Where plans are compared and bought.
    pub checkout_url: String,
}

impl Allowance {
    /// The plan of an account; one that is gone has none.
    pub(super) fn plan(tx: &mut dyn Tx, account_id: &str) -> Result<Option<Plan>, StoreError> {
        let account = accounts::by_id(tx, account_id)?.filter(|it| it.deleted_at.is_none());
        account.map(|it| it.plan_as(Plan::parse)).transpose()
    }

    /// Whether a plan has a limit.
    pub(super) fn limits(&self, plan: Plan) -> bool {
        self.plans.of(plan).runs.is_some()
    }

    /// Where an account on this plan stands at this time.
    pub(super) fn quota(
        &self,
        tx: &mut dyn Tx,
        account_id: &str,
        plan: Plan,
        now: Timestamp,
    ) -> Result<Quota, StoreError> {
        let month = Month::of(now);
        let (begins, resets_at) = (month.begins(), month.next().begins());
        let (from, to) = (begins.as_microsecond(), resets_at.as_microsecond());
        let used = runs::count_between(tx, account_id, from, to)?;
        let used = u32::try_from(used).unwrap_or(u32::MAX);
        Ok(Quota { plan, used, limit: self.plans.of(plan).runs, resets_at })
    }

    /// Why an account that stands like this starts no other run, if it does not.
    pub(super) fn refusal(&self, quota: &Quota, now: Timestamp) -> Option<Error> {
        let runs_limit = quota.limit.filter(|limit| quota.used >= *limit)?;
        let larger = self.plans.larger(quota.plan);
        let upgrade_hint = if larger.is_empty() {
            "there is no larger plan; wait for the next month".to_owned()
        } else {
            format!("{larger}: {}", self.checkout_url)
        };
        let limit = RunLimit {
            runs_used: quota.used,
            runs_limit,
            resets_at: quota.resets_at,
            checkout_url: self.checkout_url.clone(),
            upgrade_hint,
        };
        Some(Error::run_limit(quota.plan.name(), quota.plan == Plan::Free, limit, now))
    }
}
