//! The image of a published run, 1200 by 630 pixels: what other sites show where it is shared.

mod canvas;
mod font;

use super::{
    super::{chart::thin, show},
    declared,
};
use crate::{error::Error, ops::tear_sheet::TearSheet};
use canvas::{ACCENT, Canvas, INK, LINE, NEGATIVE, POSITIVE, SOFT};
use font::Font;

const WIDTH: f32 = 1_200.0;
const LEFT: f32 = 64.0;
const RIGHT: f32 = WIDTH - LEFT;
/// Where the curves are.
const TOP: f32 = 330.0;
const BOTTOM: f32 = 545.0;
/// Parts of the width in which extremes are kept.
const COLUMNS: usize = 300;

/// The image as PNG; the same run gives the same bytes.
pub(super) fn image(sheet: &TearSheet) -> Result<Vec<u8>, Error> {
    let (regular, bold) = (Font::regular()?, Font::semi_bold()?);
    let mut canvas = Canvas::new(1_200, 630)?;
    canvas.bar(0.0, 0.0, WIDTH, 8.0, INK);
    canvas.text(&bold, "BotTrade", 30.0, LEFT, 74.0, INK);
    let scenario = regular.fitted(&sheet.entry.card().name, 26.0, 760.0);
    canvas.text_to(&regular, &scenario, 26.0, RIGHT, 74.0, SOFT);
    let name = bold.fitted(&declared::name(&sheet.run), 52.0, RIGHT - LEFT);
    canvas.text(&bold, &name, 52.0, LEFT, 158.0, INK);
    figures(&mut canvas, sheet, &regular, &bold);
    curves(&mut canvas, sheet);
    canvas.bar(LEFT, 574.0, RIGHT - LEFT, 1.0, LINE);
    canvas.text(&bold, "Simulated. Not investment advice.", 22.0, LEFT, 606.0, SOFT);
    let window = super::charts::window(&sheet.curves);
    canvas.text_to(&regular, &window, 22.0, RIGHT, 606.0, SOFT);
    canvas.png()
}

/// The return with its company and its standing.
fn figures(canvas: &mut Canvas, sheet: &TearSheet, regular: &Font, bold: &Font) {
    let results = &sheet.results;
    let made = show::percent(results.return_pct);
    let colour = match show::tone(results.return_pct) {
        "pos" => POSITIVE,
        "neg" => NEGATIVE,
        _ => INK,
    };
    canvas.text(bold, &made, 92.0, LEFT, 270.0, colour);
    let x = LEFT + bold.width(&made, 92.0) + 40.0;
    let benchmark = &results.benchmark;
    let beside = format!("{} {}", benchmark.name, show::percent(benchmark.return_pct));
    canvas.text(regular, &regular.fitted(&beside, 30.0, RIGHT - x), 30.0, x, 203.0, INK);
    let interval = results.sharpe_ci95.map_or_else(
        || "no 95 % interval of the Sharpe ratio".to_owned(),
        |[low, high]| {
            let [low, high] = [low, high].map(|it| show::signed(it, 1));
            format!("Sharpe ratio {low} to {high} (95 % interval)")
        },
    );
    let standing = format!(
        "{} sessions, attempt {} of {}",
        show::count(results.clock.session_returns),
        sheet.run.attempt,
        sheet.evidence.sample.attempts
    );
    for (text, y) in [(interval, 238.0), (standing, 271.0)] {
        canvas.text(regular, &regular.fitted(&text, 25.0, RIGHT - x), 25.0, x, y, SOFT);
    }
}

fn curves(canvas: &mut Canvas, sheet: &TearSheet) {
    let curves = &sheet.curves;
    let grown = |values: &[f64]| -> Vec<f64> {
        let start = values.first().copied().filter(|it| *it > 0.0).unwrap_or(1.0);
        values.iter().map(|it| it / start).collect()
    };
    let (run, benchmark) = (grown(&curves.equity), grown(&curves.benchmark));
    let all = run.iter().chain(&benchmark).copied();
    let [low, high] = all.fold([1.0_f64, 1.0], |[low, high], it| [low.min(it), high.max(it)]);
    let span = (high - low).max(1e-9);
    let place = |values: &[f64]| -> Vec<(f32, f32)> {
        let last = values.len().saturating_sub(1).max(1);
        let point = |at: usize| {
            let down = single((high - values[at]) / span) * (BOTTOM - TOP);
            (LEFT + ratio(at, last) * (RIGHT - LEFT), TOP + down)
        };
        thin(values, COLUMNS).into_iter().map(point).collect()
    };
    let start = TOP + single((high - 1.0) / span) * (BOTTOM - TOP);
    canvas.bar(LEFT, start, RIGHT - LEFT, 1.5, LINE);
    for (line, colour, width) in [(&benchmark, SOFT, 2.5), (&run, ACCENT, 5.0)] {
        canvas.line(&place(line), colour, width);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a pixel needs no more")]
fn single(value: f64) -> f32 {
    value as f32
}

#[expect(clippy::cast_precision_loss, reason = "a pixel needs no more")]
fn ratio(part: usize, whole: usize) -> f32 {
    part as f32 / whole as f32
}
