//! What stands on a page, before it is written as PDF. Lengths are points; y grows downwards.

/// A4.
pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
/// The left edge of what is printed: wide enough for the holes of a binder.
pub(super) const LEFT: f32 = 56.0;
/// The width of what is printed.
pub(super) const WIDTH: f32 = 497.0;
/// Where the body of a page begins.
pub(super) const TOP: f32 = 58.0;
/// Where it ends.
pub(super) const BOTTOM: f32 = 786.0;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

impl Colour {
    pub(super) const INK: Self = Self(0x22, 0x22, 0x22);
    pub(super) const FAINT: Self = Self(0x66, 0x66, 0x66);
    pub(super) const ACCENT: Self = Self(0x1f, 0x4e, 0x79);
    pub(super) const WHITE: Self = Self(0xff, 0xff, 0xff);
    pub(super) const RULE: Self = Self(0xb8, 0xb8, 0xb8);
    pub(super) const STRIPE: Self = Self(0xf7, 0xf8, 0xfa);
}

/// What a text is to whoever has the document read out: a part of its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heading of a level, from 1.
    Heading(u8),
    Paragraph,
    Table,
    Row,
    HeaderCell,
    Cell,
    Contents,
    ContentsItem,
    Figure,
}

impl Kind {
    /// Whether it is made of other parts.
    pub(super) fn holds_others(self) -> bool {
        matches!(self, Self::Table | Self::Row | Self::Contents)
    }
}

/// The parts of a document, each with the one that it is in.
#[derive(Debug, Default)]
pub(super) struct Parts(pub(super) Vec<(Kind, Option<usize>)>);

impl Parts {
    /// One more part.
    pub(super) fn add(&mut self, kind: Kind, within: Option<usize>) -> usize {
        self.0.push((kind, within));
        self.0.len() - 1
    }
}

/// A thing on a page.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// A line of text, at its base line.
    Text {
        x: f32,
        y: f32,
        size: f32,
        colour: Colour,
        text: String,
        /// The part of the document that it belongs to; none for what is on every page.
        part: Option<usize>,
    },
    /// A filled rectangle.
    Area {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        colour: Colour,
    },
    /// A place that leads to another page.
    Link {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        page: usize,
        to: f32,
        part: usize,
    },
}

impl Mark {
    /// A filled rectangle.
    pub(super) fn area(x: f32, y: f32, width: f32, height: f32, colour: Colour) -> Self {
        Self::Area {
            x,
            y,
            width,
            height,
            colour,
        }
    }

    /// A line of the width of a hair.
    pub(super) fn rule(x: f32, y: f32, width: f32) -> Self {
        Self::area(x, y, width, 0.5, Colour::RULE)
    }
}
