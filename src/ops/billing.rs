//! What the account's plan has and how it is paid, and what its owner is called in public.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, Route,
    views::{Instant, instant},
};
use crate::{error::Error, plan::Plan};

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
    /// How what it pays for stands, in Stripe's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_status: Option<String>,
    /// Until when is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    current_period_end: Option<String>,
    /// Whether the plan ends then.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancel_at_period_end: Option<bool>,
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
        let paid = cx.app.billing.subscription(&caller.id).await?;
        Ok(BillingAccount {
            account_id: account.id,
            key_id: caller.credential.key_id().map(str::to_owned),
            name: account.name,
            plan: quota.plan.name(),
            handle: account.handle,
            subscription_status: paid.as_ref().map(|it| it.status.clone()),
            current_period_end: paid.as_ref().and_then(|it| it.period_end).map(instant),
            cancel_at_period_end: paid.as_ref().map(|it| it.ends),
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

/// Begins to buy a plan: gives the address of the page where a person pays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BeginCheckout {
    /// The plan to buy.
    plan: Sold,
}

/// A plan that is sold.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Sold {
    Pro,
    Max,
}

impl From<Sold> for Plan {
    fn from(sold: Sold) -> Self {
        match sold {
            Sold::Pro => Self::Pro,
            Sold::Max => Self::Max,
        }
    }
}

/// Where a person goes on.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Onward {
    /// Of a page of Stripe's, for a browser.
    url: String,
}

impl Op for BeginCheckout {
    const NAME: &'static str = "begin_checkout";
    const ROUTE: Route = Route::post("/api/v1/billing/checkout");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Payer;
    type Output = Onward;

    async fn run(self, cx: &Cx) -> Result<Onward, Error> {
        let account = cx.caller.payer()?;
        Ok(Onward { url: cx.app.billing.begin(&account.id, self.plan.into()).await? })
    }
}

/// Gives the address of the page where a person changes or ends what they pay for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenPortal {}

impl Op for OpenPortal {
    const NAME: &'static str = "open_billing_portal";
    const ROUTE: Route = Route::post("/api/v1/billing/portal");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Write;
    const ACCESS: Access = Access::Payer;
    type Output = Onward;

    async fn run(self, cx: &Cx) -> Result<Onward, Error> {
        let account = cx.caller.payer()?;
        Ok(Onward { url: cx.app.billing.portal(&account.id).await? })
    }
}

/// Shows a checkout that was paid: who has its id, from the address that Stripe led back to, has
/// paid or was told. The key that comes with it is shown on a page, to the person alone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetCheckout {
    /// What Stripe calls it.
    session_id: String,
}

/// A checkout that was paid.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CheckoutView {
    /// The plan that was bought.
    plan: String,
    /// Of the key that was made for it; absent until one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    /// How the subscription stands now, in Stripe's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_status: Option<String>,
}

impl Op for GetCheckout {
    const NAME: &'static str = "get_checkout";
    const ROUTE: Route = Route::get("/api/v1/billing/session/{session_id}");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = CheckoutView;

    async fn run(self, cx: &Cx) -> Result<CheckoutView, Error> {
        let (checkout, subscription) = cx.app.billing.paid(&self.session_id).await?;
        Ok(CheckoutView {
            plan: checkout.plan,
            key_id: checkout.key_id,
            subscription_status: subscription.map(|it| it.status),
        })
    }
}
