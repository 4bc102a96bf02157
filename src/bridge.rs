//! MCP on standard input and output, for clients that start a program: each line is a message that
//! is sent to a server's `/mcp`, and each answer is a line.
//!
//! Nothing but JSON is written. What keeps a message from the server is told as the JSON-RPC error
//! of that message; what the server refuses is told in the server's words.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{Mutex, RwLock, Semaphore},
    task::JoinSet,
};
use url::Url;

/// Bytes of a line; a server takes fewer.
const LINE_BYTES_MAX: u64 = 4 << 20;
/// Messages under way.
const AT_ONCE: usize = 16;
/// How long an answer may take: longer than a server gives itself.
const ANSWER_MAX: Duration = Duration::from_mins(1);
/// Characters of an answer that is no JSON which are told.
const SHOWN: usize = 200;

const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// Where a message of the newer revisions says which one it is of.
const VERSION_IN_META: &str = "/params/_meta/io.modelcontextprotocol~1protocolVersion";

/// Codes of JSON-RPC 2.0.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
const INTERNAL_ERROR: i32 = -32603;

/// A server, and how it is called.
pub struct Bridge {
    http: reqwest::Client,
    url: Url,
    /// What the server said of the connection, to be sent with every later message.
    said: RwLock<HeaderMap>,
}

impl Bridge {
    /// To the server at this address, with a key of either family.
    pub fn new(server: &str, key: Option<&str>, toolsets: Option<&str>) -> anyhow::Result<Self> {
        let server = server.trim_end_matches('/').trim_end_matches("/mcp");
        let mut url = Url::parse(&format!("{server}/mcp"))
            .with_context(|| format!("{server} is no address such as http://127.0.0.1:8080"))?;
        if let Some(toolsets) = toolsets {
            url.query_pairs_mut().append_pair("toolsets", toolsets);
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(header::ACCEPT, both);
        if let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) {
            let name = if key.starts_with("tvt_") { "x-bot-key" } else { "x-api-key" };
            let mut value = HeaderValue::from_str(key).context("the key is no line of ASCII")?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .timeout(ANSWER_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { http, url, said: RwLock::default() })
    }

    /// Carries messages until there is no more input and the last answer is written.
    pub async fn run(
        self,
        mut input: impl AsyncBufRead + Unpin,
        output: impl AsyncWrite + Unpin + Send + 'static,
    ) -> anyhow::Result<()> {
        let (bridge, output) = (Arc::new(self), Arc::new(Mutex::new(output)));
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let mut under_way = JoinSet::new();
        while let Some(line) = next_line(&mut input).await? {
            while let Some(done) = under_way.try_join_next() {
                done??;
            }
            let line = match line {
                Ok(line) if line.trim_ascii().is_empty() => continue,
                Ok(line) => line,
                Err(problem) => {
                    write(&output, &refusal(&Value::Null, INVALID_REQUEST, &problem)).await?;
                    continue;
                }
            };
            let place = Arc::clone(&places).acquire_owned().await?;
            let message = Message::read(line);
            let first = message.method() == Some("initialize");
            let (bridge, output) = (Arc::clone(&bridge), Arc::clone(&output));
            under_way.spawn(async move {
                let answer = bridge.answer(&message).await;
                drop(place);
                match answer {
                    Some(answer) => write(&output, &answer).await,
                    None => Ok(()),
                }
            });
            // What follows needs to know what was agreed on.
            while first && let Some(done) = under_way.join_next().await {
                done??;
            }
        }
        while let Some(done) = under_way.join_next().await {
            done??;
        }
        Ok(())
    }

    /// The answer to a message; a notification has none.
    async fn answer(&self, message: &Message) -> Option<Value> {
        let answer = match &message.value {
            Err(problem) => refusal(&Value::Null, PARSE_ERROR, problem),
            Ok(value) => match self.sent(message, value).await {
                Ok(answer) => answer?,
                Err(problem) => refusal(&message.id(), INTERNAL_ERROR, &format!("{problem:#}")),
            },
        };
        let wanted = message.value.is_err() || message.wants_answer();
        if !wanted {
            tracing::warn!(%answer, "a notification was refused");
        }
        wanted.then_some(answer)
    }

    async fn sent(&self, message: &Message, value: &Value) -> anyhow::Result<Option<Value>> {
        let mut headers = self.said.read().await.clone();
        headers.extend(standard_headers(value));
        let request = self.http.post(self.url.clone()).headers(headers);
        let cannot = || format!("no answer from {}", self.url);
        let reply = request.body(message.line.clone()).send().await.with_context(cannot)?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let body = reply.bytes().await.with_context(cannot)?;
        if body.trim_ascii().is_empty() && status.is_success() {
            return Ok(None);
        }
        let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else {
            let text: String = String::from_utf8_lossy(&body).chars().take(SHOWN).collect();
            anyhow::bail!("{} answered {status} without JSON: {text}", self.url);
        };
        if answer["jsonrpc"] != "2.0" && !answer.is_array() {
            // What stands before the MCP door refuses as REST does.
            return Ok(Some(problem(&message.id(), status, &answer)));
        }
        // What is refused before it is read is refused without its id.
        if answer["id"].is_null() && answer.is_object() {
            answer["id"] = message.id();
        }
        if message.method() == Some("initialize") && status.is_success() {
            *self.said.write().await = agreed(&headers, &answer);
        }
        Ok(Some(answer))
    }
}

/// What every message after `initialize` is sent with.
fn agreed(headers: &HeaderMap, answer: &Value) -> HeaderMap {
    let mut said = HeaderMap::new();
    if let Some(session) = headers.get(SESSION) {
        said.insert(SESSION, session.clone());
    }
    let version = answer["result"]["protocolVersion"].as_str();
    if let Some(version) = version.and_then(|it| HeaderValue::from_str(it).ok()) {
        said.insert(PROTOCOL_VERSION, version);
    }
    said
}

/// What the newer revisions repeat of a message in its headers.
fn standard_headers(message: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let version = message.pointer(VERSION_IN_META).and_then(Value::as_str);
    let (Some(version), Some(method)) = (version, message["method"].as_str()) else {
        return headers;
    };
    let params = &message["params"];
    let name = params["name"].as_str().or_else(|| params["uri"].as_str());
    let fields =
        [(PROTOCOL_VERSION, Some(version)), (METHOD, Some(method)), (NAME, name)].into_iter();
    for (field, text) in fields.filter_map(|(field, text)| Some((field, text?))) {
        if let Ok(value) = HeaderValue::from_str(&in_header(text)) {
            headers.insert(field, value);
        }
    }
    headers
}

/// A text as the protocol writes it in a header.
fn in_header(text: &str) -> String {
    let plain = text.bytes().all(|it| matches!(it, b' '..=b'~')) && text.trim() == text;
    if plain && !text.starts_with("=?base64?") {
        return text.to_owned();
    }
    format!("=?base64?{}?=", BASE64_STANDARD.encode(text))
}

/// A line of the client.
struct Message {
    line: Vec<u8>,
    value: Result<Value, String>,
}

impl Message {
    fn read(line: Vec<u8>) -> Self {
        let value = serde_json::from_slice(&line);
        Self { line, value: value.map_err(|it| format!("the line is not valid JSON: {it}")) }
    }

