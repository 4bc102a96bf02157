//! A curve the size of a word. Its extremes are always on it.

use std::fmt::Write as _;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 32.0;
/// Space above and below, so that a stroke at an extreme is whole.
const MARGIN: f64 = 2.0;
/// Columns that a curve is thinned to: of each its first, lowest, highest and last value stay.
const COLUMNS: usize = 60;

/// The curve of these values; `title` is what it shows, in words. Empty of fewer than two values
/// that are numbers.
pub(crate) fn sparkline(values: &[f64], title: &str) -> String {
    let values: Vec<f64> = values.iter().copied().filter(|it| it.is_finite()).collect();
    if values.len() < 2 {
        return String::new();
    }
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let span = if high > low { high - low } else { 1.0 };
    let y = |value: f64| HEIGHT - MARGIN - (value - low) / span * (HEIGHT - 2.0 * MARGIN);
    let mut path = String::new();
    for (at, value) in thinned(&values) {
        let verb = if path.is_empty() { 'M' } else { 'L' };
        let x = position(at) / position(values.len() - 1) * WIDTH;
        // Writing to a string does not fail.
        let _ = write!(path, "{verb}{x:.1} {:.1}", y(value));
    }
    let start = y(values[0]);
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" \
         role=\"img\"><title>{}</title><path class=\"base\" d=\"M0 {start:.1}H{WIDTH}\"/>\
         <path class=\"line\" d=\"{path}\"/></svg>",
        escaped(title)
    )
}

/// The places and values that stay, in order.
fn thinned(values: &[f64]) -> Vec<(usize, f64)> {
    let column = values.len().div_ceil(COLUMNS).max(1);
    if column < 4 {
        return values.iter().copied().enumerate().collect();
    }
    let mut kept = Vec::with_capacity(4 * COLUMNS);
    for (number, part) in values.chunks(column).enumerate() {
        let lowest = (0..part.len()).min_by(|&a, &b| part[a].total_cmp(&part[b])).unwrap_or(0);
        let highest = (0..part.len()).max_by(|&a, &b| part[a].total_cmp(&part[b])).unwrap_or(0);
        let mut places = [0, lowest, highest, part.len() - 1];
        places.sort_unstable();
        let mut last = None;
        for place in places {
            if last != Some(place) {
                kept.push((number * column + place, part[place]));
            }
            last = Some(place);
        }
    }
    kept
}

#[expect(clippy::cast_precision_loss, reason = "places in a timeline are far below 2^52")]
fn position(at: usize) -> f64 {
    at as f64
}

/// A text as SVG takes it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_curve_is_drawn_whole() {
        let drawn = sparkline(&[1.0, 3.0, 2.0], "a < b");
        assert!(drawn.contains("d=\"M0.0 30.0L60.0 2.0L120.0 16.0\""), "{drawn}");
        assert!(drawn.contains("<title>a &lt; b</title>"), "{drawn}");
    }

    #[test]
    fn a_long_one_keeps_its_extremes_and_its_ends() {
        let mut values: Vec<f64> = (0..13_000).map(|at| f64::from(at % 7)).collect();
        (values[6_001], values[9_333]) = (-500.0, 500.0);
        let kept = thinned(&values);
        assert!(kept.len() <= 4 * COLUMNS, "{}", kept.len());
        assert!(kept.windows(2).all(|it| it[0].0 < it[1].0));
        for wanted in [(0, 0.0), (6_001, -500.0), (9_333, 500.0), (12_999, values[12_999])] {
            assert!(kept.contains(&wanted), "{wanted:?}");
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert_eq!(sparkline(&[1.0], ""), "");
        assert_eq!(sparkline(&[f64::NAN, f64::INFINITY, 1.0], ""), "");
        assert!(sparkline(&[1.0, 1.0], "flat").contains("M0.0 30.0L120.0 30.0"));
    }
}
