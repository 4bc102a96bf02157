//! A restart at any moment changes nothing.

use bottrade::store::Store;
use tempfile::TempDir;

use super::{act, books, trader};
use crate::{app::TestApp, world};

const STEPS: usize = 40;
/// Wall time between two steps: at the default speed a third of a day of market time.
const PAUSE: i64 = 2_400;

#[tokio::test]
async fn a_restart_at_any_moment_gives_the_same_books() {
    let folder = TempDir::new().unwrap();
    let open = |elapsed| {
        let store = Store::open(folder.path().join("db")).unwrap();
        let app = TestApp::with(world::catalog(), store);
        app.clock.advance(elapsed);
        app
    };
    let (steady, mut restarted) = (TestApp::new(), open(0));
    let (one, other) = (trader(&steady, "ada").await, trader(&restarted, "ada").await);
    let (mut last, mut last_here) = (None, None);
    let mut elapsed = 0;
    for step in 0..STEPS {
        last = act(&steady, &one, step, last.as_ref()).await;
        last_here = act(&restarted, &other, step, last_here.as_ref()).await;
        assert_eq!(books(&steady, &one).await, books(&restarted, &other).await, "step {step}");
        restarted.stop().await;
        // Some restarts come at once, others after a while.
        let down = if step % 2 == 0 { 0 } else { PAUSE / 2 };
        restarted = open(elapsed + down);
        assert!(restarted.app.check().await.unwrap().damaged == 0);
        books(&restarted, &other).await;
        restarted.clock.advance(PAUSE - down);
        steady.clock.advance(PAUSE);
        elapsed += PAUSE;
        assert_eq!(books(&steady, &one).await, books(&restarted, &other).await, "step {step}");
    }
    let book = books(&restarted, &other).await;
    let statuses: std::collections::BTreeSet<_> =
        book.orders().iter().map(|order| order.status.name()).collect();
    assert!(
        statuses.len() >= 3 && book.fills().len() >= 10,
        "{statuses:?}, {}",
        book.fills().len()
    );
}
