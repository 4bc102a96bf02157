//! Units of work: grouped, all or nothing, answered after the COMMIT.

use super::{Gate, Store, StoreError, Tx, account, start, step, store, with_accounts};
use crate::store::sqlite::writer::{BATCH_MAX, QUEUE_MAX};
use crate::store::{accounts, journal};
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet, yield_now};

fn create(store: &Store, id: &str) -> JoinHandle<Result<(), StoreError>> {
    let (store, new) = (store.clone(), account(id));
    tokio::spawn(async move { store.write(move |tx| accounts::create(tx, &new)).await })
}

fn names(store: &Store) -> Vec<String> {
    store.read_blocking(|tx| Ok(accounts::list(tx)?.into_iter().map(|a| a.id).collect())).unwrap()
}

/// Queues one unit after the other: the current-thread runtime runs each up to its wait.
async fn queued<T>(handles: Vec<JoinHandle<T>>) -> Vec<JoinHandle<T>> {
    for _ in 0..100 {
        yield_now().await;
    }
    handles
}

#[tokio::test]
async fn waiting_units_share_one_commit_and_nobody_is_answered_before_it() {
    let store = Store::in_memory().unwrap();
    let gate = Gate::shut(&store);
    let first: Vec<_> = (0..64).map(|i| create(&store, &format!("{i:02}"))).collect();
    let first = queued(first).await;
    let before = store.stats();
    // A second gate inside the same batch: the 64 have run, the COMMIT has not.
    let (release, last) = std::sync::mpsc::channel::<()>();
    let (last, blocked) = (std::sync::Mutex::new(last), store.clone());
    let last = tokio::spawn(async move {
        let wait = move |_: &mut dyn Tx| {
            last.lock().unwrap().recv().unwrap();
            Ok(())
        };
        blocked.write(wait).await
    });
    queued(Vec::<JoinHandle<()>>::new()).await;
    gate.open.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(first.iter().all(|handle| !handle.is_finished()), "answered before the COMMIT");
    assert!(names(&store).is_empty(), "a reader saw what is not committed");
    release.send(()).unwrap();
    for handle in first {
        handle.await.unwrap().unwrap();
    }
    last.await.unwrap().unwrap();
    assert_eq!(names(&store).len(), 64);
    let stats = store.stats();
    assert_eq!(stats.commits, before.commits + 1, "64 units, one COMMIT: {stats:?}");
    assert_eq!(stats.batch_max, 66);
    gate.thread.join().unwrap().unwrap();
}

#[tokio::test]
async fn a_failing_unit_rolls_back_alone() {
    let store = Store::in_memory().unwrap();
    let gate = Gate::shut(&store);
    let refuse = |store: &Store, id: &str, panic: bool| {
        let (store, new) = (store.clone(), account(id));
        tokio::spawn(async move {
            let unit = move |tx: &mut dyn Tx| -> Result<(), StoreError> {
                accounts::create(tx, &new)?;
                assert!(!panic, "planted");
                accounts::create(tx, &new)
            };
            store.write(unit).await
        })
    };
    let handles = vec![
        create(&store, "1"),
        refuse(&store, "2", false),
        create(&store, "3"),
        refuse(&store, "4", true),
        create(&store, "5"),
    ];
    let handles = queued(handles).await;
    gate.open();
    let mut answers = Vec::new();
    for handle in handles {
        answers.push(handle.await.unwrap());
    }
    assert_eq!(names(&store), ["1", "3", "5"]);
    assert!(matches!(answers[1], Err(StoreError::Conflict(_))), "{answers:?}");
    let panicked = StoreError::internal("a unit of work panicked: planted");
    assert_eq!(answers[3], Err(panicked));
    assert_eq!((store.stats().failed, store.stats().commits), (2, 1));
}

/// A deferred foreign key is the one thing that lets a unit through and stops the COMMIT.
fn orphan(tx: &mut dyn Tx) -> Result<(), StoreError> {
    tx.exec("PRAGMA defer_foreign_keys = ON", &[])?;
    tx.exec(
        "/* test */ INSERT INTO api_keys (id, account_id, name, prefix, hash, family, created_at) \
         VALUES ('k', 'nobody', '', '', zeroblob(32), 'bot', 0)",
        &[],
    )?;
    Ok(())
}

#[tokio::test]
async fn a_failed_commit_is_the_answer_to_everyone_and_the_next_batch_works() {
    let store = Store::in_memory().unwrap();
    let gate = Gate::shut(&store);
    let bad = store.clone();
    let handles = vec![
        create(&store, "1"),
        create(&store, "1"),
        tokio::spawn(async move { bad.write(orphan).await }),
        create(&store, "2"),
    ];
    let handles = queued(handles).await;
    // The gate's own unit is in the batch too, and fails with it.
    gate.open.send(()).unwrap();
    assert!(gate.thread.join().unwrap().is_err());
    for handle in handles {
        let error = handle.await.unwrap().unwrap_err().to_string();
        assert!(error.contains("the commit failed"), "{error}");
    }
    assert!(names(&store).is_empty());
    create(&store, "3").await.unwrap().unwrap();
    assert_eq!(names(&store), ["3"]);
    assert_eq!((store.stats().commits_failed, store.failure()), (1, None));
}

