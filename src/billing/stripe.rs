//! Stripe's HTTP API: the few calls of it that selling plans takes.

use http::{Method, Request, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use url::{Url, form_urlencoded::Serializer};

use super::secret::Secret;
use crate::{
    outbound::{Http, HttpFault},
    plan::Plan,
};

/// Where Stripe is.
pub const STRIPE: &str = "https://api.stripe.com";
/// The revision of the API that is spoken, whatever the account's default is.
const VERSION: &str = "2024-06-20";
/// Subscriptions of one customer that are looked at.
const SUBSCRIPTIONS_MAX: &str = "100";
/// Begin the keys that move real money.
const LIVE: [&str; 2] = ["sk_live_", "rk_live_"];

/// A call that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StripeFault {
    /// It could not be made, or was not answered.
    #[error("Stripe: {0}")]
    Http(#[from] HttpFault),
    /// There is no such thing.
    #[error("Stripe has no such thing")]
    Missing,
    /// It was refused.
    #[error("Stripe refuses with status {status}: {message}")]
    Refused {
        /// The status.
        status: u16,
        /// Stripe's words, for the operator.
        message: String,
    },
}

/// What a plan is called where it is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// The plan.
    pub plan: Plan,
    /// The id of its price.
    pub id: String,
}

/// Stripe, as this server was given access to it.
pub struct Stripe {
    http: Http,
    base: String,
    key: Secret,
    prices: Vec<Price>,
    pub(super) signers: Vec<Secret>,
}

/// What answers list.
#[derive(Debug, Clone, Deserialize)]
struct List<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
struct Named {
    id: String,
}

#[derive(Deserialize)]
struct Place {
    url: String,
}

/// A checkout that was begun.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Session {
    pub(super) id: String,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) payment_status: Option<String>,
}

impl Session {
    /// Whether nothing is left to pay.
    pub(super) fn is_paid(&self) -> bool {
        let status = self.payment_status.as_deref();
        self.status.as_deref() == Some("complete") && status.is_some_and(|it| it != "unpaid")
    }
}

/// A subscription, as far as a plan follows from it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Subscription {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    cancel_at_period_end: bool,
    #[serde(default)]
    cancel_at: Option<i64>,
    #[serde(default)]
    current_period_end: Option<i64>,
    #[serde(default)]
    pub(super) created: i64,
    items: List<Item>,
}

#[derive(Debug, Clone, Deserialize)]
struct Item {
    #[serde(default)]
    price: Option<Sold>,
    /// The same by its older name.
    #[serde(default)]
    plan: Option<Sold>,
    #[serde(default)]
    current_period_end: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
struct Sold {
    id: String,
}

impl Subscription {
    /// Until when is paid, in microseconds.
    pub(super) fn period_end(&self) -> Option<i64> {
        let of_items = self.items.data.iter().filter_map(|it| it.current_period_end).max();
        self.current_period_end.or(of_items).map(|it| it.saturating_mul(1_000_000))
    }

