//! `POST /api/v1/runs/{id}/advance`, `…/hold` and `…/finish`.

use serde_json::{Value, json};

use crate::app::{Client, Reply, TestApp, market};

async fn post(client: &Client, run: &str, rest: &str, body: Value) -> Reply {
    client.post(&format!("/api/v1/runs/{run}/{rest}"), body).await
}

#[tokio::test]
async fn the_next_session_is_its_first_bar() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("hours").await;
    let made = post(&ada, &run, "advance", json!({})).await.expect(200);
    assert_eq!((&made["mode"], &made["bars_advanced"]), (&json!("next_session"), &json!(6)));
    assert_eq!(made["initial_sim_time"], "2024-01-01T15:00:00Z");
    assert_eq!(made["final_sim_time"], "2024-01-02T15:00:00Z");
    assert_eq!((&made["reached_limit"], &made["done"]), (&json!(false), &json!(false)));
    assert_eq!((&made["steps_submitted"], &made["phase"]), (&json!(6), &json!("trading")));
    assert_eq!(made["snapshot"]["run"]["sim_time"], made["sim_time"]);
    let curve = ada.on(&run, "/equity").await;
    assert_eq!(curve["equity_curve"].as_array().unwrap().len(), 7, "a sample per bar");
    // There is no session after the second: its last bar is as far as it goes.
    let last = post(&ada, &run, "advance", json!({ "max_bars": 5 })).await.expect(200);
    assert_eq!((&last["done"], &last["reached_limit"]), (&json!(true), &json!(false)));
    post(&ada, &run, "advance", json!({})).await.problem(400, "run is completed, not active");
}

#[tokio::test]
async fn a_cap_is_named_when_it_stopped_the_advance() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("hours").await;
    let tool = async |name: &str, most: i64| {
        let result = ada.tool(name, json!({ "run_id": run, "max_bars": most })).await;
        assert!(!result.is_error, "{}", result.text);
        result.value
    };
    let two = tool("advance_until_next_session", 2).await;
    assert_eq!((&two["bars_advanced"], &two["reached_limit"]), (&json!(2), &json!(true)));
    let four = tool("advance_until_next_session", 4).await;
    assert_eq!((&four["bars_advanced"], &four["reached_limit"]), (&json!(4), &json!(false)));
    let hold = tool("hold_until_end", 1).await;
    assert_eq!((&hold["bars_advanced"], &hold["reached_limit"]), (&json!(1), &json!(true)));
    // Nonsense is the default, as with the original.
    let rest = tool("hold_until_end", -7).await;
    assert_eq!((&rest["done"], &rest["reached_limit"]), (&json!(true), &json!(false)));
    assert_eq!((&rest["bars_advanced"], &rest["next_action"]), (&json!(4), &json!("get_results")));
}

#[tokio::test]
async fn no_more_than_five_hundred_bars() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("wide").await;
    let held = post(&ada, &run, "hold", json!({ "max_bars": 100_000 })).await.expect(200);
    assert_eq!((&held["bars_advanced"], &held["done"]), (&json!(100), &json!(true)));
    assert_eq!(held["mode"], "hold_until_end");
    let journal = ada.on(&run, "/journal").await;
    let events = journal["events"].as_array().unwrap();
    assert_eq!((events.len(), &events[0]["command"]["turn"]["steps"]), (1, &json!(500)));
}

#[tokio::test]
async fn nothing_advances_over_waiting_orders_or_open_positions() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("tiny").await;
    ada.order(&run, market("buy", "AAA", 1)).await.expect(201);
    let before = ada.on(&run, "").await;
    for (rest, tool) in [("advance", "advance_until_next_session"), ("hold", "hold_until_end")] {
        let text = format!("{tool} will not advance while 1 queued order(s) are pending");
        let problem = post(&ada, &run, rest, json!({})).await.problem(400, &text);
        let by_tool = ada.tool(tool, json!({ "run_id": run })).await;
        assert_eq!(by_tool.value, problem);
    }
    assert_eq!(ada.on(&run, "").await, before);
    ada.step(&run, 1).await.expect(200);
    let flat = post(&ada, &run, "hold", json!({ "require_flat": true })).await;
    flat.problem(400, "hold_until_end requires a flat portfolio; 1 position(s) are open");
    post(&ada, &run, "hold", json!({})).await.expect(200);
}

#[tokio::test]
async fn a_liquidation_on_the_way_is_shown() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    let order = json!({ "orders": [market("buy", "CRASH", 390)] });
    post(&ada, &run, "decision", order).await.expect(200);
    let made = ada.tool("hold_until_end", json!({ "run_id": run })).await.value;
    assert_eq!((&made["liquidated"], &made["done"]), (&json!(true), &json!(false)));
    assert_eq!((&made["bars_advanced"], &made["reached_limit"]), (&json!(2), &json!(false)));
    assert_eq!(made["fills"]["rows"][0][1], "sell");
}

