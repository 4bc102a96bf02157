//! A site with documents, on loopback and with a certificate of its own, and what stands beside it.

use std::{
    collections::VecDeque,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use reqwest::Certificate;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

use super::super::fetch::{Addresses, Resolver};

/// The name in the site's certificate.
pub(super) const HOST: &str = "documents.example";

/// What a site sends.
pub(super) struct Reply {
    text: String,
    wait: Duration,
    pause: Option<Duration>,
}

impl Reply {
    /// These bytes, at once.
    pub(super) fn raw(text: String) -> Self {
        Self { text, wait: Duration::ZERO, pause: None }
    }

    /// The same after a while.
    pub(super) fn late(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// The same, a byte at a time.
    pub(super) fn dripping(self) -> Self {
        Self { pause: Some(Duration::from_millis(20)), ..self }
    }
}

/// An answer with this status and type.
pub(super) fn reply(status: &str, kind: &str, body: &str) -> Reply {
    Reply::raw(format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

/// A good document of this address, which stays fresh for ten minutes.
pub(super) fn document(url: &str) -> Reply {
    let body = serde_json::json!({ "client_id": url, "client_name": "A",
        "redirect_uris": ["http://localhost/callback"] });
    let kind = "application/json\r\nCache-Control: max-age=600";
    reply("200 OK", kind, &body.to_string())
}

/// A running site.
pub(super) struct Site {
    pub(super) root: Certificate,
    pub(super) port: u16,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    paths: Mutex<Vec<String>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

type Answer = dyn Fn(&str) -> Reply + Send + Sync;

impl Site {
    /// A site that is called by its URLs, at 127.0.0.1.
    pub(super) async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).unwrap();
        let root = Certificate::from_der(made.cert.der()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Seen::default());
        let (answer, shared): (Arc<Answer>, _) = (Arc::new(answer), seen.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer) = (acceptor.clone(), answer.clone());
                let seen = shared.clone();
                tokio::spawn(async move {
                    let most = seen.now.fetch_add(1, SeqCst) + 1;
                    seen.most.fetch_max(most, SeqCst);
                    // Whoever hangs up ends the call.
                    let _ = serve(&acceptor, stream, &*answer, &seen, port).await;
                    seen.now.fetch_sub(1, SeqCst);
                });
            }
        });
        Self { root, port, seen }
    }

    /// The address of a document.
    pub(super) fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    /// What was asked for, in order.
    pub(super) fn paths(&self) -> Vec<String> {
        self.seen.paths.lock().unwrap().clone()
    }

    /// The most connections that there were at a time.
    pub(super) fn most(&self) -> usize {
        self.seen.most.load(SeqCst)
    }
}

async fn serve(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    answer: &Answer,
    seen: &Seen,
    port: u16,
) -> io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default();
    seen.paths.lock().unwrap().push(path.to_owned());
    let reply = answer(&format!("https://{HOST}:{port}{path}"));
    sleep(reply.wait).await;
    if let Some(pause) = reply.pause {
        for byte in reply.text.bytes() {
            stream.write_all(&[byte]).await?;
            stream.flush().await?;
            sleep(pause).await;
        }
    } else {
        stream.write_all(reply.text.as_bytes()).await?;
    }
    stream.shutdown().await
}

/// A listener that nobody may call.
pub(super) struct Canary(TcpListener);

impl Canary {
    pub(super) async fn at(address: &str, port: u16) -> Self {
        Self(TcpListener::bind((address, port)).await.unwrap())
    }

    pub(super) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Whether somebody called, or does so within this time.
    pub(super) async fn is_called(&self, within: Duration) -> bool {
        timeout(within, self.0.accept()).await.is_ok()
    }
}

/// Gives these answers one after the other, and the last one from then on.
pub(super) struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

impl Answers {
    pub(super) fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect())))
    }
}

impl Resolver for Answers {
    fn addresses<'a>(&'a self, _: &'a str) -> Addresses<'a> {
        let mut answers = self.0.lock().unwrap();
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(std::future::ready(next.ok_or_else(|| io::Error::other("no such host"))))
    }
}
