//! Figures as people read them: signs that are seen, groups of three, days.

/// Thousands apart and so many decimals: `103,358.81`.
pub(crate) fn amount(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let digits = whole.len();
    let mut shown = String::with_capacity(text.len() + digits / 3 + 1);
    let nothing = text.bytes().all(|it| matches!(it, b'0' | b'.'));
    if value < 0.0 && !nothing {
        shown.push('−');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (digits - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown + rest
}

/// The same with its sign: `+3.36`, `−0.43`, `0.00`.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = amount(value, decimals);
    let positive = value > 0.0 && text.bytes().any(|it| (b'1'..=b'9').contains(&it));
    if positive { format!("+{text}") } else { text }
}

/// A percentage with its sign: `+3.36 %`.
pub(crate) fn percent(value: f64) -> String {
    format!("{} %", signed(value, 2))
}

/// A fraction as a percentage without a sign: `16.1 %`.
pub(crate) fn share(fraction: f64) -> String {
    format!("{} %", amount(fraction * 100.0, 1))
}

/// The bounds of an interval: `−7.4 to +1.1`.
pub(crate) fn interval(low: f64, high: f64) -> String {
    format!("{} to {}", signed(low, 1), signed(high, 1))
}

/// A count: `13,000`.
pub(crate) fn count(value: impl TryInto<u64>) -> String {
    let value = value.try_into().unwrap_or_default().to_string();
    let mut shown = String::with_capacity(value.len() * 4 / 3);
    for (at, digit) in value.chars().enumerate() {
        if at > 0 && (value.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// The class of a gain, of a loss, or of neither.
pub(crate) fn tone(value: f64) -> &'static str {
    match value {
        it if it > 0.0 => "pos",
        it if it < 0.0 => "neg",
        _ => "",
    }
}

/// The day of an instant as RFC 3339 writes it.
pub(crate) fn day(instant: &str) -> &str {
    instant.split('T').next().unwrap_or(instant)
}

/// What stands for a figure that is undefined.
pub(crate) const NONE: &str = "–";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_grouped_and_signed() {
        assert_eq!(amount(1_234_567.891, 2), "1,234,567.89");
        assert_eq!(amount(-999.0, 0), "−999");
        assert_eq!(amount(-0.001, 2), "0.00");
        assert_eq!(signed(0.004, 2), "0.00");
        assert_eq!(signed(12.5, 1), "+12.5");
        assert_eq!(percent(-41.083), "−41.08 %");
        assert_eq!(share(0.161), "16.1 %");
        assert_eq!(count(13_000_u32), "13,000");
        assert_eq!(count(999_usize), "999");
        assert_eq!(day("2024-11-01T00:00:00Z"), "2024-11-01");
    }
}
