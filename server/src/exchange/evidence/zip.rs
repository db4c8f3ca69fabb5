//! An evidence folder as a zip that is made while it is sent: one file at a time, attachments a chunk at a time.

use std::io::Write;

use super::{Evidence, path_of};
use crate::exchange::Exchange;
use crate::exchange::fetch_attachment::Chunks;
use crate::exchange::zip::{Zip, unwritable};
use crate::storage::attachments::NamedAttachment;
use crate::storage::{DbConnection, Error as StorageError};

/// A zip on its way out.
pub struct EvidenceZip {
    sha256: String,
    zip: Zip,
    attachments: Attachments,
}

impl EvidenceZip {
    /// Begins a zip of that folder: all but the attachments is in it already.
    pub(super) fn new(sha256: &str, evidence: Evidence) -> Result<Self, StorageError> {
        let mut zip = Zip::new(evidence.as_of);
        let attachments = evidence.put_into(&mut zip, "")?;
        Ok(Self {
            sha256: sha256.to_owned(),
            zip,
            attachments,
        })
    }

    /// The statement whose folder it is.
    pub fn statement(&self) -> &str {
        &self.sha256
    }
}

impl Evidence {
    /// Puts the files into a zip, each behind the prefix; the attachments are still to come.
    pub(in crate::exchange) fn put_into(
        self,
        zip: &mut Zip,
        prefix: &str,
    ) -> Result<Attachments, StorageError> {
        for (name, contents) in &self.files {
            zip.add(&format!("{prefix}{name}"), contents)?;
        }
        Ok(Attachments {
            prefix: prefix.to_owned(),
            files: self.attachments.into_iter(),
            current: None,
        })
    }
}

/// Attachments that are still to be put into a zip.
pub(in crate::exchange) struct Attachments {
    prefix: String,
    files: std::vec::IntoIter<NamedAttachment>,
    current: Option<Chunks>,
}

impl Attachments {
    /// Writes one more part; `false` after the last.
    pub(in crate::exchange) fn go_on(
        &mut self,
        connection: &mut DbConnection,
        zip: &mut Zip,
    ) -> Result<bool, StorageError> {
        if let Some(chunks) = &mut self.current {
            match chunks.next(connection)? {
                Some(chunk) => zip.write_all(&chunk).map_err(unwritable)?,
                None => self.current = None,
            }
        } else if let Some(file) = self.files.next() {
            zip.begin(&format!("{}{}", self.prefix, path_of(&file)))?;
            self.current = Some(Chunks::of(file.upload, file.bytes));
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

impl Exchange {
    /// The next bytes of a zip; `None` after the last.
    pub fn continue_evidence(
        &self,
        folder: &mut EvidenceZip,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        loop {
            let EvidenceZip {
                zip, attachments, ..
            } = folder;
            let more = self.db.read(|c| attachments.go_on(c, zip))? || zip.finish()?;
            let piece = zip.take();
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
            if !more {
                return Ok(None);
            }
        }
    }
}
