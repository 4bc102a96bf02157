//! The server at its port, on real sockets, with limits short enough for a test.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use axum::Router;
use bottrade::{
    api::{self, limits::Limits, listen},
    traffic::TrustedProxies,
};
use serde_json::Value;
use tokio::{net::TcpSocket, sync::oneshot, task::JoinHandle};

use crate::app::{TestApp, is_problem};

/// The client that the tests are about, and somebody else.
pub(crate) const ME: u8 = 1;
pub(crate) const OTHER: u8 = 2;
/// A generous wait for what should happen.
const SOON: Duration = Duration::from_secs(20);
const HEALTH: &[u8] = b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n";
/// A call whose body is still to come.
const HALF: &[u8] = b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n\
    content-type: application/json\r\ncontent-length: 2\r\n\r\n{";

pub(crate) struct Port {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<usize>,
}

impl Port {
    /// A server with limits that no test reaches but where it says so.
    fn new(change: impl FnOnce(&mut Limits)) -> Self {
        let app = TestApp::new();
        let all = |limits: &Limits| api::router(&app.app, limits);
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), change, all)
    }

    /// The same of other routes, or at another address.
    pub(crate) fn at(
        address: SocketAddr,
        change: impl FnOnce(&mut Limits),
        serving: impl FnOnce(&Limits) -> Router,
    ) -> Self {
        let mut limits = Limits {
            connections: 8,
            connections_per_address: 8,
            trusted_proxies: TrustedProxies::default(),
            first_head: SOON,
            next_head: SOON,
            body: SOON,
            answer: SOON,
            drain: SOON,
        };
        change(&mut limits);
        let router = serving(&limits);
        let listener = listen::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, asked) = oneshot::channel();
        let served = tokio::spawn(async move {
            listen::serve(listener, router, &limits, async { asked.await.unwrap() }).await
        });
        Self { address, stop, served }
    }

    /// A connection from 127.0.0.`host`.
    pub(crate) async fn connect(&self, host: u8) -> Line {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into()).unwrap();
        let server = (Ipv4Addr::LOCALHOST, self.address.port()).into();
        Line::of(socket.connect(server).await.unwrap().into_std().unwrap())
    }

    /// A connection from ::1.
    pub(crate) fn connect_v6(&self) -> Line {
        Line::of(TcpStream::connect((Ipv6Addr::LOCALHOST, self.address.port())).unwrap())
    }

    /// Asks the server to end; the number of connections it had to cut.
    async fn end(self) -> usize {
        self.stop.send(()).unwrap();
        self.served.await.unwrap()
    }
}

pub(crate) struct Line {
    stream: TcpStream,
}

pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Line {
    fn of(stream: TcpStream) -> Self {
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        Self { stream }
    }

    fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// One answer.
    fn hear(&mut self) -> Heard {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let length = head.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Heard { status, head, body: String::from_utf8(body).unwrap() }
    }

    pub(crate) fn ask(&mut self, bytes: &[u8]) -> Heard {
        self.say(bytes);
        self.hear()
    }

    /// Waits until the server closes; nothing more may come before.
    fn closes(&mut self) {
        match self.stream.read(&mut [0]) {
            Ok(0) => (),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => (),
            other => panic!("{other:?}"),
        }
    }

    /// Whether the server keeps it open for a moment.
    pub(crate) fn stays_open(&mut self) -> bool {
        self.stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let read = self.stream.read(&mut [0]);
        self.stream.set_read_timeout(Some(SOON)).unwrap();
        read.is_err_and(|it| matches!(it.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
    }
}

impl Heard {
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, detail: &str) -> &Self {
        assert_eq!(self.status, status, "{} {}", self.head, self.body);
        assert!(self.head.contains("content-type: application/problem+json"), "{}", self.head);
        let body: Value = serde_json::from_str(&self.body).unwrap();
        is_problem(&body);
        assert!(body["detail"].as_str().unwrap().contains(detail), "{body}");
        self
    }

    fn is_last(&self) -> bool {
        self.head.contains("connection: close")
    }
}

fn short() -> Duration {
    Duration::from_millis(500)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_does_not_end_is_given_up() {
    let port = Port::new(|limits| limits.first_head = short());
    let (mut silent, mut slow) = (port.connect(ME).await, port.connect(ME).await);
    slow.say(&HEALTH[..20]);
    let mut known = port.connect(ME).await;
    assert_eq!(known.ask(HEALTH).status, 200);
    silent.closes();
    slow.closes();
    assert_eq!(known.ask(HEALTH).status, 200, "it is given more time for its next");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_is_closed() {
    let port = Port::new(|limits| limits.next_head = short());
    let mut line = port.connect(ME).await;
    let heard = line.ask(HEALTH);
    assert!(heard.status == 200 && !heard.is_last());
    assert_eq!(line.ask(HEALTH).status, 200);
    line.say(&HEALTH[..9]);
    line.closes();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_end_is_given_up() {
    let port = Port::new(|limits| limits.body = short());
    let mut line = port.connect(ME).await;
    line.ask(HALF).problem(408, "the body did not arrive in time");
    line.closes();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_refused_before_the_body_came_hears_that_it_was_the_last_call() {
    let port = Port::new(|_| ());
    let with_key = |call: &[u8]| {
        let call = String::from_utf8(call.to_vec()).unwrap();
        call.replacen("host:", "x-api-key: bt_wrong\r\nhost:", 1).into_bytes()
    };
    let mut line = port.connect(ME).await;
    let heard = line.ask(&with_key(HALF));
    heard.problem(401, "Invalid API key");
    assert!(heard.is_last(), "{}", heard.head);
    line.closes();
    let mut line = port.connect(ME).await;
    let heard = line.ask(&with_key(b"GET /api/v1/runs HTTP/1.1\r\nhost: localhost\r\n\r\n"));
    heard.problem(401, "Invalid API key");
    assert!(!heard.is_last() && line.stays_open(), "nothing was left unread: {}", heard.head);
    assert_eq!(line.ask(HEALTH).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_takes_too_long_is_given_up() {
    let port = Port::new(|limits| limits.answer = short());
    let heard = port.connect(ME).await.ask(HALF);
    heard.problem(503, "the call took too long");
    assert!(heard.head.contains("retry-after: "), "{}", heard.head);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_drives_out_only_its_own_newcomers() {
    let port = Port::new(|limits| limits.connections_per_address = 4);
    let (mut mine, mut other) = (port.connect(ME).await, port.connect(OTHER).await);
    assert_eq!(mine.ask(HEALTH).status, 200);
    let mut first = port.connect(ME).await;
    for _ in 0..20 {
        std::mem::forget(port.connect(ME).await);
    }
    first.closes();
    assert!(mine.stays_open() && other.stays_open());
    assert_eq!((mine.ask(HEALTH).status, other.ask(HEALTH).status), (200, 200));
    assert_eq!(port.connect(ME).await.ask(HEALTH).status, 200, "a newcomer who speaks is heard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_busy_everywhere_says_so() {
    let port = Port::new(|limits| {
        limits.connections = 3;
        limits.connections_per_address = 2;
    });
    let mut idle = port.connect(OTHER).await;
    assert_eq!(idle.ask(HEALTH).status, 200);
    let mut calls = Vec::new();
    for _ in 0..2 {
        let mut line = port.connect(ME).await;
        line.say(HALF);
        assert!(line.stays_open());
        calls.push(line);
    }
    let mut refused = port.connect(ME).await;
    let heard = refused.ask(HEALTH);
    heard.problem(503, "no connection left");
    assert!(heard.is_last() && heard.head.contains("retry-after: 1"), "{}", heard.head);
    let mut next = port.connect(OTHER).await;
    assert_eq!(next.ask(HEALTH).status, 200, "the idle one makes room");
    idle.closes();
    for line in &mut calls {
        assert_eq!(line.ask(b"}").status / 100, 4, "a call under way is not touched");
    }
    assert_eq!(port.connect(ME).await.ask(HEALTH).status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_http_forbids() {
    let port = Port::new(|_| ());
    let cases: [(String, u16); 6] = [
        (format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(16 << 10)), 431),
        (format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(16 << 10)), 431),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: 1\r\n".repeat(101)), 431),
        ("GET / HTTP/1.1\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n".into(), 400),
        ("\0\0\0\0\r\n\r\n".into(), 400),
    ];
    for (bytes, status) in cases {
        let mut line = port.connect(ME).await;
        let heard = line.ask(bytes.as_bytes());
        assert_eq!(heard.status, status, "{}", &bytes[..30.min(bytes.len())]);
        assert!(heard.is_last());
        line.closes();
    }
    let heard = port.connect(ME).await.ask(b"GET /api/health HTTP/1.1\r\n\r\n");
    heard.problem(400, "one Host header");
    let old = port.connect(ME).await.ask(b"GET /api/health HTTP/1.0\r\n\r\n");
    assert_eq!(old.status, 200, "HTTP/1.0 had no Host");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_calls_are_answered_and_the_rest_is_closed() {
    let port = Port::new(|_| ());
    let address = port.address;
    let (mut silent, mut idle) = (port.connect(ME).await, port.connect(ME).await);
    let (mut busy, mut half) = (port.connect(ME).await, port.connect(ME).await);
    assert_eq!(idle.ask(HEALTH).status, 200);
    half.say(&HEALTH[..20]);
    busy.say(HALF);
    assert!(busy.stays_open());
    let ended = tokio::spawn(port.end());
    silent.closes();
    idle.closes();
    half.closes();
    assert!(busy.stays_open() && TcpStream::connect(address).is_err(), "new ones are refused");
    let heard = busy.ask(b"}");
    assert!(heard.status < 500 && heard.is_last(), "{} {}", heard.head, heard.body);
    busy.closes();
    assert_eq!(ended.await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_a_client_that_calls_on_hears_of_it() {
    let port = Port::new(|_| ());
    let mut line = port.connect(ME).await;
    assert!(!line.ask(HEALTH).is_last());
    let ended = tokio::spawn(port.end());
    let last = (0..100_000).find(|_| line.ask(HEALTH).is_last());
    assert!(last.is_some());
    line.closes();
    assert_eq!(ended.await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_who_does_not_finish_is_cut() {
    let port = Port::new(|limits| limits.drain = short());
    let mut busy = port.connect(ME).await;
    busy.say(HALF);
    assert!(busy.stays_open());
    assert_eq!(port.end().await, 1);
}
