//! Selling plans through Stripe.
//!
//! What somebody pays for is Stripe's to know. An event of Stripe is a hint, whatever it says: the
//! customer it is about is asked for, and the account put on the plan that follows from the answer.
//! So events may come twice, late, in any order or not at all; who asked later wins. What the store
//! has of it is a customer's name at Stripe, one subscription's state and the ids of events.

mod args;
mod event;
mod secret;
mod signature;
mod state;
mod stripe;

use std::sync::Arc;

use crate::{
    accounts::{Accounts, Event, NewKey, note},
    clock::Clock,
    error::Error,
    keys::Family,
    outbound::HttpFault,
    plan::Plan,
    store::{Store, billing},
};

pub use crate::store::billing::{Checkout, Subscription};
pub use args::StripeArgs;
pub use secret::Secret;
pub use signature::TOLERANCE_SECONDS;
pub use state::{GRACE_DAYS, Reconciled};
pub use stripe::{Price, STRIPE, Stripe, StripeFault};

/// How long events and unpaid checkouts are known, in microseconds: thirty days, far longer than
/// Stripe repeats the ones and keeps the others open.
const KNOWN_FOR: i64 = 30 * 24 * 3_600 * 1_000_000;
/// What the key is called that is made for a payment.
const KEY_NAME: &str = "key of my plan";

/// The sale of plans, where the operator set it up.
pub struct Billing {
    store: Store,
    accounts: Arc<Accounts>,
    clock: Arc<dyn Clock>,
    stripe: Option<Stripe>,
    public_url: String,
}

impl Billing {
    /// The sale of plans of a server at this address.
    pub fn new(
        store: Store,
        accounts: Arc<Accounts>,
        clock: Arc<dyn Clock>,
        stripe: Option<Stripe>,
        public_url: &str,
    ) -> Self {
        Self { store, accounts, clock, stripe, public_url: public_url.to_owned() }
    }

    /// Whether plans are sold here.
    pub const fn is_on(&self) -> bool {
        self.stripe.is_some()
    }

    /// What an account pays for, as far as it is known here.
    pub async fn subscription(&self, account_id: &str) -> Result<Option<Subscription>, Error> {
        Ok(self.customer(account_id).await?.and_then(|it| it.subscription))
    }

    /// Whether an account pays for a plan, or owes for one: there is no second beside it.
    pub async fn pays(&self, account_id: &str) -> Result<bool, Error> {
        Ok(self.subscription(account_id).await?.is_some_and(|it| state::stands(&it)))
    }

    /// Begins to sell an account a plan; gives the address where a person pays.
    pub async fn begin(&self, account_id: &str, plan: Plan) -> Result<String, Error> {
        let stripe = self.stripe()?;
        if self.accounts.find(account_id).await?.plan == Plan::Unlimited.name() {
            return Err(Error::nothing_to_buy());
        }
        let customer = match self.customer(account_id).await? {
            Some(customer) => {
                self.end_open_checkouts(account_id).await?;
                self.refresh(customer, None).await?;
                self.customer(account_id).await?
            }
            None => self.make_customer(account_id).await?,
        };
        let customer = customer.ok_or_else(Error::no_such_account)?;
        if let Some(paid) = customer.subscription.as_ref().filter(|it| state::stands(it)) {
            let portal = stripe.portal(&customer.customer_id, &self.public_url).await;
            let place = portal.unwrap_or_else(|_| format!("{}/account", self.public_url));
            return Err(Error::already_subscribed(&paid.plan, &place));
        }
        let begun = stripe.begin(&customer.customer_id, account_id, plan, &self.public_url).await;
        let begun = begun.map_err(failed)?;
        let unreadable = || failed(HttpFault::NotJson.into());
        let place = begun.url.ok_or_else(unreadable)?;
        let now = self.clock.now();
        let checkout = Checkout {
            id: begun.id,
            account_id: account_id.to_owned(),
            plan: plan.name().to_owned(),
            created_at: now.as_microsecond(),
            paid_at: None,
            key_id: None,
        };
        let kept = self.store.write(move |tx| {
            billing::add_checkout(tx, &checkout)?;
            note(tx, now, &checkout.account_id, Event::CheckoutBegun, &checkout.id)
        });
        kept.await?;
        Ok(place)
    }

