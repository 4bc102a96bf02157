//! Accounts, keys, scenario versions, runs and scores.

use super::{SLUG, Store, StoreError, account, origin, start, start_from, step, store};
use crate::store::keys::{Family, Key};
use crate::store::runs::{RunCursor, RunStatus};
use crate::store::scores::{Score, SortBy};
use crate::store::{accounts, journal, keys, runs, scenarios, scores};
use tokio::task::JoinSet;

#[test]
fn an_account_is_made_once() {
    let store = store();
    let again = store.write_blocking(|tx| accounts::create(tx, &account("a"))).unwrap_err();
    assert_eq!(again.to_string(), "conflict: there is an account named \"name-a\" already");
    let mut twin = account("z");
    twin.name = "name-a".into();
    let ensured = store.write_blocking(move |tx| accounts::ensure(tx, &twin)).unwrap();
    assert_eq!(ensured, account("a"));
    let made = store.write_blocking(|tx| accounts::ensure(tx, &account("c"))).unwrap();
    assert_eq!(made.id, "c");
    assert!(store.write_blocking(|tx| accounts::set_plan(tx, "c", "pro")).unwrap());
    assert!(!store.write_blocking(|tx| accounts::set_plan(tx, "x", "pro")).unwrap());
    let found = store.read_blocking(|tx| accounts::by_name(tx, "name-c")).unwrap().unwrap();
    assert_eq!(found.plan, "pro");
    assert_eq!(store.read_blocking(accounts::list).unwrap().len(), 3);
}

#[test]
fn a_key_is_found_by_its_hash_and_known_as_revoked() {
    let store = store();
    let key = Key {
        id: "k1".into(),
        account_id: "a".into(),
        name: "laptop".into(),
        prefix: "bt_abc".into(),
        family: Family::Benchmark,
        created_at: 5,
        last_used_at: None,
        revoked_at: None,
    };
    let new = key.clone();
    store.write_blocking(move |tx| keys::insert(tx, &new, &[1; 32])).unwrap();
    let find = |hash| store.read_blocking(move |tx| keys::find_by_hash(tx, &[hash; 32])).unwrap();
    assert_eq!(find(1), Some((key.clone(), account("a"))));
    assert_eq!(find(2), None);
    let twin = Key { id: "k2".into(), ..key };
    let twin = store.write_blocking(move |tx| keys::insert(tx, &twin, &[1; 32]));
    assert!(matches!(twin, Err(StoreError::Conflict(_))));
    for (owner, at) in [("a", 9), ("a", 7), ("b", 11)] {
        store.write_blocking(move |tx| keys::touch(tx, owner, "k1", at)).unwrap();
    }
    let revoke_as = |family, owner: &'static str, at| {
        store.write_blocking(move |tx| keys::revoke(tx, owner, family, "k1", at)).unwrap()
    };
    assert!(!revoke_as(Family::Bot, "a", 19), "a key of the other family");
    let revoke = |owner, at| revoke_as(Family::Benchmark, owner, at);
    assert_eq!((revoke("b", 20), revoke("a", 21), revoke("a", 22)), (false, true, true));
    let (found, _) = find(1).unwrap();
    assert_eq!((found.last_used_at, found.revoked_at), (Some(9), Some(21)));
    let mine = store.read_blocking(|tx| keys::list(tx, "a")).unwrap();
    assert_eq!(mine, [found]);
    assert!(store.read_blocking(|tx| keys::list(tx, "b")).unwrap().is_empty());
}

