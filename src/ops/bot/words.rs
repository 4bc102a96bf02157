//! Words of the bots' contract: upper case in answers, any case in requests.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sim::{
    order::TimeInForce,
    paper::{AssetType, OrderStatus, Side},
};

use crate::ops::input::OrderType;

/// What is one of a few words.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// Each of them and its word.
    const WORDS: &'static [(&'static str, Self)];
}

/// One of a few words, as bots write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Upper<T>(pub(super) T);

impl<T: Word> Upper<T> {
    /// The word.
    pub(super) fn word(self) -> &'static str {
        T::WORDS.iter().find(|(_, it)| *it == self.0).map_or("", |(word, _)| word)
    }
}

impl Word for Side {
    const WORDS: &'static [(&'static str, Self)] = &[("BUY", Self::Buy), ("SELL", Self::Sell)];
}

impl Word for OrderType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("MARKET", Self::Market),
        ("LIMIT", Self::Limit),
        ("STOP", Self::Stop),
        ("STOP_LIMIT", Self::StopLimit),
    ];
}

impl Word for TimeInForce {
    const WORDS: &'static [(&'static str, Self)] =
        &[("GTC", Self::Gtc), ("DAY", Self::Day), ("IOC", Self::Ioc), ("FOK", Self::Fok)];
}

impl Word for AssetType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("STOCK", Self::Stock),
        ("CRYPTO", Self::Crypto),
        ("FOREX", Self::Forex),
        ("ETF", Self::Etf),
        ("OPTION", Self::Option),
        ("COMMODITY", Self::Commodity),
    ];
}

impl Word for OrderStatus {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("OPEN", Self::Open),
        ("PARTIALLY_FILLED", Self::PartiallyFilled),
        ("FILLED", Self::Filled),
        ("CANCELLED", Self::Cancelled),
        ("REJECTED", Self::Rejected),
    ];
}

impl<T: Word> Serialize for Upper<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de, T: Word> Deserialize<'de> for Upper<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let asked = text.trim().to_ascii_uppercase().replace(['-', ' '], "_");
        let found = T::WORDS.iter().find(|(word, _)| *word == asked);
        found.map(|(_, it)| Self(*it)).ok_or_else(|| {
            let known: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
            de::Error::custom(format!("must be {} (got \"{text}\")", known.join("|")))
        })
    }
}

impl<T: Word> JsonSchema for Upper<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Upper".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, _)| *word).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn words_are_read_in_any_case_and_written_in_one() {
        let read = |text: &str| serde_json::from_value::<Upper<OrderType>>(json!(text));
        for text in ["STOP_LIMIT", "stop_limit", " Stop-Limit ", "stop limit"] {
            assert_eq!(json!(read(text).unwrap()), "STOP_LIMIT", "{text}");
        }
        let told = read("trailing").unwrap_err().to_string();
        assert_eq!(told, "must be MARKET|LIMIT|STOP|STOP_LIMIT (got \"trailing\")");
    }

    #[test]
    fn every_word_stands_for_one_thing() {
        fn all<T: Word>() -> Vec<Value> {
            T::WORDS.iter().map(|(_, it)| json!(Upper(*it))).collect()
        }
        assert_eq!(all::<AssetType>(), AssetType::NAMES);
        assert_eq!(all::<OrderStatus>(), OrderStatus::NAMES);
        assert_eq!(all::<Side>(), ["BUY", "SELL"]);
        assert_eq!(all::<TimeInForce>(), ["GTC", "DAY", "IOC", "FOK"]);
    }
}
