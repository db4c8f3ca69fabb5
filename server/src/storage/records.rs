//! What an institution says of itself, each thing with its whole history: rows are only added.
//!
//! A thing is named by its kind and its subject; the row of its highest revision is what it is now. What stands in a
//! document, the verbs know.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::records;
use super::{DbConnection, Error};

use later_rows::later;

mod later_rows {
    #![allow(
        missing_docs,
        reason = "the macro makes items that it does not document"
    )]

    use super::records;

    diesel::alias!(records as later: Later);
}

/// A row of `records`: one revision of one thing.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = records)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct RecordRow {
    pub institution_id: String,
    pub kind: String,
    pub subject: String,
    pub revision: i64,
    /// JSON; none where the thing is gone.
    pub document: Option<String>,
    pub changed_at: i64,
    pub changed_by: String,
    pub agent_id: Option<String>,
}

/// Adds a revision.
pub fn insert(connection: &mut DbConnection, row: &RecordRow) -> Result<(), Error> {
    insert!(connection, records::table, row)?;
    Ok(())
}

/// The newest revision of a thing, also where it is gone.
pub fn newest(
    connection: &mut DbConnection,
    institution_id: &str,
    kind: &str,
    subject: &str,
) -> Result<Option<RecordRow>, Error> {
    let query = records::table
        .filter(records::institution_id.eq(institution_id))
        .filter(records::kind.eq(kind))
        .filter(records::subject.eq(subject))
        .order(records::revision.desc());
    let found = directly!(connection, |own| query
        .select(RecordRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The newest revision of every thing of that kind that is not gone, in the order of their subjects.
pub fn all(
    connection: &mut DbConnection,
    institution_id: &str,
    kind: &str,
) -> Result<Vec<RecordRow>, Error> {
    let is_later = later
        .field(records::institution_id)
        .eq(records::institution_id)
        .and(later.field(records::kind).eq(records::kind))
        .and(later.field(records::subject).eq(records::subject))
        .and(later.field(records::revision).gt(records::revision));
    let query = records::table
        .filter(records::institution_id.eq(institution_id))
        .filter(records::kind.eq(kind))
        .filter(records::document.is_not_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(
            later.filter(is_later),
        )))
        .order(records::subject);
    let found = directly!(connection, |own| query
        .select(RecordRow::as_select())
        .load(own));
    Ok(found?)
}

/// The revisions of a thing after `after`, in their order.
pub fn history(
    connection: &mut DbConnection,
    institution_id: &str,
    kind: &str,
    subject: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<RecordRow>, Error> {
    let query = records::table
        .filter(records::institution_id.eq(institution_id))
        .filter(records::kind.eq(kind))
        .filter(records::subject.eq(subject))
        .filter(records::revision.gt(after))
        .order(records::revision)
        .limit(limit);
    Ok(query.select(RecordRow::as_select()).load(connection)?)
}
