//! An evidence folder as a zip that is made while it is sent: one file at a time, attachments a chunk at a time.

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::{Evidence, path_of};
use crate::exchange::Exchange;
use crate::exchange::fetch_attachment::Chunks;
use crate::exchange::time::JAPAN;
use crate::storage::Error as StorageError;
use crate::storage::attachments::NamedAttachment;

/// What the zip's writer has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A zip on its way out.
pub struct EvidenceZip {
    sha256: String,
    written: Written,
    /// `None` once the end is written.
    writer: Option<ZipWriter<StreamWriter<Written>>>,
    options: SimpleFileOptions,
    attachments: std::vec::IntoIter<NamedAttachment>,
    current: Option<Chunks>,
}

impl EvidenceZip {
    /// Begins a zip of that folder: all but the attachments is in it already.
    pub(super) fn new(sha256: &str, evidence: Evidence) -> Result<Self, StorageError> {
        let written = Written::default();
        let mut writer = ZipWriter::new_stream(written.clone());
        // What is large in a folder, spreadsheets and PDF, is compressed already.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(japanese_time(evidence.as_of))
            .unix_permissions(0o644);
        for (name, contents) in &evidence.files {
            writer
                .start_file(name.as_str(), options)
                .map_err(unwritable)?;
            writer.write_all(contents).map_err(unwritable)?;
        }
        Ok(Self {
            sha256: sha256.to_owned(),
            written,
            writer: Some(writer),
            options,
            attachments: evidence.attachments.into_iter(),
            current: None,
        })
    }

    /// The statement whose folder it is.
    pub fn statement(&self) -> &str {
        &self.sha256
    }

    /// Writes one more part of it; `false` after the last.
    fn go_on(&mut self, exchange: &Exchange) -> Result<bool, StorageError> {
        let Some(writer) = &mut self.writer else {
            return Ok(false);
        };
        if let Some(chunks) = &mut self.current {
            match exchange.db.read(|c| chunks.next(c))? {
                Some(chunk) => writer.write_all(&chunk).map_err(unwritable)?,
                None => self.current = None,
            }
        } else if let Some(file) = self.attachments.next() {
            writer
                .start_file(path_of(&file), self.options)
                .map_err(unwritable)?;
            self.current = Some(Chunks::of(file.upload, file.bytes));
        } else if let Some(writer) = self.writer.take() {
            writer.finish().map_err(unwritable)?;
        }
        Ok(true)
    }
}

impl Exchange {
    /// The next bytes of a zip; `None` after the last.
    pub fn continue_evidence(
        &self,
        zip: &mut EvidenceZip,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        loop {
            let more = zip.go_on(self)?;
            let piece = zip.written.take();
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
            if !more {
                return Ok(None);
            }
        }
    }
}

/// What programs show as the time of a file has no time zone; in Japan it is Japan's.
fn japanese_time(at: jiff::Timestamp) -> DateTime {
    let time = at.to_zoned(JAPAN);
    let year = u16::try_from(time.year()).unwrap_or(1980);
    let part = |number: i8| number.unsigned_abs();
    let (month, day) = (part(time.month()), part(time.day()));
    let (hour, minute, second) = (part(time.hour()), part(time.minute()), part(time.second()));
    DateTime::from_date_and_time(year, month, day, hour, minute, second).unwrap_or_default()
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands errors over by value"
)]
fn unwritable(error: impl ToString) -> StorageError {
    StorageError::Corrupt(format!(
        "an evidence folder cannot be packed: {}",
        error.to_string()
    ))
}
