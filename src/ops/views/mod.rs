//! The shapes that answers share: the only serialised forms of runs, orders, trades and bars.

mod order;
mod run;
mod scenario;
mod step;

use sim::Timestamp;

pub use order::{BarView, OrderView, TradeView};
pub(crate) use run::equity_curve;
pub use run::{CurvePoint, EquityView, PositionView, RunView, Snapshot, Workflow};
pub use scenario::ScenarioView;
pub use step::{NextAction, RejectionView, StepView};

/// RFC 3339 to the second, from microseconds since the epoch.
pub(crate) fn instant(micros: i64) -> String {
    Timestamp::from_seconds(micros.div_euclid(1_000_000)).to_string()
}
