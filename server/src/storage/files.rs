//! What files are made of: chunks, which go by the id of the upload that brought them.
//!
//! An upload is listed while it is under way and again when nothing refers to its chunks any more; what is listed and
//! has expired is swept. Whose file it is and what names it, `attachments` and `evidence_files` know.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{file_chunks, file_uploads};
use super::{DbConnection, Error};

/// A row of `file_uploads`: chunks that do not make a file, or not yet.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = file_uploads)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct UploadRow {
    pub upload: String,
    pub organisation_id: String,
    pub expires_at: i64,
}

/// Lists an upload.
pub fn list_upload(connection: &mut DbConnection, row: &UploadRow) -> Result<(), Error> {
    insert!(connection, file_uploads::table, row)?;
    Ok(())
}

/// Whether the upload is listed: it is under way and was not swept.
pub fn is_listed(connection: &mut DbConnection, upload: &str) -> Result<bool, Error> {
    let query = file_uploads::table.find(upload);
    let found: Option<String> = directly!(connection, |own| query
        .select(file_uploads::upload)
        .first(own))
    .optional()?;
    Ok(found.is_some())
}

/// Notes that nobody wants the chunks of an upload any more.
pub fn expire_upload(connection: &mut DbConnection, upload: &str, now: i64) -> Result<(), Error> {
    diesel::update(file_uploads::table.find(upload))
        .set(file_uploads::expires_at.eq(now))
        .execute(connection)?;
    Ok(())
}

/// Takes an upload off the list; `false` where it was not on it.
pub fn unlist_upload(connection: &mut DbConnection, upload: &str) -> Result<bool, Error> {
    Ok(diesel::delete(file_uploads::table.find(upload)).execute(connection)? == 1)
}

/// An upload whose time is over.
pub fn next_expired_upload(
    connection: &mut DbConnection,
    now: i64,
) -> Result<Option<String>, Error> {
    let query = file_uploads::table
        .filter(file_uploads::expires_at.le(now))
        .order(file_uploads::expires_at);
    let found = directly!(connection, |own| query
        .select(file_uploads::upload)
        .first(own));
    Ok(found.optional()?)
}

/// Adds a chunk, the next of its upload.
pub fn insert_chunk(
    connection: &mut DbConnection,
    upload: &str,
    number: i64,
    content: &[u8],
) -> Result<(), Error> {
    let chunk = (
        file_chunks::upload.eq(upload),
        file_chunks::number.eq(number),
        file_chunks::content.eq(content),
    );
    insert!(connection, file_chunks::table, chunk)?;
    Ok(())
}

/// A chunk of an upload; they are numbered from 0.
pub fn chunk(
    connection: &mut DbConnection,
    upload: &str,
    number: i64,
) -> Result<Option<Vec<u8>>, Error> {
    let query = file_chunks::table.find((upload, number));
    let found = directly!(connection, |own| query
        .select(file_chunks::content)
        .first(own));
    Ok(found.optional()?)
}

/// Takes away at most `most` chunks of an upload, the first of those that are left. Answers how many there were.
pub fn delete_chunks(
    connection: &mut DbConnection,
    upload: &str,
    most: i64,
) -> Result<usize, Error> {
    let query = file_chunks::table
        .filter(file_chunks::upload.eq(upload))
        .order(file_chunks::number)
        .select(file_chunks::number);
    let first: Option<i64> = directly!(connection, |own| query.first(own)).optional()?;
    let Some(first) = first else { return Ok(0) };
    let these = file_chunks::table
        .filter(file_chunks::upload.eq(upload))
        .filter(file_chunks::number.lt(first + most));
    Ok(diesel::delete(these).execute(connection)?)
}
