//! Curves of worth on one scale, and an area below or above zero.

use sim::Timestamp;

use super::{Caption, frame::Frame};

/// Pixels of the chart of growth.
const GROWTH_HEIGHT: u32 = 260;
/// Pixels of an area.
const AREA_HEIGHT: u32 = 90;
/// Parts of the width in which the run keeps its extremes; the others are drawn with less ink.
const COLUMNS: usize = 500;
const COLUMNS_OF_OTHERS: usize = 200;

/// Something whose worth changes, in percent since the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Curve<'a> {
    /// The class of its line: `run`, `benchmark`, or `other` with a number.
    pub(crate) class: &'a str,
    pub(crate) percent: &'a [f64],
}

/// The run, drawn last and on top, beside others; `end` is the bar where it stopped early, and the
/// word for how.
pub(crate) fn growth(
    caption: Caption,
    times: &[Timestamp],
    run: &[f64],
    others: &[Curve],
    end: Option<(usize, &str)>,
) -> String {
    let all = others.iter().flat_map(|it| it.percent).chain(run).copied();
    let mut frame = Frame::new(times, GROWTH_HEIGHT, Frame::range(all.chain([0.0])));
    frame.values(|value, decimals| match value {
        it if it.abs() < 1e-9 => "0 %".into(),
        it => format!("{it:+.decimals$} %"),
    });
    for other in others {
        let class = format!("line {}", other.class);
        frame.line(&class, 0, other.percent, COLUMNS_OF_OTHERS);
    }
    match end.filter(|(at, _)| *at + 1 < run.len()) {
        None => frame.line("line run", 0, run, COLUMNS),
        Some((at, word)) => {
            frame.line("line run flat", at, &run[at..], COLUMNS);
            frame.line("line run", 0, &run[..=at], COLUMNS);
            frame.moment(at, word);
        }
    }
    frame.finish(caption)
}

/// A value per bar that is an area from zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area<'a> {
    /// The class of the area.
    pub(crate) class: &'a str,
    pub(crate) values: &'a [f64],
    /// What stands after a number, such as ` %`.
    pub(crate) unit: &'a str,
}

/// An area from zero.
pub(crate) fn area(caption: Caption, times: &[Timestamp], area: Area) -> String {
    let range = Frame::range(area.values.iter().copied().chain([0.0]));
    let mut frame = Frame::new(times, AREA_HEIGHT, range);
    frame.values(|value, decimals| match value {
        it if it.abs() < 1e-9 => format!("0{}", area.unit),
        it => format!("{it:.decimals$}{}", area.unit),
    });
    frame.area(&format!("area {}", area.class), 0.0, area.values, COLUMNS);
    frame.finish(caption)
}
