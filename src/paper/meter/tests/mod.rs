//! Windows that roll and clocks that lie; [`kept`] what is on the disk, [`model`] both at length.

mod kept;
mod model;

use jiff::Timestamp;

use super::*;
use crate::{clock::TestClock, error::Code, store};

/// Eight seconds into a minute of the last hour of a month.
const START: &str = "2030-01-31T23:10:08Z";

fn account(id: &str, plan: Plan) -> store::accounts::Account {
    store::accounts::Account {
        id: id.to_owned(),
        name: id.to_owned(),
        plan: plan.name().to_owned(),
        handle: None,
        created_at: 0,
        deleted_at: None,
    }
}

/// A store with the accounts `a` and `b`.
fn with_accounts(store: &Store) {
    for id in ["a", "b"] {
        let row = account(id, Plan::Free);
        store.write_blocking(move |tx| store::accounts::create(tx, &row)).unwrap();
    }
}

struct Bench {
    store: Store,
    clock: Arc<TestClock>,
    meter: Arc<Meter>,
    plan: Plan,
}

impl Bench {
    fn new(plan: Plan) -> Self {
        let store = Store::in_memory().unwrap();
        with_accounts(&store);
        Self::on(store, TestClock::at(START.parse().unwrap()), plan)
    }

    fn on(store: Store, clock: Arc<TestClock>, plan: Plan) -> Self {
        let meter = Arc::new(Meter::new(store.clone(), clock.clone()));
        Self { store, clock, meter, plan }
    }

    /// The service begins anew on the same store.
    fn restarted(&self) -> Self {
        Self::on(self.store.clone(), Arc::clone(&self.clock), self.plan)
    }

    async fn call(&self, kind: Kind) -> Result<Standing, Refused> {
        let metered = self.meter.begin("a", self.plan, kind).await?;
        metered.keep().await?;
        Ok(metered.standing())
    }

    /// How many of these are let through.
    async fn passed(&self, kind: Kind, calls: usize) -> usize {
        let mut passed = 0;
        for _ in 0..calls {
            passed += usize::from(self.call(kind).await.is_ok());
        }
        passed
    }

    fn row(&self) -> Usage {
        let found = self.store.read_blocking(|tx: &mut dyn Tx| usage::get(tx, "a"));
        found.unwrap().unwrap_or_default()
    }

    async fn used(&self) -> u32 {
        self.meter.calls("a", self.plan).await.unwrap().used
    }

    fn set(&self, to: &str) {
        let to: Timestamp = to.parse().unwrap();
        self.clock.advance(to.as_second() - self.clock.now().as_second());
    }
}

#[tokio::test]
async fn a_minute_has_so_many_requests_and_fewer_orders() {
    let bench = Bench::new(Plan::Free);
    assert_eq!(bench.passed(Kind::Order, 30).await, 20);
    assert_eq!(bench.passed(Kind::Request, 200).await, 100, "an order is a request too");
    assert_eq!(bench.passed(Kind::Order, 1).await, 0);
    assert_eq!(bench.used().await, 120, "what was refused is not counted");
    bench.clock.advance(51);
    assert_eq!(bench.passed(Kind::Request, 1).await, 0, "the last second of the minute");
    bench.clock.advance(1);
    assert_eq!(bench.passed(Kind::Request, 200).await, 120);
    assert_eq!(bench.passed(Kind::Order, 1).await, 0, "no request is left for an order");
    bench.clock.advance(60);
    assert_eq!(bench.passed(Kind::Order, 30).await, 20);
}

#[tokio::test]
async fn a_month_has_what_the_plan_has() {
    for (plan, calls) in [(Plan::Free, 1_000), (Plan::Pro, 10_000)] {
        let bench = Bench::new(plan);
        let mut passed = 0;
        bench.set("2030-01-01T00:00:00Z");
        for _ in 0..100 {
            passed += bench.passed(Kind::Request, 121).await;
            bench.clock.advance(60);
        }
        assert_eq!(passed, calls, "{plan:?}");
        let Calls { used, limit } = bench.meter.calls("a", plan).await.unwrap();
        assert_eq!((used as usize, limit as usize), (calls, calls));
        bench.set("2030-01-31T23:59:59Z");
        let Refused { error, standing } = bench.call(Kind::Order).await.unwrap_err();
        assert_eq!((error.code, error.retry_after), (Code::TooManyCalls, Some(1)));
        assert!(error.message.contains(plan.shown()), "{error}");
        assert!(error.hint.unwrap().contains("set-plan"));
        let next: Timestamp = "2030-02-01T00:00:00Z".parse().unwrap();
        let (limit, resets_at) = (plan.calls_a_month(), next.as_second());
        assert_eq!(standing, Some(Standing { limit, remaining: 0, resets_at }));
        bench.clock.advance(1);
        assert_eq!(bench.passed(Kind::Request, 121).await, 120);
    }
    assert_eq!(Plan::Max.calls_a_month(), 1_000_000);
}

