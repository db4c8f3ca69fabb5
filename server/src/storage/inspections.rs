//! Inspections (立入検査) with their frozen facts, the links by which inspectors see them, and every time that these were
//! shown.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{inspection_accesses, inspection_links, inspections};
use super::{DbConnection, Error};

/// A row of `inspections` without the facts.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = inspections)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct InspectionRow {
    pub id: String,
    pub institution_id: String,
    pub title: Option<String>,
    pub visit_on: Option<String>,
    pub frozen_at: i64,
    pub frozen_by: String,
    pub log_size: i64,
    /// Of the facts as JSON.
    pub facts_sha256: String,
    /// What is counted of it, as JSON.
    pub summary: String,
    pub agent_id: Option<String>,
}

/// An inspection to be stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = inspections)]
#[allow(missing_docs, reason = "as in a row")]
pub struct FrozenInspection {
    pub id: String,
    pub institution_id: String,
    pub title: Option<String>,
    pub visit_on: Option<String>,
    pub frozen_at: i64,
    pub frozen_by: String,
    pub log_size: i64,
    pub facts_sha256: String,
    pub summary: String,
    /// As JSON, deflated.
    pub facts: Vec<u8>,
    pub agent_id: Option<String>,
}

/// A row of `inspection_links`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = inspection_links)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct InspectionLinkRow {
    pub id: String,
    pub inspection_id: String,
    /// For whom it is.
    pub label: String,
    pub token_sha256: String,
    pub made_by: String,
    pub created_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
    pub agent_id: Option<String>,
}

/// A row of `inspection_accesses`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = inspection_accesses)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct AccessRow {
    pub id: String,
    pub inspection_id: String,
    pub link_id: String,
    pub occurred_at: i64,
    pub address: String,
    pub what: String,
    pub result: String,
}

/// Adds an inspection.
pub fn insert(connection: &mut DbConnection, new: FrozenInspection) -> Result<(), Error> {
    insert!(connection, inspections::table, new)?;
    Ok(())
}

/// The institution's inspection of that id.
pub fn find(
    connection: &mut DbConnection,
    institution_id: &str,
    id: &str,
) -> Result<Option<InspectionRow>, Error> {
    let query = inspections::table
        .find(id)
        .filter(inspections::institution_id.eq(institution_id));
    let found = query.select(InspectionRow::as_select()).first(connection);
    Ok(found.optional()?)
}

/// The inspection of that id, whosever it is: for those who hold a link to it.
pub fn get(connection: &mut DbConnection, id: &str) -> Result<Option<InspectionRow>, Error> {
    let query = inspections::table.find(id);
    let found = query.select(InspectionRow::as_select()).first(connection);
    Ok(found.optional()?)
}

/// Its facts, as JSON, deflated. Ask [`find`] first whether the caller may have them.
pub fn facts(connection: &mut DbConnection, id: &str) -> Result<Vec<u8>, Error> {
    let query = inspections::table.find(id).select(inspections::facts);
    Ok(directly!(connection, |own| query.first(own))?)
}

/// The institution's inspections in the order of their ids, after the id `after`.
pub fn list(
    connection: &mut DbConnection,
    institution_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<InspectionRow>, Error> {
    let query = inspections::table
        .filter(inspections::institution_id.eq(institution_id))
        .filter(inspections::id.gt(after));
    Ok(query
        .order(inspections::id)
        .limit(limit)
        .select(InspectionRow::as_select())
        .load(connection)?)
}

/// Adds a link.
pub fn insert_link(connection: &mut DbConnection, row: &InspectionLinkRow) -> Result<(), Error> {
    insert!(connection, inspection_links::table, row)?;
    Ok(())
}

/// The link of that id.
pub fn find_link(
    connection: &mut DbConnection,
    id: &str,
) -> Result<Option<InspectionLinkRow>, Error> {
    let query = inspection_links::table.find(id);
    let found = query
        .select(InspectionLinkRow::as_select())
        .first(connection);
    Ok(found.optional()?)
}

/// The links to an inspection in the order of their ids, after the id `after`.
pub fn links(
    connection: &mut DbConnection,
    inspection_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<InspectionLinkRow>, Error> {
    let query = inspection_links::table
        .filter(inspection_links::inspection_id.eq(inspection_id))
        .filter(inspection_links::id.gt(after));
    Ok(query
        .order(inspection_links::id)
        .limit(limit)
        .select(InspectionLinkRow::as_select())
        .load(connection)?)
}

/// Notes that a link is good no longer.
pub fn revoke_link(connection: &mut DbConnection, id: &str, now: i64) -> Result<(), Error> {
    diesel::update(inspection_links::table.find(id))
        .set(inspection_links::revoked_at.eq(Some(now)))
        .execute(connection)?;
    Ok(())
}

/// Notes that a link was shown.
pub fn insert_access(connection: &mut DbConnection, row: &AccessRow) -> Result<(), Error> {
    insert!(connection, inspection_accesses::table, row)?;
    Ok(())
}

/// When the links to an inspection were shown, in the order of the ids, after the id `after`.
pub fn accesses(
    connection: &mut DbConnection,
    inspection_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AccessRow>, Error> {
    let query = inspection_accesses::table
        .filter(inspection_accesses::inspection_id.eq(inspection_id))
        .filter(inspection_accesses::id.gt(after));
    Ok(query
        .order(inspection_accesses::id)
        .limit(limit)
        .select(AccessRow::as_select())
        .load(connection)?)
}
