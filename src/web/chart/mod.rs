//! Series as SVG, drawn here: pure functions, no script, the same geometry in light and dark.
//!
//! A chart is as wide as its place: lines are drawn in a box that is stretched, while labels and
//! marks stand at percentages of the width and keep their size. Colours are classes of the style
//! sheet. Long series are thinned to the lowest and the highest value of every column ([`thin()`]):
//! an extreme is never dropped.

mod dates;
mod frame;
mod growth;
pub(crate) mod interval;
mod price;
pub(crate) mod sparkline;
mod thin;
mod ticks;

#[cfg(test)]
mod tests;

pub(crate) use growth::{Area, Curve, area, growth};
pub(crate) use price::{Mark, Note, Prices, prices};
pub(crate) use thin::thin;

use askama::filters::{Escaper as _, Html};

/// What a chart is called, for those who do not see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caption<'a> {
    /// Tells its elements from those of the page's other charts.
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// What it shows, in a sentence or two.
    pub(crate) description: &'a str,
}

/// A text as markup has it.
fn escaped(text: &str) -> String {
    let mut markup = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let _ = Html.write_escaped_str(&mut markup, text);
    markup
}

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "bars are far fewer than 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}

/// The nearest whole number of a coordinate.
#[expect(clippy::cast_possible_truncation, reason = "coordinates are small; others saturate")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}
