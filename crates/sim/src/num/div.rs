//! Division that rounds half to even: the one rounding of the ledger.

/// `n ÷ d`, rounded half to even; `d > 0`, and known when this is compiled.
///
/// A long division in digits of 32 bits. Nearly all that a run counts has two of them: a fraction
/// of what dividing 128 bits costs.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the digits of a number")]
pub(super) fn div_half_even(n: i128, d: u32) -> i128 {
    let (size, d) = (n.unsigned_abs(), u64::from(d));
    let (high, low) = ((size >> 64) as u64, size as u64);
    if high >= d {
        return div_half_even_wide(n, d);
    }
    let first = (high << 32) | (low >> 32);
    let second = ((first % d) << 32) | u64::from(low as u32);
    let (quotient, rest) = (((first / d) << 32) | (second / d), second % d);
    let up = 2 * rest + (quotient & 1) > d;
    signed(u128::from(quotient) + u128::from(up), n < 0)
}

/// `n ÷ d`, rounded half to even; `d > 0`.
pub(crate) fn div_half_even_wide(n: i128, d: u64) -> i128 {
    let (size, d) = (n.unsigned_abs(), u128::from(d));
    let quotient = size / d;
    let rest = size - quotient * d;
    let up = 2 * rest + (quotient & 1) > d;
    signed(quotient + u128::from(up), n < 0)
}

fn signed(size: u128, negative: bool) -> i128 {
    let size = size.cast_signed();
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
