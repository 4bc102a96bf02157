//! Examples of calls, all of them played: those on the tools' pages, and what the `OpenAPI`
//! document shows beside them.
//!
//! `<new run>`, `<held run>` and their like stand for runs that are made for an example; other ids
//! and digests are numbered, `<id 1>`, `<digest 1>`.

mod pages;
mod recorded;

use std::fmt::Write as _;

use bottrade::{
    error::Dialect,
    keys::Family,
    ops::OpDef,
    paper::TRADES_MIN,
    plan::Plan,
    scenarios::Catalog,
    store::{
        Store,
        grants::{self, Grant},
    },
};
use serde_json::{Value, json};

use crate::{
    app::{Client, START, TestApp, URL, market},
    billing::stripe::FakeStripe,
    parity::is_uuid,
};

/// What the examples are played on.
const SCENARIO: &str = "sandbox-smoke";
/// What is played to its end and published: it is shorter.
const PUBLISHED: &str = "sandbox-nov-2024";
/// Columns of a page.
const WIDTH: usize = 110;

/// A server with a caller and the runs that examples speak of.
struct Stage {
    client: Client,
    store: Store,
    runs: Vec<(&'static str, String)>,
    app: TestApp,
    stripe: FakeStripe,
}

impl Stage {
    async fn new() -> Self {
        let store = Store::in_memory().unwrap();
        let stripe = FakeStripe::start().await;
        let catalog = Catalog::embedded().unwrap();
        let app = TestApp::selling(catalog, store.clone(), Some(stripe.access()));
        let client = app.account("ada").await;
        let ada = app.app.accounts.find("ada").await.unwrap().id;
        app.app.accounts.set_plan(&ada, Plan::Pro).await.unwrap();
        let mut runs = Vec::new();
        for name in ["<new run>", "<held run>", "<ended run>", "<published run>"] {
            let scenario = if name == "<published run>" { PUBLISHED } else { SCENARIO };
            let run = client.start(scenario).await;
            if name != "<new run>" {
                client.order(&run, market("buy", "AAPL", 100)).await.expect(201);
                client.step(&run, 1).await.expect(200);
            }
            if matches!(name, "<ended run>" | "<published run>") {
                client.step(&run, 10_000).await.expect(200);
            }
            if name == "<published run>" {
                client.publish(&run).await;
            }
            app.clock.advance(60);
            runs.push((name, run));
        }
        Self { client, store, runs, app, stripe }
    }

    /// The same for an example of this operation: one of paper trading is about a position and an
    /// order that waits, while stocks are traded.
    async fn of(op: Option<&OpDef>) -> Self {
        let mut stage = Self::new().await;
        if op.is_some_and(|op| op.dialect == Dialect::Bot) {
            let filled = json!({ "symbol": "BTC-USD", "side": "BUY", "quantity": 0.5 });
            let waiting = json!({ "symbol": "AAPL", "side": "BUY", "quantity": 10,
                "order_type": "LIMIT", "limit_price": 40, "client_order_id": "dip" });
            for (name, order) in [("<filled order>", filled), ("<waiting order>", waiting)] {
                let placed = stage.client.post("/api/v1/bot/orders", order).await.expect(201);
                stage.runs.push((name, placed["id"].as_str().unwrap().to_owned()));
                stage.app.clock.advance(60);
            }
        }
        stage
    }

    /// The id of the caller's account.
    async fn account(&self) -> String {
        self.app.app.accounts.find("ada").await.unwrap().id
    }

    /// A key that is made for an example.
    async fn key(&self) -> String {
        let (account, accounts) = (self.account().await, &self.app.app.accounts);
        accounts.add_key(&account, "nightly", Family::Benchmark).await.unwrap().row.id
    }

    /// Trades enough to be ranked, under a handle.
    async fn closed_trades(&self) {
        let handle = "UPDATE accounts SET handle = name";
        self.store.write(move |tx| tx.exec(handle, &[])).await.unwrap();
        for side in ["SELL", "BUY"].repeat(TRADES_MIN as usize) {
            let order = json!({ "symbol": "BTC-USD", "side": side, "quantity": 0.1 });
            self.client.post("/api/v1/bot/orders", order).await.expect(201);
        }
    }

    /// A bot key that is made for an example.
    async fn bot_key(&self) -> String {
        let (account, accounts) = (self.account().await, &self.app.app.accounts);
        accounts.add_key(&account, "nightly", Family::Bot).await.unwrap().row.id
    }

    /// A plan that the caller bought: the id of the checkout.
    async fn checkout(&self) -> String {
        let begun = self.client.post("/api/v1/billing/checkout", json!({ "plan": "pro" })).await;
        begun.expect(200);
        let id = self.stripe.pay();
        self.app.app.billing.settled(&self.account().await, &id).await.unwrap();
        id
    }

    /// A program that was allowed something.
    async fn grant(&self) -> String {
        let at = START.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let grant = Grant {
            id: "01900000-0000-7000-8000-000000000001".into(),
            account_id: self.account().await,
            client_id: "https://claude.ai/oauth/claude-code-client-metadata".into(),
            client_name: "Claude Code".into(),
            scope: "bottrade:read bottrade:trade".into(),
            resource: format!("{URL}/mcp"),
            created_at: at,
            last_used_at: None,
            expires_at: at + 365 * 24 * 3_600 * 1_000_000,
            revoked_at: None,
        };
        let kept = grant.clone();
        self.store.write(move |tx| grants::insert(tx, &kept)).await.unwrap();
        grant.id
    }

