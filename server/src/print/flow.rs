//! Headings, paragraphs and what else follows one another, over as many pages as it takes. A heading is not left alone at
//! the end of a page.

use super::font::Face;
use super::lines::broken;
use super::mark::{BOTTOM, Colour, Kind, LEFT, Mark, Parts, TOP, WIDTH};

/// The size of running text, in points.
pub(super) const TEXT: f32 = 9.5;
/// From one line to the next, in sizes.
pub(super) const LEADING: f32 = 1.5;
/// What must fit below a heading, or it goes to the next page.
const COMPANY: f32 = 90.0;

/// A heading, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Heading {
    pub(super) level: u8,
    pub(super) text: String,
    /// The page, from 0, among those of its flow.
    pub(super) page: usize,
    pub(super) y: f32,
}

/// Pages in the making.
pub(super) struct Flow<'f> {
    pub(super) face: &'f Face,
    pub(super) pages: Vec<Vec<Mark>>,
    pub(super) headings: Vec<Heading>,
    pub(super) parts: Parts,
    /// How far the last page is filled.
    pub(super) y: f32,
}

impl<'f> Flow<'f> {
    /// One empty page.
    pub(super) fn new(face: &'f Face, parts: Parts) -> Self {
        Self {
            face,
            pages: vec![Vec::new()],
            headings: Vec::new(),
            parts,
            y: TOP,
        }
    }

    /// Goes on with a new page.
    pub(super) fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Goes on with a new page unless so much fits on this one.
    pub(super) fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.turn();
        }
    }

    /// Leaves a gap, but not at the top of a page.
    pub(super) fn gap(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Puts a mark on the last page.
    pub(super) fn put(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// A line of text whose upper edge is at `y`.
    pub(super) fn line(
        &mut self,
        (x, y): (f32, f32),
        size: f32,
        colour: Colour,
        text: &str,
        part: usize,
    ) {
        if text.is_empty() {
            return;
        }
        self.put(Mark::Text {
            x,
            y: y + size,
            size,
            colour,
            text: text.to_owned(),
            part: Some(part),
        });
    }

    /// A heading of a level from 1. Those of the first begin a page.
    pub(super) fn heading(&mut self, level: u8, text: &str) {
        self.heading_of(level, text, COMPANY);
    }

    /// A heading that is not parted from so much of what follows.
    pub(super) fn heading_of(&mut self, level: u8, text: &str, company: f32) {
        let size = match level {
            1 => 16.0,
            2 => 12.5,
            _ => 10.5,
        };
        let lines = broken(self.face, text, size, WIDTH - 10.0);
        if level == 1 {
            if self.y > TOP {
                self.turn();
            }
        } else {
            self.gap(if level == 2 { 16.0 } else { 12.0 });
            self.need(count(lines.len()) * size * 1.4 + company);
        }
        let (page, y) = (self.pages.len() - 1, self.y);
        self.headings.push(Heading {
            level,
            text: text.to_owned(),
            page,
            y,
        });
        let part = self.parts.add(Kind::Heading(level), None);
        let height = count(lines.len()) * size * 1.4;
        if level < 3 {
            let width = if level == 1 { 5.0 } else { 3.0 };
            let height = height - size * 0.25;
            self.put(Mark::area(LEFT, y, width, height, Colour::ACCENT));
        }
        let indent = if level < 3 { 11.0 } else { 0.0 };
        for line in lines {
            self.line((LEFT + indent, self.y), size, Colour::ACCENT, line, part);
            self.y += size * 1.4;
        }
        self.y += if level == 1 { 8.0 } else { 4.0 };
    }

    /// A paragraph.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.text(text, TEXT, Colour::INK);
        self.y += 4.0;
    }

    /// A remark in small type.
    pub(super) fn remark(&mut self, text: &str) {
        self.text(text, 8.0, Colour::FAINT);
        self.y += 4.0;
    }

    fn text(&mut self, text: &str, size: f32, colour: Colour) {
        let part = self.parts.add(Kind::Paragraph, None);
        for line in broken(self.face, text, size, WIDTH) {
            self.need(size * LEADING);
            self.line((LEFT, self.y), size, colour, line, part);
            self.y += size * LEADING;
        }
    }
}

/// A count, to be multiplied with a length.
#[allow(
    clippy::cast_precision_loss,
    reason = "what is counted on paper is far below 2^24"
)]
pub(super) fn count(count: usize) -> f32 {
    count as f32
}
