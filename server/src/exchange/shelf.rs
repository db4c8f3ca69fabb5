//! Where a file is put that has arrived: among the files of a vendor's statements, or of an institution's records.
//!
//! What the two have in common, `take_file` does; here is what differs: of which kind a file may be, how much may wait
//! for something that names it, and which rows it becomes.

use kaiji_schema::file_label::FileLabel;

use super::take_file::{FileError, stored_size};
use crate::storage::attachments::{self, AttachmentRow};
use crate::storage::evidence_files::{self, EvidenceFileRow};
use crate::storage::{DbConnection, Error as StorageError};

/// How many bytes an institution may bring before its records name them: ten of the largest files.
const MOST_WAITING: i64 = 200 * 1024 * 1024;

/// Where a file is put.
#[derive(Clone)]
pub(super) enum Shelf {
    /// A vendor's statement will name it. Of any kind.
    Attachments,
    /// An institution's record will name it, which knows it by this name and kind.
    Evidence(FileLabel),
}

/// A file that an owner has.
pub(super) struct Held {
    /// Whether something names it, so that it is kept.
    pub(super) is_named: bool,
}

/// A file whose chunks are all there.
pub(super) struct ArrivedFile {
    pub(super) owner: String,
    pub(super) sha256: String,
    pub(super) upload: String,
    pub(super) bytes: i64,
    pub(super) arrived_at: i64,
    /// Until when it waits for something that names it.
    pub(super) expires_at: i64,
}

impl Shelf {
    /// The owner's file of that digest, if there is one.
    pub(super) fn holds(
        &self,
        connection: &mut DbConnection,
        owner: &str,
        sha256: &str,
    ) -> Result<Option<Held>, StorageError> {
        let expires_at = match self {
            Self::Attachments => {
                attachments::find(connection, owner, sha256)?.map(|row| row.expires_at)
            }
            Self::Evidence(_) => {
                evidence_files::find(connection, owner, sha256)?.map(|row| row.expires_at)
            }
        };
        Ok(expires_at.map(|expires_at| Held {
            is_named: expires_at.is_none(),
        }))
    }

    /// Refuses a file that does not begin as its kind does.
    pub(super) fn check_beginning(&self, first: &[u8]) -> Result<(), FileError> {
        match self {
            Self::Attachments => Ok(()),
            Self::Evidence(label) => Ok(label.check_beginning(first)?),
        }
    }

    /// Refuses so many more bytes where too much waits already.
    pub(super) fn check_room(
        &self,
        connection: &mut DbConnection,
        owner: &str,
        bytes: u64,
    ) -> Result<(), FileError> {
        let waiting = match self {
            Self::Attachments => return Ok(()),
            Self::Evidence(_) => evidence_files::unnamed_bytes(connection, owner)?,
        };
        if waiting.saturating_add(stored_size(bytes)) > MOST_WAITING {
            return Err(FileError::TooMuchWaits(waiting));
        }
        Ok(())
    }

    /// Gives a file that nothing names more time, and the name that it is brought under now.
    pub(super) fn prolong(
        &self,
        connection: &mut DbConnection,
        owner: &str,
        sha256: &str,
        until: i64,
    ) -> Result<(), StorageError> {
        match self {
            Self::Attachments => attachments::prolong(connection, owner, sha256, until),
            Self::Evidence(FileLabel { name, kind }) => {
                let media_type = kind.media_type();
                evidence_files::prolong(connection, owner, sha256, name, media_type, until)
            }
        }
    }

    /// Puts a file down.
    pub(super) fn put(
        &self,
        connection: &mut DbConnection,
        file: ArrivedFile,
    ) -> Result<(), StorageError> {
        match self {
            Self::Attachments => attachments::insert(
                connection,
                &AttachmentRow {
                    vendor_id: file.owner,
                    sha256: file.sha256,
                    upload: file.upload,
                    bytes: file.bytes,
                    created_at: file.arrived_at,
                    expires_at: Some(file.expires_at),
                },
            ),
            Self::Evidence(FileLabel { name, kind }) => evidence_files::insert(
                connection,
                &EvidenceFileRow {
                    institution_id: file.owner,
                    sha256: file.sha256,
                    name: name.clone(),
                    media_type: kind.media_type().to_owned(),
                    upload: file.upload,
                    bytes: file.bytes,
                    created_at: file.arrived_at,
                    expires_at: Some(file.expires_at),
                },
            ),
        }
    }
}
