//! The account as who pays for it sees it: its plan, its month, its handle.

use bottrade::{keys::Family, plan::Plan};
use serde_json::{Value, json};

use super::{on, on_plan};
use crate::app::{Client, Reply, TestApp, market};

const ACCOUNT: &str = "/api/v1/billing/account";

async fn rename(client: &Client, handle: &str) -> Reply {
    client.rest("PATCH", ACCOUNT, Some(json!({ "handle": handle }).to_string())).await
}

#[tokio::test]
async fn the_owner_sees_plan_and_month() {
    let (app, ada) = on(Plan::Pro).await;
    ada.start("tiny").await;
    let shown = ada.get(ACCOUNT).await.expect(200);
    let row = app.app.accounts.find("ada").await.unwrap();
    let key = &app.app.accounts.keys(&row.id, Family::Benchmark).await.unwrap()[0];
    let expected = json!({
        "account_id": row.id, "key_id": key.id, "name": "ada", "plan": "pro",
        "runs_used": 1, "runs_limit": 200, "resets_at": "2030-02-01T00:00:00Z",
    });
    assert_eq!(shown, expected);
    let secret = app.app.accounts.begin_session(&row.id).await.unwrap();
    let request =
        http::Request::get(ACCOUNT).header("cookie", format!("bt_session={}", secret.reveal()));
    let by_browser = app.anon().send(request.body(String::new().into()).unwrap()).await.expect(200);
    let mut expected = expected;
    expected.as_object_mut().unwrap().remove("key_id");
    assert_eq!(by_browser, expected);
}

#[tokio::test]
async fn what_is_paid_is_nobody_elses_matter() {
    let app = TestApp::new();
    let nobody = "sign in to BotTrade to see or change your plan";
    app.anon().get(ACCOUNT).await.problem(401, nobody);
    rename(&app.anon(), "ada").await.problem(401, nobody);
    let bot = app.bot("ada").await;
    let refused = "what the account pays is seen and changed by its owner alone";
    bot.get(ACCOUNT).await.problem(403, refused);
    rename(&bot, "ada").await.problem(403, refused);
}

#[tokio::test]
async fn a_handle_comes_with_a_paid_plan_and_is_nobody_elses() {
    let (app, ada) = on(Plan::Free).await;
    rename(&ada, "Ada").await.problem(402, "a handle comes with a paid plan");
    on_plan(&app, "ada", Plan::Pro).await;
    assert_eq!(rename(&ada, "Ada").await.expect(200), json!({ "handle": "Ada" }));
    assert_eq!(ada.get(ACCOUNT).await.expect(200)["handle"], "Ada");
    let eve = app.account("eve").await;
    for taken in ["Ada", "ada", "ADA", "deleted", "Deleted"] {
        rename(&eve, taken).await.problem(409, "this handle is taken");
    }
    rename(&ada, "aDA").await.expect(200);
    rename(&ada, "ada-2_").await.expect(200);
    rename(&eve, "ADA").await.expect(200);
    let id = app.app.accounts.find("ada").await.unwrap().id;
    let events = app.app.accounts.events(&id, 10).await.unwrap();
    let noted = events.iter().filter(|it| it.event == "account.handle_set").count();
    assert_eq!(noted, 3);
    // Who is erased leaves the name.
    assert!(app.app.accounts.erase(&id).await.unwrap());
    rename(&eve, "ada-2_").await.expect(200);
}

#[tokio::test]
async fn a_leaderboard_says_the_handle_while_the_plan_has_one() {
    let (app, ada) = on(Plan::Pro).await;
    let start = json!({ "scenario_slug": "tiny", "bot_name": "momentum" });
    let run = ada.post("/api/v1/runs", start).await.expect(201)["run"]["id"].clone();
    let run = run.as_str().unwrap();
    ada.order(run, market("buy", "AAA", 1)).await.expect(201);
    ada.step(run, 100).await.expect(200);
    ada.publish(run).await;
    let shown = async || {
        let board = app.anon().get("/api/v1/leaderboard?scenario=tiny").await.expect(200);
        let row = &board["entries"][0];
        (row["bot_name"].as_str().unwrap().to_owned(), row.get("handle").cloned())
    };
    assert_eq!(shown().await, ("momentum".into(), None));
    rename(&ada, "Ada").await.expect(200);
    assert_eq!(shown().await, ("Ada — momentum".into(), Some("Ada".into())));
    on_plan(&app, "ada", Plan::Free).await;
    assert_eq!(shown().await, ("momentum".into(), None));
    on_plan(&app, "ada", Plan::Max).await;
    let id = app.app.accounts.find("ada").await.unwrap().id;
    assert!(app.app.accounts.erase(&id).await.unwrap());
    assert_eq!(shown().await, ("deleted".into(), None));
}

#[tokio::test]
async fn a_handle_is_three_to_twenty_four_plain_characters() {
    let (_, ada) = on(Plan::Max).await;
    for good in ["abc", "A-b_9", &"x".repeat(24)] {
        rename(&ada, good).await.expect(200);
    }
    for bad in ["", "ab", &"x".repeat(25), "a b", "ädä", "ada!", " ada", "ada\n", "a.b"] {
        let refused = rename(&ada, bad).await.any_problem();
        assert_eq!(refused["status"], 400, "{bad:?}");
        assert_eq!(refused["errors"][0]["location"], "handle");
    }
    for wrong in
        [json!({}), json!({ "handle": null }), json!({ "handle": 1 }), json!({ "x": "abc" })]
    {
        let body = Some(Value::to_string(&wrong));
        ada.rest("PATCH", ACCOUNT, body).await.expect(422);
    }
}

#[tokio::test]
async fn a_smaller_plan_takes_no_bot_key_away_and_makes_none() {
    let (app, _) = on(Plan::Pro).await;
    let (accounts, id) = (&app.app.accounts, app.app.accounts.find("ada").await.unwrap().id);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(accounts.add_key(&id, "bot", Family::Bot).await.unwrap());
    }
    on_plan(&app, "ada", Plan::Free).await;
    for key in &made {
        app.with_key(key.key.reveal()).get("/api/v1/bot/portfolio").await.expect(200);
    }
    let account = app.with_key(made[0].key.reveal()).get("/api/v1/bot/account").await.expect(200);
    let keys = (&account["bot_keys_used"], &account["bot_keys_limit"]);
    assert_eq!(keys, (&json!(3), &json!(1)));
    for key in &made {
        let refused = accounts.add_key(&id, "more", Family::Bot).await.unwrap_err();
        assert_eq!(refused.to_string(), "the plan Free has 1 bot key");
        assert!(accounts.revoke_key(&id, Family::Bot, &key.row.id).await.unwrap());
    }
    accounts.add_key(&id, "one", Family::Bot).await.unwrap();
}
