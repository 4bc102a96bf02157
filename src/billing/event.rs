//! What Stripe tells by itself.

use serde::Deserialize;

use super::{Billing, signature, state::note_paid, stripe::Session};
use crate::{error::Error, store::billing};

/// Characters of the id of an event.
const ID_MAX: usize = 255;

/// An event, as far as it says whom to ask about.
#[derive(Deserialize)]
struct Told {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    object: Option<String>,
    #[serde(default)]
    customer: Option<Named>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    payment_status: Option<String>,
}

/// The id of something, or the whole of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Id(String),
    Whole { id: String },
}

impl Object {
    /// The customer that it is, or belongs to.
    fn customer(&self) -> Option<&str> {
        match (&self.customer, self.object.as_deref()) {
            (Some(Named::Id(id) | Named::Whole { id }), _) => Some(id),
            (None, Some("customer")) => self.id.as_deref(),
            (None, _) => None,
        }
    }

    /// The checkout that it is, if it is one and paid.
    fn paid_checkout(self) -> Option<String> {
        let is_checkout = self.object.as_deref() == Some("checkout.session");
        let session = Session {
            id: self.id.filter(|_| is_checkout)?,
            url: None,
            status: self.status,
            payment_status: self.payment_status,
        };
        session.is_paid().then_some(session.id)
    }
}

impl Billing {
    /// Heeds an event, once, if Stripe signed it a moment ago. When this fails for want of an
    /// answer, Stripe sends the event again.
    pub async fn receive(&self, signed: &str, body: &[u8]) -> Result<(), Error> {
        let signers = &self.stripe()?.signers;
        signature::check(signers, signed, body, self.clock.now()).map_err(Error::event_refused)?;
        let told: Told = serde_json::from_slice(body).map_err(Error::event_refused)?;
        if told.id.is_empty() || told.id.len() > ID_MAX {
            return Err(Error::event_refused("its id is empty or very long"));
        }
        let (event, asked) = (told.id, told.data.object.customer().map(str::to_owned));
        let seen = event.clone();
        let known = self.store.read(move |tx| {
            if billing::is_heeded(tx, &seen)? {
                return Ok(None);
            }
            let customer = asked.map(|id| billing::customer_called(tx, &id)).transpose()?;
            Ok(Some(customer.flatten()))
        });
        let Some(customer) = known.await? else { return Ok(()) };
        tracing::info!(event, kind = told.kind, ours = customer.is_some(), "an event of Stripe");
        let Some(customer) = customer else {
            let now = self.now();
            self.store.write(move |tx| billing::heed(tx, &event, now).map(drop)).await?;
            return Ok(());
        };
        if let Some(paid) = told.data.object.paid_checkout() {
            let (owner, now) = (customer.account_id.clone(), self.clock.now());
            let own = self.own_checkout(&owner, &paid).await.is_ok();
            let noted = self
                .store
                .write(move |tx| if own { note_paid(tx, &owner, &paid, now) } else { Ok(()) });
            noted.await?;
        }
        self.refresh(customer, Some(event)).await
    }
}
