//! `scenario.toml`: everything a scenario says about itself besides its bars.

use serde::{Deserialize, Serialize};
use sim::{
    num::{Leverage, Money},
    rules::{LimitFill, PathPolicy, Rules},
};

use super::{
    problems::Problem,
    words::{AssetType, Resolution, Rights, limit_fill, path_policy},
};

/// A day as TOML writes it: `2026-11-21`.
pub use toml::value::Date as Day;

/// The file's name inside a scenario's folder.
pub const CARD_FILE: &str = "scenario.toml";

/// The whole of `scenario.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The folder's name; how a caller asks for the scenario.
    pub slug: String,
    /// Raised whenever rules or bars change.
    pub version: u32,
    /// The day it was made; the newest scenarios are listed first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Day>,
    /// A title for people.
    pub name: String,
    /// What happens in it, in sober sentences.
    pub description: String,
    /// A word for the kind of market, such as `us-equities`.
    pub market: String,
    /// IANA name of the zone whose dates label the sessions.
    pub time_zone: String,
    /// Hours added to local time before its date is taken; 7 for currencies in New York.
    pub session_shift_hours: i32,
    /// Sessions in a year, for annualised figures.
    pub sessions_per_year: u32,
    /// The usual distance of two bars.
    pub bar_resolution: Resolution,
    /// What prices and cash are counted in.
    pub currency: String,
    /// Cash at the start of a run.
    pub starting_cash: f64,
    /// Gross exposure may reach this multiple of equity.
    pub leverage_cap: f64,
    /// Whether `short` and `cover` are allowed.
    pub short_enabled: bool,
    /// Commission on every fill's value.
    pub commission_bps: u32,
    /// Yearly cost of borrowing what is short.
    pub borrow_bps_annual: u32,
    /// A member of the universe to compare a run with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub benchmark_symbol: Option<String>,
    /// Index of the first visible bar of a run in the timeline of the universe.
    pub warmup: usize,
    /// When a limit order fills.
    #[serde(with = "limit_fill")]
    pub limit_fill: LimitFill,
    /// How the order of events inside one bar is settled.
    #[serde(with = "path_policy")]
    pub path_policy: PathPolicy,
    /// At most this share of a bar's volume fills in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participation_pct: Option<u32>,
    /// What kind of time it was, such as `bear` or `low-vol`.
    pub regime: Vec<String>,
    /// What allows the bars to be passed on.
    pub rights: Rights,
    /// Where the bars come from.
    pub origin: String,
    /// How the instruments were chosen.
    pub universe_selection: String,
    /// What was done to the prices for splits and the like.
    pub adjustment: String,
    /// Where dividends are.
    pub dividends: String,
    /// What a reader of any result must know; shown with it.
    pub known_biases: Vec<String>,
    /// The instruments.
    pub universe: Vec<Member>,
    /// A series outside the universe to measure runs against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceSeries>,
}

/// One instrument of the universe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Canonical upper-case symbol.
    pub symbol: String,
    /// The instrument's name.
    pub name: String,
    /// What it is.
    pub asset_type: AssetType,
    /// How far a fill moves from its reference price.
    pub slippage_bps: u32,
    /// The currency its price was quoted in, where that is not the scenario's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted: Option<String>,
    /// The constant rate by which its quotes became the scenario's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// A price series outside the universe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceSeries {
    /// Its symbol in `bars.arrow`.
    pub symbol: String,
    /// Its name.
    pub name: String,
}

impl Card {
    /// Reads the file; the first thing that is wrong is the problem.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        toml::from_str(text).map_err(|error| Problem::new(CARD_FILE, error.to_string().trim_end()))
    }

    /// The file's text.
    pub fn to_text(&self) -> Result<String, Problem> {
        toml::to_string_pretty(self).map_err(|error| Problem::new(CARD_FILE, error))
    }

    /// What the simulator needs of it.
    pub fn rules(&self) -> Result<Rules, Problem> {
        let problem = |field, text| Problem::new(CARD_FILE, text).field(field);
        let cash = "must be an amount of money with at most 8 decimals";
        Ok(Rules {
            starting_cash: self
                .starting_cash
                .to_string()
                .parse::<Money>()
                .map_err(|_| problem("starting_cash", cash))?,
            leverage_cap: Leverage::from_f64(self.leverage_cap).ok_or_else(|| {
                problem("leverage_cap", "must be between 1 and 100 with at most 4 decimals")
            })?,
            short_enabled: self.short_enabled,
            commission_bps: self.commission_bps,
            borrow_bps_annual: self.borrow_bps_annual,
            sessions_per_year: self.sessions_per_year,
            limit_fill: self.limit_fill,
            path_policy: self.path_policy,
            participation_pct: self.participation_pct,
            warmup: self.warmup,
        })
    }
}
