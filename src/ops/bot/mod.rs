//! Paper trading: the second family of operations, an account that trades continuously on a moving
//! market. Its words, numbers and statuses are those that bots know: upper case, decimal strings,
//! bare answers, 422 for whatever is wrong with a request.

pub(crate) mod account;
mod digits;
pub(crate) mod keys;
pub(crate) mod kpi;
mod order;
pub(super) mod orders;
pub(super) mod place;
pub(crate) mod portfolio;
pub(super) mod quotes;
pub(crate) mod standings;
mod words;

use schemars::JsonSchema;
use serde::Serialize;
use sim::{
    SymbolId,
    paper::{AssetType, Moment, Tape},
};

use self::digits::Digits;
use super::views::Instant;
use crate::{
    error::Error,
    paper::{Look, feed::Season},
    scenarios::symbols,
};

/// When and on which market something is so.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Clock {
    /// The market's own time: where history is replayed, not today.
    #[schemars(with = "Instant")]
    pub(crate) market_time: String,
    /// Where the prices are from, such as `replay of 2017-10 to 2018-09`.
    pub(crate) source: String,
}

impl Clock {
    fn of(look: &Look<'_>) -> Self {
        Self::at(look.season, look.moment)
    }

    fn at(season: &Season, moment: Moment) -> Self {
        Self { market_time: moment.at.to_string(), source: season.source.clone() }
    }
}

/// A symbol as bots write it: `BTC-USD`.
fn shown_symbol(canonical: &str) -> String {
    canonical.replace('/', "-")
}

/// The instrument that `text` names in any spelling.
fn named(tape: &Tape, field: &str, text: &str) -> Result<SymbolId, Error> {
    symbols::resolve(tape, text).map_err(|nearest| {
        let nearest: Vec<String> = nearest.iter().map(|it| shown_symbol(it)).collect();
        Error::not_listed(field, text, &nearest)
    })
}

/// What can be traded, by kind, in a sentence.
fn listed(tape: &Tape) -> String {
    let of_type = |asset_type: &AssetType| {
        let listings = tape.listings().iter().filter(|it| it.asset_type == *asset_type);
        let symbols: Vec<String> = listings.map(|it| shown_symbol(&it.symbol)).collect();
        (!symbols.is_empty()).then(|| format!("{}: {}", asset_type.name(), symbols.join(", ")))
    };
    let types: Vec<String> = ASSET_TYPES.iter().filter_map(of_type).collect();
    types.join("; ")
}

/// Every kind of asset, in the order in which they are listed.
const ASSET_TYPES: [AssetType; 6] = [
    AssetType::Stock,
    AssetType::Etf,
    AssetType::Crypto,
    AssetType::Forex,
    AssetType::Commodity,
    AssetType::Option,
];