#[tokio::test]
async fn a_lost_transaction_is_an_error_for_those_in_it_only() {
    let store = Store::in_memory().unwrap();
    let gate = Gate::shut(&store);
    let bad = store.clone();
    let loses = |tx: &mut dyn Tx| tx.exec("ROLLBACK", &[]).map(|_| ());
    let handles = vec![
        create(&store, "1"),
        tokio::spawn(async move { bad.write(loses).await }),
        create(&store, "2"),
    ];
    let handles = queued(handles).await;
    gate.open.send(()).unwrap();
    assert!(gate.thread.join().unwrap().is_err());
    let mut answers = Vec::new();
    for handle in handles {
        answers.push(handle.await.unwrap());
    }
    for lost in &answers[..2] {
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{answers:?}");
    }
    assert_eq!((answers[2].clone(), names(&store)), (Ok(()), vec!["2".to_owned()]));
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers_by_itself() {
    let store = Store::in_memory().unwrap();
    let fill = |tx: &mut dyn Tx| {
        tx.query("PRAGMA max_page_count = 1", &[])?;
        for i in 0..2000 {
            accounts::create(tx, &account(&format!("filler with a long name {i}")))?;
        }
        Ok(())
    };
    let error = store.write(fill).await.unwrap_err();
    assert!(matches!(&error, StoreError::Unavailable(why) if why.contains("no space")), "{error}");
    let grow = |tx: &mut dyn Tx| tx.query("PRAGMA max_page_count = 1000000", &[]).map(|_| ());
    store.write(grow).await.unwrap();
    create(&store, "1").await.unwrap().unwrap();
    assert_eq!(names(&store), ["1"]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let store = Store::in_memory().unwrap();
    let gate = Gate::shut(&store);
    let handles: Vec<_> = (0..QUEUE_MAX + 3).map(|i| create(&store, &i.to_string())).collect();
    let handles = queued(handles).await;
    let full = StoreError::unavailable("too many writes are waiting");
    gate.open();
    let mut refused = 0;
    for handle in handles {
        match handle.await.unwrap() {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, full);
                refused += 1;
            }
        }
    }
    assert_eq!((refused, names(&store).len()), (3, QUEUE_MAX));
    assert!(store.stats().batch_max <= u64::try_from(BATCH_MAX).unwrap());
}

#[tokio::test]
async fn closing_finishes_what_is_queued_and_refuses_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let store = Store::open(&path).unwrap();
    let gate = Gate::shut(&store);
    let handles: Vec<_> = (0..20).map(|i| create(&store, &i.to_string())).collect();
    let handles = queued(handles).await;
    let closing = store.clone();
    let closed = tokio::spawn(async move { closing.close().await });
    queued(Vec::<JoinHandle<()>>::new()).await;
    gate.open();
    closed.await.unwrap();
    for handle in handles {
        handle.await.unwrap().unwrap();
    }
    let refused = create(&store, "late").await.unwrap().unwrap_err();
    assert_eq!(refused, StoreError::unavailable("the store is closed"));
    assert!(store.read(accounts::list).await.is_err());
    assert!(!folder.path().join("db-wal").exists(), "the log was not written into the database");
    assert_eq!(names(&Store::open(&path).unwrap()).len(), 20);
}

#[tokio::test]
async fn a_read_is_one_snapshot_and_does_not_wait_for_the_writer() {
    let store = store();
    let gate = Gate::shut(&store);
    assert_eq!(store.read(accounts::list).await.unwrap().len(), 2);
    gate.open();
    let (writer, new) = (store.clone(), account("c"));
    let counts = move |tx: &mut dyn Tx| {
        let before = accounts::list(tx)?.len();
        writer.write_blocking(move |tx| accounts::create(tx, &new))?;
        Ok((before, accounts::list(tx)?.len()))
    };
    assert_eq!(store.read(counts).await.unwrap(), (2, 2));
    assert_eq!(names(&store).len(), 3);
    let error = store.read(|tx| accounts::create(tx, &account("d"))).await.unwrap_err();
    assert!(matches!(error, StoreError::Internal(_)), "a read wrote: {error}");
    let panic = store.read(|_| -> Result<(), StoreError> { panic!("planted") }).await;
    assert!(matches!(panic, Err(StoreError::Internal(_))));
    assert_eq!(names(&store).len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_appends_on_a_disk_need_far_fewer_commits() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("db")).unwrap();
    with_accounts(&store);
    let before = store.stats();
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            let id = format!("run-{n}");
            let named = id.clone();
            let mut head = store.write(move |tx| start(tx, &named, "a")).await.unwrap().head;
            for _ in 0..15 {
                let append = step(&id, head);
                head = store.write(move |tx| journal::append(tx, &append)).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let stats = store.stats();
    let (units, commits) = (stats.units - before.units, stats.commits - before.commits);
    assert_eq!(units, 64 * 16);
    assert!(commits * 8 <= units, "{units} units took {commits} commits");
    assert!(stats.checkpoints + stats.checkpoints_partial >= 1, "{stats:?}");
}

#[test]
fn a_unit_that_waits_for_another_is_refused_instead_of_waiting_for_ever() {
    let store = store();
    let inner = store.clone();
    let nested = move |_: &mut dyn Tx| inner.write_blocking(|_| Ok(()));
    assert!(matches!(store.write_blocking(nested), Err(StoreError::Internal(_))));
    let ended = store.write_blocking(|tx| tx.exec("COMMIT", &[]));
    assert!(ended.is_err());
    store.write_blocking(|_| Ok(())).unwrap();
}
