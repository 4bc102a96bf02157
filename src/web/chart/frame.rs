//! What all charts are drawn on: a box that is stretched, with lines of round values across it
//! and dates below.

use std::fmt::Write as _;

use sim::Timestamp;

use super::{Caption, dates, escaped, float, thin::thin, ticks::ticks, whole};

/// Units across the box.
const WIDTH: f64 = 2_000.0;
/// Units of height per pixel.
const FINE: f64 = 10.0;
/// Pixels above the box, for the highest label.
const ABOVE: u32 = 14;
/// Pixels below it, for dates.
const BELOW: u32 = 20;
/// Share of the span that stays free above and below.
const MARGIN: f64 = 0.04;
/// Lines of round values, about.
const LINES: usize = 4;
/// Labels nearer than this to an edge, in percent, do not reach over it.
const EDGE: f64 = 5.0;

/// A chart that is being drawn.
pub(super) struct Frame<'a> {
    times: &'a [Timestamp],
    height: u32,
    low: f64,
    high: f64,
    /// Lines of values across the box.
    across: String,
    /// Their labels, which no line covers.
    labels: String,
    /// What is stretched with the box.
    stretched: String,
    /// What stands on top at its own size.
    marks: String,
}

impl<'a> Frame<'a> {
    /// A box for values in this range, `height` pixels high.
    pub(super) fn new(times: &'a [Timestamp], height: u32, range: [f64; 2]) -> Self {
        let [low, high] = range;
        let margin = (high - low) * MARGIN;
        let [across, labels, stretched, marks] = [(); 4].map(|()| String::new());
        let (low, high) = (low - margin, high + margin);
        Self { times, height, low, high, across, labels, stretched, marks }
    }

