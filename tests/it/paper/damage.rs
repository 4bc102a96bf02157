//! A damaged journal is refused by name; others are served; an erased one leaves its hashes.

use bottrade::store::Store;
use rusqlite::Connection;
use sim::paper::Side;
use tempfile::TempDir;

use super::{Asked, books, place, trader};
use crate::{app::TestApp, tamper::tamper, world};

fn open(folder: &TempDir) -> TestApp {
    TestApp::with(world::catalog(), Store::open(folder.path().join("db")).unwrap())
}

#[tokio::test]
async fn a_changed_row_is_refused_by_name() {
    for sql in [
        "UPDATE paper_journal SET command = replace(command, '0.1', '0.2') WHERE paper_id = $",
        "UPDATE paper_journal SET at = at + 1 WHERE paper_id = $ AND seq = 1",
        "DELETE FROM paper_journal WHERE paper_id = $ AND seq = 2",
        "UPDATE paper_accounts SET head_seq = 1 WHERE id = $",
        "UPDATE paper_accounts SET season = season + 1 WHERE id = $",
        "UPDATE paper_accounts SET created_at = created_at + 1 WHERE id = $",
        "UPDATE paper_accounts SET header = replace(header, 'paper/1', 'paper/2') WHERE id = $",
        "UPDATE paper_accounts SET last_activity_at = last_activity_at + 1 WHERE id = $",
    ] {
        let folder = TempDir::new().unwrap();
        let app = open(&folder);
        let (good, bad) = (trader(&app, "good").await, trader(&app, "bad").await);
        for account in [&good, &bad] {
            for _ in 0..2 {
                let order = Asked::market("BTC/USD", Side::Buy, "0.1").order(&app, None);
                place(&app, account, order).await;
            }
        }
        let (before, id) = (books(&app, &good).await, paper_id(&app, &bad).await);
        app.stop().await;
        assert!(
            tamper(&folder.path().join("db"), &sql.replace('$', &format!("'{id}'"))) > 0,
            "{sql}"
        );
        let app = open(&folder);
        let error = app.app.paper.look(&bad, |_| ()).await.unwrap_err().to_string();
        assert!(error.contains("cannot be served") && error.contains(&id), "{sql}: {error}");
        assert_eq!(books(&app, &good).await, before, "{sql}");
    }
}

async fn paper_id(app: &TestApp, account: &str) -> String {
    app.app.paper.look(account, |look| look.id.to_string()).await.unwrap()
}

#[tokio::test]
async fn an_erased_account_leaves_nothing_but_hashes() {
    let folder = TempDir::new().unwrap();
    let app = open(&folder);
    let account = trader(&app, "ada").await;
    let order = Asked::market("BTC/USD", Side::Buy, "0.1").order(&app, Some("my-own-name"));
    place(&app, &account, order).await;
    let id = paper_id(&app, &account).await;
    assert!(app.app.accounts.erase(&account).await.unwrap());
    app.stop().await;
    let file = Connection::open(folder.path().join("db")).unwrap();
    let count = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM paper_accounts"), 0);
    assert_eq!(count("SELECT COUNT(*) FROM paper_journal"), 0);
    let kept = format!("SELECT COUNT(*) FROM erased_journal WHERE run_id = '{id}'");
    assert_eq!(count(&kept), 1);
}
