//! Prices between the floats of a file and the fixed point of the simulator.

use sim::{Price, num::PRICE_MAX};

/// Raw units of a [`Price`] in one whole.
const SCALE: f64 = 100_000_000.0;
/// Below this a float has at most one decimal of eight places that reads back as it.
const UNIQUE_BELOW: f64 = 10_000_000.0;

/// The price whose decimal text is the shortest one of this float.
///
/// # Errors
/// What was expected, where there is no such price.
pub fn exact(value: f64) -> Result<Price, &'static str> {
    if !value.is_finite() {
        return Err("must be a finite number");
    }
    if value <= 0.0 {
        return Err("must be above 0");
    }
    if value > whole(PRICE_MAX) {
        return Err("must be at most 1,000,000,000");
    }
    nearby(value)
        .filter(|price| to_float(*price) == Some(value))
        .map_or_else(|| value.to_string().parse().map_err(|_| "has more than 8 decimals"), Ok)
}

/// The value that makes a price, rounded to 8 decimals (half to even) where it has more, and
/// whether that changed it.
///
/// # Errors
/// What was expected, where there is no such price.
pub fn rounded(value: f64) -> Result<(f64, bool), &'static str> {
    match exact(value) {
        Ok(_) => Ok((value, false)),
        Err(problem) if !value.is_finite() || value <= 0.0 || value > whole(PRICE_MAX) => {
            Err(problem)
        }
        Err(problem) => {
            let price = format!("{value:.8}").parse::<Price>().map_err(|_| problem)?;
            if price == Price::ZERO {
                Err("is below 0.00000001")
            } else {
                Ok((price.to_f64(), true))
            }
        }
    }
}

fn nearby(value: f64) -> Option<Price> {
    #[expect(clippy::cast_possible_truncation, reason = "below 1e15")]
    (value < UNIQUE_BELOW).then(|| Price::from_units((value * SCALE).round() as i64))
}

/// The float nearest to this price: one correctly rounded division of two exact numbers.
fn to_float(price: Price) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "below 1e15, hence exact")]
    (price.units() < 1_000_000_000_000_000).then(|| price.units() as f64 / SCALE)
}

#[expect(clippy::cast_precision_loss, reason = "a limit far below 2^53")]
fn whole(units: i64) -> f64 {
    units as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_price_is_the_shortest_text_of_its_float() {
        for text in ["0.1", "186.53", "0.00000001", "1.23456789", "9999999.87654321"] {
            assert_eq!(exact(text.parse().unwrap()).unwrap().to_string(), text);
        }
        assert_eq!(exact(1_000_000_000.0).unwrap().to_string(), "1000000000");
        assert_eq!(exact(123_456_789.125).unwrap().to_string(), "123456789.125");
    }

    #[test]
    fn what_is_no_price_is_named() {
        for (value, text) in [
            (0.0, "must be above 0"),
            (-1.0, "must be above 0"),
            (f64::NAN, "must be a finite number"),
            (f64::INFINITY, "must be a finite number"),
            (1e300, "must be at most 1,000,000,000"),
            (0.1 + 0.2, "has more than 8 decimals"),
            (1e-9, "has more than 8 decimals"),
        ] {
            assert_eq!(exact(value), Err(text), "{value}");
        }
    }

    #[test]
    fn rounding_is_told_apart_from_exact_prices() {
        let shown = |value| rounded(value).map(|(value, changed)| (value.to_string(), changed));
        assert_eq!(shown(0.1 + 0.2), Ok(("0.3".into(), true)));
        assert_eq!(shown(130.289_993_286_132_8), Ok(("130.28999329".into(), true)));
        assert_eq!(shown(0.3), Ok(("0.3".into(), false)));
        assert_eq!(shown(1e-9), Err("is below 0.00000001"));
        assert_eq!(shown(-1.0), Err("must be above 0"));
    }

    proptest! {
        #[test]
        fn the_fast_path_agrees_with_the_text(
            units in 1_i64..2_000_000_000_000_000,
            off in -2_i64..3,
        ) {
            let value = Price::from_units(units).to_f64();
            let value = f64::from_bits(value.to_bits().wrapping_add_signed(off));
            let text = value.to_string().parse::<Price>().map_err(|_| "has more than 8 decimals");
            prop_assert_eq!(exact(value), text);
        }
    }
}
