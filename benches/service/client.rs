//! A client that costs little: one connection kept alive, requests prepared, answers looked over.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
    thread,
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::{
    server::Server,
    timer::{Times, now},
};

/// Connections that come from one address: servers may limit them.
const PER_ADDRESS: usize = 16;
/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A revision of MCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// 2025-06-18, without a session.
    Legacy,
    /// 2026-07-28.
    Modern,
}

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    key: String,
    answer: Vec<u8>,
}

impl Client {
    /// Connects as the client of this number.
    pub(crate) fn connect(server: &Server, number: usize) -> anyhow::Result<Self> {
        let stream = connected(server.address, number)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        Ok(Self { stream, key: server.key.clone(), answer: Vec::new() })
    }

    /// A request to REST; no body is a GET.
    pub(crate) fn rest(&self, path: &str, body: Option<&Value>) -> Vec<u8> {
        rest_as(&self.key, path, body)
    }

    /// A call of a tool.
    pub(crate) fn tool(&self, wire: Wire, name: &str, arguments: &Value) -> Vec<u8> {
        let mut params = json!({ "name": name, "arguments": arguments });
        let head = match wire {
            Wire::Legacy => "mcp-protocol-version: 2025-06-18\r\n".to_owned(),
            Wire::Modern => {
                params["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                format!(
                    "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\n\
                     mcp-name: {name}\r\n"
                )
            }
        };
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        request(&self.key, "POST", "/mcp", &head, &call.to_string())
    }

    /// Sends a request and gives the body of a good answer.
    pub(crate) fn send(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(request)?;
        self.answer.clear();
        let mut buffer = [0; 16_384];
        let (body, end) = loop {
            let read = self.stream.read(&mut buffer)?;
            ensure!(read > 0, "the server closed the connection");
            self.answer.extend_from_slice(&buffer[..read]);
            let head = find(&self.answer, b"\r\n\r\n").map(|at| at + 4);
            if let Some(head) = head {
                let length = content_length(&self.answer[..head])?;
                if self.answer.len() >= head + length {
                    break (head, head + length);
                }
            }
        };
        let good = self.answer.starts_with(b"HTTP/1.1 20")
            && find(&self.answer[body..end], b"\"isError\":true").is_none();
        let answer = &self.answer[body..end];
        if good { Ok(answer) } else { bail!("{}", String::from_utf8_lossy(&self.answer)) }
    }

    /// The same, read as JSON.
    pub(crate) fn json(&mut self, request: &[u8]) -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(self.send(request)?)?)
    }

    /// Starts a run and gives its id.
    pub(crate) fn start_run(&mut self, slug: &str) -> anyhow::Result<String> {
        let request = self.rest("/api/v1/runs", Some(&json!({ "scenario_slug": slug })));
        let answer = self.json(&request)?;
        let id = answer["run"]["id"].as_str().context("no id in the answer")?;
        Ok(id.to_owned())
    }
}

/// A request to REST with this key; no body is a GET.
pub(crate) fn rest_as(key: &str, path: &str, body: Option<&Value>) -> Vec<u8> {
    let method = if body.is_some() { "POST" } else { "GET" };
    request(key, method, path, "", &body.map(Value::to_string).unwrap_or_default())
}

fn request(key: &str, method: &str, path: &str, head: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {key}\r\n{head}\
         accept: application/json, text/event-stream\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A connection from an address of its own for every few clients.
fn connected(to: SocketAddr, number: usize) -> anyhow::Result<TcpStream> {
    let host = u8::try_from(2 + number / PER_ADDRESS % 250)?;
    let from = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, host), 0);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.bind(from.into())?;
        socket.connect(to).await
    })?;
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    Ok(stream)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|it| it == what)
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let value = head.split("content-length:").nth(1).and_then(|it| it.split('\r').next());
    Ok(value.with_context(|| format!("no length in {head}"))?.trim().parse()?)
}

/// A client and the requests it sends one after the other, again from the first after the last.
pub(crate) struct Worker {
    pub(crate) client: Client,
    pub(crate) requests: Vec<Vec<u8>>,
    next: usize,
}

impl Worker {
    pub(crate) fn new(client: Client, requests: Vec<Vec<u8>>) -> Self {
        Self { client, requests, next: 0 }
    }

    /// Sends this many requests; how long each took.
    pub(crate) fn work(&mut self, calls: usize) -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::with_capacity(calls);
        for _ in 0..calls {
            let request = &self.requests[self.next % self.requests.len()];
            self.next += 1;
            let began = now();
            self.client.send(request)?;
            times.push(began.elapsed());
        }
        Ok(times)
    }
}

/// Lets all workers send their share of this many requests at the same time.
pub(crate) fn together(workers: &mut [Worker], calls: usize) -> anyhow::Result<Times> {
    let share = calls.div_ceil(workers.len());
    if let [alone] = workers {
        return Ok(Times::new(alone.work(share)?));
    }
    let times: anyhow::Result<Vec<Vec<Duration>>> = thread::scope(|scope| {
        let threads: Vec<_> =
            workers.iter_mut().map(|it| scope.spawn(move || it.work(share))).collect();
        threads.into_iter().map(|it| it.join().map_err(|_| anyhow!("a client panicked"))?).collect()
    });

    Ok(Times::new(times?.concat()))
}