    fn method(&self) -> Option<&str> {
        self.value.as_ref().ok()?["method"].as_str()
    }

    fn id(&self) -> Value {
        self.value.as_ref().map_or(Value::Null, |it| it["id"].clone())
    }

    /// Whether it is a request, or several.
    fn wants_answer(&self) -> bool {
        self.value.as_ref().is_ok_and(|it| it.is_array() || !it["id"].is_null())
    }
}

/// A refusal that is a problem document (RFC 9457), or none that is known.
fn problem(id: &Value, status: StatusCode, answer: &Value) -> Value {
    let code = if status.is_server_error() { INTERNAL_ERROR } else { INVALID_REQUEST };
    let detail = answer["detail"].as_str().map(str::to_owned);
    let detail = detail.unwrap_or_else(|| format!("the server answered {status}"));
    let hint = answer["hint"].as_str().map(|hint| format!("\nNext: {hint}"));
    let mut refusal = refusal(id, code, &(detail + &hint.unwrap_or_default()));
    refusal["error"]["data"] = answer.clone();
    refusal
}

fn refusal(id: &Value, code: i32, problem: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": problem } })
}

/// The next line, or what is wrong with it; nothing at the end of the input.
async fn next_line(
    input: &mut (impl AsyncBufRead + Unpin),
) -> std::io::Result<Option<Result<Vec<u8>, String>>> {
    let mut line = Vec::new();
    let mut long = false;
    loop {
        line.clear();
        let read = (&mut *input).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
        if read as u64 == LINE_BYTES_MAX && !line.ends_with(b"\n") {
            long = true;
            continue;
        }
        if long {
            return Ok(Some(Err(format!("a line is longer than {LINE_BYTES_MAX} bytes"))));
        }
        return Ok((read > 0).then_some(Ok(line)));
    }
}

/// Writes a message as one line.
async fn write(output: &Mutex<impl AsyncWrite + Unpin>, message: &Value) -> anyhow::Result<()> {
    let line = format!("{message}\n");
    let mut output = output.lock().await;
    output.write_all(line.as_bytes()).await?;
    output.flush().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_message_repeats_itself_in_headers() {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" });
        let call = |name: &str| {
            let params = json!({ "name": name, "_meta": meta });
            standard_headers(&json!({ "id": 1, "method": "tools/call", "params": params }))
        };
        let headers = call("get_run");
        assert_eq!(
            (&headers[PROTOCOL_VERSION], &headers[METHOD]),
            (&"2026-07-28".parse().unwrap(), &"tools/call".parse().unwrap())
        );
        assert_eq!(headers[NAME], "get_run");
        assert_eq!(call("kauf 📈")[NAME], "=?base64?a2F1ZiDwn5OI?=");
        assert!(standard_headers(&json!({ "method": "ping", "params": {} })).is_empty());
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_one_problem() {
        let long = LINE_BYTES_MAX.try_into().unwrap();
        let text = [b"{}\n".to_vec(), vec![b'a'; long], b"aaa\nlast".to_vec()].concat();
        let mut input = text.as_slice();
        assert_eq!(next_line(&mut input).await.unwrap(), Some(Ok(b"{}\n".to_vec())));
        assert!(next_line(&mut input).await.unwrap().unwrap().is_err());
        assert_eq!(next_line(&mut input).await.unwrap(), Some(Ok(b"last".to_vec())));
        assert_eq!(next_line(&mut input).await.unwrap(), None);
    }

    #[test]
    fn a_refusal_before_the_door_keeps_its_words() {
        let told = json!({ "detail": "Invalid API key", "hint": "copy all of it" });
        let refusal = problem(&json!("a"), StatusCode::UNAUTHORIZED, &told);
        assert_eq!(refusal["error"]["message"], "Invalid API key\nNext: copy all of it");
        assert_eq!(
            (&refusal["id"], &refusal["error"]["code"]),
            (&json!("a"), &json!(INVALID_REQUEST))
        );
        let none = problem(&Value::Null, StatusCode::BAD_GATEWAY, &json!({}));
        assert_eq!(none["error"]["message"], "the server answered 502 Bad Gateway");
    }
}
