//! The scenarios that can be played.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Cx, Effect, Op, Route, views::ScenarioView};
use crate::error::Error;

#[doc = include_str!("../../tools/list_scenarios.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListScenarios {}

/// Every scenario.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Scenarios {
    scenarios: Vec<ScenarioView>,
}

impl Op for ListScenarios {
    const NAME: &'static str = "list_scenarios";
    const ROUTE: Route = Route::get("/api/v1/scenarios");
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = Scenarios;

    async fn run(self, cx: &Cx) -> Result<Scenarios, Error> {
        let scenarios = cx.app.catalog.entries().map(|entry| ScenarioView::of(entry)).collect();
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
