//! What an image is painted on.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

use super::font::Font;
use crate::error::Error;

/// Red, green, blue.
pub(super) type Colour = [u8; 3];
const PAPER: Colour = [0xfb, 0xfa, 0xf7];
pub(super) const INK: Colour = [0x17, 0x19, 0x1c];
pub(super) const SOFT: Colour = [0x5b, 0x5f, 0x67];
pub(super) const LINE: Colour = [0xd9, 0xd6, 0xce];
pub(super) const ACCENT: Colour = [0x1f, 0x5a, 0x46];
pub(super) const POSITIVE: Colour = [0x1b, 0x68, 0x40];
pub(super) const NEGATIVE: Colour = [0xa0, 0x2f, 0x27];

/// A picture that is being painted.
pub(super) struct Canvas(Pixmap);

impl Canvas {
    pub(super) fn new(width: u32, height: u32) -> Result<Self, Error> {
        let mut pixels =
            Pixmap::new(width, height).ok_or_else(|| Error::internal("an image has no size"))?;
        let [red, green, blue] = PAPER;
        pixels.fill(Color::from_rgba8(red, green, blue, 255));
        Ok(Self(pixels))
    }

    /// A filled rectangle.
    pub(super) fn bar(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        if let Some(rectangle) = Rect::from_xywh(x, y, width, height) {
            self.0.fill_rect(rectangle, &paint(colour), Transform::identity(), None);
        }
    }

    /// A text that begins at `x`.
    pub(super) fn text(
        &mut self,
        font: &Font,
        text: &str,
        size: f32,
        x: f32,
        y: f32,
        colour: Colour,
    ) {
        if let Some(path) = font.outlines(text, size, x, y) {
            let rule = FillRule::Winding;
            self.0.fill_path(&path, &paint(colour), rule, Transform::identity(), None);
        }
    }

    /// A text that ends at `x`.
    pub(super) fn text_to(
        &mut self,
        font: &Font,
        text: &str,
        size: f32,
        x: f32,
        y: f32,
        colour: Colour,
    ) {
        self.text(font, text, size, x - font.width(text, size), y, colour);
    }

    /// A line through points.
    pub(super) fn line(&mut self, points: &[(f32, f32)], colour: Colour, width: f32) {
        let mut path = PathBuilder::new();
        for (n, &(x, y)) in points.iter().enumerate() {
            if n == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let Some(path) = path.finish() else { return };
        let (line_cap, line_join) = (LineCap::Round, LineJoin::Round);
        let stroke = Stroke { width, line_cap, line_join, ..Stroke::default() };
        self.0.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
    }

    /// The picture as PNG.
    pub(super) fn png(&self) -> Result<Vec<u8>, Error> {
        self.0.encode_png().map_err(Error::internal)
    }
}

fn paint(colour: Colour) -> Paint<'static> {
    let [red, green, blue] = colour;
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint.anti_alias = true;
    paint
}
