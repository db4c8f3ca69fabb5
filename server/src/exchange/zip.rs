//! Zips that are made while they are sent: the same files as of the same time are the same bytes.
//!
//! Nothing is compressed: what is large in them is compressed already, and bytes that somebody else's compressor chose
//! would be others after its next version.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use kaiji_schema::Digest;
use kaiji_schema::digest::Digesting;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::piece::Piece;
use super::time::JAPAN;
use crate::storage::Error as StorageError;

/// A zip on its way out.
pub(super) struct Zip {
    piece: Piece,
    /// `None` once the end is written.
    writer: Option<ZipWriter<StreamWriter<Piece>>>,
    options: SimpleFileOptions,
    current: Option<(String, Digesting)>,
    digests: BTreeMap<String, Digest>,
}

impl Zip {
    /// An empty one, whose files all bear that time.
    pub(super) fn new(at: Timestamp) -> Self {
        let piece = Piece::default();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(japanese_time(at))
            .unix_permissions(0o644);
        Self {
            writer: Some(ZipWriter::new_stream(piece.clone())),
            piece,
            options,
            current: None,
            digests: BTreeMap::new(),
        }
    }

    /// Begins the next file; what is written from now on is its content.
    pub(super) fn begin(&mut self, name: &str) -> Result<(), StorageError> {
        self.close();
        if let Some(writer) = &mut self.writer {
            let begun = writer.start_file(name, self.options);
            begun.map_err(unwritable)?;
            self.current = Some((name.to_owned(), Digesting::new()));
        }
        Ok(())
    }

    /// Adds a whole file.
    pub(super) fn add(&mut self, name: &str, contents: &[u8]) -> Result<(), StorageError> {
        self.begin(name)?;
        self.write_all(contents).map_err(unwritable)
    }

    /// The digests of all files so far.
    pub(super) fn digests(&mut self) -> &BTreeMap<String, Digest> {
        self.close();
        &self.digests
    }

    /// Writes the end. `false` where it was written before.
    pub(super) fn finish(&mut self) -> Result<bool, StorageError> {
        self.close();
        match self.writer.take() {
            None => Ok(false),
            Some(writer) => {
                writer.finish().map_err(unwritable)?;
                Ok(true)
            }
        }
    }

    /// Takes away what was written since the last time.
    pub(super) fn take(&self) -> Vec<u8> {
        self.piece.take()
    }

    fn close(&mut self) {
        if let Some((name, digesting)) = self.current.take() {
            self.digests.insert(name, digesting.finish());
        }
    }
}

impl Write for Zip {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (Some(writer), Some((_, digesting))) = (&mut self.writer, &mut self.current) else {
            return Err(io::Error::other("no file of the zip was begun"));
        };
        let written = writer.write(bytes)?;
        digesting.add(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What programs show as the time of a file has no time zone; in Japan it is Japan's.
fn japanese_time(at: Timestamp) -> DateTime {
    let time = at.to_zoned(JAPAN);
    let year = u16::try_from(time.year()).unwrap_or(1980);
    let part = |number: i8| number.unsigned_abs();
    let (month, day) = (part(time.month()), part(time.day()));
    let (hour, minute, second) = (part(time.hour()), part(time.minute()), part(time.second()));
    DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap_or_default()
}

/// What it means that a file cannot be packed.
#[allow(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands errors over by value"
)]
pub(super) fn unwritable(error: impl ToString) -> StorageError {
    StorageError::Corrupt(format!("a zip cannot be packed: {}", error.to_string()))
}