    /// The address where an account changes or ends what it pays for.
    pub async fn portal(&self, account_id: &str) -> Result<String, Error> {
        let stripe = self.stripe()?;
        let customer = self.customer(account_id).await?.filter(|it| it.subscription.is_some());
        let customer = customer.ok_or_else(Error::no_subscription)?;
        stripe.portal(&customer.customer_id, &self.public_url).await.map_err(failed)
    }

    /// A checkout that was paid, and how what it sold stands now.
    pub async fn paid(&self, id: &str) -> Result<(Checkout, Option<Subscription>), Error> {
        self.stripe()?;
        let id = id.to_owned();
        let found = self.store.read(move |tx| {
            let paid = billing::checkout(tx, &id)?.filter(|it| it.paid_at.is_some());
            let Some(checkout) = paid else { return Ok(None) };
            let customer = billing::customer(tx, &checkout.account_id)?;
            Ok(Some((checkout, customer.and_then(|it| it.subscription))))
        });
        found.await?.ok_or_else(Error::no_such_checkout)
    }

    /// The same of an account's own, where Stripe is asked if it is not known to be paid.
    pub async fn settled(&self, account_id: &str, id: &str) -> Result<Checkout, Error> {
        self.stripe()?;
        let checkout = self.own_checkout(account_id, id).await?;
        if checkout.paid_at.is_some() {
            return Ok(checkout);
        }
        self.settle(&checkout).await?;
        let checkout = self.own_checkout(account_id, id).await?;
        if checkout.paid_at.is_some() { Ok(checkout) } else { Err(Error::no_such_checkout()) }
    }

    /// Makes the one key that comes with a payment: the one time it is seen.
    pub async fn make_key(&self, account_id: &str, id: &str) -> Result<NewKey, Error> {
        let checkout = self.settled(account_id, id).await?;
        let (owner, id) = (checkout.account_id.clone(), checkout.id);
        let once = move |tx: &mut dyn crate::store::Tx, key_id: &str| {
            let taken = billing::take_key(tx, &owner, &id, key_id)?;
            Ok(if taken { Ok(()) } else { Err(Error::checkout_key_shown()) })
        };
        self.accounts.add_key_with(account_id, KEY_NAME, Family::Benchmark, once).await
    }

    fn stripe(&self) -> Result<&Stripe, Error> {
        self.stripe.as_ref().ok_or_else(Error::nothing_sold)
    }

    async fn customer(&self, account_id: &str) -> Result<Option<billing::Customer>, Error> {
        let account_id = account_id.to_owned();
        Ok(self.store.read(move |tx| billing::customer(tx, &account_id)).await?)
    }

    async fn make_customer(&self, account_id: &str) -> Result<Option<billing::Customer>, Error> {
        let made = self.stripe()?.make_customer(account_id).await.map_err(failed)?;
        let (account_id, now) = (account_id.to_owned(), self.now());
        let kept = self.store.write(move |tx| {
            billing::add_customer(tx, &account_id, &made, now)?;
            billing::customer(tx, &account_id)
        });
        Ok(kept.await?)
    }

    async fn own_checkout(&self, account_id: &str, id: &str) -> Result<Checkout, Error> {
        let id = id.to_owned();
        let found = self.store.read(move |tx| billing::checkout(tx, &id)).await?;
        found.filter(|it| it.account_id == account_id).ok_or_else(Error::no_such_checkout)
    }

    /// Sees to it that a person does not pay twice: nothing that they began earlier can be paid.
    async fn end_open_checkouts(&self, account_id: &str) -> Result<(), Error> {
        let (stripe, owner) = (self.stripe()?, account_id.to_owned());
        let open = self.store.read(move |tx| billing::open_checkouts(tx, &owner)).await?;
        for checkout in open {
            match stripe.expire(&checkout.id).await {
                Ok(_) | Err(StripeFault::Missing) => {
                    let drop = move |tx: &mut dyn crate::store::Tx| {
                        billing::remove_checkout(tx, &checkout.account_id, &checkout.id)
                    };
                    self.store.write(drop).await?;
                }
                // It has ended: by itself, or because it was paid.
                Err(StripeFault::Refused { .. }) => self.settle(&checkout).await?,
                Err(fault) => return Err(failed(fault)),
            }
        }
        Ok(())
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }
}

/// What a caller is told of a call that came to nothing.
fn failed(fault: StripeFault) -> Error {
    match fault {
        StripeFault::Http(fault) => Error::payments_unavailable(fault),
        fault => Error::internal(fault),
    }
}
