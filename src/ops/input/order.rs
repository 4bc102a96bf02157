//! Orders in requests.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use sim::{
    Price, Quantity, SymbolId,
    order::{NewOrder, OrderKind, Side, TimeInForce},
};

use super::{Checks, Decimal, PRINTABLE, check_text};
use crate::{
    error::{Error, FieldProblem},
    runs::Seat,
    scenarios,
};

/// Characters that an order's reasoning, and the reasons for a whole decision, may have.
pub(crate) const REASONING_MAX: usize = 2_000;

/// The orders of a request as the simulator takes them, or one error that names each wrong one.
///
/// When some cannot be read, the others are still held against the rules, so that one answer
/// tells everything that is wrong.
pub(crate) fn orders(
    seat: &Seat,
    place: &str,
    orders: &[OrderInput],
) -> Result<Vec<NewOrder>, Error> {
    let (mut good, mut places) = (Vec::new(), Vec::new());
    let (mut first, mut wrong) = (None::<Error>, Vec::new());
    for (at, order) in orders.iter().enumerate() {
        match order.order(seat, &format!("{place}[{at}]")) {
            Ok(order) => {
                good.push(order);
                places.push(at);
            }
            Err(error) => {
                wrong.extend(error.fields.iter().map(|field| (at, field.clone())));
                first.get_or_insert(error);
            }
        }
    }
    let Some(mut error) = first else { return Ok(good) };
    let broken = seat.run.judge(&good).into_iter();
    wrong.extend(
        broken.map(|(at, reject)| (places[at], FieldProblem::of_order(place, places[at], &reject))),
    );
    wrong.sort_by_key(|(at, _)| *at);
    error.fields = wrong.into_iter().map(|(_, field)| field).collect();
    Err(error)
}

/// One order of a request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderInput {
    /// Such as AAPL or BTC/USD.
    pub(crate) symbol: String,
    /// buy/sell a long, short/cover a short; none crosses zero.
    #[serde(deserialize_with = "side")]
    pub(crate) side: Side,
    /// Units, fractions too.
    pub(crate) quantity: Decimal<Quantity>,
    /// Why; published with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = REASONING_MAX), regex(pattern = PRINTABLE))]
    pub(crate) reasoning: Option<String>,
    /// Default market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_type: Option<OrderType>,
    /// For limit and `stop_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit_price: Option<Decimal<Price>>,
    /// For stop and `stop_limit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stop_price: Option<Decimal<Price>>,
    /// Default gtc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time_in_force: Option<TimeInForce>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderType {
    Market,
    Limit,
    Stop,
    StopLimit,
}

impl OrderType {
    /// The type of an order of this kind.
    pub(crate) const fn of(kind: OrderKind) -> Self {
        match kind {
            OrderKind::Market => Self::Market,
            OrderKind::Limit(_) => Self::Limit,
            OrderKind::Stop(_) => Self::Stop,
            OrderKind::StopLimit { .. } => Self::StopLimit,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit => "limit",
            Self::Stop => "stop",
            Self::StopLimit => "stop_limit",
        }
    }

    /// The kind of an order of this type with these prices, or which of them is wanting or unused.
    pub(crate) fn kind(
        self,
        limit: Option<Price>,
        stop: Option<Price>,
        at: &impl Fn(&str) -> String,
    ) -> Result<OrderKind, Error> {
        let name = self.name();
        let required = |field: &str, price: Option<Price>| {
            let problem = format!("is required for a {name} order");
            price.ok_or_else(|| Error::broken_rule(&at(field), &problem))
        };
        let unused = |field: &str, price: Option<Price>| {
            let problem = format!("has no meaning for a {name} order; leave it out");
            match price {
                Some(_) => Err(Error::broken_rule(&at(field), &problem)),
                None => Ok(()),
            }
        };
        Ok(match self {
            Self::Market => {
                unused("limit_price", limit)?;
                unused("stop_price", stop)?;
                OrderKind::Market
            }
            Self::Limit => {
                unused("stop_price", stop)?;
                OrderKind::Limit(required("limit_price", limit)?)
            }
            Self::Stop => {
                unused("limit_price", limit)?;
                OrderKind::Stop(required("stop_price", stop)?)
            }
            Self::StopLimit => OrderKind::StopLimit {
                stop: required("stop_price", stop)?,
                limit: required("limit_price", limit)?,
            },
        })
    }
}

/// A side in any case.
pub(crate) fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Side, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.trim().to_ascii_lowercase().as_str() {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        "short" => Ok(Side::Short),
        "cover" => Ok(Side::Cover),
        _ => Err(de::Error::custom(format!("must be buy|sell|short|cover (got \"{text}\")"))),
    }
}

impl OrderInput {
    /// The order as the simulator takes it, or all that is wrong with it; `place` names it there.
    pub(crate) fn order(&self, seat: &Seat, place: &str) -> Result<NewOrder, Error> {
        let at = |field: &str| match place {
            "" => field.to_owned(),
            place => format!("{place}.{field}"),
        };
        let (kind, symbol, reasoning) = (self.kind(&at), self.symbol(seat, &at), self.reason(&at));
        if let (Ok(kind), Ok(symbol), Ok(reasoning)) = (&kind, &symbol, &reasoning) {
            return Ok(NewOrder {
                symbol: *symbol,
                side: self.side,
                quantity: self.quantity.0,
                kind: *kind,
                time_in_force: self.time_in_force.unwrap_or_default(),
                reasoning: reasoning.map(Arc::from),
            });
        }
        let mut checks = Checks::default();
        let known = kind.as_ref().copied().unwrap_or(OrderKind::Market);
        // The simulator never sees this order: what it would say is said here, and first.
        if let Err(reject) = seat.run.check_terms(self.side, self.quantity.0, known) {
            checks.add("", Error::refused_order(&at(reject.field()), &reject));
        }
        checks.take("", kind);
        checks.take("", symbol);
        checks.take("", reasoning);
        checks.done(None)
    }

    fn symbol(&self, seat: &Seat, at: &impl Fn(&str) -> String) -> Result<SymbolId, Error> {
        scenarios::symbols::resolve(seat.run.market(), &self.symbol)
            .map_err(|nearest| Error::no_such_symbol(&at("symbol"), &self.symbol, &nearest))
    }

    fn reason(&self, at: &impl Fn(&str) -> String) -> Result<Option<&str>, Error> {
        let Some(text) = self.reasoning.as_deref() else { return Ok(None) };
        check_text(&at("reasoning"), text, REASONING_MAX)?;
        Ok(Some(text.trim()).filter(|text| !text.is_empty()))
    }

    fn kind(&self, at: &impl Fn(&str) -> String) -> Result<OrderKind, Error> {
        let (limit, stop) = (self.limit_price.map(|it| it.0), self.stop_price.map(|it| it.0));
        self.order_type.unwrap_or(OrderType::Market).kind(limit, stop, at)
    }
}
