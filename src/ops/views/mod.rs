//! The shapes that answers share: the only serialised forms of runs, orders, trades and bars.

mod bars;
mod concise;
mod file;
mod order;
mod run;
mod scan;
mod scenario;
mod step;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use sim::Timestamp;

use super::input::INSTANT;

pub(crate) use bars::Visible;
pub use bars::{BarRows, BarView, BarsView};
pub use concise::{Pulse, Table, Vitals};
pub(crate) use concise::{rough, tick};
pub use file::{EventPart, FORMAT, RunFile};
pub use order::{OrderView, TradeView};
pub(crate) use run::equity_curve;
pub use run::{CurvePoint, EquityView, PositionView, RunView, Snapshot, Workflow};
pub use scan::{DataBudget, Look, Named, ScanBrief, ScanRow, ScanView};
pub use scenario::ScenarioView;
pub use step::{NextAction, RejectionView, StepView};

/// The schema of an instant: RFC 3339 to the second, in UTC.
pub(crate) struct Instant;

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": INSTANT })
    }
}

/// RFC 3339 to the second, from microseconds since the epoch.
pub(crate) fn instant(micros: i64) -> String {
    Timestamp::from_seconds(micros.div_euclid(1_000_000)).to_string()
}

/// Drops the members that are null; the cells of a row stay.
pub(crate) fn without_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        Value::Object(members) => {
            members.retain(|_, it| !it.is_null());
            members.values_mut().for_each(without_nulls);
        }
        _ => {}
    }
}

/// Floats up to here are exact as integers.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// Writes whole numbers without a fraction, as the contract does: `100000`, not `100000.0`.
pub(crate) fn shorten(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < WHOLE_MAX);
            if let Some(whole) = whole {
                #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
                let whole = whole as i64;
                *value = whole.into();
            }
        }
        _ => {}
    }
}
