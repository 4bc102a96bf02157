//! The operations: everything the service can do, each defined once.
//!
//! An operation is its request type: `impl Op for StartRun`. [`OPS`] lists them all; REST routes,
//! MCP tools and the `OpenAPI` document are read off that table. An operation knows no door.

mod account;
mod advance;
mod answer;
pub(crate) mod billing;
pub(crate) mod bot;
mod cx;
mod decision;
mod equity;
mod finish;
pub mod guide;
mod input;
mod inspect;
mod journal;
pub(crate) mod keys;
pub(crate) mod leaderboard;
mod market;
mod orders;
pub mod page;
mod publish;
pub mod results;
pub mod route;
pub(crate) mod runs;
mod scan;
mod scenarios;
mod smoke;
pub mod toolsets;
mod turn;
pub mod views;

use std::{future::Future, pin::Pin};

use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    caller::{Caller, Scope},
    error::{Dialect, Error},
    paper::meter::Kind,
};
pub use answer::Answer;
pub use cx::{Cx, Reader, Session, Told};
pub(crate) use results::tear_sheet;
pub use route::{Method, Route};

/// All operations, in the order in which a new agent meets them.
pub const OPS: &[OpDef] = &[
    OpDef::of::<account::AuthStatus>(),
    OpDef::of::<account::ConnectBottrade>(),
    OpDef::of::<scenarios::ListScenarios>(),
    OpDef::of::<scenarios::GetScenario>(),
    OpDef::of::<runs::StartRun>(),
    OpDef::of::<runs::ListRuns>(),
    OpDef::of::<runs::GetRun>(),
    OpDef::of::<market::GetMarket>(),
    OpDef::of::<scan::ScanMarket>(),
    OpDef::of::<inspect::InspectSymbols>(),
    OpDef::of::<turn::SubmitTurn>(),
    OpDef::of::<decision::SubmitDecision>(),
    OpDef::of::<orders::SubmitOrder>(),
    OpDef::of::<orders::WithdrawOrder>(),
    OpDef::of::<turn::StepRun>(),
    OpDef::of::<advance::AdvanceUntilNextSession>(),
    OpDef::of::<advance::HoldUntilEnd>(),
    OpDef::of::<finish::LiquidateAndFinish>(),
    OpDef::of::<smoke::RunSandboxSmokeTest>(),
    OpDef::of::<results::GetResults>(),
    OpDef::of::<orders::GetTrades>(),
    OpDef::of::<equity::GetEquity>(),
    OpDef::of::<publish::PublishRun>(),
    OpDef::of::<publish::GetPublicRun>(),
    OpDef::of::<publish::GetPublicTrades>(),
    OpDef::of::<journal::GetJournal>(),
    OpDef::of::<leaderboard::GetLeaderboard>(),
    OpDef::of::<leaderboard::ListBoards>(),
    OpDef::of::<bot::account::GetBotAccount>(),
    OpDef::of::<bot::quotes::GetQuotes>(),
    OpDef::of::<bot::quotes::ListInstruments>(),
    OpDef::of::<bot::place::PlaceOrder>(),
    OpDef::of::<bot::orders::GetOrders>(),
    OpDef::of::<bot::orders::GetOrder>(),
    OpDef::of::<bot::orders::CancelOrder>(),
    OpDef::of::<bot::portfolio::GetPortfolio>(),
    OpDef::of::<bot::kpi::GetTradingKpi>(),
    OpDef::of::<bot::standings::ListStandings>(),
    OpDef::of::<keys::ListKeys>(),
    OpDef::of::<keys::CreateKey>(),
    OpDef::of::<keys::RenameKey>(),
    OpDef::of::<keys::RevokeKey>(),
    OpDef::of::<keys::ListGrants>(),
    OpDef::of::<keys::RevokeGrant>(),
    OpDef::of::<billing::GetBillingAccount>(),
    OpDef::of::<billing::UpdateBillingAccount>(),
    OpDef::of::<billing::BeginCheckout>(),
    OpDef::of::<billing::OpenPortal>(),
    OpDef::of::<billing::GetCheckout>(),
    OpDef::of::<bot::keys::ListBotKeys>(),
    OpDef::of::<bot::keys::CreateBotKey>(),
    OpDef::of::<bot::keys::RevokeBotKey>(),
];

