//! Fixed-point numbers: prices, quantities and money in units of 1e-8, never floats.
//!
//! [`Price`] and [`Quantity`] are `i64`; [`Money`] is `i128`, so that under the named limits
//! below no sum or product of a run can overflow: a position is worth at most 1e18 units of
//! currency (1e26 raw) and a run of a billion such fills still fits 1e38.

mod div;

use std::{
    cmp::Ordering,
    fmt,
    ops::{Add, AddAssign, Neg, Sub, SubAssign},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub(crate) use div::div_half_even_wide;
use div::{div_half_even, mul_div_half_even};

/// Raw units in one whole: every fixed-point type counts in 1e-8.
pub const SCALE: i64 = ONE as i64;
/// The same as a divisor.
const ONE: u32 = 100_000_000;
/// Decimal places of [`SCALE`].
const DECIMALS: usize = 8;
/// Basis points in one.
const BPS: u32 = 10_000;

/// The highest price a bar or an order may carry, in whole units of currency.
pub const PRICE_MAX: i64 = 1_000_000_000;
/// The largest order and the largest position, in whole units.
pub const QUANTITY_MAX: i64 = 1_000_000_000;

/// Why a text is not a fixed-point number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not an optional sign, digits and an optional fraction.
    #[error("not a decimal number")]
    Syntax,
    /// More than eight decimals where the number must be exact.
    #[error("more than 8 decimals")]
    Inexact,
    /// Too many digits before the point.
    #[error("too large")]
    TooLarge,
}

/// Reads a plain decimal as raw units; `cut` drops digits past the eighth decimal (toward zero).
fn parse_units(text: &str, cut: bool) -> Result<i128, ParseError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(ParseError::Syntax);
    }
    if digits.ends_with('.') {
        return Err(ParseError::Syntax);
    }
    let (kept, dropped) = fraction.split_at(fraction.len().min(DECIMALS));
    if !cut && dropped.bytes().any(|byte| byte != b'0') {
        return Err(ParseError::Inexact);
    }
    let significant = whole.trim_start_matches('0');
    if significant.len() > 29 {
        return Err(ParseError::TooLarge);
    }
    let padded = kept.bytes().chain(std::iter::repeat(b'0')).take(DECIMALS);
    let units = significant
        .bytes()
        .chain(padded)
        .fold(0_i128, |units, digit| units * 10 + i128::from(digit - b'0'));
    Ok(if negative { -units } else { units })
}

/// `units × factor`: 64 bits by 64 where the units have no more, which they nearly never have.
#[inline]
fn times(units: i128, factor: i64) -> i128 {
    let factor = i128::from(factor);
    match i64::try_from(units) {
        Ok(units) => i128::from(units) * factor,
        Err(_) => units * factor,
    }
}

/// Writes raw units as the shortest plain decimal that reads back the same.
fn write_units(units: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let scale = SCALE.unsigned_abs();
    let (whole, fraction) =
        (units.unsigned_abs() / u128::from(scale), units.unsigned_abs() % u128::from(scale));
    let sign = if units < 0 { "-" } else { "" };
    if fraction == 0 {
        return write!(f, "{sign}{whole}");
    }
    let digits = format!("{fraction:08}");
    write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
}

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident, $raw:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($raw);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// From raw units of 1e-8.
            pub const fn from_units(units: $raw) -> Self {
                Self(units)
            }

            /// From whole units.
            pub const fn whole(whole: i32) -> Self {
                Self(whole as $raw * SCALE as $raw)
            }

            /// The raw units of 1e-8.
            pub const fn units(self) -> $raw {
                self.0
            }

            /// The nearest float, for figures that are shown or fed to a statistic.
            #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked")]
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / SCALE as f64
            }

            /// The same without its sign.
            #[must_use]
            pub const fn abs(self) -> Self {
                Self(self.0.abs())
            }

            /// Reads a decimal, dropping digits past the eighth decimal.
            pub fn parse_cut(text: &str) -> Result<Self, ParseError> {
                let units = parse_units(text, true)?;
                <$raw>::try_from(units).map(Self).map_err(|_| ParseError::TooLarge)
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                let units = parse_units(text, false)?;
                <$raw>::try_from(units).map(Self).map_err(|_| ParseError::TooLarge)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_units(self.0.into(), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }

        impl Neg for $name {
            type Output = Self;
            fn neg(self) -> Self {
                Self(-self.0)
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                self.0 -= other.0;
            }
        }
    };
}

