//! Buying a plan and what becomes of it: events twice, late, forged and in any order.

use bottrade::{
    accounts::Person,
    api,
    api::limits::Limits,
    app::{App, Outside},
    clock::{Clock as _, TestClock},
    plan::Plan,
    store::Store,
};
use http::Request;
use serde_json::{Value, json};

use super::stripe::{FakeStripe, SIGNER, signed};
use crate::{
    app::{Client, Reply, START, TestApp, URL},
    world,
};

pub(super) const ACCOUNT: &str = "/api/v1/billing/account";
const WEBHOOK: &str = "/api/v1/billing/webhook";
const DAY: i64 = 24 * 3_600;

/// A server that sells plans, and somebody who signed in and has a key.
pub(super) struct Shop {
    pub(super) app: TestApp,
    pub(super) stripe: FakeStripe,
    pub(super) ada: Client,
    pub(super) id: String,
    /// The cookie of her browser.
    pub(super) cookie: String,
}

impl Shop {
    pub(super) async fn open() -> Self {
        let stripe = FakeStripe::start().await;
        let clock = TestClock::at(START.parse().unwrap());
        let outside = Outside::none(URL, clock.clone()).unwrap();
        let outside = Outside { stripe: Some(stripe.access()), ..outside };
        let store = Store::in_memory().unwrap();
        let app = App::new(URL, world::catalog(), store, clock.clone(), outside);
        let app = TestApp { router: api::router(&app, &Limits::default()), app, clock };
        let (id, ada, cookie) = person(&app, "ada").await;
        Self { app, stripe, ada, id, cookie }
    }

    /// Begins to buy a plan, and pays; no event tells. Gives the id of the checkout.
    pub(super) async fn buy(&self, plan: &str) -> String {
        self.ada
            .post(&format!("/api/v1/billing/checkout?plan={plan}"), json!({}))
            .await
            .expect(200);
        self.stripe.pay()
    }

    pub(super) async fn shown(&self) -> Value {
        self.ada.get(ACCOUNT).await.expect(200)
    }

    pub(super) async fn plan(&self) -> String {
        self.shown().await["plan"].as_str().unwrap().to_owned()
    }

    /// Sends an event with a header of one's own.
    async fn send(&self, header: &str, body: &str) -> Reply {
        let request = Request::post(WEBHOOK).header("stripe-signature", header);
        self.app.anon().send(request.body(body.to_owned().into()).unwrap()).await
    }

    /// Sends an event as Stripe does.
    pub(super) async fn tell(&self, event: &Value) -> Reply {
        let body = event.to_string();
        let now = self.app.clock.now().as_second();
        self.send(&signed(SIGNER, now, &body), &body).await
    }

    /// Tells of the newest subscription.
    pub(super) async fn told(&self, id: &str, kind: &str) {
        let event = self.stripe.event(id, kind);
        self.tell(&event).await.expect(200);
    }

    /// The same a second later, so that what is noted has an order.
    async fn told_later(&self, id: &str, kind: &str) {
        self.app.clock.advance(1);
        self.told(id, kind).await;
    }

    async fn events(&self) -> Vec<(String, String)> {
        let events = self.app.app.accounts.events(&self.id, 100).await.unwrap();
        events.into_iter().rev().map(|it| (it.event, it.about)).collect()
    }
}

/// Somebody who signed in, with a key and a browser.
pub(super) async fn person(app: &TestApp, name: &str) -> (String, Client, String) {
    let person = Person {
        provider: "oidc".into(),
        issuer: "https://id.example".into(),
        subject: name.into(),
        shown: name.into(),
        email: None,
    };
    let accounts = &app.app.accounts;
    let id = accounts.of_person(&person).await.unwrap();
    let key = accounts.add_key(&id, "laptop", bottrade::keys::Family::Benchmark).await.unwrap();
    let session = accounts.begin_session(&id).await.unwrap();
    (id, app.with_key(key.key.reveal()), format!("bt_session={}", session.reveal()))
}

