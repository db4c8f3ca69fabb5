//! A file comes in: opaque bytes, named by their digest, which is checked while they arrive.
//!
//! They are written in chunks, each its own small change, so that a large file holds neither the writer nor memory. What
//! a file is for, a vendor's statement or an institution's records, its [`Shelf`] knows. Files are each owner's own:
//! what another has makes no difference to any answer.

use jiff::{SignedDuration, Timestamp};
use kaiji_schema::Digest;
use kaiji_schema::digest::Digesting;
use kaiji_schema::statement::MAX_ATTACHMENT_BYTES;
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::announce::named;
use super::shelf::{ArrivedFile, Shelf};
use super::{Exchange, stored_digest, violation};
use crate::actor::Actor;
use crate::storage::files::{self, UploadRow};
use crate::storage::{Error as StorageError, Tx};

/// How much of a file is written at a time.
pub const CHUNK_BYTES: usize = 256 * 1024;

/// How long an upload may be under way.
const UNDER_WAY: SignedDuration = SignedDuration::from_hours(1);

/// How long a file waits for something that names it.
const UNNAMED: SignedDuration = SignedDuration::from_hours(24);

/// A file that the service keeps.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct KeptFile {
    /// Its SHA-256, by which it is named.
    #[schema(value_type = String)]
    pub sha256: Digest,
    /// Its size.
    pub bytes: u64,
    /// Whether its owner had not brought it before.
    #[serde(skip)]
    pub created: bool,
}

/// Why a file is not taken or not given.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there, or not for the caller.
    #[error("there is no such file, or nothing that you may read names it")]
    NotFound,
    /// It is larger than a file may be.
    #[error("a file may have {MAX_ATTACHMENT_BYTES} bytes at the most")]
    TooLarge,
    /// It is of a type that is not taken.
    #[error("files of this type are not taken, but {0}")]
    MediaType(String),
    /// Too much that its owner brought waits for something that names it.
    #[error("{0} bytes wait already for a record that names them: name them first, or wait a day")]
    TooMuchWaits(i64),
    /// It is not what its address says.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// What had arrived was swept before the rest came.
    #[error("the file took too long to arrive: send it again")]
    TooSlow,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A file on its way in.
pub struct Upload {
    id: String,
    owner: String,
    shelf: Shelf,
    expected: Digest,
    digesting: Digesting,
    bytes: u64,
    /// How many chunks are written.
    written: i64,
    /// The chunk that came last: it is written when the next comes, or with the row that makes it a file.
    last: Vec<u8>,
    /// Whether the owner has this file already, so that it is only looked at.
    held: bool,
}

impl Exchange {
    /// Begins to take a file in, of so many bytes if that was said. A file that the owner has already is looked at just
    /// the same.
    pub(super) fn begin_upload(
        &self,
        actor: &Actor,
        shelf: Shelf,
        sha256: &str,
        announced: Option<u64>,
    ) -> Result<Upload, FileError> {
        let name = named(sha256).ok_or(FileError::NotFound)?;
        let expected = stored_digest(&name)?;
        if announced.is_some_and(|bytes| bytes > MAX_ATTACHMENT_BYTES) {
            return Err(FileError::TooLarge);
        }
        let owner = actor.organisation.clone();
        let held = self.db.read(|c| {
            let held = shelf.holds(c, &owner, &name)?;
            if held.is_none() {
                shelf.check_room(c, &owner, announced.unwrap_or(0))?;
            }
            Ok::<_, FileError>(held)
        })?;
        let held = match held {
            None => false,
            Some(held) if held.is_named => true,
            Some(_) => self.prolong(&shelf, &owner, name)?,
        };
        Ok(Upload {
            id: self.new_id("upl")?,
            owner,
            shelf,
            expected,
            digesting: Digesting::new(),
            bytes: 0,
            written: 0,
            last: Vec::new(),
            held,
        })
    }

    /// Gives a file that is there more time, lest it is swept under an owner that brings it again. `false` where it was
    /// swept meanwhile.
    fn prolong(&self, shelf: &Shelf, owner: &str, sha256: String) -> Result<bool, StorageError> {
        let (shelf, owner) = (shelf.clone(), owner.to_owned());
        let kept = self.db.write(move |tx| {
            let until = after(tx.now(), UNNAMED);
            shelf.prolong(tx, &owner, &sha256, until)?;
            shelf.holds(tx, &owner, &sha256).map(|held| held.is_some())
        })?;
        Ok(kept.value)
    }

