//! A scenario as answers show it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{Instant, Table};
use crate::{error::Error, scenarios::Entry};

/// A scenario: its market, its rules, and what a reader of its results must know.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ScenarioView {
    id: String,
    slug: String,
    name: String,
    description: String,
    /// Such as us-equities, crypto or fx.
    market: String,
    /// Tags of the market's mood, such as bear or high-vol.
    regime: Vec<String>,
    bar_resolution: String,
    /// The first bar of a run; trading starts at the next one.
    #[schemars(with = "Instant")]
    start_ts: String,
    #[schemars(with = "Instant")]
    end_ts: String,
    /// Where the visible history begins.
    #[schemars(with = "Instant")]
    history_start_ts: String,
    /// Bars a run can step through.
    decisions: usize,
    starting_cash: f64,
    currency: String,
    leverage_cap: f64,
    short_enabled: bool,
    commission_bps: u32,
    borrow_bps_annual: u32,
    sessions_per_year: u32,
    limit_fill: String,
    path_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    participation_pct: Option<u32>,
    universe: Vec<String>,
    /// What a fill of each symbol costs against its reference price.
    slippage_bps: std::collections::BTreeMap<String, u32>,
    benchmark_symbol: Option<String>,
    /// An index outside the universe that results are measured against.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    status: String,
    current_version: u32,
    /// Midnight of the day it was made; absent where its file does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Instant>")]
    created_at: Option<String>,
    /// SHA-256 of rules and bars; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    rights: String,
    origin: String,
    universe_selection: String,
    adjustment: String,
    dividends: String,
    known_biases: Vec<String>,
}

impl ScenarioView {
    /// The view of a catalogue entry.
    pub(crate) fn of(entry: &Entry) -> Self {
        let (card, span) = (entry.card(), entry.span());
        Self {
            id: entry.id().to_string(),
            slug: card.slug.clone(),
            name: card.name.clone(),
            description: card.description.clone(),
            market: card.market.clone(),
            regime: card.regime.clone(),
            bar_resolution: card.bar_resolution.to_string(),
            start_ts: span.start_ts.to_string(),
            end_ts: span.end_ts.to_string(),
            history_start_ts: span.history_start_ts.to_string(),
            decisions: span.decisions,
            starting_cash: card.starting_cash,
            currency: card.currency.clone(),
            leverage_cap: card.leverage_cap,
            short_enabled: card.short_enabled,
            commission_bps: card.commission_bps,
            borrow_bps_annual: card.borrow_bps_annual,
            sessions_per_year: card.sessions_per_year,
            limit_fill: card.limit_fill.name().into(),
            path_policy: card.path_policy.name().into(),
            participation_pct: card.participation_pct,
            universe: card.universe.iter().map(|it| it.symbol.clone()).collect(),
            slippage_bps: card
                .universe
                .iter()
                .map(|it| (it.symbol.clone(), it.slippage_bps))
                .collect(),
            benchmark_symbol: card.benchmark_symbol.clone(),
            reference: card.reference.as_ref().map(|it| it.symbol.clone()),
            status: "ready".into(),
            current_version: card.version,
            created_at: card.created.map(|day| format!("{day}T00:00:00Z")),
            digest: None,
            rights: card.rights.to_string(),
            origin: card.origin.clone(),
            universe_selection: card.universe_selection.clone(),
            adjustment: card.adjustment.clone(),
            dividends: card.dividends.clone(),
            known_biases: card.known_biases.clone(),
        }
    }

    /// The view with the digest, for which the bars are read.
    pub(crate) fn with_digest(entry: &Entry) -> Result<Self, Error> {
        let digest = entry.digest().map_err(Error::internal)?;
        Ok(Self { digest: Some(digest.to_owned()), ..Self::of(entry) })
    }
}

impl Table {
    /// A row per scenario; `get_scenario` has the rest.
    pub(crate) fn scenarios<'a>(entries: impl Iterator<Item = &'a Entry>) -> Self {
        let row = |entry: &Entry| {
            let card = entry.card();
            vec![
                json!(card.slug),
                json!(card.market),
                json!(card.bar_resolution.to_string()),
                json!(entry.span().decisions),
                json!(card.universe.len()),
                json!(card.regime.join(" ")),
            ]
        };
        Self::new(&["slug", "market", "bars", "decisions", "symbols", "regime"], entries.map(row))
    }
}
