//! Which plan follows from what Stripe says, and how the account gets there.

use jiff::Timestamp;

use super::{Billing, KNOWN_FOR, failed, stripe};
use crate::{
    accounts::{Event, note},
    error::Error,
    plan::Plan,
    store::{
        StoreError, Tx, accounts,
        billing::{self, Checkout, Customer, Subscription},
    },
};

/// How many days a plan goes on after a payment that failed, while Stripe tries again.
pub const GRACE_DAYS: i64 = 7;
/// The same in microseconds.
const GRACE: i64 = GRACE_DAYS * 24 * 3_600 * 1_000_000;

/// Whether a subscription goes on, paid or owed: there is no second one beside it.
pub(super) fn stands(it: &Subscription) -> bool {
    matches!(it.status.as_str(), "active" | "trialing" | "past_due" | "unpaid" | "paused")
}

/// The plan of a subscription with this status.
fn granted(status: &str, sold: Plan, past_due_since: Option<i64>, now: i64) -> Plan {
    match status {
        "active" | "trialing" => sold,
        "past_due" if past_due_since.is_some_and(|since| now < since + GRACE) => sold,
        _ => Plan::Free,
    }
}

/// An account whose plan was not what it pays for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciled {
    /// The account.
    pub account_id: String,
    /// The plan that followed from what was known.
    pub before: Option<String>,
    /// The plan that follows from what Stripe says; none where the account is gone and Stripe has
    /// forgotten it.
    pub after: Option<String>,
}

impl Billing {
    /// Asks Stripe what a customer pays for, and puts the account on the plan that follows. An
    /// event is noted as heeded with that; one that was heeded changes nothing.
    pub(super) async fn refresh(
        &self,
        customer: Customer,
        event: Option<String>,
    ) -> Result<(), Error> {
        let stripe = self.stripe()?;
        // Who asks later knows more: what an earlier question brought does not undo it.
        let now = self.clock.now();
        let listed = stripe.subscriptions(&customer.customer_id).await.map_err(failed)?;
        let rank = |it: &stripe::Subscription| {
            let plan = stripe.plan_of(it).map_or(0, |plan| plan as u8);
            (matches!(it.status.as_str(), "active" | "trialing" | "past_due"), plan, it.created)
        };
        let read = listed.into_iter().max_by_key(rank).map(|it| {
            let sold = stripe.plan_of(&it).unwrap_or_else(|| {
                tracing::warn!(id = it.id, "a subscription pays for nothing that is sold here");
                Plan::Free
            });
            (it, sold)
        });
        let done = self.store.write(move |tx| {
            if let Some(event) = &event
                && !billing::heed(tx, event, now.as_microsecond())?
            {
                return Ok(());
            }
            apply(tx, &customer.account_id, read.as_ref(), now)
        });
        let done = done.await;
        self.accounts.forget();
        Ok(done?)
    }

    /// Asks Stripe whether a checkout was paid; where it was, the account gets what it paid for.
    pub(super) async fn settle(&self, checkout: &Checkout) -> Result<(), Error> {
        let told = match self.stripe()?.session(&checkout.id).await {
            Err(stripe::StripeFault::Missing) => return Ok(()),
            told => told.map_err(failed)?,
        };
        if !told.is_paid() {
            return Ok(());
        }
        if let Some(customer) = self.customer(&checkout.account_id).await? {
            self.refresh(customer, None).await?;
        }
        let (id, owner, now) = (checkout.id.clone(), checkout.account_id.clone(), self.clock.now());
        let noted = self.store.write(move |tx| note_paid(tx, &owner, &id, now));
        Ok(noted.await?)
    }

    /// Does what is due: takes plans back whose payment is missing for too long, ends what accounts
    /// pay for that are gone, forgets what is old.
    pub async fn upkeep(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let (at, old) = (now.as_microsecond(), now.as_microsecond() - KNOWN_FOR);
        let due = self.store.read(move |tx| {
            let lapsed = billing::lapsed(tx, at - GRACE)?;
            Ok((lapsed, billing::orphans(tx)?, billing::is_due(tx, old)?))
        });
        let (lapsed, orphans, is_due) = due.await?;
        for customer in lapsed {
            self.store.write(move |tx| lapse(tx, &customer, now)).await?;
            self.accounts.forget();
        }
        if is_due {
            self.store.write(move |tx| billing::sweep(tx, old)).await?;
        }
        if self.is_on() {
            for customer in orphans {
                self.end(customer).await?;
            }
        }
        Ok(())
    }

