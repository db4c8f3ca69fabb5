//! A table that comes back from a spreadsheet: in UTF-8 or CP932, with its columns in any order and perhaps not all.
//!
//! What a cell means is not known here, only where it stands: each violation points to `/row/column`, counted and named
//! as the spreadsheet shows it.

use super::{Encoding, cp932, restore};
use crate::violation::{Violation, Violations, escape_pointer_token};

/// What a table may look like.
pub(super) struct Layout<'a> {
    /// The titles of the columns that there can be.
    pub(super) titles: &'a [&'static str],
    /// Those of them that must be there.
    pub(super) required: &'a [&'static str],
    /// At most so many rows, blank ones not counted.
    pub(super) max_rows: usize,
}

/// A row, with a cell for each column that the file has.
pub(super) struct Row {
    /// The record, from 1: the header is record 1, as in a spreadsheet.
    pub(super) number: u64,
    cells: Vec<(&'static str, String)>,
}

impl Row {
    /// The cells under their titles, in the order of the file; without white space around them.
    pub(super) fn cells(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.cells
            .iter()
            .map(|(title, cell)| (*title, cell.as_str()))
    }

    /// The cell under that title; empty where the file has no such column.
    pub(super) fn cell(&self, title: &str) -> &str {
        let mut cells = self.cells();
        cells
            .find(|(found, _)| *found == title)
            .map_or("", |(_, cell)| cell)
    }

    /// Where that cell stands, as violations point to it: `/3/契約更新日`.
    pub(super) fn place(&self, title: &str) -> String {
        place(self.number, title)
    }
}

/// Where a cell stands, as violations point to it.
pub(super) fn place(row: u64, title: &str) -> String {
    format!("/{row}/{}", escape_pointer_token(title))
}

/// Reads a file: what `read` makes of each row that is not blank, and how the characters were written. All violations at
/// once: those of `read`, and `encoding`, `missing_column`, `unknown_column`, `duplicate_column`, `too_many_rows` and
/// `too_many_cells`.
pub(super) fn read_rows<T>(
    bytes: &[u8],
    layout: &Layout<'_>,
    mut read: impl FnMut(&Row, &mut Vec<Violation>) -> T,
) -> Result<(Encoding, Vec<T>), Violations> {
    let (text, encoding) = decode(bytes)?;
    let mut records = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
        .into_records()
        // The bytes are in memory and are text: nothing else can fail.
        .map_while(Result::ok);
    let columns = columns_of(&records.next().unwrap_or_default(), layout)?;
    let (mut rows, mut found) = (Vec::new(), Vec::new());
    for (number, cells) in (2..).zip(records) {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if rows.len() == layout.max_rows {
            let detail = format!("a list may have {} rows at the most", layout.max_rows);
            found.push(Violation::new(
                format!("/{number}"),
                "too_many_rows",
                detail,
            ));
            break;
        }
        let row = row(number, &columns, &cells, &mut found);
        rows.push(read(&row, &mut found));
    }
    Violations::from_vec(found)?;
    Ok((encoding, rows))
}

fn decode(bytes: &[u8]) -> Result<(String, Encoding), Violations> {
    let marked = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if let Ok(text) = str::from_utf8(marked) {
        return Ok((text.to_owned(), Encoding::Utf8));
    }
    let text = cp932::decode(bytes).ok_or_else(|| {
        let detail = "the file is neither UTF-8 nor CP932: save it as CSV UTF-8";
        Violations::one(Violation::new("", "encoding", detail))
    })?;
    Ok((text, Encoding::Cp932))
}

fn columns_of(
    header: &csv::StringRecord,
    layout: &Layout<'_>,
) -> Result<Vec<&'static str>, Violations> {
    let mut found = Vec::new();
    let mut columns: Vec<&'static str> = Vec::new();
    for title in header.iter().map(str::trim) {
        let pointer = || place(1, title);
        match layout.titles.iter().find(|known| **known == title) {
            None => {
                let titles = layout.titles.join(", ");
                let detail = format!("there is no such column; the columns are {titles}");
                found.push(Violation::new(pointer(), "unknown_column", detail));
            }
            Some(title) if columns.contains(title) => {
                let detail = format!("{title} is there twice");
                found.push(Violation::new(pointer(), "duplicate_column", detail));
            }
            Some(title) => columns.push(title),
        }
    }
    let missing = layout
        .required
        .iter()
        .find(|title| !columns.contains(title));
    if let Some(missing) = missing.filter(|_| found.is_empty()) {
        let detail = format!("the first row must name the columns, with {missing}");
        found.push(Violation::new("/1", "missing_column", detail));
    }
    Violations::from_vec(found)?;
    Ok(columns)
}

fn row(
    number: u64,
    columns: &[&'static str],
    cells: &csv::StringRecord,
    found: &mut Vec<Violation>,
) -> Row {
    if cells.len() > columns.len() {
        let detail = format!(
            "the row has {} cells, the header {}",
            cells.len(),
            columns.len()
        );
        found.push(Violation::new(
            format!("/{number}"),
            "too_many_cells",
            detail,
        ));
    }
    let cell = |at: usize| restore(cells.get(at).unwrap_or_default().trim()).replace("\r\n", "\n");
    let cells = columns.iter().enumerate();
    Row {
        number,
        cells: cells.map(|(at, title)| (*title, cell(at))).collect(),
    }
}