/// The tool by which a person allows a session something.
pub const CONNECT: &str = account::ConnectBottrade::NAME;

/// The field that makes a repeated call harmless.
pub const IDEMPOTENCY_KEY: &str = "idempotency_key";

/// One operation, defined on its request type.
///
/// The type's documentation is the operation's page: a tool's is its file in `tools/`, of which
/// the text above the first heading describes the MCP tool.
pub trait Op: DeserializeOwned + JsonSchema + Send + 'static {
    /// The MCP tool's name and the `OpenAPI` operation's id.
    const NAME: &'static str;
    /// Where REST serves it.
    const ROUTE: Route;
    /// Whether it is an MCP tool too.
    const TOOL: bool = true;
    /// What it does to the world.
    const EFFECT: Effect;
    /// Who may call it.
    const ACCESS: Access = Access::Account;
    /// What a call counts as, where calls are counted: in paper trading.
    const COUNTS: Kind = Kind::Request;
    /// Whether it starts a run, of which the month of a plan has so many.
    const STARTS_RUN: bool = false;
    /// In the words of which contract it answers.
    const DIALECT: Dialect = Dialect::Benchmark;
    /// The member of the answer that holds its rows, where it is a table: REST serves the rows as
    /// CSV and Arrow too, with a column for each member that the schema of a row names.
    const ROWS: Option<&'static str> = None;
    /// What it answers.
    type Output: Serialize + JsonSchema + Send;

    /// The name under which the answer is kept, where this request gets the same one until the
    /// service ends. There are few such requests that can be answered.
    fn kept_as(&self, _cx: &Cx) -> Option<String> {
        None
    }

    /// Does it.
    fn run(self, cx: &Cx) -> impl Future<Output = Result<Self::Output, Error>> + Send;
}

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Read,
    /// It changes the caller's own things.
    Write,
}

impl Effect {
    /// What a credential must open for it, where anybody with one may call.
    const fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::Read,
            Self::Write => Scope::Trade,
        }
    }
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Public,
    /// The owner of a run; anybody once it is published.
    OwnerOrPublished,
    /// Whoever shows a credential of an account.
    Account,
    /// Whoever shows a credential that opens the account's paper trading.
    Paper,
    /// The account's owner: a browser that is signed in, or an API key.
    Person,
    /// The same, or a short-lived token that the owner had made: for the keys of paper trading.
    BotKeys,
    /// The account's owner, as who pays.
    Payer,
}

impl Access {
    /// Whether it is for the account's owner alone.
    pub const fn is_owners(self) -> bool {
        matches!(self, Self::Person | Self::BotKeys | Self::Payer)
    }
}

/// How much of an answer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseFormat {
    /// What a decision needs.
    Concise,
    /// Everything.
    Detailed,
}

/// An answer in the format that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Formatted<C, D> {
    /// What a decision needs.
    Concise(C),
    /// Everything.
    Detailed(Box<D>),
}

impl<C, D> Formatted<C, D> {
    fn detailed(answer: D) -> Self {
        Self::Detailed(Box::new(answer))
    }
}

/// An operation under way.
type Call<'a> = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + 'a>>;

/// A row of [`OPS`].
#[derive(Clone, Copy)]
pub struct OpDef {
    /// See [`Op::NAME`].
    pub name: &'static str,
    /// See [`Op::ROUTE`].
    pub route: Route,
    /// See [`Op::TOOL`].
    pub tool: bool,
    /// See [`Op::EFFECT`].
    pub effect: Effect,
    /// See [`Op::ACCESS`].
    pub access: Access,
    /// See [`Op::COUNTS`].
    counts: Kind,
    /// See [`Op::STARTS_RUN`].
    pub starts_run: bool,
    /// See [`Op::DIALECT`].
    pub dialect: Dialect,
    /// See [`Op::ROWS`].
    pub rows: Option<&'static str>,
    /// The schema of the request, as a model reads it.
    pub input: fn() -> Schema,
    /// The same to the letter, as a body is held against it.
    pub body: fn() -> Schema,
    /// The schema of the answer.
    pub output: fn() -> Schema,
    call: for<'a> fn(&'a Cx, Value) -> Call<'a>,
}

