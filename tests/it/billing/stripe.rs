//! A stand-in for Stripe at a port of this machine: customers, checkouts, subscriptions, the
//! portal, and events with a signature, sent when the test says so.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use aws_lc_rs::hmac;
use axum::{
    Form, Json, Router,
    extract::{Path, Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};
use bottrade::{
    billing::{Price, Secret, Stripe},
    plan::Plan,
    runs::hex,
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub(crate) const KEY: &str = "sk_test_canary";
pub(crate) const SIGNER: &str = "whsec_canary";
const PRICES: [(Plan, &str); 2] = [(Plan::Pro, "price_pro"), (Plan::Max, "price_max")];
/// Until when the stand-in's subscriptions are paid.
pub(crate) const PERIOD_END: i64 = 1_896_000_000;

type Fields = HashMap<String, String>;

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) customers: Vec<Value>,
    pub(crate) sessions: Vec<Value>,
    pub(crate) subscriptions: Vec<Value>,
    /// Methods and paths that were called.
    pub(crate) calls: Vec<String>,
    /// Idempotency keys of customers.
    once: HashMap<String, Value>,
    /// The status of every answer, instead of a good one.
    pub(crate) broken: Option<u16>,
}

type Shared = Arc<Mutex<Books>>;

/// The running stand-in; it ends with this.
pub(crate) struct FakeStripe {
    base: String,
    books: Shared,
    served: JoinHandle<()>,
}

impl FakeStripe {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let books = Shared::default();
        let router = router(Arc::clone(&books));
        let served = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, books, served }
    }

    /// Access to it.
    pub(crate) fn access(&self) -> Stripe {
        let prices = PRICES.map(|(plan, id)| Price { plan, id: id.to_owned() }).to_vec();
        let signers = vec![Secret::new("whsec_old"), Secret::new(SIGNER)];
        Stripe::new(&self.base, Secret::new(KEY), prices, signers).unwrap()
    }

    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// Is the person who pays on the page of the newest checkout; gives its id.
    pub(crate) fn pay(&self) -> String {
        let mut books = self.books();
        let session = books.sessions.last_mut().unwrap();
        session["status"] = json!("complete");
        session["payment_status"] = json!("paid");
        let (id, customer) = (session["id"].clone(), session["customer"].clone());
        let price = session["price"].clone();
        let number = books.subscriptions.len();
        books.subscriptions.push(json!({
            "id": format!("sub_{number}"), "object": "subscription", "customer": customer,
            "status": "active", "cancel_at_period_end": false, "created": 1_890_000_000 + number,
            "current_period_end": PERIOD_END, "items": { "data": [{ "price": { "id": price } }] },
        }));
        id.as_str().unwrap().to_owned()
    }

    /// Changes the newest subscription.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) {
        change(self.books().subscriptions.last_mut().unwrap());
    }

    /// An event about the newest subscription, as Stripe would tell it now.
    pub(crate) fn event(&self, id: &str, kind: &str) -> Value {
        let object = self.books().subscriptions.last().unwrap().clone();
        json!({ "id": id, "object": "event", "type": kind, "data": { "object": object } })
    }

    /// How often something was called.
    pub(crate) fn calls(&self, call: &str) -> usize {
        self.books().calls.iter().filter(|it| it.starts_with(call)).count()
    }
}

impl Drop for FakeStripe {
    fn drop(&mut self) {
        self.served.abort();
    }
}

/// The header that signs a body at this second.
pub(crate) fn signed(secret: &str, at: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    format!("t={at},v1={}", hex(&tag.as_ref().try_into().unwrap()))
}

fn router(books: Shared) -> Router {
    Router::new()
        .route("/v1/customers", post(make_customer))
        .route("/v1/customers/{id}", delete(forget_customer))
        .route("/v1/checkout/sessions", post(begin))
        .route("/v1/checkout/sessions/{id}", get(session))
        .route("/v1/checkout/sessions/{id}/expire", post(expire))
        .route("/v1/billing_portal/sessions", post(portal))
        .route("/v1/subscriptions", get(subscriptions))
        .route("/v1/subscriptions/{id}", delete(cancel))
        .layer(middleware::from_fn_with_state(Arc::clone(&books), admit))
        .with_state(books)
}

