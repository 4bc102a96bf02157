//! The scenarios that can be played.

use std::{collections::BTreeSet, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Cx, Effect, Op, ResponseFormat, Route,
    views::{ScenarioLine, ScenarioView},
};
use crate::{error::Error, scenarios::Entry};

#[doc = include_str!("../../tools/list_scenarios.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListScenarios {
    /// Only this kind of market, such as us-equities, us-etfs, crypto or fx.
    #[serde(default)]
    market: Option<String>,
    /// concise is a line each (the default over MCP), detailed is all of it.
    #[serde(default)]
    response_format: Option<ResponseFormat>,
}

/// Every scenario.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Scenarios {
    scenarios: Vec<Listed>,
}

/// A scenario in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Listed {
    Concise(ScenarioLine),
    Detailed(Box<ScenarioView>),
}

impl Op for ListScenarios {
    const NAME: &'static str = "list_scenarios";
    const ROUTE: Route = Route::get("/api/v1/scenarios");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = Scenarios;

    fn kept_as(&self, cx: &Cx) -> Option<String> {
        // The catalogue is read once, and of a market that it does not have there is no answer.
        Some(format!("{} {:?} {:?}", Self::NAME, cx.format(self.response_format), self.market))
    }

    async fn run(self, cx: &Cx) -> Result<Scenarios, Error> {
        let entries = || cx.app.catalog.entries();
        if let Some(market) = &self.market
            && !entries().any(|entry| entry.card().market == *market)
        {
            let markets: BTreeSet<&str> = entries().map(|it| it.card().market.as_str()).collect();
            let known: Vec<&str> = markets.into_iter().collect();
            let problem = format!("no scenario of this market; there are {}", known.join(", "));
            return Err(Error::broken_rule("market", &problem));
        }
        let wanted = |entry: &&Arc<Entry>| {
            self.market.as_ref().is_none_or(|market| entry.card().market == *market)
        };
        let listed = |entry: &Arc<Entry>| match cx.format(self.response_format) {
            ResponseFormat::Concise => Listed::Concise(ScenarioLine::of(entry)),
            ResponseFormat::Detailed => Listed::Detailed(Box::new(ScenarioView::of(entry))),
        };
        Ok(Scenarios { scenarios: entries().filter(wanted).map(listed).collect() })
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