impl OpDef {
    /// The row of an operation.
    pub const fn of<T: Op>() -> Self {
        Self {
            name: T::NAME,
            route: T::ROUTE,
            tool: T::TOOL,
            effect: T::EFFECT,
            access: T::ACCESS,
            counts: T::COUNTS,
            starts_run: T::STARTS_RUN,
            dialect: T::DIALECT,
            rows: T::ROWS,
            input: input::lean_schema::<T>,
            body: input::body_schema::<T>,
            output: input::output_schema::<T::Output>,
            call: |cx, value| Box::pin(call::<T>(cx, value)),
        }
    }

    /// The tool of this name; an error that offers the nearest names otherwise.
    pub fn tool(name: &str) -> Result<&'static Self, Error> {
        toolsets::Chosen::default().tool(name)
    }

    /// Refuses a caller who may not call it, whatever the request says.
    pub fn admit(&self, caller: &Caller) -> Result<(), Error> {
        let admitted = match self.access {
            Access::Account => caller.with(self.effect.scope()).map(drop),
            Access::Paper => caller.with(Scope::Paper).map(drop),
            Access::Person => caller.person().map(drop),
            Access::BotKeys => caller.keeper().map(drop),
            Access::Payer => caller.payer().map(drop),
            Access::Public | Access::OwnerOrPublished => Ok(()),
        };
        admitted.map_err(|error| error.told_in(self.dialect))
    }

    /// Calls the operation: credential, limits, shape, work, answer.
    ///
    /// Who is refused for want of a shape has called: `input` may be why the door could make none.
    pub async fn call(&self, cx: &Cx, input: Result<Value, Error>) -> Result<Answer, Error> {
        self.counted(cx, input).await.map_err(|error| error.told_in(self.dialect))
    }

    async fn counted(&self, cx: &Cx, input: Result<Value, Error>) -> Result<Answer, Error> {
        self.admit(&cx.caller)?;
        let metered = cx.count(self).await?;
        let answered = match input {
            Ok(input) => (self.call)(cx, input).await,
            Err(refused) => Err(refused),
        };
        // Nothing is answered whose count a crash could take back.
        if let Some(metered) = metered {
            metered.keep().await?;
        }
        answered
    }

    /// The documentation of the request type.
    pub fn page(&self) -> String {
        let schema = (self.input)();
        schema.get("description").and_then(Value::as_str).unwrap_or_default().trim().to_owned()
    }

    /// The text above the first heading of the page: what a model reads.
    pub fn description(&self) -> String {
        let page = self.page();
        page.split("\n#").next().unwrap_or_default().trim().to_owned()
    }
}

async fn call<T: Op>(cx: &Cx, mut input: Value) -> Result<Answer, Error> {
    // 2.0 is a whole number to JSON Schema, and to some clients the way to write 2.
    views::shorten(&mut input);
    let request: T = input::read(input)?;
    let name = request.kept_as(cx);
    if let Some(kept) = name.as_ref().and_then(|name| cx.app.kept.find(name)) {
        return Ok(Answer::Kept(kept));
    }
    let output = request.run(cx).await?;
    let mut answer = serde_json::to_value(output).map_err(Error::internal)?;
    views::shorten(&mut answer);
    // What is not there is null by the bots' contract; a model pays for the word.
    if T::DIALECT == Dialect::Bot && cx.reader == Reader::Model {
        views::without_nulls(&mut answer);
    }
    Ok(match name {
        Some(name) => Answer::Kept(cx.app.kept.keep(name, answer)),
        None => Answer::Fresh(answer),
    })
}
