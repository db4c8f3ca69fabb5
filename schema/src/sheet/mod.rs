//! CSV files for people: what the service exports is opened in Excel, so cells and bytes are made for that.
//!
//! UTF-8 with a byte order mark or CP932, CRLF, no cell that a spreadsheet would run as a formula. Rows are
//! streamed. [`Sheet`] writes any table, [`ComparisonSheet`] the columns of `comparison.csv` (API.md), [`inventory`] writes
//! and reads those of `systems.csv`, [`reviews`] has those of `reviews.csv`, [`checklist`] and [`contract_points`] write an
//! institution's records, [`answers`] the template of a form; `table` is what reading has in common.

pub mod answers;
pub mod checklist;
mod comparison;
pub mod contract_points;
mod cp932;
mod formula;
pub mod inventory;
mod labels;
mod ready;
pub mod reviews;
mod table;

use std::io::{self, Write};

pub use comparison::{ComparisonRow, ComparisonSheet};
pub use formula::{neutralise, restore};
pub use labels::{BLANK, JUDGEMENT_LABELS, NOT_RECEIVED, SignatureStatus, answer_label};
pub use ready::ReadyRows;

/// How the characters of a file become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// UTF-8 with a byte order mark, by which Excel knows it.
    #[default]
    Utf8,
    /// Windows code page 932 (`Shift_JIS` with the extensions of NEC and IBM), for software that takes nothing else.
    Cp932,
}

impl Encoding {
    /// Both, the default first.
    pub const ALL: [Self; 2] = [Self::Utf8, Self::Cp932];

    /// `utf-8` or `cp932`, as a query names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Cp932 => "cp932",
        }
    }

    /// The encoding of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|encoding| encoding.as_str() == name)
    }

    /// The `charset` of the media type `text/csv`.
    pub fn charset(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Cp932 => "windows-31j",
        }
    }

    /// What is read again of a text that was written in this encoding.
    pub fn image(self, text: &str) -> String {
        match self {
            Self::Utf8 => text.to_owned(),
            Self::Cp932 => {
                let (bytes, _) = cp932::encode(&cp932::compose(text));
                cp932::decode(&bytes).unwrap_or_default()
            }
        }
    }
}

/// A character that CP932 does not have and that 〓 stands for in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replaced {
    /// The record, from 1: the header is record 1, as in a spreadsheet.
    pub row: u64,
    /// The column, from 1.
    pub column: usize,
    /// What the cell should hold.
    pub character: char,
}

/// Writes a table row by row.
pub struct Sheet<W: Write> {
    writer: csv::Writer<W>,
    encoding: Encoding,
    row: u64,
    replaced: Vec<Replaced>,
}

impl<W: Write> Sheet<W> {
    /// At most so many replaced characters are reported; the file has 〓 for each of them all the same.
    pub const MAX_REPORTED: usize = 1_000;

    /// Begins a file with its header.
    pub fn new(mut writer: W, encoding: Encoding, header: &[&str]) -> io::Result<Self> {
        if encoding == Encoding::Utf8 {
            writer.write_all("\u{feff}".as_bytes())?;
        }
        let mut sheet = Self::without_header(writer, encoding);
        sheet.row(header.iter().copied())?;
        Ok(sheet)
    }

    /// Goes on with a file of which that many rows were written before.
    pub(crate) fn resumed(writer: W, encoding: Encoding, rows: u64) -> Self {
        Self {
            row: rows,
            ..Self::without_header(writer, encoding)
        }
    }

    /// How many rows were written, the header among them.
    pub(crate) fn rows(&self) -> u64 {
        self.row
    }

    fn without_header(writer: W, encoding: Encoding) -> Self {
        let writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(writer);
        Self {
            writer,
            encoding,
            row: 0,
            replaced: Vec::new(),
        }
    }

    /// Writes one row. It must have as many cells as the header; a row that does not is an error.
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> io::Result<()> {
        self.row += 1;
        for (column, cell) in (1..).zip(cells) {
            match self.encoding {
                Encoding::Utf8 => self.writer.write_field(neutralise(cell).as_bytes())?,
                Encoding::Cp932 => self.write_cp932(column, cell)?,
            }
        }
        self.writer.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Hands over to `writer` what is still held back, so that a response can be streamed in pieces.
    pub fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    /// Ends the file. Answers the writer and which characters the encoding does not have.
    pub fn finish(self) -> io::Result<(W, Vec<Replaced>)> {
        let writer = self
            .writer
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)?;
        Ok((writer, self.replaced))
    }

