//! Comparisons, kept under the digests of the statement and of the requirement set, shared by all institutions.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::comparisons;
use super::{DbConnection, Error};

/// A row of `comparisons`: the counts, and the compared items as the JSON array that the interface shows.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = comparisons)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct ComparisonRow {
    pub statement_sha256: String,
    pub requirement_set_sha256: String,
    pub requirement_set: String,
    pub conforming: i64,
    pub not_applicable: i64,
    pub nonconforming: i64,
    pub unconfirmed: i64,
    pub items: String,
}

/// The counts of a comparison alone.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = comparisons)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct CountsRow {
    pub conforming: i64,
    pub not_applicable: i64,
    pub nonconforming: i64,
    pub unconfirmed: i64,
}

impl From<ComparisonRow> for CountsRow {
    fn from(row: ComparisonRow) -> Self {
        Self {
            conforming: row.conforming,
            not_applicable: row.not_applicable,
            nonconforming: row.nonconforming,
            unconfirmed: row.unconfirmed,
        }
    }
}

/// Keeps a comparison.
pub fn insert(connection: &mut DbConnection, row: &ComparisonRow) -> Result<(), Error> {
    insert!(connection, comparisons::table, row)?;
    Ok(())
}

/// The comparison of that statement with that set, where one is kept.
pub fn find(
    connection: &mut DbConnection,
    statement_sha256: &str,
    requirement_set_sha256: &str,
) -> Result<Option<ComparisonRow>, Error> {
    let query = comparisons::table.find((statement_sha256, requirement_set_sha256));
    let found = directly!(connection, |own| query
        .select(ComparisonRow::as_select())
        .first(own));
    Ok(found.optional()?)
}
