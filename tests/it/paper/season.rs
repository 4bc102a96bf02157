//! Each season begins anew.

use bottrade::paper::{Owner, Page};
use sim::paper::{STARTING_CASH, Side};

use super::{Asked, books, place, trader};
use crate::app::TestApp;

const DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn a_new_season_is_a_new_account_and_the_old_one_stays_as_it_was() {
    let app = TestApp::new();
    let account = trader(&app, "ada").await;
    let order = || Asked::market("BTC/USD", Side::Buy, "0.1").order(&app, Some("once-a-season"));
    let first = place(&app, &account, order()).await;
    let market =
        |app: &TestApp| app.app.paper.market(|it| (it.season.clone(), it.moment.at)).unwrap();
    let (season, _) = market(&app);
    app.clock.advance(30 * DAY);
    let (next, _) = market(&app);
    assert_eq!(next.number, season.number + 1);
    let book = books(&app, &account).await;
    assert_eq!((book.orders().len(), book.cash()), (0, STARTING_CASH));
    let unknown = app.app.paper.look(&account, |look| look.order(&first).is_err());
    assert!(unknown.await.unwrap(), "an order of the season before");
    // The name is free again, and the order another one.
    assert_ne!(place(&app, &account, order()).await, first);
    // A clock that is set back finds the old account as it was left.
    app.clock.advance(-29 * DAY);
    assert_eq!(books(&app, &account).await.orders().len(), 1);
}

#[tokio::test]
async fn rank_comes_with_enough_trades_and_is_shared_by_equals() {
    let app = TestApp::new();
    let mut all = Vec::new();
    for name in ["ada", "bob", "cyd", "new"] {
        all.push(trader(&app, name).await);
    }
    for (n, account) in all[..3].iter().enumerate() {
        // The third trades more and pays more.
        let quantity = if n == 2 { "0.5" } else { "0.1" };
        for _ in 0..5 {
            for side in [Side::Buy, Side::Sell] {
                let order = Asked::market("BTC/USD", side, quantity).order(&app, None);
                place(&app, account, order).await;
            }
        }
    }
    let order = Asked::market("BTC/USD", Side::Buy, "0.1").order(&app, None);
    place(&app, &all[3], order).await;
    let mut ranks = Vec::new();
    for account in &all {
        let standing = app.app.paper.rank(account).await.unwrap();
        ranks.push((standing.rank, standing.of));
    }
    assert_eq!(ranks, [(Some(1), 3), (Some(1), 3), (Some(3), 3), (None, 3)]);
    let page = async |after, most| app.app.paper.standings(after, most).await.unwrap();
    let ranks = |page: &Page| page.rows.iter().map(|(row, _)| row.rank).collect::<Vec<_>>();
    let (first, rest) = (page(0, 2).await, page(2, 2).await);
    assert_eq!((ranks(&first), first.more, first.of), (vec![1, 1], true, 3));
    assert_eq!((ranks(&rest), rest.more, rest.of), (vec![3], false, 3));
    assert_eq!(ranks(&page(9, 2).await), Vec::<u32>::new());
    assert_eq!(rest.rows[0].1, Owner::Unnamed);
    assert!(app.app.accounts.erase(&all[2]).await.unwrap());
    assert_eq!(page(2, 2).await.rows[0].1, Owner::Gone);
    // The table is up to five minutes old.
    let of = |account: String| {
        let app = &app;
        async move { app.app.paper.rank(&account).await.unwrap() }
    };
    let as_of = of(all[0].clone()).await.as_of;
    app.clock.advance(299);
    assert_eq!(of(all[0].clone()).await.as_of, as_of);
    app.clock.advance(1);
    assert_ne!(of(all[0].clone()).await.as_of, as_of);
}
