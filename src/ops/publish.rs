//! Making a finished run public, and showing it to anybody.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Access, Cx, Effect, Op, Reader, Route,
    orders::Trades,
    results::{Results, Standing, final_report},
    views::{CurvePoint, Snapshot, TradeView, equity_curve},
};
use crate::{error::Error, runs::Seat};

#[doc = include_str!("../../tools/publish_run.md")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishRun {
    run_id: String,
    /// Must be true for a model, may be left out over REST. Publishing cannot be undone.
    #[serde(default)]
    confirm: Option<bool>,
}

/// A run that everybody can see now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Published {
    published: bool,
    results: Results,
    /// The run as JSON.
    public_url: String,
    /// Its page for people.
    page_url: String,
    leaderboard_url: String,
}

impl Op for PublishRun {
    const NAME: &'static str = "publish_run";
    const ROUTE: Route = Route::post("/api/v1/runs/{run_id}/publish");
    const EFFECT: Effect = Effect::Write;
    type Output = Published;

    async fn run(self, cx: &Cx) -> Result<Published, Error> {
        if self.confirm == Some(false) || (cx.reader == Reader::Model && self.confirm.is_none()) {
            let hint =
                "publishing shows run, trades and reasoning to everybody and is irreversible";
            return Err(Error::rejected("publish_run requires confirm=true", hint));
        }
        let base = &cx.app.public_url;
        let score = |seat: &Seat| {
            let results = Results::of_seat(seat, &final_report(seat)?);
            let score = results.score()?;
            let published = Published {
                published: true,
                public_url: public_url(base, seat),
                page_url: page_url(base, seat),
                leaderboard_url: leaderboard_url(base, seat),
                results,
            };
            Ok((score, published))
        };
        cx.app.runs.publish(&cx.caller, &self.run_id, score).await
    }
}

/// Where programs find a published run.
pub(super) fn public_url(base: &str, seat: &Seat) -> String {
    format!("{base}/api/v1/runs/{}/public", seat.meta.id)
}

/// Its page.
pub(super) fn page_url(base: &str, seat: &Seat) -> String {
    format!("{base}/run/{}", seat.meta.id)
}

/// Where the runs of its scenario are ranked.
pub(super) fn leaderboard_url(base: &str, seat: &Seat) -> String {
    format!("{base}/api/v1/leaderboard?scenario={}", seat.entry.slug())
}

/// Shows a published run to anybody: trades, reasoning and equity curve included.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetPublicRun {
    run_id: String,
}

/// A published run.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PublicRun {
    #[serde(flatten)]
    snapshot: Snapshot,
    /// The score; undefined figures are null here.
    #[schemars(schema_with = "public_score")]
    results: Value,
    standing: Standing,
    trades: Vec<TradeView>,
    equity_curve: Vec<CurvePoint>,
}

/// Members of a score that are not shown with it.
const OWN: [&str; 2] = ["run_id", "computed_at"];

/// The schema of a score whose figures are all there, null where they are undefined.
fn public_score(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = Results::json_schema(generator);
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    let names: Vec<String> = properties.map_or_else(Vec::new, |properties| {
        properties.retain(|name, _| !OWN.contains(&name.as_str()));
        properties.keys().cloned().collect()
    });
    schema.insert("required".into(), json!(names));
    schema
}

impl Op for GetPublicRun {
    const NAME: &'static str = "get_public_run";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/public");
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    type Output = PublicRun;

    async fn run(self, cx: &Cx) -> Result<PublicRun, Error> {
        cx.app.runs.read_public(&self.run_id, public).await?
    }
}

/// Every fill of a published run with its reasoning, for anybody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetPublicTrades {
    run_id: String,
}

impl Op for GetPublicTrades {
    const NAME: &'static str = "get_public_trades";
    const ROUTE: Route = Route::get("/api/v1/runs/{run_id}/public/trades");
    // What an agent wrote stays out of the answers that other agents read.
    const TOOL: bool = false;
    const EFFECT: Effect = Effect::Read;
    const ACCESS: Access = Access::Public;
    const ROWS: Option<&'static str> = Some("trades");
    type Output = Trades;

    async fn run(self, cx: &Cx) -> Result<Trades, Error> {
        let trades = |seat: &Seat| TradeView::from(seat, 0);
        let trades = cx.app.runs.read_public(&self.run_id, trades).await?;
        Ok(Trades { run_id: self.run_id, trades })
    }
}

fn public(seat: &Seat) -> Result<PublicRun, Error> {
    let results = Results::of_seat(seat, &seat.report()?);
    let mut value = serde_json::to_value(&results).map_err(Error::internal)?;
    if let Some(members) = value.as_object_mut() {
        for name in results.null_reasons.keys() {
            members.insert((*name).to_owned(), Value::Null);
        }
        members.retain(|name, _| !OWN.contains(&name.as_str()));
    }
    Ok(PublicRun {
        snapshot: Snapshot::of(seat),
        results: value,
        standing: Standing::of(seat),
        trades: TradeView::from(seat, 0),
        equity_curve: equity_curve(seat),
    })
}
