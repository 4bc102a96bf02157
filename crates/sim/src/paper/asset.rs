//! Kinds of assets: what it costs to trade them and what may be borrowed on them.

use crate::{
    num::{Money, Quantity, SCALE},
    rules::named,
};

/// The kind of an instrument; it decides costs, margin and whether it can be shorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssetType {
    /// A share.
    Stock,
    /// A coin.
    Crypto,
    /// A pair of currencies.
    Forex,
    /// A share of a fund.
    Etf,
    /// An option. There are no rules for options yet: a tape lists none.
    Option,
    /// A commodity, in units of which 1,000 are a contract.
    Commodity,
}

named!(AssetType {
    Stock = "STOCK",
    Crypto = "CRYPTO",
    Forex = "FOREX",
    Etf = "ETF",
    Option = "OPTION",
    Commodity = "COMMODITY"
});

/// Commission of a share, half a cent.
const PER_SHARE: Money = Money::from_units(500_000);
/// The least that an order of shares pays once it fills, and the most.
const SHARES: (Money, Money) = (Money::whole(1), Money::whole(10));
/// Commission on the value of coins.
const CRYPTO_BPS: u32 = 10;
/// The least that an order of coins pays once it fills.
const CRYPTO_MIN: Money = Money::from_units(50_000_000);
/// Commission of a contract begun.
const PER_CONTRACT: Money = Money::from_units(150_000_000);
/// Units in a contract.
const CONTRACT: i64 = 1_000;

impl AssetType {
    /// What an order owes in all, in US dollars, once it has filled `quantity` worth `value`.
    ///
    /// STOCK, ETF: 0.005 a share, at least 1, at most 10. CRYPTO: 0.10 %, at least 0.50.
    /// COMMODITY: 1.50 per 1,000 units begun. FOREX: nothing, the spread is its slippage.
    pub fn commission(self, quantity: Quantity, value: Money) -> Money {
        match self {
            Self::Stock | Self::Etf => {
                let (least, most) = SHARES;
                Money::from_exact(i128::from(quantity.units()) * PER_SHARE.units())
                    .clamp(least, most)
            }
            Self::Crypto => value.bps(CRYPTO_BPS).max(CRYPTO_MIN),
            Self::Commodity => {
                let begun = quantity.units().unsigned_abs().div_ceil((CONTRACT * SCALE) as u64);
                Money::from_units(PER_CONTRACT.units() * i128::from(begun))
            }
            Self::Forex | Self::Option => Money::ZERO,
        }
    }

    /// How far a fill moves from its reference price, in basis points, where a listing has no
    /// figure of its own: STOCK, ETF 2; FOREX 1; COMMODITY 5; CRYPTO 5 for BTC and ETH, else 10.
    pub fn slippage_bps(self, symbol: &str) -> u32 {
        let coin = symbol.split('/').next().unwrap_or_default();
        match self {
            Self::Stock | Self::Etf | Self::Option => 2,
            Self::Forex => 1,
            Self::Commodity => 5,
            Self::Crypto if matches!(coin, "BTC" | "ETH") => 5,
            Self::Crypto => 10,
        }
    }

    /// The initial margin of a position, in percent of its value.
    pub const fn margin_pct(self) -> u32 {
        match self {
            Self::Crypto => 100,
            _ => 50,
        }
    }

    /// Whether it can be sold without being held.
    pub const fn shortable(self) -> bool {
        !matches!(self, Self::Crypto)
    }
}
