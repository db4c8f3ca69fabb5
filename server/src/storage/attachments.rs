//! Files that statements name: rows that say what is held. The chunks that hold it are in `files`.
//!
//! Who may read a file of which statement is the same WHERE clause as for the statement itself.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::backend::{directly, insert};
use super::statements::{Reader, open_to_vendor, released_to};
use super::tables::{attachments, deliveries, grants, products, statement_attachments, statements};
use super::{DbConnection, Error};

/// A row of `attachments`: a file that a vendor holds here.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct AttachmentRow {
    pub vendor_id: String,
    pub sha256: String,
    /// Where its chunks are.
    pub upload: String,
    pub bytes: i64,
    pub created_at: i64,
    /// When it is swept; never where a statement names it.
    pub expires_at: Option<i64>,
}

/// A row of `statement_attachments`: a statement names a file of its vendor.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = statement_attachments)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct NamingRow {
    pub statement_sha256: String,
    pub position: i64,
    pub vendor_id: String,
    pub attachment_sha256: String,
    pub name: String,
}

/// A file under the name that a statement gives it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
pub struct NamedAttachment {
    /// The file's name, without a path.
    #[diesel(select_expression = statement_attachments::name)]
    pub name: String,
    /// Its SHA-256.
    #[diesel(select_expression = attachments::sha256)]
    pub sha256: String,
    /// Its size.
    #[diesel(select_expression = attachments::bytes)]
    pub bytes: i64,
    /// Where its chunks are.
    #[diesel(select_expression = attachments::upload)]
    pub upload: String,
}

/// Statements, the files that they name, and what is held of them.
macro_rules! named {
    () => {
        statement_attachments::table
            .inner_join(
                statements::table
                    .on(statements::sha256.eq(statement_attachments::statement_sha256)),
            )
            .inner_join(
                attachments::table.on(attachments::vendor_id
                    .eq(statement_attachments::vendor_id)
                    .and(attachments::sha256.eq(statement_attachments::attachment_sha256))),
            )
    };
}

/// The vendor's file of that digest.
pub fn find(
    connection: &mut DbConnection,
    vendor_id: &str,
    sha256: &str,
) -> Result<Option<AttachmentRow>, Error> {
    let query = attachments::table.find((vendor_id, sha256));
    let found = directly!(connection, |own| query
        .select(AttachmentRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The file of that digest that a statement names which `reader` may read; of several, the newest.
pub fn readable(
    connection: &mut DbConnection,
    reader: Reader<'_>,
    sha256: &str,
) -> Result<Option<NamedAttachment>, Error> {
    let query = named!()
        .filter(statement_attachments::attachment_sha256.eq(sha256))
        .order(statements::receipt_leaf.desc());
    let found = match reader {
        Reader::Vendor(id) => directly!(connection, |own| query
            .filter(open_to_vendor!(id))
            .select(NamedAttachment::as_select())
            .first(own)),
        Reader::Institution(id) => directly!(connection, |own| query
            .filter(released_to!(id))
            .select(NamedAttachment::as_select())
            .first(own)),
    };
    Ok(found.optional()?)
}

/// The files that a statement names, in its order.
pub fn named_by(
    connection: &mut DbConnection,
    statement_sha256: &str,
) -> Result<Vec<NamedAttachment>, Error> {
    let query = named!()
        .filter(statement_attachments::statement_sha256.eq(statement_sha256))
        .order(statement_attachments::position);
    let found = directly!(connection, |own| query
        .select(NamedAttachment::as_select())
        .load(own));
    Ok(found?)
}

/// Adds a file, whose chunks are all there.
pub fn insert(connection: &mut DbConnection, row: &AttachmentRow) -> Result<(), Error> {
    insert!(connection, attachments::table, row)?;
    Ok(())
}

/// Notes that a statement names a file, which is kept from now on.
pub fn name(connection: &mut DbConnection, row: &NamingRow) -> Result<(), Error> {
    insert!(connection, statement_attachments::table, row)?;
    let file = attachments::table.find((&row.vendor_id, &row.attachment_sha256));
    diesel::update(file)
        .set(attachments::expires_at.eq(None::<i64>))
        .execute(connection)?;
    Ok(())
}

/// Gives a file that no statement names more time.
pub fn prolong(
    connection: &mut DbConnection,
    vendor_id: &str,
    sha256: &str,
    expires_at: i64,
) -> Result<(), Error> {
    let unnamed = attachments::table
        .find((vendor_id, sha256))
        .filter(attachments::expires_at.is_not_null());
    diesel::update(unnamed)
        .set(attachments::expires_at.eq(Some(expires_at)))
        .execute(connection)?;
    Ok(())
}

/// Takes a file away; its chunks stay.
pub fn delete(connection: &mut DbConnection, row: &AttachmentRow) -> Result<(), Error> {
    diesel::delete(attachments::table.find((&row.vendor_id, &row.sha256))).execute(connection)?;
    Ok(())
}

/// A file that no statement named in time.
pub fn next_expired(
    connection: &mut DbConnection,
    now: i64,
) -> Result<Option<AttachmentRow>, Error> {
    let query = attachments::table
        .filter(attachments::expires_at.le(now))
        .order(attachments::expires_at);
    let found = directly!(connection, |own| query
        .select(AttachmentRow::as_select())
        .first(own));
    Ok(found.optional()?)
}
