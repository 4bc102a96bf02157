//! The file of a run: all that is needed to recompute it, in one canonical form.
//!
//! Canonical is the JSON without white space, its members in the order of these types; amounts are
//! decimal strings, times of the wall clock are microseconds since 1970. `digest` is the SHA-256 of
//! the same bytes without that member.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sim::{Money, Price, Quantity, RULES_VERSION, Status, order::Side, run::Fill};

use super::{Instant, shorten};
use crate::{
    error::Error,
    ops::results::Results,
    runs::{JournalEntry, Seat, hex, ids},
};

/// The `format` of a run file.
pub const FORMAT: &str = "bottrade-run/1";

/// A run with everything that `bottrade verify` recomputes.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// `bottrade-run/1`.
    pub format: String,
    /// Its particulars.
    pub run: RunPart,
    /// What it was played on.
    pub scenario: ScenarioPart,
    /// The rules of the simulator.
    pub rules_version: u32,
    /// The journal: every command, chained to the one before.
    pub events: Vec<EventPart>,
    /// Every trade, in order.
    pub fills: Vec<FillPart>,
    /// The books at the close of every bar, the start first.
    pub equity: Vec<EquityPart>,
    /// The score, as `get_results` has it but for amounts, which are decimal strings; once the run
    /// has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Value>,
    /// SHA-256 of the file without this member.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// The particulars of a run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RunPart {
    /// Its id.
    pub id: String,
    /// Which run of its account on its scenario it is, from 1.
    pub attempt: u32,
    /// When it started.
    pub created_at: i64,
    /// Declared by its owner; no hash but `digest` covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot_name: Option<String>,
    /// Declared by its owner; no hash but `digest` covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_info: Option<Value>,
    /// active, completed, liquidated or abandoned.
    pub status: String,
    /// The bar it stands at.
    #[schemars(with = "Instant")]
    pub sim_time: String,
    /// SHA-256 of the journal's header: run, scenario, rules version, start and attempt.
    pub genesis: String,
}

/// The version of a scenario.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioPart {
    /// Its slug.
    pub slug: String,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its rules and bars.
    pub digest: String,
}

/// An entry of the journal.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPart {
    /// Its number, from 1.
    pub seq: i64,
    /// When it came.
    pub at: i64,
    /// What the agent did.
    pub command: Value,
    /// The hash of the entry before, of the first the genesis.
    pub prev: String,
    /// SHA-256 of `prev` as bytes, `seq` and `at` as 64-bit big-endian, and the command's JSON.
    pub hash: String,
}

/// An executed trade.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FillPart {
    id: String,
    /// The order it filled; absent for a forced liquidation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[schemars(with = "Instant")]
    sim_time_filled: String,
    symbol: String,
    side: Side,
    #[schemars(with = "String")]
    quantity: Quantity,
    #[schemars(with = "String")]
    fill_price: Price,
    /// Price × quantity, always positive.
    #[schemars(with = "String")]
    total_value: Money,
    #[schemars(with = "String")]
    slippage_cost: Money,
    #[schemars(with = "String")]
    commission: Money,
    /// Against the average cost, before commissions; 0 for opening fills.
    #[schemars(with = "String")]
    realized_pnl: Money,
}

/// The books at the close of a bar.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EquityPart {
    #[schemars(with = "Instant")]
    sim_time: String,
    #[schemars(with = "String")]
    cash: Money,
    #[schemars(with = "String")]
    equity: Money,
}

impl RunFile {
    /// The file of a run and its journal.
    pub fn of(seat: &Seat, journal: &[JournalEntry]) -> Result<Self, Error> {
        let (run, card) = (&seat.run, seat.entry.card());
        let ended = run.status() != Status::Active;
        let file = Self {
            format: FORMAT.into(),
            run: RunPart::of(seat),
            scenario: ScenarioPart {
                slug: card.slug.clone(),
                version: card.version,
                digest: seat.meta.scenario_digest.clone(),
            },
            rules_version: RULES_VERSION,
            events: journal.iter().map(EventPart::of).collect::<Result<_, _>>()?,
            fills: (0..).zip(run.fills()).map(|(at, fill)| FillPart::of(seat, at, fill)).collect(),
            equity: equity(seat),
            results: ended.then(|| Results::exact(seat)).transpose()?,
            digest: String::new(),
        };
        let digest = crate::runs::sha256(file.canonical()?.as_bytes());
        Ok(Self { digest: hex(&digest), ..file })
    }

    /// Its bytes.
    pub fn canonical(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

impl RunPart {
    fn of(seat: &Seat) -> Self {
        let meta = &seat.meta;
        let mut agent_info = meta.agent_info.clone();
        agent_info.iter_mut().for_each(shorten);
        Self {
            id: meta.id.to_string(),
            attempt: meta.attempt,
            created_at: meta.created_at,
            bot_name: meta.bot_name.clone(),
            agent_info,
            status: seat.run.status().name().into(),
            sim_time: seat.run.sim_time().to_string(),
            genesis: hex(&meta.genesis),
        }
    }
}

impl EventPart {
    fn of(entry: &JournalEntry) -> Result<Self, Error> {
        Ok(Self {
            seq: entry.seq,
            at: entry.at,
            command: serde_json::from_str(&entry.command).map_err(Error::internal)?,
            prev: hex(&entry.prev),
            hash: hex(&entry.hash),
        })
    }
}

impl FillPart {
    fn of(seat: &Seat, number: usize, fill: &Fill) -> Self {
        let market = seat.run.market();
        Self {
            id: ids::trade(seat.meta.id, number),
            order_id: fill.order.map(|id| ids::order(seat.meta.id, id)),
            sim_time_filled: market.timeline()[fill.at].to_string(),
            symbol: market.symbol(fill.symbol).into(),
            side: fill.side,
            quantity: fill.quantity,
            fill_price: fill.price,
            total_value: fill.value,
            slippage_cost: fill.slippage,
            commission: fill.commission,
            realized_pnl: fill.realized_pnl,
        }
    }
}

fn equity(seat: &Seat) -> Vec<EquityPart> {
    let timeline = &seat.run.market().timeline()[seat.run.rules().warmup..];
    let bars = seat.run.samples().iter().zip(timeline);
    bars.map(|(sample, ts)| EquityPart {
        sim_time: ts.to_string(),
        cash: sample.cash,
        equity: sample.equity(),
    })
    .collect()
}