    /// Takes the next bytes of a file: [`CHUNK_BYTES`] of them, or what is left at its end.
    pub fn continue_upload(&self, mut upload: Upload, chunk: Vec<u8>) -> Result<Upload, FileError> {
        if upload.bytes == 0 {
            upload.shelf.check_beginning(&chunk)?;
        }
        upload.bytes += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        if upload.bytes > MAX_ATTACHMENT_BYTES {
            self.give_up(&upload)?;
            return Err(FileError::TooLarge);
        }
        upload.digesting.add(&chunk);
        if upload.held {
            return Ok(upload);
        }
        let before = std::mem::replace(&mut upload.last, chunk);
        if !before.is_empty() {
            self.write_chunk(&upload, before)?;
            upload.written += 1;
        }
        Ok(upload)
    }

    fn write_chunk(&self, upload: &Upload, chunk: Vec<u8>) -> Result<(), FileError> {
        let (id, owner, number) = (upload.id.clone(), upload.owner.clone(), upload.written);
        self.db.write(move |tx| {
            if number == 0 {
                let expires_at = after(tx.now(), UNDER_WAY);
                list_upload(tx, &id, &owner, expires_at)?;
            } else if !files::is_listed(tx, &id)? {
                return Err(FileError::TooSlow);
            }
            Ok(files::insert_chunk(tx, &id, number, &chunk)?)
        })?;
        Ok(())
    }

    /// All has arrived: keeps the file if it is the one that its address names.
    pub fn finish_upload(&self, actor: &Actor, mut upload: Upload) -> Result<KeptFile, FileError> {
        let found = std::mem::take(&mut upload.digesting).finish();
        if let Err(violations) = refuse_another_file(&upload, found) {
            self.give_up(&upload)?;
            return Err(violations.into());
        }
        let (sha256, bytes) = (upload.expected, upload.bytes);
        let created = if upload.held {
            false
        } else {
            self.write(actor, move |tx| keep(tx, &upload))?.value
        };
        Ok(KeptFile {
            sha256,
            bytes,
            created,
        })
    }

    /// Leaves what was written of an upload to the sweep.
    fn give_up(&self, upload: &Upload) -> Result<(), StorageError> {
        if upload.written > 0 {
            let id = upload.id.clone();
            self.db.write(move |tx| {
                let now = milliseconds(tx.now());
                files::expire_upload(tx, &id, now)
            })?;
        }
        Ok(())
    }
}

/// What is wrong with a file that arrived under that name.
fn refuse_another_file(upload: &Upload, found: Digest) -> Result<(), Violations> {
    if upload.bytes == 0 {
        return Err(violation("", "empty_file", "a file has at least one byte"));
    }
    if found != upload.expected {
        let detail =
            format!("the SHA-256 of what arrived is {found}, and not the one of the address");
        return Err(violation("", "digest_mismatch", detail));
    }
    Ok(())
}

/// Runs inside the writer. Answers whether the file is new.
fn keep(tx: &mut Tx<'_>, upload: &Upload) -> Result<bool, FileError> {
    let now = tx.now();
    let sha256 = upload.expected.to_string();
    let until = after(now, UNNAMED);
    if upload.shelf.holds(tx, &upload.owner, &sha256)?.is_some() {
        // Another request brought the same file meanwhile.
        upload.shelf.prolong(tx, &upload.owner, &sha256, until)?;
        files::expire_upload(tx, &upload.id, milliseconds(now))?;
        return Ok(false);
    }
    upload.shelf.check_room(tx, &upload.owner, upload.bytes)?;
    if upload.written > 0 && !files::unlist_upload(tx, &upload.id)? {
        return Err(FileError::TooSlow);
    }
    files::insert_chunk(tx, &upload.id, upload.written, &upload.last)?;
    let file = ArrivedFile {
        owner: upload.owner.clone(),
        sha256,
        upload: upload.id.clone(),
        bytes: stored_size(upload.bytes),
        arrived_at: milliseconds(now),
        expires_at: until,
    };
    upload.shelf.put(tx, file)?;
    Ok(true)
}

/// Puts an upload on the list of those that will be swept.
pub(super) fn list_upload(
    tx: &mut Tx<'_>,
    upload: &str,
    owner: &str,
    expires_at: i64,
) -> Result<(), StorageError> {
    let row = UploadRow {
        upload: upload.to_owned(),
        organisation_id: owner.to_owned(),
        expires_at,
    };
    files::list_upload(tx, &row)
}

pub(super) fn stored_size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

pub(super) fn milliseconds(instant: Timestamp) -> i64 {
    instant.as_millisecond()
}

fn after(now: Timestamp, duration: SignedDuration) -> i64 {
    milliseconds(now.saturating_add(duration).unwrap_or(Timestamp::MAX))
}