    /// The cookie of a browser that is signed in.
    async fn cookie(&self) -> String {
        let session = self.app.app.accounts.begin_session(&self.account().await).await.unwrap();
        format!("bt_session={}", session.reveal())
    }

    /// The id of a run that a stand-in names.
    fn run(&self, name: &str) -> &str {
        &self.runs.iter().find(|(it, _)| *it == name).unwrap().1
    }

    /// The request with this stage's runs.
    fn cast(&self, request: &str) -> Value {
        let cast = |text: String, (name, run): &(&str, String)| text.replace(name, run);
        serde_json::from_str(&self.runs.iter().fold(request.to_owned(), cast)).unwrap()
    }

    /// An answer with the name of the run that was asked for, and without other ids.
    fn anonymous(&self, request: &str, answer: &str) -> String {
        let asked = self.runs.iter().filter(|(name, _)| request.contains(name));
        let named = asked.fold(answer.to_owned(), |text, (name, run)| text.replace(run, name));
        let digest = |slug| self.app.app.scenario(slug).unwrap().digest().unwrap();
        anonymous(&named, &[digest(SCENARIO), digest(PUBLISHED)])
    }
}

/// A text with numbers for its ids, and for its digests but these.
fn anonymous(text: &str, constant: &[&str]) -> String {
    let (mut shown, mut rest) = (String::new(), text);
    let mut seen: [Vec<&str>; 4] = Default::default();
    while let Some((at, length)) = first_id(rest.as_bytes()) {
        let (before, found) = rest[..at + length].split_at(at);
        shown += before;
        let (kind, seen) = match length {
            36 => ("id", &mut seen[0]),
            64 => ("digest", &mut seen[1]),
            10 => ("start of key", &mut seen[2]),
            _ => ("key", &mut seen[3]),
        };
        if constant.contains(&found) {
            shown += found;
        } else {
            let known = seen.iter().position(|it| *it == found).unwrap_or_else(|| {
                seen.push(found);
                seen.len() - 1
            });
            write!(shown, "<{kind} {}>", known + 1).unwrap();
        }
        rest = &rest[at + length..];
    }
    shown + rest
}

/// The first UUID, SHA-256 or (start of a) key: where it is and how long.
fn first_id(text: &[u8]) -> Option<(usize, usize)> {
    let key = |at| {
        let rest = text.get(at..)?;
        let prefix = [&b"bt_"[..], b"tvt_"].into_iter().find(|it| rest.starts_with(it))?.len();
        let digits = rest[prefix..].iter().take_while(|it| it.is_ascii_alphanumeric()).count();
        (prefix + digits >= 10).then_some((at, prefix + digits))
    };
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let digest = |at| text.get(at..at + 64).is_some_and(|it: &[u8]| it.iter().all(hex));
    (0..text.len()).find_map(|at| {
        let id = is_uuid(text, at).then_some((at, 36));
        id.or_else(|| digest(at).then_some((at, 64))).or_else(|| key(at))
    })
}

/// JSON as a page shows it: what fits in a line is in one.
fn written(value: &Value, indent: usize) -> String {
    let line = match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|it| written(it, 1_000)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let member =
                |(name, it): (&String, &Value)| format!("{name:?}: {}", written(it, 1_000));
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{ {} }}", members.join(", ")).replace("{  }", "{}")
        }
        other => other.to_string(),
    };
    if indent >= 1_000 || indent + line.len() <= WIDTH {
        return line;
    }
    let pad = " ".repeat(indent + 2);
    let (open, close, lines): (_, _, Vec<String>) = match value {
        Value::Array(items) => {
            let item = |it| format!("{pad}{}", written(it, indent + 2));
            ('[', ']', items.iter().map(item).collect())
        }
        Value::Object(members) => {
            let member = |(name, it): (&String, &Value)| {
                format!("{pad}{name:?}: {}", written(it, indent + 2))
            };
            ('{', '}', members.iter().map(member).collect())
        }
        _ => return line,
    };
    format!("{open}\n{}\n{}{close}", lines.join(",\n"), " ".repeat(indent))
}

#[test]
fn ids_are_numbered_as_they_appear() {
    let (one, two) =
        ("0198f0e6-5d3a-7c41-9b8e-2f6a4c1d7e50", "5b0f3f0a-7a39-5a52-8c0e-6d0f6f9c2b11");
    let (kept, hash) = ("ab".repeat(32), "01".repeat(32));
    let text = format!("{one}/{two} {one} {kept} {hash} 0198f0e6");
    assert_eq!(
        anonymous(&text, &[&kept]),
        format!("<id 1>/<id 2> <id 1> {kept} <digest 1> 0198f0e6")
    );
}

#[test]
fn json_is_written_as_people_do() {
    let value = serde_json::json!({ "a": [1, { "b": [] }], "c": "x".repeat(WIDTH), "d": {} });
    let long = "x".repeat(WIDTH);
    let expected =
        format!("{{\n  \"a\": [1, {{ \"b\": [] }}],\n  \"c\": \"{long}\",\n  \"d\": {{}}\n}}");
    assert_eq!(written(&value, 0), expected);
}
