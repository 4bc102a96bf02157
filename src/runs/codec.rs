//! Commands as the journal keeps them: canonical JSON with symbols by name and exact decimals.
//!
//! The form is one to one: a command has exactly one line, so whoever changes a byte of a line
//! either changes the command or leaves no command at all.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sim::{
    Command, Market, Price, Quantity,
    order::{NewOrder, OrderId, OrderKind, Side, TimeInForce},
};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Entry {
    Turn {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        cancel: Vec<u32>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        orders: Vec<Order>,
        steps: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rationale: Option<String>,
    },
    Abandon,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    symbol: String,
    side: Side,
    quantity: Quantity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stop: Option<Price>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<Price>,
    time_in_force: TimeInForce,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
}

/// The command as one line of JSON, with the agent's reasons for it.
///
/// # Errors
/// Never for a command of this market.
pub fn encode(
    market: &Market,
    command: &Command,
    rationale: Option<&str>,
) -> serde_json::Result<String> {
    let entry = match command {
        Command::Abandon => Entry::Abandon,
        Command::Turn { cancel, orders, steps } => Entry::Turn {
            cancel: cancel.iter().map(|id| id.0).collect(),
            orders: orders.iter().map(|order| Order::of(market, order)).collect(),
            steps: *steps,
            rationale: rationale.map(str::to_owned),
        },
    };
    serde_json::to_string(&entry)
}

/// The command of a line and the reasons for it; `None` when it is not one of this market's, or
/// not in the form in which [`encode`] writes it.
pub fn decode(market: &Market, line: &str) -> Option<(Command, Option<String>)> {
    let (command, rationale) = match serde_json::from_str(line).ok()? {
        Entry::Abandon => (Command::Abandon, None),
        Entry::Turn { cancel, orders, steps, rationale } => {
            let cancel = cancel.into_iter().map(OrderId).collect();
            let orders = orders.into_iter().map(|it| it.order(market));
            let orders = orders.collect::<Option<_>>()?;
            (Command::Turn { cancel, orders, steps }, rationale)
        }
    };
    let same = encode(market, &command, rationale.as_deref()).ok()? == line;
    same.then_some((command, rationale))
}

impl Order {
    fn of(market: &Market, order: &NewOrder) -> Self {
        let (stop, limit) = order.kind.prices();
        Self {
            symbol: market.symbol(order.symbol).to_owned(),
            side: order.side,
            quantity: order.quantity,
            stop,
            limit,
            time_in_force: order.time_in_force,
            reasoning: order.reasoning.as_deref().map(str::to_owned),
        }
    }

    fn order(self, market: &Market) -> Option<NewOrder> {
        Some(NewOrder {
            symbol: market.find(&self.symbol)?,
            side: self.side,
            quantity: self.quantity,
            kind: OrderKind::of(self.stop, self.limit),
            time_in_force: self.time_in_force,
            reasoning: self.reasoning.map(Arc::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::scenarios::Catalog;

    use super::*;

    #[test]
    fn a_command_has_exactly_one_line() {
        let catalog = Catalog::embedded().unwrap();
        let market = &catalog.get("sandbox-nov-2024").unwrap().scenario().unwrap().market;
        let symbol = &market.instruments()[0].symbol;
        let order = |quantity: &str, more: &str| {
            let head = format!(r#"{{"symbol":"{symbol}","side":"buy","quantity":"{quantity}""#);
            format!(r#"{{"turn":{{"orders":[{head}{more},"time_in_force":"gtc"}}],"steps":1}}}}"#)
        };
        let reasoned = r#"{"turn":{"steps":1,"rationale":"it \"rises\""}}"#;
        for line in [r#""abandon""#, r#"{"turn":{"steps":0}}"#, &order("1.5", ""), reasoned] {
            let (command, rationale) = decode(market, line).unwrap();
            assert_eq!(encode(market, &command, rationale.as_deref()).unwrap(), line);
        }
        let others = [
            r#" "abandon""#.to_owned(),
            r#"{"abandon":null}"#.to_owned(),
            r#"{"turn":{"steps":0 }}"#.to_owned(),
            r#"{"turn":{"cancel":[],"steps":0}}"#.to_owned(),
            order("1.50", ""),
            order("-0", ""),
            order("01.5", ""),
            order("1.5", r#","stop":null"#),
            r#"{"turn":{"rationale":"it rises","steps":1}}"#.to_owned(),
            r#"{"turn":{"steps":1,"rationale":null}}"#.to_owned(),
        ];
        for line in others {
            assert_eq!(decode(market, &line), None, "{line}");
        }
    }
}
