//! The scenarios that can be played.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Formatted, Op,
    ResponseFormat::{self, Concise, Detailed},
    Route,
    input::Checks,
    views::{ScenarioView, Table},
};
use crate::{error::Error, scenarios::Entry};

#[doc = include_str!("../../tools/list_scenarios.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListScenarios {
    /// Such as us-equities, crypto or fx.
    #[serde(default)]
    market: Option<String>,
    /// Such as bear, crash or low-vol.
    #[serde(default)]
    regime: Option<String>,
    /// Only runs this short.
    #[serde(default)]
    #[schemars(range(min = 1, max = i64::MAX))]
    max_decisions: Option<i64>,
    #[serde(default)]
    response_format: Option<ResponseFormat>,
}

/// The scenarios that fit, a row or an object each.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Scenarios {
    scenarios: Formatted<Table, Vec<ScenarioView>>,
}

impl ListScenarios {
    /// The words of all scenarios that a filter can ask for, or why there is none like it.
    fn check(&self, cx: &Cx) -> Result<(), Error> {
        let entries = || cx.app.catalog.entries();
        let markets = || entries().map(|it| it.card().market.as_str()).collect();
        let regimes = || entries().flat_map(|it| &it.card().regime).map(String::as_str).collect();
        let mut checks = Checks::default();
        checks.known("market", self.market.as_deref(), markets);
        checks.known("regime", self.regime.as_deref(), regimes);
        let positive = self.max_decisions.is_none_or(|it| it >= 1);
        checks.require("max_decisions", positive, || "must be at least 1".into());
        checks.done(Some(()))
    }

    fn wants(&self, entry: &Entry) -> bool {
        let card = entry.card();
        let decisions = i64::try_from(entry.span().decisions).unwrap_or(i64::MAX);
        self.market.as_ref().is_none_or(|market| card.market == *market)
            && self.regime.as_ref().is_none_or(|regime| card.regime.contains(regime))
            && self.max_decisions.is_none_or(|most| decisions <= most)
    }
}

impl Op for ListScenarios {
    const NAME: &'static str = "list_scenarios";
    const ROUTE: Route = Route::get("/api/v1/scenarios");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = Scenarios;

    fn kept_as(&self, cx: &Cx) -> Option<String> {
        // The catalogue is read once, and of a market or regime that it does not have there is no
        // answer to keep. Lengths are without number.
        let Self { market, regime, max_decisions: None, response_format } = self else {
            return None;
        };
        Some(format!("{} {:?} {market:?} {regime:?}", Self::NAME, cx.format(*response_format)))
    }

    async fn run(self, cx: &Cx) -> Result<Scenarios, Error> {
        self.check(cx)?;
        let mut wanted: Vec<&Entry> =
            cx.app.catalog.entries().map(|it| &**it).filter(|it| self.wants(it)).collect();
        // The newest first; those of a day stay in the order of their slugs.
        wanted.sort_by_key(|entry| Reverse(entry.card().created));
        let scenarios = match cx.format(self.response_format) {
            Concise => Formatted::Concise(Table::scenarios(wanted.into_iter())),
            Detailed => Formatted::detailed(wanted.into_iter().map(ScenarioView::of).collect()),
        };
        Ok(Scenarios { scenarios })
    }
}

#[doc = include_str!("../../tools/get_scenario.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetScenario {
    /// Slug or id.
    id_or_slug: String,
}

impl Op for GetScenario {
    const NAME: &'static str = "get_scenario";
    const ROUTE: Route = Route::get("/api/v1/scenarios/{id_or_slug}").wrapped("scenario");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = ScenarioView;

    async fn run(self, cx: &Cx) -> Result<ScenarioView, Error> {
        ScenarioView::with_digest(cx.app.scenario(&self.id_or_slug)?)
    }
}
