//! What the account's plan has, and what its owner is called in public.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, Route,
    views::{Instant, instant},
};
use crate::error::Error;

/// What a handle may be.
const HANDLE: &str = "^[A-Za-z0-9_-]{3,24}$";
/// Characters of a handle.
const HANDLE_CHARS: std::ops::RangeInclusive<usize> = 3..=24;

/// Shows the account's plan, and how many runs it has started this month.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetBillingAccount {}

/// An account, as who pays for it sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BillingAccount {
    account_id: String,
    /// Of the key that asks; none for a browser that is signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    name: String,
    /// `free`, `pro`, `max` or `unlimited`.
    plan: &'static str,
    /// What the owner chose to be called in public.
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    /// Runs started this month of UTC, through all doors.
    runs_used: u32,
    /// Runs that a month of the plan has; left out where there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_limit: Option<u32>,
    /// When the next month begins.
    #[schemars(with = "Instant")]
    resets_at: String,
}

impl Op for GetBillingAccount {
    const NAME: &'static str = "get_billing_account";
    const ROUTE: Route = Route::get("/api/v1/billing/account");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Payer;
    type Output = BillingAccount;

    async fn run(self, cx: &Cx) -> Result<BillingAccount, Error> {
        let caller = cx.caller.payer()?;
        let account = cx.app.accounts.find(&caller.id).await?;
        let quota = cx.app.runs.quota(&caller.id).await?;
        Ok(BillingAccount {
            account_id: account.id,
            key_id: caller.credential.key_id().map(str::to_owned),
            name: account.name,
            plan: quota.plan.name(),
            handle: account.handle,
            runs_used: quota.used,
            runs_limit: quota.limit,
            resets_at: instant(quota.resets_at.as_microsecond()),
        })
    }
}

/// Gives the account another handle, by which its owner is known in public. Comes with a paid plan.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateBillingAccount {
    /// Small and capital letters are the same: nobody else has it in either.
    #[schemars(regex(pattern = HANDLE))]
    pub(crate) handle: String,
}

/// What was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Updated {
    handle: String,
}

impl Op for UpdateBillingAccount {
    const NAME: &'static str = "update_billing_account";
    const ROUTE: Route = Route::patch("/api/v1/billing/account");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Payer;
    type Output = Updated;

    async fn run(self, cx: &Cx) -> Result<Updated, Error> {
        let is_good = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-');
        let handle = self.handle;
        if !HANDLE_CHARS.contains(&handle.len()) || !handle.bytes().all(is_good) {
            return Err(Error::broken_rule("handle", &format!("must match {HANDLE}")));
        }
        let account = cx.caller.payer()?;
        let plan = cx.app.runs.quota(&account.id).await?.plan;
        if !plan.has_handle() {
            return Err(Error::handle_needs_plan(&cx.app.plans.larger(plan)));
        }
        if cx.app.accounts.set_handle(&account.id, &handle).await? {
            Ok(Updated { handle })
        } else {
            Err(Error::handle_taken())
        }
    }
}