    /// Asks Stripe about every customer and every open checkout: what no event told is made good.
    /// Gives the accounts whose plan was another.
    pub async fn reconcile(&self) -> Result<Vec<Reconciled>, Error> {
        self.stripe()?;
        let known = self.store.read(|tx| {
            let gone = billing::orphans(tx)?;
            Ok((billing::customers(tx)?, gone))
        });
        let (customers, gone) = known.await?;
        let mut changed = Vec::new();
        for customer in customers {
            let (account_id, before) = (customer.account_id.clone(), plan_of(&customer));
            if gone.iter().any(|it| it.account_id == account_id) {
                self.end(customer).await?;
                changed.push(Reconciled { account_id, before, after: None });
                continue;
            }
            let owner = account_id.clone();
            let open = self.store.read(move |tx| billing::open_checkouts(tx, &owner)).await?;
            for checkout in open {
                self.settle(&checkout).await?;
            }
            self.refresh(customer, None).await?;
            let after = self.customer(&account_id).await?.as_ref().and_then(plan_of);
            if after != before {
                changed.push(Reconciled { account_id, before, after });
            }
        }
        Ok(changed)
    }

    /// Ends everything that an account pays for that is gone, and has Stripe forget it.
    async fn end(&self, customer: Customer) -> Result<(), Error> {
        let stripe = self.stripe()?;
        let called = &customer.customer_id;
        for it in stripe.subscriptions(called).await.map_err(failed)? {
            if !matches!(it.status.as_str(), "canceled" | "incomplete_expired") {
                stripe.cancel(&it.id).await.map_err(failed)?;
            }
        }
        stripe.forget_customer(called).await.map_err(failed)?;
        let owner = customer.account_id;
        Ok(self.store.write(move |tx| billing::remove_customer(tx, &owner)).await?)
    }
}

/// The plan that follows from what is known of a customer.
fn plan_of(customer: &Customer) -> Option<String> {
    customer.subscription.as_ref().map(|it| it.plan.clone())
}

/// Notes that a checkout was paid.
pub(super) fn note_paid(
    tx: &mut dyn Tx,
    account_id: &str,
    id: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if billing::paid(tx, id, now.as_microsecond())? {
        note(tx, now, account_id, Event::CheckoutPaid, id)?;
    }
    Ok(())
}

/// Keeps what Stripe said of an account, and puts it on the plan that follows from that.
fn apply(
    tx: &mut dyn Tx,
    account_id: &str,
    read: Option<&(stripe::Subscription, Plan)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let at = now.as_microsecond();
    let Some(before) = billing::customer(tx, account_id)? else { return Ok(()) };
    let known = before.subscription.as_ref();
    let subscription = read.map(|(it, sold)| {
        let late = it.status == "past_due";
        let since = known.filter(|known| late && known.id == it.id);
        let since = since.and_then(|known| known.past_due_since).or(late.then_some(at));
        Subscription {
            id: it.id.clone(),
            status: it.status.clone(),
            plan: granted(&it.status, *sold, since, at).name().to_owned(),
            period_end: it.period_end(),
            ends: it.ends(),
            past_due_since: since,
        }
    });
    let after = Customer { subscription, read_at: at, ..before.clone() };
    if !billing::put(tx, &after)? || after.subscription == before.subscription {
        return Ok(());
    }
    if let Some(it) = &after.subscription {
        let ends = if it.ends { ", ends" } else { "" };
        let about = format!("{} {} {}{ends}", it.id, it.status, it.plan);
        note(tx, now, account_id, Event::SubscriptionChanged, &about)?;
    }
    put_on_plan(tx, &before, &after, now)
}

/// Takes a plan back whose payment is missing for too long.
fn lapse(tx: &mut dyn Tx, seen: &Customer, now: Timestamp) -> Result<(), StoreError> {
    let Some(before) = billing::customer(tx, &seen.account_id)? else { return Ok(()) };
    // What came meanwhile is newer than what was seen.
    if before != *seen {
        return Ok(());
    }
    let subscription = before.subscription.clone();
    let subscription =
        subscription.map(|it| Subscription { plan: Plan::Free.name().to_owned(), ..it });
    let after = Customer { subscription, ..before.clone() };
    billing::put(tx, &after)?;
    put_on_plan(tx, &before, &after, now)
}

/// Puts an account on the plan that it pays for, where that changed: what the operator set
/// meanwhile stays otherwise, and the operator's own accounts always.
fn put_on_plan(
    tx: &mut dyn Tx,
    before: &Customer,
    after: &Customer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let of = |it: &Customer| plan_of(it).unwrap_or_else(|| Plan::Free.name().to_owned());
    let (account_id, plan) = (&after.account_id, of(after));
    let account = accounts::by_id(tx, account_id)?.filter(|it| it.deleted_at.is_none());
    let Some(account) = account else { return Ok(()) };
    if plan == of(before) || account.plan == plan || account.plan == Plan::Unlimited.name() {
        return Ok(());
    }
    accounts::set_plan(tx, account_id, &plan)?;
    note(tx, now, account_id, Event::PlanSet, &plan)
}
