//! The operator's door for quotes, and the command that sends them.

use std::{
    io::Write as _,
    net::Ipv4Addr,
    process::{Command, Stdio},
    sync::Arc,
};

use axum::{Router, body::Body};
use bottrade::{
    api::{self, feed::Door, limits::Limits},
    clock::{Clock, TestClock},
    paper::feed::{Feed, Operator, ReplaySettings},
    store::Store,
};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::{START, TestApp, is_problem};

const TOKEN: &str = "an-operator-of-the-tests";
const LINES: &str = concat!(
    r#"{"type":"instrument","symbol":"BTC/USD","name":"Bitcoin","asset_type":"CRYPTO"}"#,
    "\n",
    r#"{"type":"quote","symbol":"BTC/USD","price":"64000.5","ts":"2030-01-02T03:04:00Z"}"#,
    "\n",
);

fn pushed() -> Arc<Feed> {
    Arc::new(Feed::push(Store::in_memory().unwrap(), 30).unwrap())
}

/// The whole server with this feed, whose operator is known by `TOKEN`.
fn server(feed: &Arc<Feed>, operator: Operator) -> Router {
    let app = TestApp::new();
    let clock: Arc<dyn Clock> = TestClock::at(START.parse().unwrap());
    let limits = Limits::default();
    let door = Door { feed: Arc::clone(feed), operator, clock, limits: limits.clone() };
    api::router(&app.app, &limits).merge(api::feed::router(door))
}

async fn call(router: &Router, method: &str, token: &str, body: &str) -> (u16, String, Value) {
    let mut request = Request::builder().method(method).uri("/api/v1/feed");
    if !token.is_empty() {
        request = request.header("authorization", token);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let challenge = parts.headers.get("www-authenticate").map(|it| it.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    (parts.status.as_u16(), challenge.unwrap_or_default(), body)
}

fn ticks(feed: &Feed) -> usize {
    feed.read(START.parse().unwrap(), |market| market.moment.ticks).unwrap()
}

#[tokio::test]
async fn the_operator_pushes_and_nobody_else() {
    let feed = pushed();
    let router = server(&feed, Operator::of(TOKEN));
    let bearer = format!("Bearer {TOKEN}");
    let wrong = ["", "Bearer", "Bearer ", "Bearer an-operator-of-the-test", TOKEN, "Basic YTpi"];
    for token in wrong.into_iter().chain([format!("{bearer}s").as_str()]) {
        let (status, challenge, body) = call(&router, "POST", token, LINES).await;
        assert_eq!((status, challenge.as_str()), (401, "Bearer realm=\"bottrade operator\""));
        assert_eq!(body["detail"], "the operator's token is required", "{token}");
        is_problem(&body);
        assert!(!body.to_string().contains(TOKEN));
    }
    assert_eq!(ticks(&feed), 0);
    let (status, _, body) = call(&router, "POST", &bearer, LINES).await;
    let taken = json!({ "taken": 2, "repeated": 0, "season": 48, "market_time": START });
    assert_eq!((status, body), (200, taken));
    let (status, _, body) = call(&router, "POST", &bearer.replace("Bearer", "bearer"), LINES).await;
    assert_eq!((status, &body["repeated"]), (200, &json!(2)));
    assert_eq!(ticks(&feed), 1);
}

#[tokio::test]
async fn what_is_wrong_is_named_by_line_and_field() {
    let feed = pushed();
    let router = server(&feed, Operator::of(TOKEN));
    let bearer = format!("Bearer {TOKEN}");
    let (status, _, body) =
        call(&router, "POST", &bearer, &LINES.replace("64000.5", "-64000.5")).await;
    is_problem(&body);
    assert_eq!((status, &body["code"]), (422, &json!("invalid_input")));
    assert_eq!(body["errors"][0]["location"], "line 2.price");
    assert_eq!(body["errors"][0]["message"], "must be above 0 and at most 1000000000");
    let (status, _, body) = call(&router, "POST", &bearer, &" ".repeat((1 << 20) + 1)).await;
    assert_eq!((status, &body["code"]), (413, &json!("body_too_large")));
    let (status, _, body) = call(&router, "GET", &bearer, "").await;
    assert_eq!((status, &body["detail"]), (405, &json!("/api/v1/feed has no method GET")));
    assert_eq!(ticks(&feed), 0);
}

#[tokio::test]
async fn a_server_that_takes_no_quotes_says_how_it_would() {
    let replayed = Arc::new(Feed::replay(&ReplaySettings::default()).unwrap());
    let bearer = format!("Bearer {TOKEN}");
    for router in [server(&replayed, Operator::of(TOKEN)), server(&pushed(), Operator::none())] {
        for token in ["", bearer.as_str()] {
            let (status, _, body) = call(&router, "POST", token, LINES).await;
            assert_eq!((status, &body["detail"]), (404, &json!("this server takes no quotes")));
            assert!(body["hint"].as_str().unwrap().contains("--feed push"), "{body}");
        }
    }
}

/// Runs `bottrade feed push` against this server, with this input and token.
async fn push(router: Router, token: &str, file: &str, input: &str) -> (bool, String, String) {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let server = format!("http://{}/", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut command = Command::new(env!("CARGO_BIN_EXE_bottrade"));
    command.args(["feed", "push", "--server", &server, file]);
    command.env("BOTTRADE_OPERATOR_TOKEN", token);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let input = input.to_owned();
    let run = move || {
        let mut child = command.spawn().unwrap();
        // One that refuses its settings does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    task.abort();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_sends_lines_from_input_or_file() {
    let feed = pushed();
    let router = || server(&feed, Operator::of(TOKEN));
    let done = |text: &str| (true, text.to_owned(), String::new());
    assert_eq!(
        push(router(), TOKEN, "-", LINES).await,
        done("2 lines taken, 0 were there already\n")
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quotes.ndjson");
    // More than a batch may have.
    let quotes = (0..2_500).map(|it| {
        let (minute, second, milli) = (it / 1_000, it / 20 % 50, it % 20);
        format!(
            "{{\"type\":\"quote\",\"symbol\":\"ethusd\",\"price\":{it}.5,\
             \"ts\":\"2030-01-02T03:0{minute}:{second:02}.{milli:03}Z\"}}\n"
        )
    });
    let ether = LINES.lines().next().unwrap().replace("BTC", "ETH");
    let lines = format!("{ether}\n{}", quotes.collect::<String>());
    std::fs::write(&file, lines).unwrap();
    let file = file.display().to_string();
    let all = "2501 lines taken, 0 were there already\n";
    assert_eq!(push(router(), TOKEN, &file, "").await, done(all));
    assert_eq!(ticks(&feed), 2_501);
    let again = "0 lines taken, 2501 were there already\n";
    assert_eq!(push(router(), TOKEN, &file, "").await, done(again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_says_what_was_refused() {
    let feed = pushed();
    let router = || server(&feed, Operator::of(TOKEN));
    let (good, out, err) = push(router(), "somebody-elses-token", "-", LINES).await;
    assert!(!good && out.is_empty(), "{out}");
    assert!(err.contains("the operator's token is required"), "{err}");
    let bad = LINES.replace("64000.5", "x");
    let (good, _, err) = push(router(), TOKEN, "-", &bad).await;
    assert!(!good && err.contains("not a decimal number"), "{err}");
    let (good, _, err) = push(router(), "short", "-", LINES).await;
    assert!(!good && err.contains("at least 16 visible ASCII characters"), "{err}");
    let (good, _, err) = push(router(), TOKEN, "no-such-file", "").await;
    assert!(!good && err.contains("cannot open no-such-file"), "{err}");
}