#[tokio::test]
async fn a_plan_is_bought_changed_and_ended() {
    let shop = Shop::open().await;
    assert_eq!(shop.plan().await, "free");
    let begun = shop.ada.post("/api/v1/billing/checkout", json!({ "plan": "pro" })).await;
    assert_eq!(begun.expect(200), json!({ "url": "https://checkout.stripe.com/c/cs_test_0" }));
    let back = shop.stripe.books().sessions[0]["success_url"].clone();
    assert_eq!(back, format!("{URL}/billing/done?session_id={{CHECKOUT_SESSION_ID}}"));
    assert_eq!(shop.plan().await, "free", "nothing is paid yet");

    shop.stripe.pay();
    shop.told_later("evt_1", "customer.subscription.created").await;
    let shown = shop.shown().await;
    let expected = json!({
        "account_id": shop.id, "key_id": shown["key_id"], "name": "ada@oidc", "plan": "pro",
        "subscription_status": "active", "current_period_end": "2030-01-30T10:40:00Z",
        "cancel_at_period_end": false, "runs_used": 0, "runs_limit": 200,
        "resets_at": "2030-02-01T00:00:00Z",
    });
    assert_eq!(shown, expected);

    let again = shop.ada.post("/api/v1/billing/checkout?plan=max", json!({})).await;
    again.problem(
        409,
        "the account pays for pro already: change or end it at https://billing.stripe.com/p/cus_0",
    );
    let portal = shop.ada.post("/api/v1/billing/portal", json!({})).await.expect(200);
    assert_eq!(portal, json!({ "url": "https://billing.stripe.com/p/cus_0" }));

    for (price, plan) in [("price_max", "max"), ("price_pro", "pro"), ("price_max", "max")] {
        shop.stripe.change(|it| it["items"]["data"][0]["price"]["id"] = json!(price));
        let event = format!("evt_{}", shop.app.clock.now().as_second());
        shop.told_later(&event, "customer.subscription.updated").await;
        assert_eq!(shop.plan().await, plan);
    }
    shop.stripe.change(|it| it["cancel_at_period_end"] = json!(true));
    shop.told_later("evt_ends", "customer.subscription.updated").await;
    let shown = shop.shown().await;
    assert_eq!((&shown["plan"], &shown["cancel_at_period_end"]), (&json!("max"), &json!(true)));
    shop.stripe.change(|it| it["status"] = json!("canceled"));
    shop.told_later("evt_ended", "customer.subscription.deleted").await;
    let shown = shop.shown().await;
    assert_eq!(
        (&shown["plan"], &shown["subscription_status"]),
        (&json!("free"), &json!("canceled"))
    );
    // Who ended one may buy another.
    shop.buy("pro").await;
    shop.told_later("evt_new", "customer.subscription.created").await;
    assert_eq!(shop.plan().await, "pro");
    assert_eq!(shop.stripe.books().customers.len(), 1);

    let plans = shop.events().await.into_iter().filter(|it| it.0 == "account.plan_set");
    let plans: Vec<String> = plans.map(|it| it.1).collect();
    assert_eq!(plans, ["pro", "max", "pro", "max", "free", "pro"]);
}

#[tokio::test]
async fn a_payment_that_fails_leaves_a_week() {
    let shop = Shop::open().await;
    shop.buy("pro").await;
    shop.told("evt_1", "customer.subscription.created").await;
    shop.stripe.change(|it| it["status"] = json!("past_due"));
    shop.told("evt_2", "invoice.payment_failed").await;
    let shown = shop.shown().await;
    assert_eq!(
        (&shown["plan"], &shown["subscription_status"]),
        (&json!("pro"), &json!("past_due"))
    );
    for day in 1..7 {
        shop.app.clock.advance(DAY);
        shop.app.app.billing.upkeep().await.unwrap();
        shop.told(&format!("evt_day_{day}"), "invoice.payment_failed").await;
        assert_eq!(shop.plan().await, "pro", "day {day}");
    }
    shop.app.clock.advance(DAY - 1);
    shop.app.app.billing.upkeep().await.unwrap();
    assert_eq!(shop.plan().await, "pro");
    shop.app.clock.advance(1);
    shop.app.app.billing.upkeep().await.unwrap();
    assert_eq!(shop.plan().await, "free");
    shop.told("evt_late", "invoice.payment_failed").await;
    assert_eq!(shop.plan().await, "free", "the week is not given twice");
    shop.stripe.change(|it| it["status"] = json!("active"));
    shop.told("evt_paid", "invoice.paid").await;
    assert_eq!(shop.plan().await, "pro");
    for (number, status) in
        ["unpaid", "incomplete_expired", "paused", "whatever"].iter().enumerate()
    {
        shop.stripe.change(|it| it["status"] = json!("active"));
        shop.told(&format!("evt_on_{number}"), "customer.subscription.updated").await;
        assert_eq!(shop.plan().await, "pro");
        shop.stripe.change(|it| it["status"] = json!(status));
        shop.told(&format!("evt_off_{number}"), "customer.subscription.updated").await;
        assert_eq!(shop.plan().await, "free", "{status}");
    }
}

