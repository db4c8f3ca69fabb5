//! Tables over as many pages as they take: the header is repeated, a row stays on one page unless it is longer than one.

use super::flow::{Flow, count};
use super::lines::broken;
use super::mark::{BOTTOM, Colour, Kind, LEFT, Mark, TOP, WIDTH};

/// The size of what stands in cells, in points.
const SIZE: f32 = 7.5;
/// From one line of a cell to the next.
const LINE: f32 = 10.5;
/// Between a cell's edge and its text.
const PADDING: f32 = 3.0;

/// A column: its title, and how wide it is in comparison with the others.
pub(super) struct Column(pub(super) &'static str, pub(super) f32);

/// A table in the making.
pub(super) struct Table<'t> {
    columns: &'t [Column],
    widths: Vec<f32>,
    part: usize,
    rows: usize,
}

impl<'t> Table<'t> {
    /// Begins a table with its header.
    pub(super) fn begin(flow: &mut Flow<'_>, columns: &'t [Column]) -> Self {
        let all: f32 = columns.iter().map(|column| column.1).sum();
        let widths = columns.iter().map(|column| column.1 / all * WIDTH);
        let table = Self {
            columns,
            widths: widths.collect(),
            part: flow.parts.add(Kind::Table, None),
            rows: 0,
        };
        table.header(flow);
        table
    }

    /// A whole table; a sentence instead where it has no rows.
    pub(super) fn of(
        flow: &mut Flow<'_>,
        columns: &'t [Column],
        rows: impl Iterator<Item = Vec<String>>,
        otherwise: &str,
    ) {
        let mut rows = rows.peekable();
        let Some(first) = rows.peek() else {
            flow.paragraph(otherwise);
            return;
        };
        flow.need(Self::beginning(flow, columns, first));
        let mut table = Self::begin(flow, columns);
        for row in rows {
            table.row(flow, &row);
        }
        flow.y += 6.0;
    }

    /// A whole table below its heading, which stays with the first row.
    pub(super) fn headed(
        flow: &mut Flow<'_>,
        (level, title): (u8, &str),
        columns: &'t [Column],
        rows: impl Iterator<Item = Vec<String>>,
        otherwise: &str,
    ) {
        let mut rows = rows.peekable();
        match rows.peek() {
            Some(first) => {
                let company = Self::beginning(flow, columns, first);
                flow.heading_of(level, title, company);
            }
            None => flow.heading(level, title),
        }
        Self::of(flow, columns, rows, otherwise);
    }

    /// How much of a page the header takes with the first row; of a very long row half a page will do.
    fn beginning(flow: &Flow<'_>, columns: &[Column], first: &[String]) -> f32 {
        let all: f32 = columns.iter().map(|column| column.1).sum();
        let lines = |texts: &mut dyn Iterator<Item = (&str, f32)>| {
            let counts = texts.map(|(text, share)| {
                let width = share / all * WIDTH - 2.0 * PADDING;
                broken(flow.face, text, SIZE, width).len()
            });
            counts.max().unwrap_or(1)
        };
        let header = lines(&mut columns.iter().map(|column| (column.0, column.1)));
        let cells = first.iter().zip(columns);
        let row = lines(&mut cells.map(|(cell, column)| (cell.as_str(), column.1)));
        let whole = height(header) + height(row) + 12.0;
        whole.min((BOTTOM - TOP) / 2.0)
    }

    /// One more row, with a cell for each column.
    pub(super) fn row(&mut self, flow: &mut Flow<'_>, cells: &[String]) {
        let cells: Vec<Vec<&str>> = cells
            .iter()
            .zip(&self.widths)
            .map(|(cell, width)| broken(flow.face, cell, SIZE, width - 2.0 * PADDING))
            .collect();
        let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
        let part = flow.parts.add(Kind::Row, Some(self.part));
        let cell_parts = cells.iter().map(|_| flow.parts.add(Kind::Cell, Some(part)));
        let cell_parts: Vec<usize> = cell_parts.collect();
        self.rows += 1;
        // Moved to the next page where it fits there as a whole.
        let whole = height(lines);
        if flow.y + whole > BOTTOM && whole <= BOTTOM - TOP - height(2) {
            self.turn(flow);
        }
        let mut from = 0;
        while from < lines {
            if flow.y + height(1) > BOTTOM {
                self.turn(flow);
            }
            let fitting = (from..lines).take_while(|at| flow.y + height(at - from + 1) <= BOTTOM);
            let until = from + fitting.count().max(1);
            self.part_of_row(flow, &cells, &cell_parts, from..until);
            from = until;
        }
    }

    fn turn(&self, flow: &mut Flow<'_>) {
        flow.turn();
        self.header(flow);
    }

    fn part_of_row(
        &self,
        flow: &mut Flow<'_>,
        cells: &[Vec<&str>],
        parts: &[usize],
        lines: std::ops::Range<usize>,
    ) {
        let height = height(lines.len());
        if self.rows.is_multiple_of(2) {
            flow.put(Mark::area(LEFT, flow.y, WIDTH, height, Colour::STRIPE));
        }
        let mut x = LEFT;
        for ((cell, part), width) in cells.iter().zip(parts).zip(&self.widths) {
            let mut y = flow.y + PADDING;
            for line in cell
                .get(lines.clone())
                .or(cell.get(lines.start..))
                .unwrap_or_default()
            {
                flow.line((x + PADDING, y), SIZE, Colour::INK, line, *part);
                y += LINE;
            }
            x += width;
        }
        flow.y += height;
        flow.put(Mark::rule(LEFT, flow.y, WIDTH));
    }

    fn header(&self, flow: &mut Flow<'_>) {
        let titles = self.columns.iter().zip(&self.widths);
        let titles: Vec<_> = titles
            .map(|(column, width)| broken(flow.face, column.0, SIZE, width - 2.0 * PADDING))
            .collect();
        let lines = titles.iter().map(Vec::len).max().unwrap_or(1);
        let row = flow.parts.add(Kind::Row, Some(self.part));
        flow.put(Mark::area(
            LEFT,
            flow.y,
            WIDTH,
            height(lines),
            Colour::ACCENT,
        ));
        let mut x = LEFT;
        for (title, width) in titles.iter().zip(&self.widths) {
            let part = flow.parts.add(Kind::HeaderCell, Some(row));
            let mut y = flow.y + PADDING;
            for line in title {
                flow.line((x + PADDING, y), SIZE, Colour::WHITE, line, part);
                y += LINE;
            }
            x += width;
        }
        flow.y += height(lines);
    }
}

fn height(lines: usize) -> f32 {
    count(lines) * LINE + 2.0 * PADDING
}