fixed_point!(
    /// The price of one unit of an instrument, in the scenario's currency.
    Price,
    i64
);
fixed_point!(
    /// A number of units of an instrument; a position's is negative when short.
    Quantity,
    i64
);
fixed_point!(
    /// An amount in the scenario's currency.
    Money,
    i128
);

impl Price {
    /// The price moved by `bps` basis points: up for a positive direction, down for a negative.
    #[must_use]
    pub fn slipped(self, bps: u32, direction: i64) -> Self {
        let factor = match direction.cmp(&0) {
            Ordering::Less => BPS.saturating_sub(bps),
            Ordering::Equal => BPS,
            Ordering::Greater => BPS.saturating_add(bps),
        };
        // A price is at most 1e17 raw units and `factor` below 2e4 keeps the result in range.
        Self(i64::try_from(mul_div_half_even(self.0.into(), factor, BPS)).unwrap_or(i64::MAX))
    }
}

impl Quantity {
    /// What this many units cost at `price`.
    pub fn value(self, price: Price) -> Money {
        Money::from_exact(self.exact_value(price))
    }

    /// The exact product in units of 1e-16, for sums that round once.
    pub(crate) fn exact_value(self, price: Price) -> i128 {
        i128::from(self.0) * i128::from(price.0)
    }
}

impl Money {
    /// Rounds a sum of exact products (units of 1e-16) to money.
    pub(crate) fn from_exact(sum: i128) -> Self {
        Self(div_half_even(sum, ONE))
    }

    /// `bps` basis points of this amount.
    #[inline]
    #[must_use]
    pub fn bps(self, bps: u32) -> Self {
        Self(mul_div_half_even(self.0, bps, BPS))
    }

    /// `bps` basis points a year of this amount, for one of `periods` equal periods of a year.
    #[must_use]
    pub fn bps_per_period(self, bps: u32, periods: u32) -> Self {
        let divisor = u64::from(BPS) * u64::from(periods.max(1));
        Self(div_half_even_wide(times(self.0, bps.into()), divisor))
    }

    /// The part `share ÷ of` of this amount, rounded half to even; `of > 0`.
    #[must_use]
    pub(crate) fn portion(self, share: Quantity, of: Quantity) -> Self {
        Self(div_half_even_wide(times(self.0, share.0), of.0.unsigned_abs()))
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
        items.fold(Self::ZERO, Add::add)
    }
}

/// A leverage cap as an exact multiple, in units of 1e-4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leverage(u32);

impl Leverage {
    /// No borrowing: gross exposure up to equity.
    pub const ONE: Self = Self(10_000);

    /// From a decimal such as `2.5`; between 1 and 100, at most four decimals.
    pub fn from_f64(value: f64) -> Option<Self> {
        let units = (value * 10_000.0).round();
        let exact = (units / 10_000.0 - value).abs() < 1e-9;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
        (exact && (10_000.0..=1_000_000.0).contains(&units)).then_some(Self(units as u32))
    }

    /// The cap as a number.
    pub fn to_f64(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }

    /// The largest gross exposure that `equity` carries.
    #[inline]
    pub fn limit(self, equity: Money) -> Money {
        Money(mul_div_half_even(equity.0, self.0, 10_000))
    }

    /// Raw units of 1e-4.
    pub const fn units(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_read_back_what_they_write() {
        for text in ["0", "1", "-1", "100.05", "0.00000001", "-14.28571428", "1000000000"] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn digits_past_the_eighth_decimal_are_cut_toward_zero() {
        let cut = |text| Quantity::parse_cut(text).unwrap().to_string();
        assert_eq!(cut("14.285714285714286"), "14.28571428");
        assert_eq!(cut("-0.000000019"), "-0.00000001");
        assert_eq!(cut("0.000000009"), "0");
        assert_eq!("0.000000009".parse::<Quantity>(), Err(ParseError::Inexact));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", ".", "1.", "-", "+1", "1e5", "NaN", "1,000", " 1", "--1"] {
            assert_eq!(text.parse::<Price>(), Err(ParseError::Syntax), "{text}");
        }
        assert_eq!("100000000000".parse::<Price>(), Err(ParseError::TooLarge));
        assert_eq!(Quantity::parse_cut(&"9".repeat(301)), Err(ParseError::TooLarge));
    }

    #[test]
    fn slippage_moves_against_the_trader() {
        let price = Price::whole(100);
        assert_eq!(price.slipped(5, 1).to_string(), "100.05");
        assert_eq!(price.slipped(5, -1).to_string(), "99.95");
    }
}
