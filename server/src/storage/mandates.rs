//! Mandates: by which an institution lets another organisation act for it.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{mandates, organisations};
use super::{DbConnection, Error};

/// A row of `mandates`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = mandates)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct MandateRow {
    pub id: String,
    pub institution_id: String,
    pub agent_id: String,
    /// Words with spaces between them.
    pub scopes: String,
    /// The last day in Japan, `YYYY-MM-DD`.
    pub until: String,
    pub granted_at: i64,
    /// The program or the person that granted it.
    pub granted_by: String,
    pub grant_leaf: i64,
    pub ended_at: Option<i64>,
    pub ended_by: Option<String>,
    pub end_leaf: Option<i64>,
}

/// Adds a mandate.
pub fn insert(connection: &mut DbConnection, row: &MandateRow) -> Result<(), Error> {
    insert!(connection, mandates::table, row)?;
    Ok(())
}

/// Ends a mandate.
pub fn end(
    connection: &mut DbConnection,
    id: &str,
    ended_by: &str,
    leaf: i64,
    now: i64,
) -> Result<(), Error> {
    diesel::update(mandates::table.find(id))
        .set((
            mandates::ended_at.eq(Some(now)),
            mandates::ended_by.eq(Some(ended_by)),
            mandates::end_leaf.eq(Some(leaf)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The mandate of that id which the organisation gave or holds.
pub fn find(
    connection: &mut DbConnection,
    organisation_id: &str,
    id: &str,
) -> Result<Option<MandateRow>, Error> {
    let gave = mandates::institution_id.eq(organisation_id);
    let query = mandates::table
        .find(id)
        .filter(gave.or(mandates::agent_id.eq(organisation_id)));
    let found = directly!(connection, |own| query
        .select(MandateRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The mandates that the organisation gave or holds, in the order of their ids, after the id `after`.
pub fn list(
    connection: &mut DbConnection,
    organisation_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<MandateRow>, Error> {
    let gave = mandates::institution_id.eq(organisation_id);
    let query = mandates::table
        .filter(gave.or(mandates::agent_id.eq(organisation_id)))
        .filter(mandates::id.gt(after))
        .order(mandates::id)
        .limit(limit);
    Ok(directly!(connection, |own| query
        .select(MandateRow::as_select())
        .load(own))?)
}

/// By which mandate the agent acts for the institution on that day: neither ended nor over, and the institution takes
/// part.
pub fn in_force(
    connection: &mut DbConnection,
    institution_id: &str,
    agent_id: &str,
    today: &str,
) -> Result<Option<MandateRow>, Error> {
    let query = mandates::table
        .inner_join(organisations::table.on(organisations::id.eq(mandates::institution_id)))
        .filter(mandates::institution_id.eq(institution_id))
        .filter(mandates::agent_id.eq(agent_id))
        .filter(mandates::ended_at.is_null())
        .filter(mandates::until.ge(today))
        .filter(organisations::disabled_at.is_null());
    let found = directly!(connection, |own| query
        .select(MandateRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The mandates by which the agent acts on that day, each with the institution's name; after the institution `after`.
pub fn held(
    connection: &mut DbConnection,
    agent_id: &str,
    today: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<(MandateRow, String)>, Error> {
    let query = mandates::table
        .inner_join(organisations::table.on(organisations::id.eq(mandates::institution_id)))
        .filter(mandates::agent_id.eq(agent_id))
        .filter(mandates::institution_id.gt(after))
        .filter(mandates::ended_at.is_null())
        .filter(mandates::until.ge(today))
        .filter(organisations::disabled_at.is_null())
        .order(mandates::institution_id)
        .limit(limit);
    Ok(directly!(connection, |own| query
        .select((MandateRow::as_select(), organisations::name))
        .load(own))?)
}
