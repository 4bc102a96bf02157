//! Everything that is kept about an account, but for secrets, as JSON.

use serde_json::{Value, json};

use super::Accounts;
use crate::{
    error::Error,
    keys::Family,
    store::{
        billing::{self, Checkout, Customer},
        grants::Grant,
        identities::Identity,
        keys::Key,
        runs,
        sessions::Session,
        usage,
    },
};

/// Events that an export holds at most, the newest.
const EVENTS_MAX: i64 = 10_000;
/// Runs that an export holds at most, the newest.
const RUNS_MAX: i64 = 100_000;

impl Accounts {
    /// Everything that is kept about the account of this name or id.
    pub async fn export(&self, asked: &str) -> Result<Value, Error> {
        let account = self.find(asked).await?;
        let (id, of_runs) = (account.id.as_str(), account.id.clone());
        let runs = self.store.read(move |tx| runs::list(tx, &of_runs, RUNS_MAX, None)).await?;
        let keys = [self.keys(id, Family::Benchmark).await?, self.keys(id, Family::Bot).await?];
        let of_usage = account.id.clone();
        let usage = self.store.read(move |tx| usage::get(tx, &of_usage)).await?;
        let of_billing = account.id.clone();
        let paid = self.store.read(move |tx| {
            Ok((billing::customer(tx, &of_billing)?, billing::checkouts(tx, &of_billing)?))
        });
        let (customer, checkouts) = paid.await?;
        let identities = self.identities(id).await?;
        let grants = self.grants(id).await?;
        let sessions = self.sessions(id).await?;
        let events = self.events(id, EVENTS_MAX).await?;
        Ok(json!({
            "account": { "id": account.id, "name": account.name, "handle": account.handle,
                "plan": account.plan, "created_at": instant(account.created_at) },
            "identities": identities.iter().map(identity).collect::<Vec<_>>(),
            "keys": keys.concat().iter().map(key).collect::<Vec<_>>(),
            "grants": grants.iter().map(grant).collect::<Vec<_>>(),
            "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
            "bot_calls": usage.map(|it| json!({ "month": it.month_shown(),
                "calls": it.month_calls })),
            "billing": paid_for(customer, &checkouts),
            "events": events.iter().map(|it| json!({ "at": instant(it.at), "event": it.event,
                "about": it.about })).collect::<Vec<_>>(),
            "runs": runs.iter().map(run).collect::<Vec<_>>(),
        }))
    }
}

fn identity(it: &Identity) -> Value {
    json!({ "issuer": it.issuer, "subject": it.subject, "shown": it.shown,
        "created_at": instant(it.created_at) })
}

fn key(it: &Key) -> Value {
    json!({ "id": it.id, "name": it.name, "opens": it.family.as_str(), "prefix": it.prefix,
        "created_at": instant(it.created_at), "last_used_at": it.last_used_at.map(instant) })
}

fn grant(it: &Grant) -> Value {
    json!({ "id": it.id, "client_id": it.client_id, "client_name": it.client_name,
        "scope": it.scope, "created_at": instant(it.created_at),
        "expires_at": instant(it.expires_at) })
}

fn session(it: &Session) -> Value {
    json!({ "id": it.id, "created_at": instant(it.created_at),
        "expires_at": instant(it.expires_at) })
}

/// What an account pays for, and what it began to buy.
fn paid_for(customer: Option<Customer>, checkouts: &[Checkout]) -> Value {
    let (called, subscription) =
        customer.map_or((None, None), |it| (Some(it.customer_id), it.subscription));
    json!({
        "stripe_customer": called,
        "subscription": subscription.map(|it| json!({ "id": it.id, "status": it.status,
            "plan": it.plan, "ends": it.ends, "period_end": it.period_end.map(instant),
            "past_due_since": it.past_due_since.map(instant) })),
        "checkouts": checkouts.iter().map(checkout).collect::<Vec<_>>(),
    })
}

fn checkout(it: &Checkout) -> Value {
    json!({ "id": it.id, "plan": it.plan, "created_at": instant(it.created_at),
        "paid_at": it.paid_at.map(instant), "key_id": it.key_id })
}

fn run(it: &runs::Run) -> Value {
    json!({ "id": it.origin.id, "scenario": it.origin.scenario_slug, "attempt": it.attempt,
        "created_at": instant(it.origin.created_at),
        "published_at": it.published_at.map(instant) })
}

/// RFC 3339 to the second, from microseconds since the epoch.
fn instant(micros: i64) -> String {
    sim::Timestamp::from_seconds(micros.div_euclid(1_000_000)).to_string()
}