#[tokio::test]
async fn a_larger_plan_opens_the_month_at_once_and_a_smaller_one_closes_it() {
    let mut bench = Bench::new(Plan::Pro);
    for _ in 0..10 {
        bench.passed(Kind::Request, 120).await;
        bench.clock.advance(60);
    }
    bench.plan = Plan::Free;
    assert!(bench.call(Kind::Request).await.is_err());
    assert_eq!(
        bench.meter.calls("a", Plan::Free).await.unwrap(),
        Calls { used: 1200, limit: 1000 }
    );
    bench.plan = Plan::Pro;
    assert!(bench.call(Kind::Request).await.is_ok());
}

#[tokio::test]
async fn it_is_told_where_fewest_remain_and_when_there_are_more() {
    let bench = Bench::new(Plan::Free);
    let minute = "2030-01-31T23:11:00Z".parse::<Timestamp>().unwrap().as_second();
    let first = bench.call(Kind::Request).await.unwrap();
    assert_eq!(first, Standing { limit: 120, remaining: 119, resets_at: minute });
    let order = bench.call(Kind::Order).await.unwrap();
    assert_eq!(order, Standing { limit: 20, remaining: 19, resets_at: minute });
    bench.passed(Kind::Request, 105).await;
    let order = bench.call(Kind::Order).await.unwrap();
    assert_eq!((order.limit, order.remaining), (120, 12), "fewer requests than orders");
    bench.passed(Kind::Order, 12).await;
    for (kind, what) in [(Kind::Request, "120 a minute"), (Kind::Order, "120 a minute")] {
        let Refused { error, standing } = bench.call(kind).await.unwrap_err();
        assert!(error.message.contains(what), "{error}");
        assert_eq!(error.retry_after, Some(52));
        assert_eq!(standing.unwrap(), Standing { limit: 120, remaining: 0, resets_at: minute });
    }
    // The month is the narrower one at its end.
    for _ in 0..8 {
        bench.clock.advance(60);
        bench.passed(Kind::Request, 105).await;
    }
    let (limit, remaining) = (1000, 1000 - 120 - 8 * 105 - 1);
    bench.clock.advance(60);
    let last = bench.call(Kind::Request).await.unwrap();
    assert_eq!((last.limit, last.remaining), (limit, remaining));
}

#[tokio::test]
async fn everybody_is_counted_alone() {
    let bench = Bench::new(Plan::Free);
    bench.passed(Kind::Request, 120).await;
    assert!(bench.meter.begin("a", Plan::Free, Kind::Request).await.is_err());
    assert!(bench.meter.begin("b", Plan::Free, Kind::Request).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_set_back_a_little_opens_no_window_anew() {
    let bench = Bench::new(Plan::Free);
    bench.set("2030-02-01T00:00:00Z");
    assert_eq!(bench.passed(Kind::Order, 30).await, 20);
    for back in [1, 59] {
        bench.clock.advance(-back);
        assert_eq!(bench.passed(Kind::Order, 1).await, 0, "it is January again by {back} s");
        let wait = bench.call(Kind::Order).await.unwrap_err().error.retry_after;
        assert_eq!(wait, Some(60 + u32::try_from(back).unwrap()));
        assert_eq!(bench.passed(Kind::Request, 1).await, 1);
        assert_eq!(bench.restarted().passed(Kind::Order, 1).await, 0);
        bench.clock.advance(back);
    }
    assert_eq!(bench.passed(Kind::Order, 1).await, 0);
    assert_eq!(bench.used().await, 22, "all of it in February");
}

#[tokio::test]
async fn a_clock_that_was_wrong_locks_nobody_out() {
    let bench = Bench::new(Plan::Free);
    bench.set("2041-05-01T00:00:00Z");
    assert_eq!(bench.passed(Kind::Request, 200).await, 120);
    bench.set(START);
    assert_eq!(bench.passed(Kind::Request, 200).await, 120);
    assert_eq!(bench.used().await, 120, "of this month");
    bench.clock.advance(-3600);
    assert_eq!(bench.passed(Kind::Request, 200).await, 120);
    assert_eq!(bench.used().await, 240, "the month is the same");
    bench.set("1969-12-31T23:59:59Z");
    assert_eq!(bench.passed(Kind::Request, 200).await, 120);
}
