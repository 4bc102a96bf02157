//! What a model pays: tool lists, answers and a whole run, in tokens of `o200k_base`.
//!
//! The budgets are promises. A change that breaks one says more than it is worth.

use std::sync::LazyLock;

use bottrade::{
    ops::{OPS, toolsets::TOOLSETS},
    scenarios::Catalog,
    store::Store,
};
use serde_json::{Value, json};
use tiktoken_rs::CoreBPE;

use crate::app::{Client, Era, TestApp};

/// The scenario of the scripted run: ten symbols, sixty decisions and a few.
const SCENARIO: &str = "ai-bull-q2-2024";
/// Its symbols.
const SYMBOLS: usize = 10;

static VOCABULARY: LazyLock<CoreBPE> = LazyLock::new(|| tiktoken_rs::o200k_base().unwrap());

fn tokens(text: &str) -> usize {
    VOCABULARY.encode_ordinary(text).len()
}

#[track_caller]
fn within(what: &str, found: usize, budget: usize) {
    println!("{what}: {found} tokens of {budget}");
    assert!(found <= budget, "{what}: {found} tokens, more than {budget}");
}

/// A server of the scenarios that the binary carries.
fn server() -> TestApp {
    TestApp::with(Catalog::embedded().unwrap(), Store::in_memory().unwrap())
}

/// A model at play: what it says and what it is told, in tokens.
struct Model {
    client: Client,
    calls: usize,
    tokens: usize,
}

impl Model {
    async fn new(app: &TestApp) -> Self {
        Self { client: app.account("ada").await, calls: 0, tokens: 0 }
    }

    /// Calls a tool; the answer and how many tokens it has.
    async fn call(&mut self, tool: &str, arguments: Value) -> (Value, usize) {
        let said = tokens(&json!({ "name": tool, "arguments": arguments }).to_string());
        let result = self.client.tool(tool, arguments).await;
        assert!(!result.is_error, "{tool}: {}", result.text);
        let heard = tokens(&result.text);
        self.calls += 1;
        self.tokens += said + heard;
        (result.value, heard)
    }

    async fn start(&mut self) -> String {
        let arguments = json!({ "scenario_slug": SCENARIO, "bot_name": "counter" });
        let (run, _) = self.call("start_run", arguments).await;
        run["id"].as_str().unwrap().to_owned()
    }
}

/// What a model sees of a tool.
fn seen(tool: &Value) -> usize {
    let shown = json!({ "name": tool["name"], "description": tool["description"],
        "input_schema": tool["inputSchema"] });
    tokens(&shown.to_string())
}

#[tokio::test]
async fn the_tools_fit_their_budget() {
    let list = server().anon().mcp(Era::Modern, "tools/list", json!({})).await;
    let tools = list["tools"].as_array().unwrap();
    assert_eq!(tools.len(), OPS.iter().filter(|op| op.tool).count());
    for tool in tools {
        println!("{}: {}", tool["name"], seen(tool));
    }
    for (name, budget) in [("benchmark", 4_500), ("paper", 1_500), ("play", 1_200)] {
        let set = TOOLSETS.iter().find(|set| set.name == name).unwrap();
        let has = |tool: &&Value| set.tools().any(|op| tool["name"] == op.name);
        within(name, tools.iter().filter(has).map(seen).sum(), budget);
    }
}

#[tokio::test]
async fn the_scenarios_fit_their_budget() {
    let list = server().anon().tool("list_scenarios", json!({})).await;
    println!("{}", list.text);
    within("list_scenarios", tokens(&list.text), 1_500);
}

#[tokio::test]
async fn a_look_and_a_decision_fit_their_budgets() {
    let app = server();
    let mut model = Model::new(&app).await;
    let run = model.start().await;
    let (scan, cost) = model.call("scan_market", json!({ "run_id": run })).await;
    println!("{scan}");
    assert_eq!(scan["symbols"]["rows"].as_array().unwrap().len(), SYMBOLS);
    within("a scan of ten symbols", cost, 350);
    let hold = json!({ "run_id": run, "action": "hold" });
    let (decision, cost) = model.call("submit_decision", hold).await;
    println!("{decision}");
    assert_eq!(decision["symbols"]["rows"].as_array().unwrap().len(), SYMBOLS);
    within("a hold with its scan", cost, 450);
}

/// What is decided at a bar: three positions are built and given up again.
fn decision(run: &str, bar: usize) -> Value {
    for (at, symbol) in ["NVDA", "AAPL", "MSFT"].iter().enumerate() {
        let side = match bar {
            _ if bar == 5 * at + 2 => "buy",
            _ if bar == 5 * at + 40 => "sell",
            _ => continue,
        };
        let orders = json!([{ "symbol": symbol, "side": side, "quantity": 20 }]);
        return json!({ "run_id": run, "action": "trade", "orders": orders,
            "rationale": "It leads the window, and volatility is low enough to follow." });
    }
    json!({ "run_id": run, "action": "hold" })
}

#[tokio::test]
async fn a_run_of_sixty_decisions_fits_its_budget() {
    let app = server();
    let mut model = Model::new(&app).await;
    let run = model.start().await;
    model.call("scan_market", json!({ "run_id": run })).await;
    for bar in 0..60 {
        let (answer, _) = model.call("submit_decision", decision(&run, bar)).await;
        assert_eq!(answer["symbols"]["rows"].as_array().unwrap().len(), SYMBOLS, "a scan each");
    }
    assert_eq!(model.calls, 62, "one call, one decision");
    model.call("hold_until_end", json!({ "run_id": run })).await;
    let (results, _) = model.call("get_results", json!({ "run_id": run })).await;
    assert_eq!(results["results"]["trade_count"], 6);
    within("a run of sixty decisions", model.tokens, 30_000);
}
