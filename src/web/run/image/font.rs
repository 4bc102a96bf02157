//! Text as outlines: the letters of two vendored weights.

use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::error::Error;

const REGULAR: &[u8] = include_bytes!("../../../../assets/fonts/Inter-Regular.otf");
const SEMI_BOLD: &[u8] = include_bytes!("../../../../assets/fonts/Inter-SemiBold.otf");
/// Stands for a letter that the font does not have.
const UNKNOWN: char = '□';

/// A font.
pub(super) struct Font(Face<'static>);

impl Font {
    pub(super) fn regular() -> Result<Self, Error> {
        Face::parse(REGULAR, 0).map(Self).map_err(Error::internal)
    }

    pub(super) fn semi_bold() -> Result<Self, Error> {
        Face::parse(SEMI_BOLD, 0).map(Self).map_err(Error::internal)
    }

    /// How wide a text is.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|letter| self.advance(self.glyph(letter))).sum::<f32>() * self.scale(size)
    }

    /// The text, cut so that it is not wider than this.
    pub(super) fn fitted(&self, text: &str, size: f32, width: f32) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let mut kept = text.to_owned();
        while kept.pop().is_some() {
            let cut = format!("{}…", kept.trim_end());
            if self.width(&cut, size) <= width {
                return cut;
            }
        }
        String::new()
    }

    /// The outlines of a text that begins at `x` and stands on the line `y`.
    pub(super) fn outlines(&self, text: &str, size: f32, x: f32, y: f32) -> Option<Path> {
        let scale = self.scale(size);
        let mut pen = Pen { path: PathBuilder::new(), x, y, scale };
        for letter in text.chars() {
            let glyph = self.glyph(letter);
            // A blank has no outline.
            let _ = self.0.outline_glyph(glyph, &mut pen);
            pen.x += self.advance(glyph) * scale;
        }
        pen.path.finish()
    }

    fn glyph(&self, letter: char) -> GlyphId {
        let known = |letter| self.0.glyph_index(letter);
        known(letter).or_else(|| known(UNKNOWN)).unwrap_or_default()
    }

    fn advance(&self, glyph: GlyphId) -> f32 {
        self.0.glyph_hor_advance(glyph).map_or(0.0, f32::from)
    }

    fn scale(&self, size: f32) -> f32 {
        size / f32::from(self.0.units_per_em())
    }
}

/// Puts outlines where they belong; a font counts upwards.
struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_its_place_and_unknown_letters_are_boxes() {
        let font = Font::regular().unwrap();
        let cut = font.fitted("A name that is far too long for its place", 40.0, 300.0);
        assert!(cut.ends_with('…') && font.width(&cut, 40.0) <= 300.0 && cut.len() > 10, "{cut}");
        assert_eq!(font.fitted("short", 40.0, 300.0), "short");
        assert_eq!(font.fitted("short", 40.0, 0.0), "");
        assert!((font.width("漢", 10.0) - font.width("□", 10.0)).abs() < 1e-6);
        assert!(font.outlines("漢 \u{202e}a", 10.0, 0.0, 20.0).is_some());
        assert!(font.outlines("", 10.0, 0.0, 20.0).is_none());
    }
}
