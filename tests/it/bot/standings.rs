//! Who leads the season: for everybody to see, under the names that owners chose.

use bottrade::store::Store;
use serde_json::{Value, json};

use super::{ORDERS, order};
use crate::{
    app::{Client, TestApp},
    web, world,
};

const STANDINGS: &str = "/api/v1/bot/standings";

/// Closes so many trades of this size.
async fn trades(bot: &Client, count: usize, quantity: f64) {
    for _ in 0..count {
        for side in ["BUY", "SELL"] {
            let body = order(json!({ "side": side, "quantity": quantity }));
            bot.post(ORDERS, body).await.expect(201);
        }
    }
}

/// A season in which `ada`, who has a handle, leads `bob` and `cyd`, who have none and are equals.
async fn season() -> TestApp {
    let store = Store::in_memory().unwrap();
    let app = TestApp::with(world::catalog(), store.clone());
    for (name, count, quantity) in
        [("ada", 5, 0.1), ("bob", 6, 0.5), ("cyd", 6, 0.5), ("new", 4, 0.1)]
    {
        trades(&app.bot(name).await, count, quantity).await;
    }
    let sql = "UPDATE accounts SET handle = 'ada<b>' WHERE name = 'ada'";
    store.write(move |tx| tx.exec(sql, &[])).await.unwrap();
    app
}

#[tokio::test]
async fn anybody_sees_who_leads() {
    let app = season().await;
    for address in [STANDINGS, "/api/trade/v1/bot/standings"] {
        let board = app.anon().get(address).await.expect(200);
        assert_eq!(board["label"], "replayed history");
        assert!(board["note"].as_str().unwrap().contains("nobody's skill"));
        assert!(board["source"].as_str().unwrap().starts_with("replay of "));
        assert_eq!((&board["rank_total"], &board["rank_min_trades"]), (&json!(3), &json!(5)));
        let rows = board["entries"].as_array().unwrap();
        let ranks: Vec<&Value> = rows.iter().map(|row| &row["rank"]).collect();
        assert_eq!(ranks, [1, 2, 2]);
        assert_eq!(rows[0]["display_name"], "🤖 ada<b>");
        for row in rows {
            assert_eq!(row["user_type"], "BOT");
            assert!(row["total_return_pct"].as_f64().unwrap() < 0.0, "costs: {row}");
            assert!(row["total_equity"].as_str().unwrap().starts_with("99"), "{row}");
        }
        // Nobody chose to be called by the name of an account.
        assert!(rows[1]["display_name"].as_str().unwrap().starts_with("🤖 trader "), "{rows:?}");
        assert!(!board.to_string().contains("bob"), "{board}");
        assert_eq!(board.get("next_cursor"), None);
    }
    let own = app.account("ada").await.get("/api/v1/bot/kpi").await.expect(200);
    assert_eq!((&own["rank"], &own["rank_total"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn the_table_is_read_page_by_page() {
    let app = season().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.anon().get(&format!("{STANDINGS}?limit=1&cursor={cursor}")).await;
        let page = page.expect(200);
        let rows = page["entries"].as_array().unwrap();
        assert_eq!(rows.len(), 1);
        seen.push(rows[0]["display_name"].clone());
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let all = app.anon().get(STANDINGS).await.expect(200);
    let all = all["entries"].as_array().unwrap().iter().map(|row| row["display_name"].clone());
    assert_eq!(seen, all.collect::<Vec<_>>());
    let behind = app.anon().get(&format!("{STANDINGS}?cursor=1000")).await.expect(200);
    assert_eq!(behind["entries"], json!([]));
    for (asked, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=x", "cursor")] {
        let refused = app.anon().get(&format!("{STANDINGS}?{asked}")).await;
        let problem = refused.expect(422);
        assert!(problem["detail"].as_str().unwrap().contains(field), "{asked}: {problem}");
    }
}

#[tokio::test]
async fn the_page_shows_the_table() {
    let app = season().await;
    let page = web::visit(&app, "/paper").await;
    assert_eq!(page.status, 200);
    assert_eq!(web::html::problems(&page.text), Vec::<String>::new());
    for text in
        ["replayed history", "🤖 ada&#60;b&#62;", "not a ranking of skill", "5 closed trades"]
    {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    let empty = web::visit(&TestApp::new(), "/paper").await;
    assert!(empty.text.contains("Nobody stands here"), "{}", empty.text);
    let odd = web::visit(&app, "/paper?cursor=x").await;
    assert_eq!(odd.status, 422);
}