    /// Whether it ends then.
    pub(super) fn ends(&self) -> bool {
        self.cancel_at_period_end || self.cancel_at.is_some()
    }
}

impl Stripe {
    /// Stripe at this address.
    pub fn new(
        base: &str,
        key: Secret,
        prices: Vec<Price>,
        signers: Vec<Secret>,
    ) -> Result<Self, HttpFault> {
        let http = Http::new().map_err(|it| HttpFault::Unreachable(it.to_string()))?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, key, prices, signers })
    }

    /// Whether its key moves real money.
    pub fn is_live(&self) -> bool {
        LIVE.iter().any(|it| self.key.reveal().starts_with(it))
    }

    /// The plan that a subscription pays for: the largest of those that are sold here.
    pub(super) fn plan_of(&self, subscription: &Subscription) -> Option<Plan> {
        let items = subscription.items.data.iter();
        let sold = items.flat_map(|it| [&it.price, &it.plan]).flatten();
        let plans = sold.filter_map(|it| self.prices.iter().find(|price| price.id == it.id));
        plans.map(|price| price.plan).max_by_key(|plan| *plan as u8)
    }

    /// Makes a customer of an account; who repeats that gets the same one.
    pub(super) async fn make_customer(&self, account_id: &str) -> Result<String, StripeFault> {
        let form = [("metadata[account_id]", account_id)];
        let once = format!("bottrade-customer-{account_id}");
        let made: Named = self.post(&["customers"], &form, Some(&once)).await?;
        Ok(made.id)
    }

    /// Begins to sell a plan to a customer.
    pub(super) async fn begin(
        &self,
        customer: &str,
        account_id: &str,
        plan: Plan,
        public_url: &str,
    ) -> Result<Session, StripeFault> {
        let price = self.prices.iter().find(|it| it.plan == plan).ok_or(StripeFault::Missing)?;
        let done = format!("{public_url}/billing/done?session_id={{CHECKOUT_SESSION_ID}}");
        let cancelled = format!("{public_url}/pricing");
        let form = [
            ("mode", "subscription"),
            ("customer", customer),
            ("client_reference_id", account_id),
            ("line_items[0][price]", price.id.as_str()),
            ("line_items[0][quantity]", "1"),
            ("success_url", done.as_str()),
            ("cancel_url", cancelled.as_str()),
        ];
        self.post(&["checkout", "sessions"], &form, None).await
    }

    /// A checkout as it stands.
    pub(super) async fn session(&self, id: &str) -> Result<Session, StripeFault> {
        self.call(Method::GET, &["checkout", "sessions", id], &[], None).await
    }

    /// Ends a checkout that nobody finished.
    pub(super) async fn expire(&self, id: &str) -> Result<Session, StripeFault> {
        self.call(Method::POST, &["checkout", "sessions", id, "expire"], &[], None).await
    }

    /// Where a customer changes or cancels what they pay for.
    pub(super) async fn portal(
        &self,
        customer: &str,
        public_url: &str,
    ) -> Result<String, StripeFault> {
        let back = format!("{public_url}/account");
        let form = [("customer", customer), ("return_url", back.as_str())];
        let place: Place = self.post(&["billing_portal", "sessions"], &form, None).await?;
        Ok(place.url)
    }

    /// Everything that a customer ever paid for; nothing for one that is gone.
    pub(super) async fn subscriptions(
        &self,
        customer: &str,
    ) -> Result<Vec<Subscription>, StripeFault> {
        let query = [("customer", customer), ("status", "all"), ("limit", SUBSCRIPTIONS_MAX)];
        let listed = self.call(Method::GET, &["subscriptions"], &query, None).await;
        match listed.map(|list: List<Subscription>| list.data) {
            Err(StripeFault::Missing) => Ok(Vec::new()),
            listed => listed,
        }
    }

    /// Ends a subscription at once; one that is gone has ended.
    pub(super) async fn cancel(&self, subscription: &str) -> Result<(), StripeFault> {
        self.delete(&["subscriptions", subscription]).await
    }

    /// Forgets a customer.
    pub(super) async fn forget_customer(&self, customer: &str) -> Result<(), StripeFault> {
        self.delete(&["customers", customer]).await
    }

    async fn delete(&self, path: &[&str]) -> Result<(), StripeFault> {
        match self.call::<serde::de::IgnoredAny>(Method::DELETE, path, &[], None).await {
            Ok(_) | Err(StripeFault::Missing) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        form: &[(&str, &str)],
        once: Option<&str>,
    ) -> Result<T, StripeFault> {
        self.call(Method::POST, path, form, once).await
    }

    /// Calls the address of these segments; what comes from elsewhere is one of them, whatever
    /// letters it has.
    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        fields: &[(&str, &str)],
        once: Option<&str>,
    ) -> Result<T, StripeFault> {
        let mut url: Url = self.base.parse().map_err(|_| HttpFault::InTheClear)?;
        url.path_segments_mut().map_err(|()| HttpFault::InTheClear)?.push("v1").extend(path);
        let fields = Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::builder()
            .method(&method)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key.reveal()))
            .header("stripe-version", VERSION);
        if let Some(once) = once {
            request = request.header("idempotency-key", once);
        }
        let body = if method == Method::GET {
            url.set_query(Some(&fields).filter(|it| !it.is_empty()).map(String::as_str));
            Vec::new()
        } else {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            fields.into_bytes()
        };
        let request = request.uri(url.as_str()).body(body).map_err(|_| HttpFault::NotJson)?;
        let answer = self.http.send(request).await?;
        if answer.status() == StatusCode::OK {
            return Ok(serde_json::from_slice(answer.body()).map_err(|_| HttpFault::NotJson)?);
        }
        Err(refusal(answer.status(), answer.body()))
    }
}

/// What Stripe says when it says no.
fn refusal(status: StatusCode, body: &[u8]) -> StripeFault {
    #[derive(Default, Deserialize)]
    struct Refusal {
        error: Reason,
    }
    #[derive(Default, Deserialize)]
    struct Reason {
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
    }
    let Refusal { error } = serde_json::from_slice(body).unwrap_or_default();
    if status == StatusCode::NOT_FOUND || error.code.as_deref() == Some("resource_missing") {
        return StripeFault::Missing;
    }
    let message = error.message.unwrap_or_default();
    StripeFault::Refused { status: status.as_u16(), message: message.chars().take(200).collect() }
}
