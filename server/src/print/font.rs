//! The font: which glyph a character has, and how wide it is. Japanese is set one glyph a character; nothing is shaped.
//!
//! What the font does not have is shown as 〓, stays what it is for whoever copies or searches the text, and is listed at
//! the end of the document.

use std::cell::RefCell;
use std::collections::BTreeSet;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};

use super::PrintError;

/// `BIZ UDPGothic`, under the SIL Open Font License 1.1 (`OFL.txt` beside it).
static BIZ_UDP_GOTHIC: &[u8] = include_bytes!("../../assets/fonts/BIZUDPGothic-Regular.ttf");

/// What stands for a character that the font does not have.
const GETA: char = '〓';

/// The font of a document.
pub(super) struct Face {
    font: Font,
    glyphs: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units_per_em: f32,
    missing: RefCell<BTreeSet<char>>,
}

impl Face {
    /// The font that the program brings along.
    pub(super) fn new() -> Result<Self, PrintError> {
        let font = Font::new(BIZ_UDP_GOTHIC.to_vec().into(), 0);
        let font = font.ok_or_else(|| PrintError("the font cannot be read".to_owned()))?;
        let read = FontRef::new(BIZ_UDP_GOTHIC);
        let read = read.map_err(|error| PrintError(error.to_string()))?;
        Ok(Self {
            units_per_em: font.units_per_em(),
            font,
            glyphs: read.charmap(),
            metrics: read.glyph_metrics(Size::unscaled(), LocationRef::default()),
            missing: RefCell::default(),
        })
    }

    /// The font as the PDF embeds it.
    pub(super) fn font(&self) -> &Font {
        &self.font
    }

    /// How wide a character is, in points at that size.
    pub(super) fn advance(&self, character: char, size: f32) -> f32 {
        self.glyph(character).1 * size
    }

    /// How wide a text is on one line.
    pub(super) fn width(&self, text: &str, size: f32) -> f32 {
        text.chars().map(|each| self.advance(each, size)).sum()
    }

    /// The glyphs of a line.
    pub(super) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let glyph = |(start, character): (usize, char)| {
            let (id, advance) = self.glyph(character);
            let range = start..start + character.len_utf8();
            KrillaGlyph::new(id, advance, 0.0, 0.0, 0.0, range, None)
        };
        text.char_indices().map(glyph).collect()
    }

    /// The characters that were shown as 〓.
    pub(super) fn missing(&self) -> BTreeSet<char> {
        self.missing.borrow().clone()
    }

    /// A character's glyph, and its width in ems.
    fn glyph(&self, character: char) -> (GlyphId, f32) {
        // Whatever moves a pen or a cursor is a space on paper.
        let shown = if character.is_control() || character == '\u{3000}' {
            ' '
        } else {
            character
        };
        let found = self.glyphs.map(shown).filter(|id| id.to_u32() != 0);
        let id = found.or_else(|| {
            self.missing.borrow_mut().insert(character);
            self.glyphs.map(GETA)
        });
        let id = id.unwrap_or_default();
        let advance = self.metrics.advance_width(id).unwrap_or_default();
        let width = if character == '\u{3000}' {
            self.units_per_em
        } else {
            advance
        };
        (GlyphId::new(id.to_u32()), width / self.units_per_em)
    }
}
