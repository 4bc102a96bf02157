//! A bot as a client of a server: the same decisions from the same observations, over REST.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use sim::{
    Money, Price, Quantity,
    bots::{Bot, LOOKBACK, Observation, Seen},
};

use super::Played;

/// A server and the key it is called with.
struct Client<'a> {
    http: reqwest::Client,
    base: &'a str,
    key: &'a str,
}

#[derive(Deserialize)]
struct Scenario {
    universe: Vec<String>,
    benchmark_symbol: Option<String>,
    short_enabled: bool,
    decisions: usize,
}

#[derive(Deserialize)]
struct Snapshot {
    run: RunState,
    positions: Vec<Position>,
    queued_orders: Vec<Queued>,
    last_equity: Equity,
}

#[derive(Deserialize)]
struct RunState {
    id: String,
    status: String,
}

#[derive(Deserialize)]
struct Position {
    symbol: String,
    quantity: f64,
}

#[derive(Deserialize)]
struct Queued {
    symbol: String,
}

#[derive(Deserialize)]
struct Equity {
    cash: f64,
    equity: f64,
}

#[derive(Deserialize)]
struct Market {
    bars: BTreeMap<String, Vec<Close>>,
}

#[derive(Deserialize)]
struct Close {
    close: f64,
}

#[derive(Deserialize)]
struct Turn {
    step: Step,
    snapshot: Snapshot,
}

#[derive(Deserialize)]
struct Step {
    liquidation_due: bool,
}

#[derive(Deserialize)]
struct Detail {
    headline: String,
    results: Value,
}

#[derive(Deserialize)]
struct Curves {
    equity_curve: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    equity: f64,
    benchmark: f64,
}

/// Plays on a server; `progress` hears how many bars are done, and of how many.
pub async fn remote(
    server: &str,
    key: &str,
    slug: &str,
    bot: &mut (dyn Bot + Send),
    progress: &mut (dyn FnMut(usize, usize) + Send),
) -> anyhow::Result<Played> {
    let client = Client { http: reqwest::Client::new(), base: server.trim_end_matches('/'), key };
    let scenario: Value = client.get(&format!("scenarios/{slug}")).await?;
    let mut scenario: Scenario = serde_json::from_value(scenario["scenario"].clone())?;
    scenario.universe.sort_unstable();
    let name = bot.name();
    let body = json!({ "scenario_slug": slug, "bot_name": name, "agent_info": { "name": name,
        "framework": "bottrade play", "version": env!("CARGO_PKG_VERSION") } });
    let started: Value = client.post("runs", &body).await?;
    let id = started["run"]["id"].as_str().context("the server started no run")?.to_owned();
    let mut snapshot: Snapshot = client.get(&format!("runs/{id}")).await?;
    let (mut step, mut liquidation_due) = (0, false);
    while snapshot.run.status == "active" {
        let market: Market = client.get(&format!("runs/{id}/market?lookback={LOOKBACK}")).await?;
        let mut seen = observation(&scenario, &snapshot, &market)?;
        (seen.step, seen.liquidation_due) = (step, liquidation_due);
        let trades: Vec<Value> = bot
            .decide(&seen)
            .iter()
            .map(|it| {
                let symbol = &scenario.universe[it.instrument];
                json!({ "symbol": symbol, "side": it.side, "quantity": it.quantity.to_f64() })
            })
            .collect();
        let key = format!("{}-{step}", snapshot.run.id);
        let body = json!({ "trades": trades, "step_count": 1, "idempotency_key": key });
        let turn: Turn = client.post(&format!("runs/{id}/turn"), &body).await?;
        (snapshot, liquidation_due) = (turn.snapshot, turn.step.liquidation_due);
        step += 1;
        progress(step, scenario.decisions);
    }
    let detail: Detail = client.get(&format!("runs/{id}/results")).await?;
    let curves: Curves = client.get(&format!("runs/{id}/equity")).await?;
    let curve = curves.equity_curve;
    Ok(Played {
        place: Some(format!("run {id} on {}", client.base)),
        results: detail.results,
        headline: detail.headline,
        equity: curve.iter().map(|point| point.equity).collect(),
        benchmark: curve.iter().map(|point| point.benchmark).collect(),
    })
}

/// What a bot sees, but for the step and a liquidation that is due.
fn observation(
    scenario: &Scenario,
    snapshot: &Snapshot,
    market: &Market,
) -> anyhow::Result<Observation> {
    let mut instruments = Vec::with_capacity(scenario.universe.len());
    for symbol in &scenario.universe {
        let held = snapshot.positions.iter().find(|it| it.symbol == *symbol);
        let closes = market.bars.get(symbol).into_iter().flatten();
        instruments.push(Seen {
            symbol: symbol.clone(),
            position: Quantity::parse_cut(&held.map_or(0.0, |it| it.quantity).to_string())?,
            closes: closes
                .map(|bar| Price::parse_cut(&bar.close.to_string()))
                .collect::<Result<_, _>>()?,
            pending: snapshot.queued_orders.iter().any(|it| it.symbol == *symbol),
        });
    }
    let benchmark = scenario.benchmark_symbol.as_ref();
    Ok(Observation {
        step: 0,
        liquidation_due: false,
        cash: Money::parse_cut(&snapshot.last_equity.cash.to_string())?,
        equity: Money::parse_cut(&snapshot.last_equity.equity.to_string())?,
        short_enabled: scenario.short_enabled,
        benchmark: benchmark.and_then(|it| scenario.universe.iter().position(|name| name == it)),
        instruments,
    })
}

impl Client<'_> {
    async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(self.http.get(self.url(path))).await
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<T> {
        self.send(self.http.post(self.url(path)).json(body)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1/{path}", self.base)
    }

    async fn send<T: serde::de::DeserializeOwned>(
        &self,
        request: reqwest::RequestBuilder,
    ) -> anyhow::Result<T> {
        let response = request
            .header("x-api-key", self.key)
            .send()
            .await
            .with_context(|| format!("cannot reach {}", self.base))?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            let problem: Value = serde_json::from_str(&text).unwrap_or_default();
            let detail = problem["detail"].as_str().unwrap_or(&text);
            let hint = problem["hint"].as_str().map(|it| format!(" ({it})")).unwrap_or_default();
            bail!("the server answered {status}: {detail}{hint}");
        }
        serde_json::from_str(&text).context("the server's answer is not the expected JSON")
    }
}
