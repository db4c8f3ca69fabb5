//! Files that an institution's own records name: rows that say what is held. The chunks that hold it are in `files`.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::evidence_files;
use super::{DbConnection, Error};

/// A row of `evidence_files`: a file that an institution holds here.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = evidence_files)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct EvidenceFileRow {
    pub institution_id: String,
    pub sha256: String,
    pub name: String,
    pub media_type: String,
    /// Where its chunks are.
    pub upload: String,
    pub bytes: i64,
    pub created_at: i64,
    /// When it is swept; never where a record has named it.
    pub expires_at: Option<i64>,
}

/// Adds a file, whose chunks are all there.
pub fn insert(connection: &mut DbConnection, row: &EvidenceFileRow) -> Result<(), Error> {
    insert!(connection, evidence_files::table, row)?;
    Ok(())
}

/// The institution's file of that digest.
pub fn find(
    connection: &mut DbConnection,
    institution_id: &str,
    sha256: &str,
) -> Result<Option<EvidenceFileRow>, Error> {
    let query = evidence_files::table.find((institution_id, sha256));
    let found = directly!(connection, |own| query
        .select(EvidenceFileRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The institution's files in the order of their digests, after the digest `after`.
pub fn list(
    connection: &mut DbConnection,
    institution_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<EvidenceFileRow>, Error> {
    let query = evidence_files::table
        .filter(evidence_files::institution_id.eq(institution_id))
        .filter(evidence_files::sha256.gt(after))
        .order(evidence_files::sha256)
        .limit(limit);
    Ok(query
        .select(EvidenceFileRow::as_select())
        .load(connection)?)
}

/// All of the institution's files that a record has named, in the order of their digests.
pub fn all_named(
    connection: &mut DbConnection,
    institution_id: &str,
) -> Result<Vec<EvidenceFileRow>, Error> {
    let query = evidence_files::table
        .filter(evidence_files::institution_id.eq(institution_id))
        .filter(evidence_files::expires_at.is_null())
        .order(evidence_files::sha256);
    Ok(query
        .select(EvidenceFileRow::as_select())
        .load(connection)?)
}

/// How many bytes the institution holds that no record has named yet.
pub fn unnamed_bytes(connection: &mut DbConnection, institution_id: &str) -> Result<i64, Error> {
    let sizes: Vec<i64> = evidence_files::table
        .filter(evidence_files::institution_id.eq(institution_id))
        .filter(evidence_files::expires_at.is_not_null())
        .select(evidence_files::bytes)
        .load(connection)?;
    Ok(sizes.into_iter().sum())
}

/// Notes that a record names the file, which is kept from now on. `false` where the institution has none such.
pub fn name(
    connection: &mut DbConnection,
    institution_id: &str,
    sha256: &str,
) -> Result<bool, Error> {
    let file = evidence_files::table.find((institution_id, sha256));
    let named = diesel::update(file)
        .set(evidence_files::expires_at.eq(None::<i64>))
        .execute(connection)?;
    Ok(named == 1)
}

/// Gives a file that no record has named yet more time, and the name and the type under which it was brought again.
pub fn prolong(
    connection: &mut DbConnection,
    institution_id: &str,
    sha256: &str,
    name: &str,
    media_type: &str,
    expires_at: i64,
) -> Result<(), Error> {
    let unnamed = evidence_files::table
        .find((institution_id, sha256))
        .filter(evidence_files::expires_at.is_not_null());
    diesel::update(unnamed)
        .set((
            evidence_files::name.eq(name),
            evidence_files::media_type.eq(media_type),
            evidence_files::expires_at.eq(Some(expires_at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Takes a file away; its chunks stay.
pub fn delete(connection: &mut DbConnection, row: &EvidenceFileRow) -> Result<(), Error> {
    let file = evidence_files::table.find((&row.institution_id, &row.sha256));
    diesel::delete(file).execute(connection)?;
    Ok(())
}

/// A file that no record named in time.
pub fn next_expired(
    connection: &mut DbConnection,
    now: i64,
) -> Result<Option<EvidenceFileRow>, Error> {
    let query = evidence_files::table
        .filter(evidence_files::expires_at.le(now))
        .order(evidence_files::expires_at);
    let found = directly!(connection, |own| query
        .select(EvidenceFileRow::as_select())
        .first(own));
    Ok(found.optional()?)
}