#[tokio::test]
async fn an_event_that_comes_late_says_what_is_true_now() {
    let shop = Shop::open().await;
    shop.buy("pro").await;
    let created = shop.stripe.event("evt_created", "customer.subscription.created");
    shop.stripe.change(|it| it["items"]["data"][0]["price"]["id"] = json!("price_max"));
    let updated = shop.stripe.event("evt_updated", "customer.subscription.updated");
    shop.stripe.change(|it| it["status"] = json!("canceled"));
    let deleted = shop.stripe.event("evt_deleted", "customer.subscription.deleted");
    for event in [&deleted, &updated, &created, &updated, &deleted, &created] {
        shop.tell(event).await.expect(200);
        assert_eq!(shop.plan().await, "free");
    }
    assert_eq!(shop.stripe.calls("GET /v1/subscriptions"), 3, "each is heeded once");
}

#[tokio::test]
async fn an_event_that_is_repeated_does_nothing() {
    let shop = Shop::open().await;
    shop.buy("pro").await;
    let event = shop.stripe.event("evt_1", "customer.subscription.created");
    for _ in 0..5 {
        assert_eq!(shop.tell(&event).await.expect(200), json!({ "received": true }));
    }
    assert_eq!(shop.stripe.calls("GET /v1/subscriptions"), 1);
    let id = shop.id.clone();
    shop.app.app.accounts.set_plan(&id, Plan::Max).await.unwrap();
    shop.tell(&event).await.expect(200);
    shop.told("evt_2", "invoice.paid").await;
    assert_eq!(shop.plan().await, "max", "what the operator set stays until the payment changes");
}

#[tokio::test]
async fn a_forged_or_stale_event_is_refused() {
    let shop = Shop::open().await;
    shop.buy("pro").await;
    let body = shop.stripe.event("evt_1", "customer.subscription.created").to_string();
    let now = shop.app.clock.now().as_second();
    let good = signed(SIGNER, now, &body);
    for (header, what) in [
        (String::new(), "no signature"),
        (signed("whsec_other", now, &body), "another secret"),
        (signed(SIGNER, now - 301, &body), "too old"),
        (signed(SIGNER, now + 301, &body), "from the future"),
        (good.replace("v1=", "v0="), "another scheme"),
        (signed(SIGNER, now, "{}"), "another body"),
    ] {
        let refused = shop.send(&header, &body).await.any_problem();
        assert_eq!(refused["status"], 400, "{what}");
        assert_eq!(shop.plan().await, "free", "{what}");
    }
    assert_eq!(shop.stripe.calls("GET /v1/subscriptions"), 0, "nobody was asked");
    for junk in ["", "{", "[]", "{}", r#"{"id":"","type":"x","data":{"object":{}}}"#] {
        let refused = shop.send(&signed(SIGNER, now, junk), junk).await.any_problem();
        assert_eq!(refused["status"], 400, "{junk}");
    }
    // The older of two secrets is good too, while it is replaced.
    shop.send(&signed("whsec_old", now, &body), &body).await.expect(200);
    assert_eq!(shop.plan().await, "pro");
}

#[tokio::test]
async fn what_is_nobodys_is_heeded_and_changes_nothing() {
    let shop = Shop::open().await;
    for (number, object) in [
        json!({ "id": "prod_1", "object": "product" }),
        json!({ "id": "sub_9", "object": "subscription", "customer": "cus_of_another" }),
        json!({ "id": "cus_9", "object": "customer" }),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("evt_{number}");
        let event = json!({ "id": id, "type": "x", "data": { "object": object } });
        shop.tell(&event).await.expect(200);
    }
    assert_eq!(shop.stripe.books().calls.len(), 0);
    assert_eq!(shop.plan().await, "free");
}

#[tokio::test]
async fn an_event_is_sent_again_when_stripe_could_not_be_asked() {
    let shop = Shop::open().await;
    shop.buy("pro").await;
    let event = shop.stripe.event("evt_1", "customer.subscription.created");
    shop.stripe.books().broken = Some(500);
    let refused = shop.tell(&event).await;
    refused.problem(503, "the payment service cannot be asked now");
    assert!(refused.headers.contains_key("retry-after"));
    shop.ada.post("/api/v1/billing/portal", json!({})).await.any_problem();
    shop.stripe.books().broken = None;
    shop.tell(&event).await.expect(200);
    assert_eq!(shop.plan().await, "pro");
}

