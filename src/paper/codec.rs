//! Commands of a paper account as its journal keeps them: canonical JSON, one line for one command.
//!
//! A command names the moment at which it came (ticks of the tape, and market time), so that replay
//! needs no wall clock and no setting of the feed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sim::{
    Price, Quantity,
    order::{OrderKind, TimeInForce},
    paper::{Moment, NewOrder, Side, Tape},
    time::Timestamp,
};

/// What a person's bot does to a paper account.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// An order comes.
    Place(NewOrder),
    /// The order of this number is withdrawn.
    Cancel(u32),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    ticks: usize,
    now: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Order>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cancel: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    symbol: String,
    side: String,
    quantity: Quantity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stop: Option<Price>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<Price>,
    time_in_force: TimeInForce,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_order_id: Option<String>,
}

/// The command and its moment as one line of JSON.
///
/// # Errors
/// Never for a command of this tape.
pub fn encode(tape: &Tape, moment: Moment, command: &Command) -> serde_json::Result<String> {
    let (place, cancel) = match command {
        Command::Place(order) => (Some(Order::of(tape, order)), None),
        Command::Cancel(number) => (None, Some(*number)),
    };
    let line = Line { ticks: moment.ticks, now: moment.at.seconds(), place, cancel };
    serde_json::to_string(&line)
}

/// The command of a line and its moment; `None` when it is not one of this tape's, or not in the
/// form in which [`encode`] writes it.
pub fn decode(tape: &Tape, text: &str) -> Option<(Moment, Command)> {
    let line: Line = serde_json::from_str(text).ok()?;
    let moment = Moment { ticks: line.ticks, at: Timestamp::from_seconds(line.now) };
    let command = match (line.place, line.cancel) {
        (Some(order), None) => Command::Place(order.order(tape)?),
        (None, Some(number)) => Command::Cancel(number),
        _ => return None,
    };
    let same = encode(tape, moment, &command).ok()? == text;
    same.then_some((moment, command))
}

impl Order {
    fn of(tape: &Tape, order: &NewOrder) -> Self {
        let (stop, limit) = order.kind.prices();
        Self {
            symbol: tape.listing(order.instrument).symbol.clone(),
            side: order.side.name().to_owned(),
            quantity: order.quantity,
            stop,
            limit,
            time_in_force: order.time_in_force,
            client_order_id: order.client_order_id.as_deref().map(str::to_owned),
        }
    }

    fn order(self, tape: &Tape) -> Option<NewOrder> {
        Some(NewOrder {
            instrument: tape.find(&self.symbol)?,
            side: Side::from_name(&self.side)?,
            quantity: self.quantity,
            kind: OrderKind::of(self.stop, self.limit),
            time_in_force: self.time_in_force,
            client_order_id: self.client_order_id.map(Arc::from),
        })
    }
}
