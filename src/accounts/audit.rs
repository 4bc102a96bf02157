//! The log of credential events: kept with the store, and told to the operator's log.

use crate::{
    clock::new_id,
    store::{StoreError, Tx, audit},
};

/// What can happen to a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody came by an identity or a link.
    SignedIn,
    /// A browser was signed out.
    SignedOut,
    /// A key was made.
    KeyCreated,
    /// A key got another name.
    KeyRenamed,
    /// A key was revoked.
    KeyRevoked,
    /// A client was allowed something.
    GrantCreated,
    /// What a client was allowed was revoked.
    GrantRevoked,
    /// A used code or refresh token came again: its whole family was revoked.
    ReuseDetected,
    /// A private link to a run was made, in place of the one before.
    LinkCreated,
    /// A private link to a run was taken back.
    LinkRemoved,
    /// The account was put on a plan.
    PlanSet,
    /// Somebody began to buy a plan.
    CheckoutBegun,
    /// What they began to buy was paid.
    CheckoutPaid,
    /// What the account pays for stands otherwise than before.
    SubscriptionChanged,
    /// The account got another handle.
    HandleSet,
    /// The account was erased.
    AccountErased,
}

impl Event {
    /// The word in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignedIn => "session.created",
            Self::SignedOut => "session.ended",
            Self::KeyCreated => "key.created",
            Self::KeyRenamed => "key.renamed",
            Self::KeyRevoked => "key.revoked",
            Self::GrantCreated => "grant.created",
            Self::GrantRevoked => "grant.revoked",
            Self::ReuseDetected => "grant.reuse_detected",
            Self::LinkCreated => "link.created",
            Self::LinkRemoved => "link.removed",
            Self::PlanSet => "account.plan_set",
            Self::CheckoutBegun => "billing.checkout_begun",
            Self::CheckoutPaid => "billing.checkout_paid",
            Self::SubscriptionChanged => "billing.subscription",
            Self::HandleSet => "account.handle_set",
            Self::AccountErased => "account.erased",
        }
    }
}

/// Notes an event within the unit of work that makes it happen; `about` is an id or a name, never
/// a secret.
pub fn note(
    tx: &mut dyn Tx,
    now: jiff::Timestamp,
    account_id: &str,
    event: Event,
    about: &str,
) -> Result<(), StoreError> {
    tracing::info!(account_id, event = event.name(), about, "credential");
    let row = audit::Event {
        id: new_id(now).to_string(),
        at: now.as_microsecond(),
        account_id: Some(account_id.to_owned()),
        event: event.name().to_owned(),
        about: about.to_owned(),
    };
    audit::insert(tx, &row)
}