#[tokio::test]
async fn what_no_event_told_is_made_good() {
    let shop = Shop::open().await;
    let paid = shop.buy("max").await;
    shop.ada.get(&format!("/api/v1/billing/session/{paid}")).await.expect(404);
    let changed = shop.app.app.billing.reconcile().await.unwrap();
    assert_eq!(changed.len(), 1);
    assert_eq!((changed[0].before.as_deref(), changed[0].after.as_deref()), (None, Some("max")));
    assert_eq!(shop.plan().await, "max");
    let shown = shop.app.anon().get(&format!("/api/v1/billing/session/{paid}")).await.expect(200);
    assert_eq!(shown, json!({ "plan": "max", "subscription_status": "active" }));
    assert_eq!(shop.app.app.billing.reconcile().await.unwrap(), []);
    shop.stripe.change(|it| it["status"] = json!("canceled"));
    shop.app.app.billing.reconcile().await.unwrap();
    assert_eq!(shop.plan().await, "free");
}

#[tokio::test]
async fn nobody_pays_twice() {
    let shop = Shop::open().await;
    for plan in ["pro", "max"] {
        shop.ada.post("/api/v1/billing/checkout", json!({ "plan": plan })).await.expect(200);
    }
    assert_eq!(shop.stripe.books().sessions[0]["status"], "expired");
    // Paid, and no event told: the next attempt finds out by itself.
    shop.stripe.pay();
    let again = shop.ada.post("/api/v1/billing/checkout", json!({ "plan": "pro" })).await;
    assert_eq!(again.any_problem()["status"], 409);
    assert_eq!((shop.plan().await.as_str(), shop.stripe.books().sessions.len()), ("max", 2));
    shop.app.app.accounts.set_plan(&shop.id, Plan::Unlimited).await.unwrap();
    let refused = shop.ada.post("/api/v1/billing/checkout", json!({ "plan": "pro" })).await;
    refused.problem(409, "the account has no limit of runs");
}

#[tokio::test]
async fn who_is_erased_pays_no_longer() {
    let shop = Shop::open().await;
    shop.buy("pro").await;
    shop.told("evt_1", "customer.subscription.created").await;
    assert!(shop.app.app.accounts.erase(&shop.id).await.unwrap());
    shop.told("evt_2", "invoice.paid").await;
    shop.stripe.books().broken = Some(500);
    assert!(shop.app.app.billing.upkeep().await.is_err());
    shop.stripe.books().broken = None;
    shop.app.app.billing.upkeep().await.unwrap();
    let (status, customers) = {
        let books = shop.stripe.books();
        (books.subscriptions[0]["status"].clone(), books.customers.len())
    };
    assert_eq!((status, customers), (json!("canceled"), 0));
    let calls = shop.stripe.books().calls.len();
    shop.app.app.billing.upkeep().await.unwrap();
    assert_eq!(shop.stripe.books().calls.len(), calls, "nothing remains to be done");
    // Whoever comes back is somebody new.
    let (_, ada, _) = person(&shop.app, "ada").await;
    let shown = ada.get(ACCOUNT).await.expect(200);
    assert_eq!((&shown["plan"], &shown["subscription_status"]), (&json!("free"), &Value::Null));
}

#[tokio::test]
async fn a_server_without_stripe_says_so() {
    let app = TestApp::new();
    let (_, ada, _) = person(&app, "ada").await;
    for (method, path) in [
        ("POST", "/api/v1/billing/checkout?plan=pro"),
        ("POST", "/api/v1/billing/portal"),
        ("GET", "/api/v1/billing/session/cs_1"),
        ("POST", WEBHOOK),
    ] {
        let refused = ada.rest(method, path, None).await.problem(501, "this server sells no plans");
        assert!(refused["hint"].as_str().unwrap().contains("set-plan"));
    }
    assert_eq!(ada.get(ACCOUNT).await.expect(200)["plan"], "free");
}

#[tokio::test]
async fn only_the_owner_buys() {
    let shop = Shop::open().await;
    let bot = shop.app.app.accounts.add_key(&shop.id, "bot", bottrade::keys::Family::Bot).await;
    let bot = shop.app.with_key(bot.unwrap().key.reveal());
    for path in ["/api/v1/billing/checkout?plan=pro", "/api/v1/billing/portal"] {
        bot.post(path, json!({})).await.expect(403);
        shop.app.anon().post(path, json!({})).await.expect(401);
    }
    shop.ada
        .post("/api/v1/billing/portal", json!({}))
        .await
        .problem(402, "the account pays for no plan");
    for wrong in ["free", "unlimited", "gold", "", "PRO"] {
        let path = format!("/api/v1/billing/checkout?plan={wrong}");
        shop.ada.post(&path, json!({})).await.expect(422);
    }
    assert_eq!(shop.stripe.books().calls.len(), 0);
}
