//! Those who may read a statement take the files that it names, and a vendor its own; piece by piece, byte for byte.

use super::Exchange;
use super::announce::named;
use super::read_statement::reader_of;
use super::take_file::FileError;
use crate::actor::{Actor, OrganisationKind};
use crate::storage::attachments::{self, NamedAttachment};
use crate::storage::files;
use crate::storage::{DbConnection, Error as StorageError};

/// A file on its way out.
pub struct Download {
    /// The name that it goes by; its digest where it has none.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    chunks: Chunks,
}

impl Download {
    /// The file of that name and digest, which these chunks are.
    pub(super) fn new(name: String, sha256: String, chunks: Chunks) -> Result<Self, StorageError> {
        let bytes = u64::try_from(chunks.left)
            .map_err(|_| StorageError::Corrupt(format!("the size of the file {sha256}")))?;
        Ok(Self {
            name,
            sha256,
            bytes,
            chunks,
        })
    }
}

impl Exchange {
    /// Begins to give a file out: to a vendor its own, to an institution what a statement names that it may read.
    pub fn open_attachment(&self, actor: &Actor, sha256: &str) -> Result<Download, FileError> {
        let file = self.db.read(|c| readable(c, actor, sha256))?;
        let chunks = Chunks::of(file.upload, file.bytes);
        Ok(Download::new(file.name, file.sha256, chunks)?)
    }

    /// The next bytes of a file; `None` after the last.
    pub fn continue_download(
        &self,
        download: &mut Download,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        self.db.read(|c| download.chunks.next(c))
    }
}

/// The file of that name, if the actor may read it.
fn readable(
    connection: &mut DbConnection,
    actor: &Actor,
    sha256: &str,
) -> Result<NamedAttachment, FileError> {
    let (reader, sha256) = reader_of(actor)
        .zip(named(sha256))
        .ok_or(FileError::NotFound)?;
    if let Some(file) = attachments::readable(connection, reader, &sha256)? {
        return Ok(file);
    }
    let unnamed = match actor.kind {
        OrganisationKind::Vendor => attachments::find(connection, &actor.organisation, &sha256)?,
        OrganisationKind::Institution | OrganisationKind::Operator => None,
    };
    let row = unnamed.ok_or(FileError::NotFound)?;
    Ok(NamedAttachment {
        name: row.sha256.clone(),
        sha256: row.sha256,
        bytes: row.bytes,
        upload: row.upload,
    })
}

/// The files that a statement names, in its order, each under the name that it gives. Whether the caller may read the
/// statement is asked before.
pub(super) fn attachments_of(
    connection: &mut DbConnection,
    statement_sha256: &str,
) -> Result<Vec<NamedAttachment>, StorageError> {
    attachments::named_by(connection, statement_sha256)
}

/// The chunks of a file, read one at a time. What it gives is all of the file or ends with an error.
pub(super) struct Chunks {
    upload: String,
    number: i64,
    /// How many bytes are still to come.
    left: i64,
}

impl Chunks {
    /// Those of an upload that was of so many bytes, from the beginning.
    pub(super) fn of(upload: String, bytes: i64) -> Self {
        Self {
            upload,
            number: 0,
            left: bytes,
        }
    }

    /// The next; `None` after the last.
    pub(super) fn next(
        &mut self,
        connection: &mut DbConnection,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        if self.left == 0 {
            return Ok(None);
        }
        let corrupt = || StorageError::Corrupt(format!("chunk {} of {}", self.number, self.upload));
        let chunk = files::chunk(connection, &self.upload, self.number)?;
        let chunk = chunk.ok_or_else(corrupt)?;
        let size = i64::try_from(chunk.len()).unwrap_or(i64::MAX);
        if size == 0 || size > self.left {
            return Err(corrupt());
        }
        self.left -= size;
        self.number += 1;
        Ok(Some(chunk))
    }
}
