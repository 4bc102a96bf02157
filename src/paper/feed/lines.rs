//! The lines that an operator pushes: one JSON object each, of an instrument or a quote.
//!
//! ```text
//! {"type":"instrument","symbol":"BTC/USD","name":"Bitcoin","asset_type":"CRYPTO"}
//! {"type":"quote","symbol":"BTC/USD","price":"64000.5","ts":"2026-11-22T09:30:00.25Z"}
//! ```
//!
//! An instrument may say `slippage_bps` (default: that of its asset type) and `hours`: `always`,
//! or `weekdays`, Monday to Friday in UTC (default: `always` for CRYPTO, else `weekdays`). A
//! `price` is in US dollars, a decimal text or a number. `ts` is when the source had it; the times
//! of an instrument ascend. In market time a quote takes place when it is taken.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sim::{
    Price,
    market::SLIPPAGE_BPS_END,
    num::{PRICE_MAX, SCALE},
    paper::{AssetType, Calendar, Listing},
};

use crate::{
    error::Error,
    scenarios::{prices, symbols},
};

/// Lines of a batch, so that orders do not wait long for its writing.
pub const LINES_MAX: usize = 1_000;
/// Bytes of a line.
pub const LINE_BYTES_MAX: usize = 1_024;
/// Characters of an instrument's name.
pub const NAME_MAX: usize = 80;
/// How the symbol of a pair ends.
const PRICED_IN: &str = "/USD";

/// A line that is well formed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Line {
    /// Something that can be traded from now on.
    Instrument(Instrument),
    /// A price.
    Quote(Quote),
}

/// An instrument, with everything that it may leave out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instrument {
    /// Canonical symbol.
    pub symbol: String,
    /// What people call it.
    pub name: String,
    /// The name of its kind.
    pub asset_type: &'static str,
    /// How far a fill moves from the displayed price.
    pub slippage_bps: u32,
    /// When it is traded.
    pub hours: Hours,
}

/// A price of an instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// The symbol, in any form that means one listing.
    pub symbol: String,
    /// In US dollars.
    pub price: Price,
    /// When the source had it.
    #[serde(serialize_with = "as_text")]
    pub ts: Timestamp,
}

/// When a pushed instrument is traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hours {
    /// On every UTC day.
    Always,
    /// From Monday to Friday in UTC.
    Weekdays,
}

impl Hours {
    const fn of(kind: AssetType) -> Self {
        match kind {
            AssetType::Crypto => Self::Always,
            _ => Self::Weekdays,
        }
    }
}

/// A line of a batch and its number there, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) number: usize,
    pub(super) line: Line,
}

impl Numbered {
    /// What is wrong with a field of this line.
    pub(super) fn wrong(&self, field: &str, problem: &str) -> Error {
        wrong(self.number, field, problem)
    }
}

fn wrong(number: usize, field: &str, problem: &str) -> Error {
    let place = if field.is_empty() { String::new() } else { format!(".{field}") };
    Error::invalid_line(&format!("line {number}{place}"), problem)
}

/// The lines of a batch; blank ones are passed over. The error names the first line that is wrong.
pub(super) fn read(body: &[u8]) -> Result<Vec<Numbered>, Error> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let number = body[..error.valid_up_to()].split(|it| *it == b'\n').count();
        wrong(number, "", "must be UTF-8 text")
    })?;
    let lines = text.split('\n').zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let mut read = Vec::new();
    for (text, number) in lines {
        if read.len() >= LINES_MAX {
            return Err(Error::too_many_lines(LINES_MAX));
        }
        if text.len() > LINE_BYTES_MAX {
            return Err(wrong(number, "", &format!("must have at most {LINE_BYTES_MAX} bytes")));
        }
        let line = Line::parse(text).map_err(|(field, problem)| wrong(number, &field, &problem))?;
        read.push(Numbered { number, line });
    }
    Ok(read)
}

/// A field, empty for the whole line, and what was expected there.
type Problem = (String, String);

#[derive(Deserialize)]
struct Tagged {
    #[serde(rename = "type")]
    kind: Kind,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Instrument,
    Quote,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenInstrument {
    #[serde(rename = "type")]
    _kind: Kind,
    symbol: String,
    name: String,
    asset_type: String,
    #[serde(default)]
    slippage_bps: Option<u32>,
    #[serde(default)]
    hours: Option<Hours>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenQuote {
    #[serde(rename = "type")]
    _kind: Kind,
    symbol: String,
    #[serde(deserialize_with = "decimal")]
    price: String,
    ts: String,
}

impl Line {
    /// Reads one line.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if !text.trim_start().starts_with('{') {
            return Err(at("", "must be a JSON object"));
        }
        match given::<Tagged>(text)?.kind {
            Kind::Instrument => given(text).and_then(|it| instrument(&it)),
            Kind::Quote => given(text).and_then(|it| quote(&it)),
        }
    }

    /// The form in which it is kept.
    pub(super) fn canonical(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

fn at(field: &str, problem: impl Into<String>) -> Problem {
    (field.to_owned(), problem.into())
}

/// Reads an object; what is wrong has its field.
fn given<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let known = !matches!(path.as_str(), "." | "?");
        (if known { path } else { String::new() }, error.into_inner())
    });
    let read =
        read.and_then(|it| reader.end().map(|()| it).map_err(|error| (String::new(), error)));
    // A line is the first of its own text.
    read.map_err(|(field, error)| {
        (field, error.to_string().replace(" at line 1 column", " at column"))
    })
}

