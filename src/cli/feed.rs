//! `bottrade feed`: quotes for a server that is started with `--feed push`.

use std::{
    fs::File,
    io::{BufRead, BufReader, stdin},
    path::PathBuf,
    process::ExitCode,
    thread,
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::{
    api::feed::PATH,
    paper::feed::{args::OperatorArgs, lines::LINES_MAX},
};

/// Lines that are read ahead.
const READ_AHEAD: usize = 4 * LINES_MAX;
/// How long one batch may take.
const CALL_MAX: Duration = Duration::from_secs(30);
/// Pauses before a batch is sent again that the server could not take.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Send instruments and quotes, a JSON object a line, as they come.
    Push(Push),
}

/// Send instruments and quotes to a server that is started with `--feed push`: a JSON object a
/// line, such as {"type":"instrument","symbol":"BTC/USD","name":"Bitcoin","asset_type":"CRYPTO"}
/// and {"type":"quote","symbol":"BTC/USD","price":"64000.5","ts":"2026-11-22T09:30:00Z"}. Lines
/// are sent as soon as they are read. What was taken before is passed over, so a file can be sent
/// again.
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The server.
    #[arg(long, env = "BOTTRADE_API", value_name = "URL", default_value = "http://127.0.0.1:8080")]
    server: String,
    #[command(flatten)]
    operator: OperatorArgs,
    /// File of the lines; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

/// What a server says of a batch that it took.
#[derive(Deserialize)]
struct Taken {
    taken: usize,
    repeated: usize,
}

impl Verb {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Push(push) = self;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let Taken { taken, repeated } = runtime.block_on(push.run())?;
        println!("{taken} lines taken, {repeated} were there already");
        Ok(ExitCode::SUCCESS)
    }
}

impl Push {
    async fn run(&self) -> anyhow::Result<Taken> {
        let token = self.operator.token()?;
        let address = format!("{}{PATH}", self.server.trim_end_matches('/'));
        let http = reqwest::Client::builder().timeout(CALL_MAX).build()?;
        let mut lines = self.lines()?;
        let (mut all, mut sent) = (Taken { taken: 0, repeated: 0 }, 0);
        while let Some(first) = lines.recv().await {
            let mut batch = vec![first?];
            while batch.len() < LINES_MAX
                && let Ok(line) = lines.try_recv()
            {
                batch.push(line?);
            }
            let call = || http.post(&address).bearer_auth(token).body(batch.join("\n"));
            let (from, to) = (sent + 1, sent + batch.len());
            let answer = send(call).await.with_context(|| {
                format!("lines {from} to {to} were not taken, those before them were")
            })?;
            all.taken += answer.taken;
            all.repeated += answer.repeated;
            sent = to;
        }
        Ok(all)
    }

    /// The lines, read on a thread of their own, so that one that is there does not wait for the
    /// next.
    fn lines(&self) -> anyhow::Result<mpsc::Receiver<std::io::Result<String>>> {
        let (sender, lines) = mpsc::channel(READ_AHEAD);
        let reader: Box<dyn BufRead + Send> = if self.file.as_os_str() == "-" {
            Box::new(BufReader::new(stdin()))
        } else {
            let file = File::open(&self.file);
            let file = file.with_context(|| format!("cannot open {}", self.file.display()))?;
            Box::new(BufReader::new(file))
        };
        thread::spawn(move || {
            for line in reader.lines() {
                if sender.blocking_send(line).is_err() {
                    break;
                }
            }
        });
        Ok(lines)
    }
}

/// Sends a batch until it is taken or refused.
async fn send(call: impl Fn() -> reqwest::RequestBuilder) -> anyhow::Result<Taken> {
    let mut pauses = PAUSES.iter();
    loop {
        let again = match call().send().await {
            Ok(answer) if answer.status().is_success() => return Ok(answer.json().await?),
            Ok(answer) => {
                let (status, text) = (answer.status(), answer.text().await.unwrap_or_default());
                let refused = refusal(status, &text);
                let later = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
                if !later.contains(&status) {
                    bail!(refused);
                }
                refused
            }
            Err(error) => anyhow!(error).context("the server cannot be reached"),
        };
        // A batch that was taken although no answer came is passed over the next time.
        match pauses.next() {
            Some(pause) => tokio::time::sleep(*pause).await,
            None => return Err(again),
        }
    }
}

/// What a server says of a batch that it refused.
fn refusal(status: StatusCode, text: &str) -> anyhow::Error {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    let member = |name: &str| body.get(name).and_then(Value::as_str);
    match (member("detail"), member("hint")) {
        (Some(detail), Some(hint)) => anyhow!("{detail} ({hint})"),
        (Some(detail), None) => anyhow!("{detail}"),
        _ => anyhow!("the server answered {status}"),
    }
}