#[tokio::test]
async fn a_run_is_left_flat() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    let orders = json!([market("buy", "CALM", 10), market("short", "CRASH", 1)]);
    post(&ada, &run, "decision", json!({ "orders": orders })).await.expect(200);
    let never = json!({ "symbol": "CALM", "side": "buy", "quantity": 1, "order_type": "limit",
        "limit_price": 1 });
    ada.order(&run, never).await.expect(201);
    let body = json!({ "rationale": "enough", "idempotency_key": "out" });
    let reply = post(&ada, &run, "finish", body.clone()).await;
    let made = reply.expect(200);
    assert_eq!(
        made["exit_orders"],
        json!([
        { "symbol": "CALM", "side": "sell", "quantity": 10 },
        { "symbol": "CRASH", "side": "cover", "quantity": 1 }])
    );
    assert_eq!(made["exit_queued"].as_array().unwrap().len(), 2);
    assert_eq!(made["exit_step"]["bars_advanced"], 1);
    assert_eq!(made["exit_step"]["new_sim_time"], "2024-01-03T00:00:00Z");
    assert_eq!(made["exit_step"]["fills"].as_array().unwrap().len(), 2);
    assert_eq!(made["exit_step"]["done"], false, "that bar was not the last");
    assert_eq!(made["advance"]["initial_sim_time"], "2024-01-03T00:00:00Z");
    assert_eq!((&made["advance"]["bars_advanced"], &made["done"]), (&json!(5), &json!(true)));
    assert_eq!(
        (&made["phase"], &made["next_action"]),
        (&json!("completed"), &json!("get_results"))
    );
    for list in ["positions", "queued_orders"] {
        assert_eq!(made["snapshot"][list], json!([]), "{list}");
    }
    let journal = ada.on(&run, "/journal").await;
    let events = journal["events"].as_array().unwrap();
    assert_eq!(events.len(), 3, "one command did it");
    assert_eq!(events[2]["command"]["turn"]["rationale"], "enough");
    assert_eq!(post(&ada, &run, "finish", body).await.text, reply.text, "the same call again");
    // A run that has ended has nothing to close.
    let ended = post(&ada, &run, "finish", json!({})).await.expect(200);
    assert_eq!((&ended["exit_orders"], &ended["phase"]), (&json!([]), &json!("completed")));
    assert!(ended.get("exit_step").is_none() && ended.get("advance").is_none(), "{ended}");
    let other = post(&ada, &run, "finish", json!({ "idempotency_key": "out" })).await;
    other.problem(409, "idempotency_key previously used with a different request body");
}

#[tokio::test]
async fn an_exit_waits_for_the_next_bar_of_its_symbol() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("gaps").await;
    post(&ada, &run, "decision", json!({ "orders": [market("buy", "ODD", 1)] })).await.expect(200);
    // ODD trades on the second and the fourth day: the exit on the third is too early for it.
    let made = post(&ada, &run, "finish", json!({ "max_bars": 2 })).await.expect(200);
    assert_eq!(made["exit_step"]["fills"], json!([]));
    assert_eq!(made["snapshot"]["positions"], json!([]), "it was closed a bar later");
    assert_eq!(made["advance"]["reached_limit"], true);
    let rest = ada.tool("liquidate_and_finish", json!({ "run_id": run })).await.value;
    assert_eq!((&rest["done"], &rest["reached_limit"]), (&json!(true), &json!(false)));
}

#[tokio::test]
async fn a_run_that_is_about_to_be_liquidated_is_left_to_that() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    let run = ada.start("margin").await;
    post(&ada, &run, "decision", json!({ "orders": [market("buy", "CRASH", 390)] }))
        .await
        .expect(200);
    ada.step(&run, 1).await.expect(200);
    let made = ada.tool("liquidate_and_finish", json!({ "run_id": run })).await.value;
    assert_eq!((&made["liquidated"], &made["bars_advanced"]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn a_repeated_call_moves_nothing_and_gets_the_same_bytes() {
    let app = TestApp::new();
    let ada = app.account("ada").await;
    for (rest, tool) in [
        ("decision", "submit_decision"),
        ("advance", "advance_until_next_session"),
        ("hold", "hold_until_end"),
        ("finish", "liquidate_and_finish"),
    ] {
        let run = ada.start("hours").await;
        let body = json!({ "idempotency_key": "k" });
        let first = post(&ada, &run, rest, body.clone()).await;
        let after = ada.on(&run, "").await;
        assert_eq!(post(&ada, &run, rest, body).await.text, first.text, "{tool}");
        // The other door has the same answer, though it would have asked for another format.
        let arguments = json!({ "run_id": run, "idempotency_key": "k" });
        assert_eq!(ada.tool(tool, arguments).await.value, first.json(), "{tool}");
        assert_eq!(ada.on(&run, "").await, after, "{tool} was done twice");
        // One namespace for everything that changes a run, also after its end.
        let other = post(&ada, &run, "step", json!({ "idempotency_key": "k" })).await;
        other.problem(409, "idempotency_key previously used with a different request body");
    }
}