fn instrument(given: &GivenInstrument) -> Result<Line, Problem> {
    let mut symbol = upper(&given.symbol)?;
    let kind = AssetType::from_name(&given.asset_type).filter(|it| *it != AssetType::Option);
    let kind = kind.ok_or_else(|| {
        let tradable = AssetType::NAMES.iter().filter(|it| **it != AssetType::Option.name());
        let expected: Vec<&str> = tradable.copied().collect();
        at("asset_type", format!("must be one of {}", expected.join(", ")))
    })?;
    if matches!(kind, AssetType::Crypto | AssetType::Forex) {
        symbol = symbol.replace('-', "/");
    }
    if symbols::is_pair(&symbol) && !symbol.ends_with(PRICED_IN) {
        return Err(at("symbol", "must be priced in US dollars, such as BTC/USD"));
    }
    let name = given.name.trim();
    let length = name.chars().count();
    if length == 0 || length > NAME_MAX || name.chars().any(char::is_control) {
        return Err(at("name", format!("must have 1 to {NAME_MAX} printable characters")));
    }
    let slippage_bps = given.slippage_bps.unwrap_or_else(|| kind.slippage_bps(&symbol));
    if slippage_bps >= SLIPPAGE_BPS_END {
        return Err(at("slippage_bps", format!("must be below {SLIPPAGE_BPS_END}")));
    }
    Ok(Line::Instrument(Instrument {
        name: name.to_owned(),
        asset_type: kind.name(),
        slippage_bps,
        hours: given.hours.unwrap_or(Hours::of(kind)),
        symbol,
    }))
}

fn quote(given: &GivenQuote) -> Result<Line, Problem> {
    let max = Price::from_units(PRICE_MAX * SCALE);
    let price = given.price.parse::<Price>().map_err(|error| at("price", error.to_string()))?;
    if price <= Price::ZERO || price > max {
        return Err(at("price", format!("must be above 0 and at most {max}")));
    }
    let ts = given.ts.parse::<Timestamp>().map_err(|_| {
        at("ts", "must be an instant with its offset, such as 2026-11-22T09:30:00Z")
    })?;
    Ok(Line::Quote(Quote { symbol: upper(&given.symbol)?, price, ts }))
}

fn upper(symbol: &str) -> Result<String, Problem> {
    let upper = symbol.trim().to_ascii_uppercase();
    match symbols::problem(&upper) {
        None => Ok(upper),
        Some(problem) => Err(at("symbol", problem)),
    }
}

/// A decimal text, or the shortest one of a number.
fn decimal<'de, D: Deserializer<'de>>(reader: D) -> Result<String, D::Error> {
    struct Decimal;

    impl de::Visitor<'_> for Decimal {
        type Value = String;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a decimal as text or number")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
            let price = prices::exact(number).map_err(E::custom)?;
            Ok(price.to_string())
        }
    }

    reader.deserialize_any(Decimal)
}

fn as_text<S: Serializer>(instant: &Timestamp, writer: S) -> Result<S::Ok, S::Error> {
    writer.collect_str(instant)
}

impl Instrument {
    /// What the tape lists.
    pub(super) fn listing(&self) -> Option<Listing> {
        Some(Listing {
            symbol: self.symbol.clone(),
            name: self.name.clone(),
            asset_type: AssetType::from_name(self.asset_type)?,
            slippage_bps: self.slippage_bps,
            calendar: match self.hours {
                Hours::Always => Calendar::Always,
                Hours::Weekdays => Calendar::Weekdays,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }

        #[test]
        fn a_quote_reads_back_as_itself(
            units in 1_i64..100_000_000_000_000_000,
            micros in 0_i64..4_000_000_000_000_000,
        ) {
            let ts = Timestamp::from_microsecond(micros).unwrap();
            let quote = Quote { symbol: "BTC/USD".into(), price: Price::from_units(units), ts };
            let line = Line::Quote(quote);
            prop_assert_eq!(Line::parse(&line.canonical().unwrap()), Ok(line));
        }
    }

    /// What is kept of an instrument with these members, and reads back as itself.
    fn instrument(members: &str) -> String {
        let line = Line::parse(&format!(r#"{{{members},"type":"instrument"}}"#)).unwrap();
        let kept = line.canonical().unwrap();
        assert_eq!(Line::parse(&kept), Ok(line));
        kept.replace(r#""type":"instrument","#, "")
    }

    #[test]
    fn an_instrument_is_kept_with_what_it_left_out() {
        assert_eq!(
            instrument(r#""symbol":" btc-usd","name":"Bitcoin ","asset_type":"CRYPTO""#),
            r#"{"symbol":"BTC/USD","name":"Bitcoin","asset_type":"CRYPTO","#.to_owned()
                + r#""slippage_bps":5,"hours":"always"}"#
        );
        let given = r#""symbol":"BRK-B","name":"é","asset_type":"ETF","slippage_bps":7"#;
        assert_eq!(instrument(given), format!(r#"{{{given},"hours":"weekdays"}}"#));
        let given = format!(r#"{given},"hours":"always""#);
        assert_eq!(instrument(&given), format!("{{{given}}}"));
    }

    #[test]
    fn a_quote_is_kept_as_decimal_text_in_utc() {
        let quote = |price: &str, ts: &str| {
            let text = format!(r#"{{"type":"quote","symbol":"AAPL","price":{price},"ts":"{ts}"}}"#);
            Line::parse(&text).unwrap().canonical().unwrap()
        };
        let kept = quote("\"186.5\"", "2026-11-22T09:30:00.25Z");
        assert!(kept.ends_with(r#""price":"186.5","ts":"2026-11-22T09:30:00.25Z"}"#), "{kept}");
        assert_eq!(quote("186.50", "2026-11-22T10:30:00.25+01:00"), kept);
        assert_eq!(quote("\"186.500\"", "2026-11-22T04:30:00.25-05:00"), kept);
    }
}
