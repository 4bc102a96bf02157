//! Why an order was rejected, or ended before all of it was filled. Agents read these sentences:
//! each says what was asked, what is allowed and what to do.

use std::fmt;

use super::{GTC_DAYS, POSITION_LIMIT_PCT, WORKING_ORDERS_MAX};
use crate::{
    num::{Money, PRICE_MAX, Price, QUANTITY_MAX, Quantity},
    time::Timestamp,
};

/// Why an order was rejected, or ended before all of it was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The quantity is zero, negative or past the limit.
    #[error(
        "quantity {asked} is out of range: it must be at least 0.00000001 and at most \
         {QUANTITY_MAX}"
    )]
    QuantityOutOfRange {
        /// The order's quantity.
        asked: Quantity,
    },
    /// A price is zero, negative or past the limit.
    #[error("{field} {asked} is out of range: it must be positive and at most {PRICE_MAX}")]
    PriceOutOfRange {
        /// Which price.
        field: &'static str,
        /// The order's price.
        asked: Price,
    },
    /// Coins cannot be sold short.
    #[error(
        "CRYPTO cannot be sold short: the order would sell {asked} of {held} held; sell at most \
         what is held"
    )]
    NotShortable {
        /// Units to sell.
        asked: Quantity,
        /// Units held.
        held: Quantity,
    },
    /// The margin would pass equity.
    #[error(
        "not enough buying power: positions and orders would need a margin of {} USD, equity is \
         {} USD; order less, cancel working orders or reduce positions", Dollars(*.margin),
         Dollars(*.equity)
    )]
    BuyingPower {
        /// Initial margin of positions and working orders, this one included.
        margin: Money,
        /// What the account is worth.
        equity: Money,
    },
    /// The position would be too large a part of the account.
    #[error(
        "position limit: the position would be worth {} USD, at most {} USD are allowed \
         ({POSITION_LIMIT_PCT} % of equity); order less", Dollars(*.value), Dollars(*.allowed)
    )]
    PositionLimit {
        /// The value of the position.
        value: Money,
        /// The most it may be worth.
        allowed: Money,
    },
    /// The position would have more units than one may.
    #[error("the position would be larger than {QUANTITY_MAX} units; order less")]
    PositionTooLarge,
    /// No room for one more waiting order.
    #[error("{WORKING_ORDERS_MAX} orders are waiting already; cancel some first")]
    TooManyWorking,
    /// IOC and FOK outside a session.
    #[error("the market is closed{}: place a GTC or DAY order, which waits", Opens(*.opens))]
    MarketClosed {
        /// When the next session begins, if the calendar has one.
        opens: Option<Timestamp>,
    },
    /// IOC and FOK before the first price.
    #[error("the instrument has no price yet: place a GTC or DAY order, which waits")]
    NoPriceYet,
    /// What an IOC order did not take at once.
    #[error(
        "IOC: {left} could not be filled at once, at the order's price and within 10 % of the last \
         bar's volume, and is cancelled; place a GTC or DAY order to let it wait"
    )]
    NotAtOnce {
        /// Units that were not filled.
        left: Quantity,
    },
    /// A FOK order that could not be filled whole.
    #[error(
        "FOK: only {possible} of {asked} could be filled at once, at the order's price and within \
         10 % of the last bar's volume; order less, or use IOC, DAY or GTC"
    )]
    NotWhole {
        /// The order's quantity.
        asked: Quantity,
        /// Units that could have been filled.
        possible: Quantity,
    },
    /// A DAY order outlived its session.
    #[error("DAY: its session closed at {closed}; place it again, or use GTC")]
    DayEnded {
        /// The close.
        closed: Timestamp,
    },
    /// A GTC order outlived its time.
    #[error("GTC: it waited {GTC_DAYS} days, to {ended}; place it again")]
    GtcEnded {
        /// The end of its time.
        ended: Timestamp,
    },
    /// Its trader withdrew it.
    #[error("cancelled on request")]
    OnRequest,
    /// The account's margin was gone.
    #[error(
        "margin call: equity of {} USD fell below half of the initial margin of {} USD, so all \
         orders were cancelled and all positions closed", Dollars(*.equity), Dollars(*.margin)
    )]
    MarginCall {
        /// What the account was worth.
        equity: Money,
        /// Initial margin of its positions.
        margin: Money,
    },
}

impl Why {
    /// A name that stays, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::QuantityOutOfRange { .. } => "quantity_out_of_range",
            Self::PriceOutOfRange { .. } => "price_out_of_range",
            Self::NotShortable { .. } => "not_shortable",
            Self::BuyingPower { .. } => "buying_power",
            Self::PositionLimit { .. } => "position_limit",
            Self::PositionTooLarge => "position_too_large",
            Self::TooManyWorking => "too_many_working_orders",
            Self::MarketClosed { .. } => "market_closed",
            Self::NoPriceYet => "no_price_yet",
            Self::NotAtOnce { .. } => "not_at_once",
            Self::NotWhole { .. } => "not_whole",
            Self::DayEnded { .. } => "day_ended",
            Self::GtcEnded { .. } => "gtc_ended",
            Self::OnRequest => "on_request",
            Self::MarginCall { .. } => "margin_call",
        }
    }
}

/// Money with two decimals, rounded half away from zero.
struct Dollars(Money);

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CENT: u128 = 1_000_000;
        let cents = (self.0.units().unsigned_abs() + CENT / 2) / CENT;
        let sign = if self.0 < Money::ZERO && cents > 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

/// When a market opens, as a part of a sentence.
struct Opens(Option<Timestamp>);

impl fmt::Display for Opens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |opens| write!(f, " and opens at {opens}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_have_two_decimals() {
        let shown = |units| Dollars(Money::from_units(units)).to_string();
        assert_eq!(shown(12_345_678_901), "123.46");
        assert_eq!(shown(-500_000), "-0.01");
        assert_eq!(shown(-499_999), "0.00");
        assert_eq!(Dollars(Money::whole(25_000)).to_string(), "25000.00");
    }
}