/// Notes every call; whoever has not the key, or speaks another revision, gets nothing.
async fn admit(State(books): State<Shared>, request: Request, next: Next) -> Response {
    let known = {
        let header = |name: &str| request.headers().get(name).and_then(|it| it.to_str().ok());
        let key = format!("Bearer {KEY}");
        header("authorization") == Some(&key) && header("stripe-version") == Some("2024-06-20")
    };
    if !known {
        return refused(401, "no such key");
    }
    let broken = {
        let mut books = books.lock().unwrap();
        books.calls.push(format!("{} {}", request.method(), request.uri().path()));
        books.broken
    };
    match broken {
        Some(status) => refused(status, "broken"),
        None => next.run(request).await,
    }
}

fn refused(status: u16, message: &str) -> Response {
    let body = Json(json!({ "error": { "message": message } }));
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn make_customer(
    State(books): State<Shared>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Json<Value> {
    let mut books = books.lock().unwrap();
    let once = headers["idempotency-key"].to_str().unwrap().to_owned();
    if let Some(made) = books.once.get(&once) {
        return Json(made.clone());
    }
    let id = format!("cus_{}", books.customers.len());
    let made = json!({ "id": id, "account": fields["metadata[account_id]"] });
    books.customers.push(made.clone());
    books.once.insert(once, made.clone());
    Json(made)
}

async fn forget_customer(State(books): State<Shared>, Path(id): Path<String>) -> Json<Value> {
    books.lock().unwrap().customers.retain(|it| it["id"] != id.as_str());
    Json(json!({ "id": id, "deleted": true }))
}

async fn begin(State(books): State<Shared>, Form(fields): Form<Fields>) -> Response {
    let mut books = books.lock().unwrap();
    let is = |name: &str, value: &str| fields.get(name).is_some_and(|it| it == value);
    if !is("mode", "subscription") || !is("line_items[0][quantity]", "1") {
        return refused(400, "not a subscription");
    }
    let id = format!("cs_test_{}", books.sessions.len());
    let place = format!("https://checkout.stripe.com/c/{id}");
    let made = json!({
        "id": id, "object": "checkout.session", "url": place,
        "customer": fields["customer"], "price": fields["line_items[0][price]"],
        "success_url": fields["success_url"], "status": "open", "payment_status": "unpaid",
    });
    books.sessions.push(made.clone());
    Json(made).into_response()
}

async fn session(State(books): State<Shared>, Path(id): Path<String>) -> Response {
    let books = books.lock().unwrap();
    match books.sessions.iter().find(|it| it["id"] == id.as_str()) {
        Some(session) => Json(session.clone()).into_response(),
        None => refused(404, "no such checkout"),
    }
}

async fn expire(State(books): State<Shared>, Path(id): Path<String>) -> Response {
    let mut books = books.lock().unwrap();
    match books.sessions.iter_mut().find(|it| it["id"] == id.as_str()) {
        Some(session) if session["status"] == "open" => {
            session["status"] = json!("expired");
            Json(session.clone()).into_response()
        }
        Some(_) => refused(400, "it is not open"),
        None => refused(404, "no such checkout"),
    }
}

async fn portal(Form(fields): Form<Fields>) -> Json<Value> {
    Json(json!({ "url": format!("https://billing.stripe.com/p/{}", fields["customer"]) }))
}

async fn subscriptions(State(books): State<Shared>, Query(asked): Query<Fields>) -> Response {
    let books = books.lock().unwrap();
    let customer = &asked["customer"];
    if !books.customers.iter().any(|it| it["id"] == customer.as_str()) {
        return refused(404, "no such customer");
    }
    assert_eq!(asked["status"], "all");
    let own = books.subscriptions.iter().filter(|it| it["customer"] == customer.as_str());
    Json(json!({ "data": own.collect::<Vec<_>>() })).into_response()
}

async fn cancel(State(books): State<Shared>, Path(id): Path<String>) -> Response {
    let mut books = books.lock().unwrap();
    match books.subscriptions.iter_mut().find(|it| it["id"] == id.as_str()) {
        Some(subscription) => {
            subscription["status"] = json!("canceled");
            Json(subscription.clone()).into_response()
        }
        None => refused(404, "no such subscription"),
    }
}
