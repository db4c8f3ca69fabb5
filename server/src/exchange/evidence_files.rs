//! An institution's evidence files (証跡の資料): contracts, pictures of screens, minutes, that its own records name.
//!
//! They come in as vendors' files do (`take_file`), of few kinds and under a name. Whatever names a file (a review, an
//! item of the checklist, a contract point) says so with [`name_evidence_files`] in its own transaction; from then on
//! the file is kept. What nothing names is swept after a day.

use kaiji_schema::Digest;
use kaiji_schema::file_label::{FileKind, FileLabel};
use kaiji_schema::reader::Reader;
use kaiji_schema::violation::Violation;
use serde::Serialize;

use super::announce::named;
use super::fetch_attachment::{Chunks, Download};
use super::shelf::Shelf;
use super::take_file::{FileError, Upload};
use super::{Exchange, Moment, Page, Window};
use crate::actor::Actor;
use crate::storage::evidence_files::{self, EvidenceFileRow};
use crate::storage::{Error as StorageError, Tx};

/// How many files one record can name.
const MOST_FILES: usize = 50;

/// An institution's file.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EvidenceFileView {
    /// Its SHA-256, by which records name it.
    pub sha256: String,
    /// Its name, without a path.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: i64,
    /// When it was brought.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it is taken away, unless a record names it before; null where one has named it.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Moment>,
}

impl From<EvidenceFileRow> for EvidenceFileView {
    fn from(row: EvidenceFileRow) -> Self {
        Self {
            sha256: row.sha256,
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            created_at: Moment(row.created_at),
            expires_at: row.expires_at.map(Moment),
        }
    }
}

impl Exchange {
    /// Begins to take an institution's file in, of that name and media type, and of so many bytes if that was said.
    pub fn begin_evidence_file(
        &self,
        actor: &Actor,
        sha256: &str,
        name: &str,
        media_type: &str,
        announced: Option<u64>,
    ) -> Result<Upload, FileError> {
        let kind = FileKind::of_media_type(media_type);
        let kind = kind.ok_or_else(|| FileError::MediaType(media_types()))?;
        let shelf = Shelf::Evidence(FileLabel::new(name, kind)?);
        self.begin_upload(actor, shelf, sha256, announced)
    }

    /// Begins to give an institution's file out.
    pub fn open_evidence_file(&self, actor: &Actor, sha256: &str) -> Result<Download, FileError> {
        let sha256 = named(sha256).ok_or(FileError::NotFound)?;
        let institution = &actor.organisation;
        let row = self
            .db
            .read(|c| evidence_files::find(c, institution, &sha256))?;
        let row = row.ok_or(FileError::NotFound)?;
        let chunks = Chunks::of(row.upload, row.bytes);
        Ok(Download::new(row.name, row.sha256, chunks)?)
    }

    /// The institution's files, in the order of their digests.
    pub fn list_evidence_files(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<EvidenceFileView>, StorageError> {
        let (institution, after) = (&actor.organisation, window.after_id());
        let rows = self
            .db
            .read(|c| evidence_files::list(c, institution, after, window.fetch()))?;
        Ok(window.page(rows, |row| row.sha256.clone(), EvidenceFileView::from))
    }
}

fn media_types() -> String {
    let all: Vec<_> = FileKind::ALL.iter().map(|kind| kind.media_type()).collect();
    all.join(", ")
}

/// Reads the digests of the files that a record names: the member `name`, an array that may be left out. Reports
/// `too_many`, `type`, `choice` and `twice`.
pub(super) fn read_evidence_files(reader: &mut Reader<'_>, name: &str) -> Vec<Digest> {
    reader.digests(name, MOST_FILES)
}

/// Notes that a record of the institution names these files, which are kept from now on. Runs inside the writer, in the
/// transaction of the record. Answers those that the institution has not brought, each at `pointer` and its place: then
/// the transaction must come to nothing.
pub(super) fn name_evidence_files(
    tx: &mut Tx<'_>,
    institution: &str,
    files: &[Digest],
    pointer: &str,
) -> Result<Vec<Violation>, StorageError> {
    let mut missing = Vec::new();
    for (index, file) in files.iter().enumerate() {
        if !evidence_files::name(tx, institution, &file.to_string())? {
            let detail = "bring the file first: PUT /api/v1/evidence-files/{sha256}?name=";
            let pointer = format!("{pointer}/{index}");
            missing.push(Violation::new(pointer, "missing_evidence_file", detail));
        }
    }
    Ok(missing)
}
