//! Names of instruments: the canonical form, and the forms that every door accepts for it.

use sim::{Market, SymbolId, paper::Tape};

/// The longest canonical symbol.
pub const SYMBOL_MAX: usize = 24;
/// Near names offered for an unknown one.
const NEAREST_MAX: usize = 3;
/// Below this likeness a name is not worth offering.
const LIKENESS_MIN: f64 = 0.7;

/// What is wrong with a canonical symbol, if anything.
pub fn problem(symbol: &str) -> Option<&'static str> {
    let allowed =
        |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"/.-^=_".contains(&byte);
    if symbol.is_empty() {
        Some("must not be empty")
    } else if symbol.len() > SYMBOL_MAX {
        Some("must be at most 24 characters")
    } else if !symbol.bytes().all(allowed) {
        Some("may hold only A-Z, 0-9 and / . - ^ = _")
    } else {
        None
    }
}

/// Whether this is a pair such as `BTC/USD`.
pub fn is_pair(symbol: &str) -> bool {
    symbol
        .split_once('/')
        .is_some_and(|(base, quote)| !base.is_empty() && !quote.is_empty() && !quote.contains('/'))
}

/// The symbol without case and separators: symbols of one universe must differ in it.
pub fn folded(symbol: &str) -> String {
    symbol
        .chars()
        .filter(|letter| !matches!(letter, '/' | '-'))
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

/// Something with instruments.
pub trait Listed {
    /// The instrument of this canonical symbol.
    fn find(&self, symbol: &str) -> Option<SymbolId>;
    /// The canonical symbol of an instrument.
    fn symbol(&self, id: SymbolId) -> &str;
    /// Every canonical symbol.
    fn names(&self) -> impl Iterator<Item = &str>;
}

impl Listed for Market {
    fn find(&self, symbol: &str) -> Option<SymbolId> {
        self.find(symbol)
    }

    fn symbol(&self, id: SymbolId) -> &str {
        self.symbol(id)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.symbols().map(|id| self.symbol(id))
    }
}

impl Listed for Tape {
    fn find(&self, symbol: &str) -> Option<SymbolId> {
        self.find(symbol)
    }

    fn symbol(&self, id: SymbolId) -> &str {
        &self.listing(id).symbol
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.listings().iter().map(|it| it.symbol.as_str())
    }
}

/// The instrument meant by `text`: `BTC/USD`, `btc-usd` and `BTCUSD` are the same where the
/// market knows only one of them.
///
/// # Errors
/// Up to three symbols of the market that `text` may have meant.
pub fn resolve(market: &impl Listed, text: &str) -> Result<SymbolId, Vec<String>> {
    let text = text.trim();
    if text.is_empty() || text.len() > 2 * SYMBOL_MAX || !text.is_ascii() {
        return Err(Vec::new());
    }
    if let Some(exact) = market.find(text).or_else(|| market.find(&text.to_ascii_uppercase())) {
        return Ok(exact);
    }
    let (upper, bare) = (text.to_ascii_uppercase(), folded(text));
    let mut candidates = vec![upper.replace('-', "/"), upper.replace('/', "-"), bare.clone()];
    if upper == bare {
        for at in 1..bare.len() {
            candidates.extend(["/", "-"].map(|mark| [&bare[..at], &bare[at..]].join(mark)));
        }
    }
    let mut found: Vec<SymbolId> = candidates.iter().filter_map(|it| market.find(it)).collect();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [only] => Ok(only),
        [] => Err(nearest(text, market.names())),
        _ => Err(found.iter().map(|&id| market.symbol(id).to_owned()).collect()),
    }
}

/// Up to three of `names` that are most like `asked`, best first.
pub fn nearest<'a>(asked: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let asked: String = asked.chars().take(64).collect::<String>().to_lowercase();
    let mut scored: Vec<(f64, &str)> = names
        .map(|name| (likeness(&asked, &name.to_lowercase()), name))
        .filter(|&(score, _)| score >= LIKENESS_MIN)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().take(NEAREST_MAX).map(|(_, name)| name.to_owned()).collect()
}

/// How like two names are, from 0 to 1; a name that holds the other whole is very like it.
fn likeness(asked: &str, name: &str) -> f64 {
    let spelled = strsim::jaro_winkler(asked, name);
    if asked.len() >= 3 && name.contains(asked) { spelled.max(0.9) } else { spelled }
}

#[cfg(test)]
mod tests {
    use sim::{
        Date, Price, Timestamp,
        market::{Bar, Instrument, MarketData},
    };

    use super::*;

    fn market(symbols: &[&str]) -> Market {
        let one = Price::whole(1);
        let bar = |seconds| Bar {
            ts: Timestamp::from_seconds(seconds),
            open: one,
            high: one,
            low: one,
            close: one,
            volume: 0.0,
        };
        let instrument = |symbol: &&str| Instrument { symbol: (*symbol).into(), slippage_bps: 0 };
        let data = MarketData {
            instruments: symbols.iter().map(instrument).collect(),
            bars: vec![vec![bar(0), bar(60)]; symbols.len()],
            ..MarketData::default()
        };
        Market::new(data, |_| Date::from_days(0)).unwrap()
    }

    #[test]
    fn a_pair_is_found_with_any_separator_and_any_case() {
        let market = market(&["AAPL", "BRK.B", "BTC/USD", "ETH-PERP"]);
        for text in ["BTC/USD", "btc-usd", "BTCUSD", " Btc/Usd ", "BTC-USD"] {
            assert_eq!(resolve(&market, text).map(|id| market.symbol(id)), Ok("BTC/USD"), "{text}");
        }
        assert_eq!(resolve(&market, "aapl").map(|id| market.symbol(id)), Ok("AAPL"));
        assert_eq!(resolve(&market, "brk.b").map(|id| market.symbol(id)), Ok("BRK.B"));
        assert_eq!(resolve(&market, "eth/perp").map(|id| market.symbol(id)), Ok("ETH-PERP"));
    }

    #[test]
    fn an_ambiguous_name_is_refused_with_both_meanings() {
        let market = market(&["AB/CDE", "ABC/DE"]);
        assert_eq!(resolve(&market, "abcde"), Err(vec!["AB/CDE".into(), "ABC/DE".into()]));
        assert_eq!(resolve(&market, "abc-de").map(|id| market.symbol(id)), Ok("ABC/DE"));
        assert!(resolve(&market, "A-BCDE").is_err());
    }

    #[test]
    fn an_unknown_name_offers_near_ones() {
        let market = market(&["AAPL", "AMZN", "BTC/USD", "MSFT"]);
        assert_eq!(resolve(&market, "APPL"), Err(vec!["AAPL".into()]));
        assert_eq!(resolve(&market, "BTC"), Err(vec!["BTC/USD".into()]));
        assert_eq!(resolve(&market, "ZZZZ"), Err(vec![]));
        for text in ["", "é", &"A".repeat(1_000_000)] {
            assert_eq!(resolve(&market, text), Err(vec![]));
        }
    }

    #[test]
    fn a_canonical_symbol_is_upper_case_and_short() {
        for symbol in ["AAPL", "BTC/USD", "9988.HK", "BRK-B", "^GSPC", "EURUSD=X"] {
            assert_eq!(problem(symbol), None, "{symbol}");
        }
        for symbol in ["", "aapl", "A B", "A\n", &"A".repeat(25)] {
            assert!(problem(symbol).is_some(), "{symbol}");
        }
        assert!(is_pair("BTC/USD") && !is_pair("BTC") && !is_pair("/USD") && !is_pair("A/B/C"));
    }
}
