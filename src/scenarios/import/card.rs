//! The first `scenario.toml` of imported bars: cautious values and plain texts to be edited.

use std::collections::BTreeSet;

use sim::{
    Timestamp,
    rules::{LimitFill, PathPolicy},
};

use super::Import;
use crate::scenarios::{
    bars::Bars,
    card::{Card, Member},
    words::{AssetType, Resolution, Rights},
};

/// Bars of history before the first decision, where there are enough.
const WARMUP_BARS: usize = 60;
/// What second halves of crypto and currency pairs are called.
const QUOTES: [&str; 14] = [
    "USD", "USDT", "USDC", "BUSD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "BTC", "ETH",
    "PHP",
];
/// Money, for telling currency pairs from crypto pairs.
const MONEY: [&str; 24] = [
    "USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "TRY", "ZAR", "MXN", "BRL", "CNY", "CNH", "HKD", "SGD", "INR", "PHP",
];
/// What a fill costs in slippage: shares and funds, currencies, the two large coins, others.
const SLIPPAGE_BPS: [u32; 4] = [8, 2, 5, 18];

/// The canonical form of a symbol as a file spells it: `btc-usd` is `BTC/USD`.
pub fn canonical(text: &str) -> String {
    let upper = text.trim().to_uppercase();
    match upper.split_once('-') {
        Some((base, quote)) if !base.is_empty() && QUOTES.contains(&quote) => {
            format!("{base}/{quote}")
        }
        _ => upper,
    }
}

/// The card of freshly imported bars.
pub fn card(asked: &Import, resolution: Resolution, bars: &Bars) -> Card {
    let files: Vec<String> = asked
        .files
        .iter()
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    let from = files.join(", ");
    let mut symbols: Vec<&String> = bars.names().iter().collect();
    symbols.sort_unstable();
    let universe: Vec<Member> = symbols.into_iter().map(|symbol| member(symbol)).collect();
    let instants: BTreeSet<Timestamp> = bars.rows.iter().map(|row| row.ts).collect();
    Card {
        slug: asked.slug.clone(),
        version: 1,
        created: Some(asked.today),
        name: format!("Import of {from}"),
        description: format!("Imported from {from}; not described."),
        market: market(&universe).into(),
        time_zone: asked.time_zone.clone(),
        session_shift_hours: 0,
        sessions_per_year: if trades_on_weekends(&instants) { 365 } else { 252 },
        bar_resolution: resolution,
        currency: asked.currency.clone(),
        starting_cash: 100_000.0,
        leverage_cap: 1.0,
        short_enabled: false,
        commission_bps: 1,
        borrow_bps_annual: 50,
        benchmark_symbol: None,
        warmup: WARMUP_BARS.min(instants.len() / 2).saturating_sub(1),
        limit_fill: LimitFill::Through,
        path_policy: PathPolicy::Worst,
        participation_pct: None,
        regime: vec!["unclassified".into()],
        rights: Rights::PackageLicenceOnly,
        origin: format!("Imported from {from}; the origin of the data is not stated."),
        universe_selection: "The instruments of the imported files; how they were chosen is not \
                             stated."
            .into(),
        adjustment: "Not stated.".into(),
        dividends: "Not stated; the simulator pays none.".into(),
        known_biases: vec![
            "How the instruments were chosen is not stated, so the choice may favour what did \
             well later."
                .into(),
        ],
        universe,
        reference: None,
    }
}

fn member(symbol: &str) -> Member {
    let [stock, forex, large, coin] = SLIPPAGE_BPS;
    let (asset_type, slippage_bps) = match symbol.split_once('/') {
        None => (AssetType::Stock, stock),
        Some((base, quote)) if MONEY.contains(&base) && MONEY.contains(&quote) => {
            (AssetType::Forex, forex)
        }
        Some(("BTC" | "ETH", _)) => (AssetType::Crypto, large),
        Some(_) => (AssetType::Crypto, coin),
    };
    let (symbol, name) = (symbol.to_owned(), symbol.to_owned());
    Member { symbol, name, asset_type, slippage_bps, quoted: None, rate: None }
}

fn market(universe: &[Member]) -> &'static str {
    let all = |asset_type| universe.iter().all(|it| it.asset_type == asset_type);
    if all(AssetType::Crypto) {
        "crypto"
    } else if all(AssetType::Forex) {
        "fx"
    } else if all(AssetType::Stock) {
        "equities"
    } else {
        "mixed"
    }
}

/// Whether at least one bar in ten lies on a Saturday, as in a market that never closes.
fn trades_on_weekends(instants: &BTreeSet<Timestamp>) -> bool {
    // 1970-01-01 was a Thursday, so day 2 of each week of days since then is a Saturday.
    let saturdays = instants.iter().filter(|ts| ts.date().days().rem_euclid(7) == 2).count();
    saturdays * 10 >= instants.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelled_symbol_becomes_canonical() {
        for (text, expected) in [
            ("aapl", "AAPL"),
            (" btc-usd ", "BTC/USD"),
            ("ETH/USDT", "ETH/USDT"),
            ("BRK-B", "BRK-B"),
            ("-USD", "-USD"),
        ] {
            assert_eq!(canonical(text), expected);
        }
    }

    #[test]
    fn a_pair_is_told_from_a_share() {
        for (symbol, expected) in [
            ("AAPL", AssetType::Stock),
            ("EUR/USD", AssetType::Forex),
            ("BTC/USD", AssetType::Crypto),
        ] {
            assert_eq!(member(symbol).asset_type, expected);
        }
        assert_eq!(market(&[member("EUR/USD"), member("AAPL")]), "mixed");
    }
}
