//! A person is forgotten: what was theirs alone goes, what they published stays under no name.

use bottrade::{proof::verify, store::Tx};
use serde_json::{Value, json};

use super::{Program, Scene, Tokens};
use crate::{app::market, world};

/// How many rows of a table there are, here with a condition.
fn rows(scene: &Scene, table: &str) -> usize {
    let sql: &'static str = format!("SELECT 1 FROM {table}").leak();
    scene.store.read_blocking(|tx: &mut dyn Tx| Ok(tx.query(sql, &[])?.len())).unwrap()
}

#[tokio::test]
async fn who_is_erased_leaves_what_was_published_and_no_name() {
    let scene = Scene::new().await;
    let mut ada = scene.somebody("ada").await;
    let made = ada.send(
        http::Request::post("/api/v1/keys").header("origin", crate::app::URL),
        json!({ "name": "laptop of ada" }).to_string(),
    );
    let key = made.await.expect(200)["api_key"].as_str().unwrap().to_owned();
    let client = scene.server.with_key(&key);
    let program = Program::registered(&scene).await;
    let tokens = Tokens::of(&program.exchange(&ada.allow(&program.address()).await).await);

    let public = client.start("tiny").await;
    client.order(&public, market("buy", "AAA", 1)).await.expect(201);
    client.step(&public, 100).await.expect(200);
    client.publish(&public).await;
    let private = client.start("tiny").await;
    let said = json!({ "symbol": "AAA", "side": "buy", "quantity": 1, "reasoning": "my secret" });
    client.order(&private, said).await.expect(201);
    client.step(&private, 2).await.expect(200);
    let file = client.get(&format!("/api/v1/runs/{private}/journal")).await.expect(200);
    let account = made_account(&scene, "ada@oidc").await;

    assert!(scene.server.app.accounts.erase(&account).await.unwrap());
    assert!(!scene.server.app.accounts.erase(&account).await.unwrap(), "once");

    assert!(!scene.opens(&key).await && !scene.opens(&tokens.access).await);
    program.refresh(&tokens.refresh).await.oauth_error(400, "invalid_grant");
    assert_eq!(ada.get("/account").await.place(), "/login?next=/account");
    for table in ["identities", "sessions", "grants", "tokens"] {
        assert_eq!(rows(&scene, table), 0, "{table}");
    }
    assert_eq!(rows(&scene, "runs"), 1, "the private one is gone");
    let kept = format!("erased_journal WHERE run_id = '{private}'");
    let events = file["events"].as_array().unwrap().len();
    assert_eq!((rows(&scene, &kept), events), (2, 2));
    for table in ["accounts", "api_keys", "audit", "journal", "runs", "scores", "idempotency"] {
        let dump = dump(&scene, table);
        for word in ["ada", "laptop", "my secret"] {
            assert!(!dump.contains(word), "{word} is in {table}: {dump}");
        }
    }

    let anon = scene.server.anon();
    let shown = anon.get(&format!("/api/v1/runs/{public}/public")).await.expect(200);
    assert!(!shown.to_string().contains("ada"), "{shown}");
    let board = anon.get("/api/v1/leaderboard?scenario=tiny").await.expect(200);
    assert_eq!(board["entries"][0]["run_id"], public, "{board}");
    assert!(board["entries"][0].to_string().contains("\"deleted\""), "{board}");
    let journal = anon.get(&format!("/api/v1/runs/{public}/journal")).await;
    journal.expect(200);
    verify(&journal.bytes, &world::catalog()).unwrap();
    let checked = scene.server.app.check().await.unwrap();
    assert_eq!((checked.journals, checked.damaged), (1, 0));

    let mut again = scene.somebody("ada").await;
    let anew = made_account(&scene, "ada@oidc").await;
    assert_ne!(anew, account);
    let listed = again.get("/api/v1/keys").await.expect(200);
    assert_eq!(listed["keys"], json!([]));
}

async fn made_account(scene: &Scene, name: &str) -> String {
    scene.server.app.accounts.find(name).await.unwrap().id
}

/// Every text in a table.
fn dump(scene: &Scene, table: &str) -> String {
    let sql: &'static str = format!("SELECT * FROM {table}").leak();
    scene.store.read_blocking(|tx: &mut dyn Tx| Ok(format!("{:?}", tx.query(sql, &[])?))).unwrap()
}

#[tokio::test]
async fn who_is_erased_takes_nobody_along() {
    let scene = Scene::new().await;
    let (mut ada, mut bob) = (scene.somebody("ada").await, scene.somebody("bob").await);
    let program = Program::registered(&scene).await;
    let (of_ada, of_bob) =
        (ada.allow(&program.address()).await, bob.allow(&program.address()).await);
    let of_bob = Tokens::of(&program.exchange(&of_bob).await);
    let account = made_account(&scene, "ada@oidc").await;
    assert!(scene.server.app.accounts.erase(&account).await.unwrap());
    program.exchange(&of_ada).await.oauth_error(400, "invalid_grant");
    assert!(scene.opens(&of_bob.access).await);
    bob.get("/account").await.found(200);
    let none: Value = json!([]);
    assert_eq!(bob.get("/api/v1/keys").await.expect(200)["keys"], none);
}