    fn write_cp932(&mut self, column: usize, cell: &str) -> io::Result<()> {
        // In this order: composing must not make a formula of what was none, nor hide one.
        let composed = cp932::compose(cell);
        let (bytes, missing) = cp932::encode(&neutralise(&composed));
        self.writer.write_field(bytes)?;
        let room = Self::MAX_REPORTED.saturating_sub(self.replaced.len());
        let row = self.row;
        self.replaced
            .extend(missing.into_iter().take(room).map(|character| Replaced {
                row,
                column,
                character,
            }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::SHIFT_JIS;
    use proptest::prelude::*;

    use super::*;

    fn written(encoding: Encoding, rows: &[[&str; 2]]) -> (Vec<u8>, Vec<Replaced>) {
        let mut sheet = Sheet::new(Vec::new(), encoding, &["名称", "備考"]).unwrap();
        for row in rows {
            sheet.row(row.iter().copied()).unwrap();
        }
        sheet.finish().unwrap()
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        let records = csv::Reader::from_reader(text.as_bytes()).into_records();
        records
            .map(|record| {
                record
                    .unwrap()
                    .iter()
                    .map(|cell| restore(cell).to_owned())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn utf_8_begins_with_a_byte_order_mark_and_ends_lines_with_crlf() {
        let (bytes, _) = written(Encoding::Utf8, &[["甲", "一行目\n\"二行目\""]]);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "\u{feff}名称,備考\r\n甲,\"一行目\n\"\"二行目\"\"\"\r\n"
        );
    }

    #[test]
    fn cp932_has_no_mark_and_keeps_bytes_that_look_like_others() {
        let (bytes, replaced) = written(Encoding::Cp932, &[["表示能力ソ", "〜か\u{3099}"]]);
        let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes);
        assert_eq!(text.unwrap(), "名称,備考\r\n表示能力ソ,～が\r\n");
        assert_eq!(replaced, []);
    }

    #[test]
    fn what_cp932_lacks_is_reported_by_row_and_column() {
        let (_, replaced) = written(Encoding::Cp932, &[["甲", "乙"], ["甲", "𠮷野家✓"]]);
        let at = |character| Replaced {
            row: 3,
            column: 2,
            character,
        };
        assert_eq!(replaced, [at('𠮷'), at('✓')]);
    }

    #[test]
    fn the_report_of_missing_characters_is_bounded() {
        let many = "𠮷".repeat(Sheet::<Vec<u8>>::MAX_REPORTED + 1);
        let (_, replaced) = written(Encoding::Cp932, &[[&many, "乙"]]);
        assert_eq!(replaced.len(), Sheet::<Vec<u8>>::MAX_REPORTED);
    }

    #[test]
    fn a_combining_mark_neither_makes_nor_hides_a_formula() {
        let (bytes, _) = written(Encoding::Cp932, &[["=1", "=\u{338}1"]]);
        let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes);
        assert_eq!(text.unwrap(), "名称,備考\r\n'=1,≠1\r\n");
    }

    #[test]
    fn a_row_of_another_length_is_an_error() {
        let mut sheet = Sheet::new(Vec::new(), Encoding::Utf8, &["名称", "備考"]).unwrap();
        assert!(sheet.row(["甲"]).is_err());
    }

    proptest! {
        #[test]
        fn every_cell_comes_back_from_utf_8(one in any::<String>(), two in "['=+@-]{0,3}[あ-ん\",\n]{0,5}") {
            let (bytes, _) = written(Encoding::Utf8, &[[&one, &two]]);
            let text = String::from_utf8(bytes).unwrap();
            let read = cells(text.strip_prefix('\u{feff}').unwrap());
            prop_assert_eq!(read, [[one, two]]);
        }

        #[test]
        fn every_cell_of_kana_and_kanji_comes_back_from_cp932(one in "['=@-]{0,2}[ァ-ヶ亜-堯,\"]{0,9}") {
            let (bytes, replaced) = written(Encoding::Cp932, &[[&one, ""]]);
            let text = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(&bytes).unwrap();
            let read = cells(&text);
            if replaced.is_empty() {
                prop_assert_eq!(&read[0][0], &one);
            } else {
                prop_assert_eq!(read[0][0].matches('〓').count(), replaced.len());
            }
        }
    }
}
