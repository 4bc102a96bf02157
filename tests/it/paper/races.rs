//! Fifty at the same time.

use std::collections::BTreeSet;

use bottrade::{error::Code, paper::meter::Kind, plan::Plan};
use sim::paper::Side;
use tokio::task::JoinSet;

use super::{Asked, books, trader};
use crate::app::TestApp;

const AT_ONCE: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_client_order_id_is_one_order_however_many_send_it() {
    let app = TestApp::new();
    let account = trader(&app, "ada").await;
    let mut all = JoinSet::new();
    for n in 0..AT_ONCE {
        let (service, account) = (app.app.clone(), account.clone());
        // Every fifth is another order under the same id.
        let quantity = if n % 5 == 4 { "0.2" } else { "0.1" };
        let order = Asked::market("BTC/USD", Side::Buy, quantity).order(&app, Some("only-one"));
        all.spawn(async move {
            // Each call counts as a request here: the limit of orders has a test of its own.
            let metered =
                service.meter.begin(&account, Plan::Unlimited, Kind::Request).await.unwrap();
            let id =
                |look: &bottrade::paper::Look<'_>, order: &sim::paper::Order| look.name_of(order);
            let placed = service.paper.place(&account, |_| Ok(order), &metered, id).await;
            (quantity, placed.map_err(|error| error.code))
        });
    }
    let mut ids = BTreeSet::new();
    let mut refused = BTreeSet::new();
    for (quantity, placed) in all.join_all().await {
        match placed {
            Ok(id) => drop(ids.insert((quantity, id))),
            Err(code) => {
                assert_eq!(code, Code::Conflict);
                refused.insert(quantity);
            }
        }
    }
    // Whichever came first is the order; the other kind is refused, all of it.
    assert_eq!((ids.len(), refused.len()), (1, 1), "{ids:?} {refused:?}");
    assert!(ids.iter().all(|(quantity, _)| !refused.contains(quantity)));
    assert_eq!(books(&app, &account).await.orders().len(), 1);
}
