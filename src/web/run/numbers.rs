//! Prices and quantities, which have as many digits as they need.

use super::super::show;

/// A price with the decimals that matter at its size: `60,123.45`, `1.0852`, `0.00001234`.
pub(super) fn price(value: f64) -> String {
    let decimals = match value.abs() {
        it if it >= 1_000.0 => 2,
        it if it >= 1.0 => 4,
        it if it >= 0.01 => 6,
        _ => 8,
    };
    let text = show::amount(value, decimals);
    let cents = text.find('.').map_or(text.len(), |point| point + 3);
    let kept = text.trim_end_matches('0').len().max(cents);
    text[..kept].to_owned()
}

/// A quantity without zeros at its end: `12`, `0.5`, `−3.25`.
pub(super) fn quantity(value: f64) -> String {
    let text = show::amount(value, 8);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_say_nothing_are_left_out() {
        assert_eq!(["60,123.46", "1.0852", "12.50"], [60_123.456, 1.085_2, 12.5].map(price));
        assert_eq!(["0.00001234", "0.25"], [0.000_012_34, 0.25].map(price));
        let quantities = [12.0, 0.5, -3.25, 0.0, 1_000.0, 0.000_000_01].map(quantity);
        assert_eq!(["12", "0.5", "−3.25", "0", "1,000", "0.00000001"], quantities);
    }
}
