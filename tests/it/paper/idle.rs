//! Who is left alone is where who is looked at all the time is.

use super::{act, books, trader};
use crate::app::TestApp;

/// A season of wall time, in minutes.
const SEASON_MINUTES: i64 = 30 * 24 * 60;
/// Minutes in which both act alike, twenty minutes apart.
const ACTIVE_MINUTES: i64 = 30 * 20;

#[tokio::test]
async fn an_account_left_alone_equals_one_that_is_always_looked_at() {
    let app = TestApp::new();
    let (polled, alone) = (trader(&app, "polled").await, trader(&app, "alone").await);
    // To the first minute of the next season, so that all of it is seen.
    let season = |app: &TestApp| {
        let ends = app.app.paper.market(|market| market.season.ends_at).unwrap();
        ends.as_second()
    };
    let now = crate::app::START.parse::<jiff::Timestamp>().unwrap().as_second();
    app.clock.advance(season(&app) - now);
    let (mut last, mut last_alone) = (None, None);
    for minute in 0..SEASON_MINUTES - 1 {
        if minute < ACTIVE_MINUTES && minute % 20 == 0 {
            let step = usize::try_from(minute / 20).unwrap();
            last = act(&app, &polled, step, last.as_ref()).await;
            last_alone = act(&app, &alone, step, last_alone.as_ref()).await;
        }
        app.clock.advance(60);
        app.app.paper.look(&polled, |look| look.book.cash()).await.unwrap();
    }
    let (polled, alone) = (books(&app, &polled).await, books(&app, &alone).await);
    assert_eq!(polled, alone);
    assert!(polled.fills().len() >= 10, "{}", polled.fills().len());
}
