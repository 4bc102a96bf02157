//! Division that rounds half to even: the one rounding of the ledger.

/// `n ÷ d`, rounded half to even; `d > 0`, and known when this is compiled.
#[inline]
pub(super) fn div_half_even(n: i128, d: u32) -> i128 {
    // As an unsigned number a negative one has too many digits.
    two_digits(n.cast_unsigned(), d).unwrap_or_else(|| negative_or_wide(n, d))
}

/// Out of line, so that what nearly never happens costs no registers where it does not.
#[inline(never)]
fn negative_or_wide(n: i128, d: u32) -> i128 {
    two_digits(n.unsigned_abs(), d)
        .map_or_else(|| div_half_even_wide(n, d.into()), |size| signed(size, n < 0))
}

/// A long division in digits of 32 bits; `None` where the quotient has more than two. Nearly all
/// that a run counts has two: a fraction of what dividing 128 bits costs.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the digits of a number")]
fn two_digits(n: u128, d: u32) -> Option<i128> {
    let (high, low, d) = ((n >> 64) as u64, n as u64, u64::from(d));
    if high >= d {
        return None;
    }
    let first = (high << 32) | (low >> 32);
    let second = ((first % d) << 32) | u64::from(low as u32);
    Some(rounded(((first / d) << 32) | (second / d), second % d, d))
}

/// `units × factor ÷ d`, rounded half to even; `d > 0`, and known when this is compiled.
#[inline]
pub(super) fn mul_div_half_even(units: i128, factor: u32, d: u32) -> i128 {
    let small = u64::try_from(units).ok().and_then(|units| units.checked_mul(factor.into()));
    let wide = u64::from(d);
    match small {
        Some(n) => rounded(n / wide, n % wide, wide),
        None => div_half_even(units * i128::from(factor), d),
    }
}

/// The quotient that leaves this rest of `d`, which has 32 bits.
#[inline]
fn rounded(quotient: u64, rest: u64, d: u64) -> i128 {
    i128::from(quotient) + i128::from(2 * rest + (quotient & 1) > d)
}

/// `n ÷ d`, rounded half to even; `d > 0`.
#[expect(clippy::cast_possible_truncation, reason = "the rest is below `d`: 64 bits tell it")]
pub(crate) fn div_half_even_wide(n: i128, d: u64) -> i128 {
    let size = n.unsigned_abs();
    let quotient = size / u128::from(d);
    let rest = (size as u64).wrapping_sub((quotient as u64).wrapping_mul(d));
    // Twice the rest against `d`, where twice the rest could take 65 bits.
    let up = rest + (quotient as u64 & 1) > d - rest;
    signed((quotient + u128::from(up)).cast_signed(), n < 0)
}

fn signed(size: i128, negative: bool) -> i128 {
    if negative { -size } else { size }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounding_is_half_to_even() {
        for (n, expected) in [(5, 0), (15, 2), (25, 2), (-5, 0), (-15, -2), (26, 3), (-26, -3)] {
            assert_eq!(div_half_even(n, 10), expected, "{n}");
            assert_eq!(div_half_even_wide(n, 10), expected, "{n}");
        }
    }

    #[test]
    fn a_quotient_may_be_as_wide_as_its_number() {
        let d = 100_000_000;
        let edge = i128::from(u64::MAX) * i128::from(d);
        for n in [edge, edge + 1, edge + i128::from(d) - 1, edge * 3, i128::MAX] {
            assert_eq!(div_half_even(n, d), div_half_even_wide(n, d.into()), "{n}");
            assert_eq!(div_half_even(-n, d), -div_half_even(n, d), "{n}");
        }
    }

    proptest! {
        #[test]
        fn a_product_is_divided_whole(units: i64, shift in 0_u32..64, factor: u32, d in 1_u32..) {
            for units in [i128::from(units >> shift), i128::from(units) << (shift / 2)] {
                let exact = units * i128::from(factor);
                let quotient = mul_div_half_even(units, factor, d);
                prop_assert_eq!(quotient, div_half_even_wide(exact, d.into()));
            }
        }

        /// The rest is at most half of the divisor, and with exactly half the quotient is even.
        #[test]
        fn the_nearest_quotient_is_found(n: i128, shift in 0_u32..127, d in 1_u32..) {
            let (n, divisor) = (n >> shift, i128::from(d));
            let quotient = div_half_even(n, d);
            prop_assert_eq!(quotient, div_half_even_wide(n, d.into()));
            let rest = 2 * (n % divisor - (quotient - n / divisor) * divisor).abs();
            prop_assert!(rest < divisor || (rest == divisor && quotient % 2 == 0));
        }
    }
}
