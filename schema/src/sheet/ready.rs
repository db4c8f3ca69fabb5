//! Rows that stand many times in a file, behind other cells each time: encoded once.

use std::io;

use super::{Encoding, Sheet};

/// The last cells of some rows, or the first of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyRows {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl ReadyRows {
    /// Makes rows ready. Each must have as many cells as the first.
    pub fn new<'c, const N: usize>(
        encoding: Encoding,
        rows: impl IntoIterator<Item = [&'c str; N]>,
    ) -> io::Result<Self> {
        let mut sheet = Sheet::without_header(Vec::new(), encoding);
        let mut ends = Vec::new();
        for row in rows {
            sheet.row(row)?;
            sheet.flush()?;
            ends.push(sheet.writer.get_ref().len());
        }
        let (bytes, _) = sheet.finish()?;
        Ok(Self { bytes, ends })
    }

    /// Writes all rows, each behind the cells of the one row `beginning`.
    pub fn write_behind(&self, beginning: &Self, file: &mut Vec<u8>) {
        let cells = beginning.bytes.strip_suffix(b"\r\n").unwrap_or_default();
        file.reserve(self.bytes.len() + self.ends.len() * (cells.len() + 1));
        let mut start = 0;
        for end in &self.ends {
            file.extend_from_slice(cells);
            file.push(b',');
            file.extend_from_slice(self.bytes.get(start..*end).unwrap_or_default());
            start = *end;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_row_in_two_parts_is_the_row_in_one(
            cells in prop::array::uniform4("['=+@-]{0,2}[あ-ん𠮷\",\r\n ]{0,4}"),
            system in "['=]{0,1}[あ-んa-z\", \n]{0,4}",
        ) {
            for encoding in Encoding::ALL {
                let [one, two, three, four] = cells.each_ref().map(String::as_str);
                let mut whole = Sheet::without_header(Vec::new(), encoding);
                whole.row([system.as_str(), "甲", one, two]).unwrap();
                whole.row([system.as_str(), "甲", three, four]).unwrap();
                let beginning = ReadyRows::new(encoding, [[system.as_str(), "甲"]]).unwrap();
                let rest = ReadyRows::new(encoding, [[one, two], [three, four]]).unwrap();
                let mut parts = Vec::new();
                rest.write_behind(&beginning, &mut parts);
                prop_assert_eq!(parts, whole.finish().unwrap().0);
            }
        }
    }
}
