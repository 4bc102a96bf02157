//! The end of a game on one screen: two curves, the headline, the figures that stand behind it.

use std::fmt::Write as _;

use serde_json::Value;

use super::Played;

/// Columns of a curve.
const WIDTH: usize = 48;
/// Heights of a curve's columns.
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The scorecard as text.
pub fn render(bot: &str, scenario: &str, played: &Played) -> String {
    let start = played.equity.first().copied().unwrap_or(1.0);
    let equity: Vec<f64> = played.equity.iter().map(|value| value / start).collect();
    let all = || equity.iter().chain(&played.benchmark).copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let results = &played.results;
    let benchmark = results["benchmark"]["name"].as_str().unwrap_or("benchmark");
    let place = played.place.as_ref().map(|it| format!("{it}\n")).unwrap_or_default();
    let mut text = format!("\n{bot} on {scenario}\n{place}\n");
    for (curve, name) in [(&equity, bot), (&played.benchmark, benchmark)] {
        let last = curve.last().copied().unwrap_or(1.0);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {}  {:+.2} %  {name}",
            sparkline(curve, low, high),
            (last - 1.0) * 100.0
        );
    }
    let _ = write!(text, "\n{}\n\n", wrapped(&played.headline, 78));
    for (label, value) in figures(results) {
        let _ = writeln!(text, "  {label:<22}{value}");
    }
    text
}

/// A curve as block characters; `low` and `high` are shared so that curves compare.
fn sparkline(curve: &[f64], low: f64, high: f64) -> String {
    let columns = WIDTH.min(curve.len());
    (0..columns)
        .map(|column| {
            // The last bar of each column, so that the curve ends where the run ended.
            let at = (column + 1) * curve.len() / columns - 1;
            let share = if high > low { (curve[at] - low) / (high - low) } else { 0.5 };
            LEVELS[nearest_level(share)]
        })
        .collect()
}

/// The level nearest to a share of the range.
fn nearest_level(share: f64) -> usize {
    let heights = (0..8_u8).map(|level| f64::from(level) / 7.0);
    let distances = heights.map(|height| (height - share).abs()).enumerate();
    distances.min_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(level, _)| level)
}

/// Rows of label and figure; an undefined figure says why.
fn figures(results: &Value) -> Vec<(&'static str, String)> {
    let number = |name: &str, digits: usize, factor: f64, unit: &str| match results[name].as_f64() {
        Some(value) => format!("{:.digits$}{unit}", value * factor),
        None => match results["null_reasons"][name]["detail"].as_str() {
            Some(why) => format!("– ({why})"),
            None => "–".into(),
        },
    };
    let costs = &results["costs"];
    let cost = |name: &str| costs[name].as_f64().unwrap_or_default();
    vec![
        ("Final equity", number("final_equity", 2, 1.0, "")),
        ("Sharpe (annual)", number("sharpe", 2, 1.0, "")),
        ("Sortino (annual)", number("sortino", 2, 1.0, "")),
        ("Volatility (annual)", number("volatility", 1, 100.0, " %")),
        ("Max drawdown", number("max_drawdown", 1, 100.0, " %")),
        ("Exposure", number("exposure", 0, 100.0, " % of bars")),
        ("Fills", results["trade_count"].to_string()),
        ("Win rate", number("win_rate", 0, 100.0, " % of closed trades")),
        (
            "Costs",
            format!(
                "{:.2} (slippage {:.2}, commission {:.2}, borrow {:.2})",
                cost("total"),
                cost("slippage"),
                cost("commission"),
                cost("borrow")
            ),
        ),
    ]
}

/// Breaks a text into lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let fits = lines.last().is_some_and(|it| it.chars().count() + word.chars().count() < width);
        if !fits {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.retain(|line| !line.is_empty());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_spans_its_range() {
        assert_eq!(sparkline(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 0.0, 7.0), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[1.0; 3], 1.0, 1.0).chars().count(), 3);
        let long: Vec<f64> = (0..1_000).map(f64::from).collect();
        assert!(sparkline(&long, 0.0, 999.0).ends_with('█'));
    }

    #[test]
    fn text_is_wrapped_at_words() {
        assert_eq!(wrapped("a bb ccc dddd", 7), "a bb\nccc\ndddd");
    }
}
