//! No secret stays in the store or in the log.

use std::{
    io::Write,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use bottrade::{app::Outside, clock::TestClock, store::Store};
use serde_json::json;
use tempfile::TempDir;
use tracing_subscriber::{filter::dynamic_filter_fn, fmt::MakeWriter, layer::SubscriberExt as _};

use super::{Program, Scene, Tokens, bot_keys::KEYS, program::VERIFIER};
use crate::{
    app::{START, URL},
    stand_in::{ACCESS_TOKEN, CLIENT_SECRET, StandIn},
};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Whether anybody wants to know what is logged, by any thread of the process.
static LISTENING: AtomicBool = AtomicBool::new(false);

/// Hears everything from now on.
fn listen() -> Log {
    let log = Log::default();
    let all = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish()
        .with(dynamic_filter_fn(|_, _| LISTENING.load(Ordering::SeqCst)));
    LISTENING.store(true, Ordering::SeqCst);
    tracing::subscriber::set_global_default(all).unwrap();
    log
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

/// Every file of a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let read = |it: std::io::Result<std::fs::DirEntry>| {
        let path = it.unwrap().path();
        (path.display().to_string(), std::fs::read(path).unwrap())
    };
    std::fs::read_dir(folder).unwrap().map(read).collect()
}

/// The first key of a server and a sign-in by link, which is for one without providers.
async fn by_link(scene: &Scene) -> Vec<String> {
    let first = scene.server.app.accounts.create_first().await.unwrap().unwrap();
    let link = scene.server.app.desk.link().await.unwrap();
    let mut browser = scene.browser();
    browser.get(&link).await.found(200);
    assert_eq!(browser.post(&link, &[]).await.place(), "/account");
    browser.get(&link).await.found(400);
    let ticket = link.rsplit('/').next().unwrap();
    [first.reveal(), ticket, browser.session()].map(str::to_owned).into()
}

/// Everything there is to do, well and badly; gives every secret that was shown on the way.
async fn everything(scene: &Scene, stand_in: &StandIn, mut secrets: Vec<String>) -> Vec<String> {
    let mut browser = scene.browser();
    let away = browser.get("/login/oidc").await.place().to_owned();
    secrets.push(browser.cookie("bt_sign_in").unwrap().to_owned());
    let back = stand_in.visit(&away).await;
    browser.get(&back).await.place();
    browser.get(&back).await.found(400);
    secrets.push(browser.session().to_owned());
    let made = browser.send(
        http::Request::post("/api/v1/keys").header("origin", URL),
        json!({ "name": "laptop" }).to_string(),
    );
    secrets.push(made.await.expect(200)["api_key"].as_str().unwrap().to_owned());
    let token = browser.post("/api/auth/token", &[]).await.expect(200);
    let token = token["access_token"].as_str().unwrap().to_owned();
    let keys = scene.bearer(&token);
    let bot = keys.post(KEYS, json!({ "label": "bot" })).await.expect(201);
    keys.get(KEYS).await.expect(200);
    secrets.extend([bot["key"].as_str().unwrap().to_owned(), token]);
    let program = Program::registered(scene).await;
    let fields = browser.asked(&program.address()).await;
    secrets.extend(fields.into_iter().map(|it| it.1));
    let code = browser.allow(&program.address()).await;
    program.exchange_with(&code, &[("code_verifier", "wrong")]).await.found(400);
    let first = Tokens::of(&program.exchange(&code).await);
    assert!(scene.opens(&first.access).await);
    let second = Tokens::of(&program.refresh(&first.refresh).await);
    program.refresh(&first.refresh).await.expect(200);
    let third = Tokens::of(&program.refresh(&second.refresh).await);
    // Used again, in a header of the wrong kind, in an address, at a place for others.
    for secret in secrets.clone() {
        scene.bearer(&secret).get("/api/v1/runs").await;
        scene.bearer(&secret).tool("get_run").await;
        scene.bearer(&secret).get("/no/such/route").await;
        scene.bearer(&secret).get(KEYS).await;
        scene.bearer(&secret).get("/api/v1/bot/nowhere").await;
        for header in ["x-bot-key", "x-api-key"] {
            let request = http::Request::get("/api/trade/v1/bot/nowhere").header(header, &secret);
            let client = scene.server.anon();
            client.send(request.body(String::new().into()).unwrap()).await;
        }
        scene.server.anon().get(&format!("/api/v1/runs?token={secret}")).await.found(400);
        program.exchange(&secret).await.found(400);
        program.refresh(&secret).await.found(400);
        browser.post("/oauth/authorize", &[("csrf", &secret), ("ticket", &secret)]).await;
        browser.get(&format!("/login/link/{secret}")).await.found(403);
    }
    program.refresh(&first.refresh).await.found(400);
    program.exchange(&code).await.found(400);
    secrets.extend([code, VERIFIER.into(), CLIENT_SECRET.into(), ACCESS_TOKEN.into()]);
    for tokens in [first, second, third] {
        secrets.extend([tokens.access, tokens.refresh]);
    }
    secrets
}

#[tokio::test]
async fn no_secret_is_at_rest_or_in_the_log() {
    let (folder, log) = (TempDir::new().unwrap(), listen());
    let clock = TestClock::at(START.parse().unwrap());
    let stand_in = StandIn::start(clock.clone()).await;
    let providers = stand_in.providers(&clock);
    let store = Store::open(folder.path().join("db")).unwrap();
    let scene = Scene::at(URL, store.clone(), |outside| Outside { providers, ..outside });
    let secrets = by_link(&Scene::at(URL, store.clone(), |outside| outside)).await;
    let secrets = everything(&scene, &stand_in, secrets).await;
    assert!(secrets.len() >= 20, "{}", secrets.len());
    LISTENING.store(false, Ordering::SeqCst);
    let log = log.0.lock().unwrap().clone();
    assert!(contains(&log, "grant.reuse_detected"), "it was listened to");
    let check = |when: &str| {
        let files = files(folder.path());
        assert!(files.iter().any(|it| contains(&it.1, "Test Program")), "{when}");
        for secret in &secrets {
            let end = &secret[secret.len() - 20.min(secret.len())..];
            assert!(!contains(&log, secret) && !contains(&log, end), "the log has {secret}");
            for (name, bytes) in &files {
                assert!(!contains(bytes, end), "{when}: {name} has {secret}");
            }
        }
    };
    check("while it runs");
    scene.server.stop().await;
    check("when it has ended");
}
