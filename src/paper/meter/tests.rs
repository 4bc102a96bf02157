//! Windows that roll, clocks that lie, units that are late, rows that were changed, crowds.

use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::{clock::TestClock, error::Code, store};

/// Eight seconds into a minute of the last hour of a month.
const START: &str = "2030-01-31T23:10:08Z";
const ALL: [Kind; 2] = [Kind::Request, Kind::Order];

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
async fn a_restart_keeps_what_was_counted() {
    let mut bench = Bench::new(Plan::Free);
    let (mut requests, mut orders) = (0, 0);
    for round in 0..60 {
        let kind = ALL[usize::from(round % 3 == 0)];
        let passed = bench.passed(kind, 3).await;
        requests += passed;
        orders += if kind == Kind::Order { passed } else { 0 };
        bench = bench.restarted();
    }
    assert_eq!((requests, orders), (120, 20));
    bench.clock.advance(60);
    assert_eq!(bench.passed(Kind::Order, 30).await, 20);
    assert_eq!(bench.restarted().used().await, 140);
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

#[tokio::test]
async fn units_may_commit_in_any_order() {
    let bench = Bench::new(Plan::Free);
    let mut begun = Vec::new();
    for _ in 0..5 {
        begun.push(bench.meter.begin("a", Plan::Free, Kind::Request).await.unwrap());
    }
    for (late, metered) in begun.iter().enumerate().rev() {
        let count = metered.clone();
        bench.store.write(move |tx| count.write(tx)).await.unwrap();
        assert_eq!(bench.row().month_calls, 5, "{late}");
    }
    assert_eq!(bench.used().await, 5);
}

#[tokio::test]
async fn what_a_commands_unit_of_work_has_written_is_not_written_again() {
    let bench = Bench::new(Plan::Free);
    let units = || bench.store.stats().units;
    let metered = bench.meter.begin("a", Plan::Free, Kind::Order).await.unwrap();
    let before = units();
    let count = metered.clone();
    bench.store.write(move |tx| count.write(tx)).await.unwrap();
    metered.kept();
    metered.keep().await.unwrap();
    assert_eq!(units() - before, 1);
    // A unit that failed after the count, and one that nobody told of.
    let metered = bench.meter.begin("a", Plan::Free, Kind::Order).await.unwrap();
    let count = metered.clone();
    let failed = bench.store.write(move |tx| {
        count.write(tx)?;
        Err::<(), _>(StoreError::conflict("the journal moved"))
    });
    failed.await.unwrap_err();
    assert_eq!(bench.row().month_calls, 1);
    metered.keep().await.unwrap();
    assert_eq!(bench.row().month_calls, 2);
}

#[tokio::test]
async fn a_failed_store_answers_nothing() {
    let bench = Bench::new(Plan::Free);
    bench.call(Kind::Request).await.unwrap();
    bench.store.close().await;
    let refused = bench.call(Kind::Request).await.unwrap_err();
    assert_eq!(refused.error.code, Code::Unavailable);
    let other = bench.meter.begin("b", Plan::Free, Kind::Request).await;
    assert_eq!(other.err().unwrap().error.code, Code::Unavailable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_at_once_exactly_as_many_pass_as_may() {
    for (kind, max) in [(Kind::Request, 120), (Kind::Order, 20)] {
        let bench = Arc::new(Bench::new(Plan::Free));
        let callers: Vec<_> = (0..50)
            .map(|_| {
                let bench = Arc::clone(&bench);
                tokio::spawn(async move { bench.passed(kind, 4).await })
            })
            .collect();
        let mut passed = 0;
        for caller in callers {
            passed += caller.await.unwrap();
        }
        assert_eq!(passed, max, "{kind:?}");
        assert_eq!(bench.row().month_calls, i64::try_from(max).unwrap());
        assert_eq!(bench.restarted().passed(kind, 1).await, 0);
    }
}

fn edit(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn a_row_that_was_changed_is_refused_by_name() {
    for change in [
        "month = month + 1",
        "month_calls = 0",
        "minute = 0",
        "minute_calls = 0",
        "minute_orders = -1",
        "account_id = 'b'",
        "seal = zeroblob(32)",
    ] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("db");
        let store = Store::open(&path).unwrap();
        with_accounts(&store);
        let clock = TestClock::at(START.parse().unwrap());
        let bench = Bench::on(store, clock, Plan::Free);
        bench.passed(Kind::Order, 3).await;
        edit(&path, &format!("UPDATE bot_usage SET {change}"));
        let asked = if change.starts_with("account") { "b" } else { "a" };
        let named = |error: &Error| {
            error.code == Code::Internal
                && error.message.contains(&format!("bot_usage: row \"{asked}\" was changed"))
        };
        // Who had read it before writes nothing over it; who reads it is refused at once.
        if asked == "a" {
            let refused = bench.call(Kind::Order).await.unwrap_err();
            assert!(named(&refused.error), "{change}: {}", refused.error);
        }
        let refused = bench.restarted().meter.begin(asked, Plan::Free, Kind::Order).await;
        let error = refused.err().unwrap().error;
        assert!(named(&error), "{change}: {error}");
    }
}

#[tokio::test]
async fn who_was_erased_is_not_written_down_again() {
    let bench = Bench::new(Plan::Free);
    bench.call(Kind::Request).await.unwrap();
    let late = bench.meter.begin("a", Plan::Free, Kind::Request).await.unwrap();
    let erased = bench.store.write(|tx| store::erasure::erase(tx, "a", 1));
    assert!(erased.await.unwrap());
    assert_eq!(bench.row(), Usage::default());
    late.keep().await.unwrap();
    assert_eq!(bench.row(), Usage::default());
}

#[tokio::test]
async fn those_who_do_not_call_are_forgotten_and_their_counts_are_not() {
    let bench = Bench::new(Plan::Free);
    bench.passed(Kind::Order, 7).await;
    let held = bench.meter.begin("b", Plan::Free, Kind::Order).await.unwrap();
    for number in 0..ACCOUNTS_MAX {
        bench.meter.slot(&number.to_string());
    }
    assert!(bench.meter.accounts.lock().unwrap().len() <= ACCOUNTS_MAX);
    assert_eq!(bench.passed(Kind::Order, 30).await, 13);
    held.keep().await.unwrap();
    assert_eq!(bench.meter.calls("b", Plan::Free).await.unwrap().used, 1);
}

/// What may happen between two calls.
#[derive(Debug, Clone)]
enum Step {
    Call(Kind),
    Pass(i64),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Call(Kind::Order)),
        24 => Just(Step::Call(Kind::Request)),
        2 => (0_i64..40).prop_map(Step::Pass),
        1 => (1_i64..5).prop_map(|days| Step::Pass(days * 86_400)),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// A list of the instants of all calls says the same as the meter.
    #[test]
    fn it_lets_through_what_a_list_of_all_calls_would(
        steps in prop::collection::vec(step(), 1..600),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut bench = Bench::new(Plan::Free);
            let mut made: Vec<(Timestamp, Kind)> = Vec::new();
            for step in steps {
                match step {
                    Step::Pass(seconds) => bench.clock.advance(seconds),
                    Step::Restart => bench = bench.restarted(),
                    Step::Call(kind) => {
                        let now = bench.clock.now();
                        let same = |length: usize| {
                            let text = now.to_string();
                            made.iter().filter(move |it| it.0.to_string()[..length] == text[..length])
                        };
                        let orders = same(16).filter(|it| it.1 == Kind::Order).count();
                        let room = same(16).count() < 120
                            && same(7).count() < 1_000
                            && (kind == Kind::Request || orders < 20);
                        assert_eq!(bench.call(kind).await.is_ok(), room);
                        if room {
                            made.push((now, kind));
                        }
                    }
                }
            }
        });
    }
}
