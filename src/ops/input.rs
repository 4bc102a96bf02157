//! Reading requests: JSON to typed input, with errors that name the field.

use std::{fmt, marker::PhantomData, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned, Visitor},
};
use serde_json::Value;
use sim::{
    Price, Quantity,
    num::{PRICE_MAX, ParseError, QUANTITY_MAX},
    order::{NewOrder, OrderKind, Side, TimeInForce},
};

use crate::{
    error::{Error, FieldProblem},
    runs::Seat,
    scenarios,
};

/// Characters that an order's reasoning may have.
pub(crate) const REASONING_MAX: usize = 2_000;

/// Reads a request, or says which field is wrong and what was expected.
pub(crate) fn read<T: DeserializeOwned>(input: Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(input).map_err(|error| {
        let place = error.path().to_string();
        Error::invalid_field(&place, &plain(&error.inner().to_string()))
    })
}

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

/// A message without the names of Rust's types.
fn plain(message: &str) -> String {
    let words = [
        ("expected i64", "expected an integer"),
        ("expected u64", "expected an integer"),
        ("expected u32", "expected an integer"),
        ("expected usize", "expected an integer"),
        ("a sequence", "a list"),
        ("a map", "an object"),
        ("struct OrderInput", "an order object"),
        ("struct AgentInfo", "an object with `name`"),
        ("unknown variant", "unknown word"),
        (", there are no fields", "; this call takes no fields"),
    ];
    words.iter().fold(message.to_owned(), |text, (rust, plain)| text.replace(rust, plain))
}

/// A decimal that came as a JSON number, cut to 8 decimals toward zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal<T>(pub(crate) T);

/// What a [`Decimal`] can hold.
pub(crate) trait Fixed: Sized + fmt::Display {
    const MAX: i64;
    fn cut(text: &str) -> Result<Self, ParseError>;
}

impl Fixed for Quantity {
    const MAX: i64 = QUANTITY_MAX;
    fn cut(text: &str) -> Result<Self, ParseError> {
        Self::parse_cut(text)
    }
}

impl Fixed for Price {
    const MAX: i64 = PRICE_MAX;
    fn cut(text: &str) -> Result<Self, ParseError> {
        Self::parse_cut(text)
    }
}

impl<T: fmt::Display> Serialize for Decimal<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de, T: Fixed> Deserialize<'de> for Decimal<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<T>(PhantomData<T>);

        impl<T: Fixed> Visitor<'_> for Number<T> {
            type Value = Decimal<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number up to {}", T::MAX)
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Decimal<T>, E> {
                // Display of a float is its shortest exact decimal, never an exponent.
                match T::cut(&value.to_string()) {
                    Ok(number) => Ok(Decimal(number)),
                    Err(ParseError::TooLarge) => {
                        Err(E::custom(format!("must be at most {}", T::MAX)))
                    }
                    Err(problem) => Err(E::custom(problem)),
                }
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Decimal<T>, E> {
                match T::cut(&value.to_string()) {
                    Ok(number) => Ok(Decimal(number)),
                    Err(_) => Err(E::custom(format!("must be at most {}", T::MAX))),
                }
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Decimal<T>, E> {
                match T::cut(&value.to_string()) {
                    Ok(number) => Ok(Decimal(number)),
                    Err(_) => Err(E::custom(format!("must be at most {}", T::MAX))),
                }
            }
        }

        deserializer.deserialize_any(Number(PhantomData))
    }
}

impl<T: Fixed> JsonSchema for Decimal<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0, "maximum": T::MAX })
    }
}

/// Texts that [`check_text`] takes, but for their length.
pub(crate) const PRINTABLE: &str = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$";

/// Checks a text that is kept: its length, and that it holds no control characters but line breaks.
pub(crate) fn check_text(field: &str, text: &str, max: usize) -> Result<(), Error> {
    if text.chars().count() > max {
        return Err(Error::invalid_field(field, &format!("must be at most {max} characters")));
    }
    if text.chars().any(|it| it.is_control() && !matches!(it, '\n' | '\r' | '\t')) {
        return Err(Error::invalid_field(field, "must not contain control characters"));
    }
    Ok(())
}

/// One order of a request.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderInput {
    /// Such as AAPL or BTC/USD.
    pub(crate) symbol: String,
    /// buy and sell trade a long, short and cover a short position; none crosses zero.
    #[serde(deserialize_with = "side")]
    pub(crate) side: Side,
    /// Units; fractions are allowed.
    pub(crate) quantity: Decimal<Quantity>,
    /// Why; kept with the order and published with the run.
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
    /// The order as the simulator takes it; `place` names it in errors.
    pub(crate) fn order(&self, seat: &Seat, place: &str) -> Result<NewOrder, Error> {
        let at = |field: &str| match place {
            "" => field.to_owned(),
            place => format!("{place}.{field}"),
        };
        let market = seat.run.market();
        let symbol = scenarios::symbols::resolve(market, &self.symbol)
            .map_err(|nearest| Error::no_such_symbol(&at("symbol"), &self.symbol, &nearest))?;
        if let Some(text) = &self.reasoning {
            check_text(&at("reasoning"), text, REASONING_MAX)?;
        }
        let reasoning = self.reasoning.as_deref().map(str::trim).filter(|text| !text.is_empty());
        Ok(NewOrder {
            symbol,
            side: self.side,
            quantity: self.quantity.0,
            kind: self.kind(&at)?,
            time_in_force: self.time_in_force.unwrap_or_default(),
            reasoning: reasoning.map(Arc::from),
        })
    }

    fn kind(&self, at: &impl Fn(&str) -> String) -> Result<OrderKind, Error> {
        let order_type = self.order_type.unwrap_or(OrderType::Market);
        let name = order_type.name();
        let required = |field: &str, price: Option<Decimal<Price>>| {
            let problem = format!("is required for a {name} order");
            price.map(|it| it.0).ok_or_else(|| Error::broken_rule(&at(field), &problem))
        };
        let unused = |field: &str, price: Option<Decimal<Price>>| {
            let problem = format!("has no meaning for a {name} order; leave it out");
            match price {
                Some(_) => Err(Error::broken_rule(&at(field), &problem)),
                None => Ok(()),
            }
        };
        Ok(match order_type {
            OrderType::Market => {
                unused("limit_price", self.limit_price)?;
                unused("stop_price", self.stop_price)?;
                OrderKind::Market
            }
            OrderType::Limit => {
                unused("stop_price", self.stop_price)?;
                OrderKind::Limit(required("limit_price", self.limit_price)?)
            }
            OrderType::Stop => {
                unused("limit_price", self.limit_price)?;
                OrderKind::Stop(required("stop_price", self.stop_price)?)
            }
            OrderType::StopLimit => OrderKind::StopLimit {
                stop: required("stop_price", self.stop_price)?,
                limit: required("limit_price", self.limit_price)?,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_cut_to_eight_decimals() {
        let read = |value: Value| {
            read::<Decimal<Quantity>>(value).map(|it| it.0.to_string()).map_err(|it| it.message)
        };
        assert_eq!(read(json!(14.285_714_285_714_286)), Ok("14.28571428".into()));
        assert_eq!(read(json!(10)), Ok("10".into()));
        assert_eq!(read(json!(1e-9)), Ok("0".into()));
        assert_eq!(read(json!(-3)), Ok("-3".into()));
        for absurd in [json!(1e300), json!(u64::MAX)] {
            assert!(read(absurd).unwrap_err().contains("must be at most 1000000000"));
        }
        assert!(read(json!("10")).unwrap_err().contains("expected a number"));
    }
}
