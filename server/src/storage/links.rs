//! Links by which somebody at an e-mail address answers a request: one for each request, in ever newer generations.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::links;
use super::{DbConnection, Error};

/// A row of `links`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = links, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct LinkRow {
    pub id: String,
    pub request_id: String,
    /// The how many-th token is good; those before are superseded.
    pub generation: i64,
    pub token_sha256: String,
    pub requirement_set: String,
    pub requirement_set_sha256: String,
    /// Names of forms with spaces between them.
    pub forms: String,
    /// What was filled in so far, as JSON.
    pub draft: Option<String>,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub used_at: Option<i64>,
    pub created_at: i64,
}

/// Adds a link.
pub fn insert(connection: &mut DbConnection, row: &LinkRow) -> Result<(), Error> {
    insert!(connection, links::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &LinkRow) -> Result<(), Error> {
    diesel::update(links::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// The link of that id.
pub fn find(connection: &mut DbConnection, id: &str) -> Result<Option<LinkRow>, Error> {
    let found = directly!(connection, |own| links::table
        .find(id)
        .select(LinkRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The link of that request.
pub fn of_request(
    connection: &mut DbConnection,
    request_id: &str,
) -> Result<Option<LinkRow>, Error> {
    let query = links::table.filter(links::request_id.eq(request_id));
    let found = directly!(connection, |own| query
        .select(LinkRow::as_select())
        .first(own));
    Ok(found.optional()?)
}
