//! The price of one instrument with what the run did there.

use std::fmt::Write as _;

use sim::Timestamp;

use super::{Caption, escaped, frame::Frame};

const HEIGHT: u32 = 240;
const COLUMNS: usize = 500;
/// Of more fills the dots are small.
const DOTS_MAX: usize = 100;

/// The closes of an instrument, from its first one in the window on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prices<'a> {
    pub(crate) from: usize,
    pub(crate) closes: &'a [f64],
}

/// A fill.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    /// The bar.
    pub(crate) at: usize,
    pub(crate) price: f64,
    /// Whether it bought, to open or to cover.
    pub(crate) buys: bool,
    /// What is said of it; without that it is a dot.
    pub(crate) note: Option<Note>,
}

/// What is said of a fill.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// The element of the page that tells more.
    pub(crate) target: String,
    pub(crate) text: String,
    /// Why, in the agent's words.
    pub(crate) reasoning: String,
}

/// Prices with marks; those with a note are drawn last.
pub(crate) fn prices(
    caption: Caption,
    times: &[Timestamp],
    prices: Prices,
    marks: &[Mark],
) -> String {
    let all = prices.closes.iter().copied().chain(marks.iter().map(|it| it.price));
    let mut frame = Frame::new(times, HEIGHT, Frame::range(all));
    frame.values(|value, decimals| format!("{value:.decimals$}"));
    frame.line("line price", prices.from, prices.closes, COLUMNS);
    let few = marks.len() <= DOTS_MAX;
    for (buys, class) in [(true, "buy"), (false, "sell")] {
        let class = format!("dots {class}{}", if few { "" } else { " many" });
        let dots = marks.iter().filter(|it| it.buys == buys && it.note.is_none());
        frame.dots(&class, dots.map(|it| (it.at, it.price)));
    }
    for mark in marks {
        let Some(note) = &mark.note else { continue };
        // Up below the price for what bought, down above it for what sold.
        let (class, shape) =
            if mark.buys { ("buy", "M0 3l5 9h-10z") } else { ("sell", "M0-3l5-9h-10z") };
        let mut text = escaped(&note.text);
        if !note.reasoning.is_empty() {
            let _ = write!(text, ": {}", escaped(&note.reasoning));
        }
        let markup = format!(
            "<a href=\"#{}\" class=\"{class}\"><title>{text}</title><path d=\"{shape}\"/></a>",
            escaped(&note.target)
        );
        frame.mark(mark.at, mark.price, &markup);
    }
    frame.finish(caption)
}
