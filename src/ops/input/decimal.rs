//! Decimal numbers in requests.

use std::{fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use sim::{
    Price, Quantity,
    num::{PRICE_MAX, ParseError, QUANTITY_MAX},
};

/// A decimal that came as a JSON number, cut to 8 decimals toward zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal<T>(pub(crate) T);

/// The types of a number that may be text; a model is asked for the number.
pub(crate) const NUMBER_OR_TEXT: [&str; 2] = ["number", "string"];

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

/// A [`Decimal`] that may be written as text too: `10`, `"10"`, `"10.50"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Loose<T>(pub(crate) T);

impl<'de, T: Fixed> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(serde_json::Number),
            Text(String),
            Other(serde_json::Value),
        }
        let number = match Written::deserialize(deserializer)? {
            Written::Number(number) => number,
            Written::Text(text) => match T::cut(text.trim()) {
                Ok(number) => return Ok(Self(number)),
                // It may have an exponent.
                Err(_) => text.trim().parse().map_err(|_| {
                    de::Error::custom(format!("expected a number, got the text {text:?}"))
                })?,
            },
            Written::Other(other) => {
                return Err(de::Error::custom(format!("expected a number, got {other}")));
            }
        };
        Decimal::deserialize(number).map(|Decimal(it)| Self(it)).map_err(de::Error::custom)
    }
}

impl<T: Fixed> JsonSchema for Loose<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Loose".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": NUMBER_OR_TEXT,
            "exclusiveMinimum": 0,
            "maximum": T::MAX,
            "pattern": r"^[0-9]+(\.[0-9]+)?$",
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ops::input::read;

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

    #[test]
    fn a_loose_number_may_be_text() {
        let read = |value: Value| {
            read::<Loose<Quantity>>(value).map(|it| it.0.to_string()).map_err(|it| it.message)
        };
        for ten in [json!(10), json!(10.0), json!("10"), json!(" 10.00000000 ")] {
            assert_eq!(read(ten.clone()), Ok("10".into()), "{ten}");
        }
        assert_eq!(read(json!("0.123456789")), Ok("0.12345678".into()));
        for wrong in [json!("ten"), json!(""), json!("NaN"), json!([1]), json!(true), json!(null)] {
            assert!(read(wrong.clone()).unwrap_err().contains("expected a number"), "{wrong}");
        }
        assert!(read(json!("1e300")).unwrap_err().contains("must be at most 1000000000"));
    }
}
