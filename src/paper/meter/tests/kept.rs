//! Restarts, units that are late or fail, crowds, rows that were changed or are gone.

use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

#[tokio::test]
async fn a_restart_keeps_what_was_counted() {
    let mut bench = Bench::new(Plan::Free);
    let (mut requests, mut orders) = (0, 0);
    for round in 0..60 {
        let kind = if round % 3 == 0 { Kind::Order } else { Kind::Request };
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
