//! `GET /api/v1/runs/{id}/equity`.

use serde_json::json;

use crate::app::{TestApp, market};

#[tokio::test]
async fn the_books_reach_to_the_current_bar() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.order(&run, market("buy", "AAA", 10)).await.expect(201);
    for bar in 0..=9_usize {
        let curve = ada.on(&run, "/equity").await["equity_curve"].clone();
        assert_eq!(curve.as_array().unwrap().len(), bar + 1, "nothing from later");
        assert_eq!((&curve[0]["benchmark"], &curve[0]["cash"]), (&json!(1), &json!(100_000)));
        assert_eq!(curve[0]["sim_time"], "2024-01-01T00:00:00Z");
        let last = ada.on(&run, "").await["last_equity"].clone();
        for member in ["sim_time", "equity", "cash", "positions_value"] {
            assert_eq!(curve[bar][member], last[member], "{member}");
        }
        if bar < 9 {
            ada.step(&run, 1).await.expect(200);
        }
    }
    let stepped_at_once = ada.start("tiny").await;
    ada.order(&stepped_at_once, market("buy", "AAA", 10)).await.expect(201);
    ada.step(&stepped_at_once, 9).await.expect(200);
    let curve = async |run: &str| ada.on(run, "/equity").await["equity_curve"].clone();
    assert_eq!(
        curve(&run).await,
        curve(&stepped_at_once).await,
        "one sample per bar, not per call"
    );
}