    /// The range of values, of which one that never moves has some, too.
    pub(super) fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
        let values = values.filter(|it| it.is_finite());
        let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], it| {
            [low.min(it), high.max(it)]
        });
        if low > high {
            return [0.0, 1.0];
        }
        let least = (low.abs().max(high.abs()) * 1e-6).max(1e-9);
        if high - low < least { [low - least, high + least] } else { [low, high] }
    }

    /// Lines and labels at round values.
    pub(super) fn values(&mut self, label: impl Fn(f64, usize) -> String) {
        let ticks = ticks(self.low, self.high, LINES);
        for value in ticks.values {
            let y = f64::from(ABOVE) + self.y(value) / FINE;
            let class = if value.abs() < 1e-12 { " class=\"zero\"" } else { "" };
            let text = escaped(&label(value, ticks.decimals));
            let _ = write!(self.across, "<line{class} x2=\"100%\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
            let _ = write!(self.labels, "<text y=\"{:.1}\">{text}</text>", y - 3.0);
        }
    }

    /// A line through values that begin at the bar `from`.
    pub(super) fn line(&mut self, class: &str, from: usize, values: &[f64], columns: usize) {
        let d = self.path(from, values, columns);
        let _ = write!(self.stretched, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// The area between values and a level.
    pub(super) fn area(&mut self, class: &str, level: f64, values: &[f64], columns: usize) {
        let d = self.path(0, values, columns);
        let (base, end) = (whole(self.y(level)), whole(self.x(values.len().saturating_sub(1))));
        let _ = write!(self.stretched, "<path class=\"{class}\" d=\"{d}L{end} {base}H0z\"/>");
    }

    /// Dots at bars and values; those that cover each other are drawn once.
    pub(super) fn dots(&mut self, class: &str, dots: impl Iterator<Item = (usize, f64)>) {
        let mut places: Vec<(i64, i64)> = dots
            .map(|(at, value)| (whole(self.x(at) / 4.0) * 4, whole(self.y(value) / FINE) * 10))
            .collect();
        places.sort_unstable();
        places.dedup();
        if places.is_empty() {
            return;
        }
        let d = places.iter().fold(String::new(), |mut d, (x, y)| {
            let _ = write!(d, "M{x} {y}h0");
            d
        });
        let _ = write!(self.stretched, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// A line from top to bottom at a bar, with a word at its head.
    pub(super) fn moment(&mut self, at: usize, word: &str) {
        let (x, bottom) = (self.x(at) / WIDTH * 100.0, ABOVE + self.height);
        let (anchor, dx) = if x > 50.0 { ("end", -4) } else { ("start", 4) };
        let _ = write!(
            self.marks,
            "<g class=\"moment\"><line x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{ABOVE}\" \
             y2=\"{bottom}\"/><text x=\"{x:.2}%\" dx=\"{dx}\" y=\"{}\" text-anchor=\"{anchor}\">\
             {}</text></g>",
            ABOVE + 10,
            escaped(word)
        );
    }

    /// A shape of its own size at a bar and a value.
    pub(super) fn mark(&mut self, at: usize, value: f64, markup: &str) {
        let (x, y) = (self.x(at) / WIDTH * 100.0, f64::from(ABOVE) + self.y(value) / FINE);
        let _ = write!(
            self.marks,
            "<svg class=\"at\" x=\"{x:.2}%\" y=\"{y:.1}\" overflow=\"visible\">{markup}</svg>"
        );
    }

    /// The whole chart.
    pub(super) fn finish(self, caption: Caption) -> String {
        let Caption { id, title, description } = caption;
        let (title, description) = (escaped(title), escaped(description));
        let (height, whole_height) = (self.height, ABOVE + self.height + BELOW);
        let fine = whole(f64::from(height) * FINE);
        let dates = self.dates();
        let Self { across, labels, stretched, marks, .. } = self;
        // What is inside a picture cannot be reached; links are to be.
        let role = if marks.contains("<a ") { "group" } else { "img" };
        format!(
            "<svg class=\"chart\" role=\"{role}\" aria-labelledby=\"{id}-t {id}-d\" width=\"100%\" \
             height=\"{whole_height}\"><title id=\"{id}-t\">{title}</title>\
             <desc id=\"{id}-d\">{description}</desc><g class=\"axis\">{across}</g>\
             <svg y=\"{ABOVE}\" width=\"100%\" height=\"{height}\" viewBox=\"0 0 2000 {fine}\" \
             preserveAspectRatio=\"none\">{stretched}</svg>\
             <g class=\"axis\">{labels}{dates}</g>{marks}</svg>"
        )
    }

    fn dates(&self) -> String {
        let mut text = String::new();
        let y = ABOVE + self.height;
        for (n, label) in dates::labels(self.times).into_iter().enumerate() {
            let x = self.x(label.at) / WIDTH * 100.0;
            let anchor = match x {
                x if x < EDGE => "start",
                x if x > 100.0 - EDGE => "end",
                _ => "middle",
            };
            // Every other one gives way where the page is narrow.
            let class = if n % 2 == 1 { " class=\"odd\"" } else { "" };
            let _ = write!(
                text,
                "<line x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"{y}\" y2=\"{}\"/>\
                 <text{class} x=\"{x:.2}%\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                y + 4,
                y + 16,
                escaped(&label.text)
            );
        }
        text
    }

    fn path(&self, from: usize, values: &[f64], columns: usize) -> String {
        let mut d = String::with_capacity(columns * 14);
        let (mut x, mut y) = (0, 0);
        for (n, at) in thin(values, columns).into_iter().enumerate() {
            let next = (whole(self.x(from + at)), whole(self.y(values[at])));
            let (dx, dy) = (next.0 - x, next.1 - y);
            // A minus sign parts numbers, too.
            let gap = if dy < 0 { "" } else { " " };
            let _ = if n == 0 {
                write!(d, "M{} {}", next.0, next.1)
            } else {
                write!(d, "l{dx}{gap}{dy}")
            };
            (x, y) = next;
        }
        d
    }

    fn x(&self, at: usize) -> f64 {
        float(at) / float(self.times.len().saturating_sub(1).max(1)) * WIDTH
    }

    fn y(&self, value: f64) -> f64 {
        (self.high - value) / (self.high - self.low) * f64::from(self.height) * FINE
    }
}