#[test]
fn a_scenario_version_keeps_its_digest() {
    let store = store();
    let pin = |version, digest: &'static str| {
        store.write_blocking(move |tx| scenarios::pin(tx, "s", version, digest, version))
    };
    pin(1, "old").unwrap();
    pin(1, "old").unwrap();
    pin(2, "new").unwrap();
    let error = pin(1, "new").unwrap_err().to_string();
    assert!(error.contains("digest old, now it has new"), "{error}");
    let pinned = store.read_blocking(scenarios::list).unwrap();
    let pinned: Vec<_> = pinned.iter().map(|p| (p.version, p.digest.as_str())).collect();
    assert_eq!(pinned, [(1, "old"), (2, "new")]);
    // A run can not start on a changed scenario either, and leaves nothing behind.
    store.write_blocking(|tx| start(tx, "r1", "a")).unwrap();
    let mut changed = origin("r2", "a");
    changed.scenario_digest = "d2".into();
    let refused = store.write_blocking(move |tx| start_from(tx, &changed));
    assert!(matches!(refused, Err(StoreError::Conflict(_))));
    assert_eq!(store.read_blocking(|tx| runs::attempts(tx, "a", SLUG)).unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_starts_get_attempts_without_gap_or_double() {
    let store = store();
    let mut tasks = JoinSet::new();
    for n in 0..32 {
        let store = store.clone();
        tasks.spawn(async move {
            store.write(move |tx| start(tx, &format!("r{n}"), "a")).await.unwrap()
        });
    }
    let mut attempts = Vec::new();
    while let Some(run) = tasks.join_next().await {
        let run = run.unwrap();
        let stored = store.read_blocking(|tx| runs::get(tx, &run.origin.id)).unwrap().unwrap();
        assert_eq!(stored, run);
        assert!(stored.header.ends_with(&format!("\"attempt\":{}}}", run.attempt)));
        attempts.push(run.attempt);
    }
    attempts.sort_unstable();
    assert!(attempts.iter().copied().eq(1..=32), "{attempts:?}");
    let other = store.write(|tx| start(tx, "other", "b")).await.unwrap();
    assert_eq!(other.attempt, 1);
}

#[test]
fn runs_are_listed_newest_first_page_by_page_for_their_owner() {
    let store = store();
    for n in 0..5 {
        let mut new = origin(&format!("r{n}"), "a");
        new.created_at = 100 + n / 2;
        store.write_blocking(move |tx| start_from(tx, &new)).unwrap();
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.read_blocking(|tx| runs::list(tx, "a", 2, cursor.as_ref())).unwrap();
        let Some(last) = page.last() else { break };
        let last = &last.origin;
        cursor = Some(RunCursor { created_at: last.created_at, id: last.id.clone() });
        seen.extend(page.into_iter().map(|run| run.origin.id));
    }
    assert_eq!(seen, ["r4", "r3", "r2", "r1", "r0"]);
    assert!(store.read_blocking(|tx| runs::list(tx, "b", 9, None)).unwrap().is_empty());
    let since =
        |at| store.read_blocking(move |tx| runs::count_between(tx, "a", at, i64::MAX)).unwrap();
    assert_eq!((since(0), since(101), since(103)), (5, 3, 0));
}

fn score(run_id: &str, return_pct: f64, sharpe: Option<f64>) -> Score {
    Score {
        run_id: run_id.to_owned(),
        account_id: "a".to_owned(),
        scenario_slug: SLUG.to_owned(),
        scenario_version: 1,
        attempt: 1,
        display_name: "me".to_owned(),
        return_pct,
        sharpe,
        sortino: None,
        max_drawdown: Some(return_pct.abs() / 100.0),
        final_equity: 1,
        trade_count: 2,
        liquidated: false,
        published_at: 500,
        results: "{}".to_owned(),
    }
}

fn finish(store: &Store, id: &str) {
    let id = id.to_owned();
    let unit = move |tx: &mut dyn crate::store::Tx| {
        let run = start(tx, &id, "a")?;
        let mut last = step(&id, run.head);
        last.derived.status = RunStatus::Completed;
        journal::append(tx, &last)
    };
    store.write_blocking(unit).unwrap();
}

fn publish(store: &Store, row: &Score) -> Result<i64, StoreError> {
    let row = row.clone();
    store.write_blocking(move |tx| scores::publish(tx, &row))
}

#[test]
fn publishing_is_for_the_owner_of_a_finished_run_and_for_good() {
    let store = store();
    store.write_blocking(|tx| start(tx, "live", "a")).unwrap();
    finish(&store, "r1");
    let error = publish(&store, &score("live", 1.0, None)).unwrap_err().to_string();
    assert!(error.contains("is active"), "{error}");
    let mut foreign = score("r1", 1.0, None);
    foreign.account_id = "b".into();
    assert!(matches!(publish(&store, &foreign), Err(StoreError::Conflict(_))));
    let mut elsewhere = score("r1", 1.0, None);
    elsewhere.scenario_slug = "other".into();
    assert!(matches!(publish(&store, &elsewhere), Err(StoreError::Internal(_))));
    assert_eq!(store.read_blocking(|tx| runs::published(tx, "r1")).unwrap(), None);
    assert_eq!(publish(&store, &score("r1", 1.0, None)).unwrap(), 500);
    let mut again = score("r1", 2.0, Some(0.5));
    again.published_at = 900;
    assert_eq!(publish(&store, &again).unwrap(), 500);
    again.published_at = 500;
    assert_eq!(store.read_blocking(|tx| scores::get(tx, "r1")).unwrap(), Some(again));
    let run = store.read_blocking(|tx| runs::published(tx, "r1")).unwrap().unwrap();
    assert_eq!(run.published_at, Some(500));
    let undo = "/* test */ UPDATE runs SET published_at = NULL";
    assert!(store.write_blocking(move |tx| tx.exec(undo, &[])).is_err());
    let played = store.read_blocking(scores::played).unwrap();
    assert_eq!((played[0].slug.as_str(), played[0].runs, played[0].published), (SLUG, 2, 1));
    assert_eq!(store.read_blocking(scores::count).unwrap(), 1);
}

#[test]
fn a_leaderboard_has_one_order_with_undefined_numbers_last() {
    let store = store();
    let rows = [
        ("r1", 1.0, None, 10),
        ("r2", 3.0, Some(0.5), 12),
        ("r3", 3.0, Some(-0.5), 11),
        ("r4", -2.0, None, 9),
        ("r5", 3.0, Some(0.5), 12),
    ];
    for (id, return_pct, sharpe, at) in rows {
        finish(&store, id);
        publish(&store, &Score { published_at: at, ..score(id, return_pct, sharpe) }).unwrap();
    }
    let ids = |sort, limit| -> Vec<String> {
        let rows = store.read_blocking(|tx| scores::leaderboard(tx, SLUG, 1, sort, limit)).unwrap();
        rows.into_iter().map(|row| row.run_id).collect()
    };
    assert_eq!(ids(SortBy::Return, 9), ["r3", "r2", "r5", "r1", "r4"]);
    assert_eq!(ids(SortBy::Sharpe, 9), ["r2", "r5", "r3", "r4", "r1"]);
    assert_eq!(ids(SortBy::Sortino, 9), ["r4", "r1", "r3", "r2", "r5"]);
    assert_eq!(ids(SortBy::MaxDrawdown, 9), ["r1", "r4", "r3", "r2", "r5"]);
    assert_eq!(ids(SortBy::Return, 2), ["r3", "r2"]);
    let nan = publish(&store, &score("r1", f64::NAN, None));
    assert!(matches!(nan, Err(StoreError::Internal(_))), "{nan:?}");
    assert_eq!(ids(SortBy::Return, 9).len(), 5);
}

#[test]
fn the_latest_scores_are_found_without_reading_the_others() {
    let store = store();
    for (id, at) in [("r1", 10), ("r2", 12), ("r3", 11), ("r4", 9), ("r5", 12)] {
        finish(&store, id);
        publish(&store, &Score { published_at: at, ..score(id, 1.0, None) }).unwrap();
    }
    let latest = store.read_blocking(|tx| scores::latest(tx, 4)).unwrap();
    let ids: Vec<&str> = latest.iter().map(|it| it.run_id.as_str()).collect();
    assert_eq!(ids, ["r2", "r5", "r3", "r1"]);
    let plan = store.read_blocking(|tx| {
        let asked = "/* test */ EXPLAIN QUERY PLAN SELECT results FROM scores \
                     WHERE trade_count > 0 ORDER BY published_at DESC, run_id LIMIT 4";
        tx.query(asked, &[])?.iter().map(|row| row.text("detail")).collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(plan.unwrap(), ["SCAN scores USING INDEX scores_by_publication"]);
}
