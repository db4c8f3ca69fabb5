//! The institutions' inventories (医療情報システム一覧).

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::systems;
use super::{DbConnection, Error};

/// A row of `systems`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = systems, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct SystemRow {
    pub id: String,
    pub institution_id: String,
    pub name: String,
    pub product_id: Option<String>,
    pub product_name: Option<String>,
    pub vendor_name: Option<String>,
    pub installed_version: Option<String>,
    pub outsourced_work: Option<String>,
    pub contract_partner: Option<String>,
    pub contract_renewal_on: Option<String>,
    pub maintained_by: Option<String>,
    pub remote_maintenance: Option<bool>,
    pub on_premises_server: Option<bool>,
    pub security_updates_by: Option<String>,
    pub security_updates_written_in: Option<String>,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub terminal_server: Option<bool>,
    pub cloud_server: Option<bool>,
}

/// Adds a system.
pub fn insert(connection: &mut DbConnection, row: &SystemRow) -> Result<(), Error> {
    insert!(connection, systems::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &SystemRow) -> Result<(), Error> {
    diesel::update(systems::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// Takes a system off the list.
pub fn delete(connection: &mut DbConnection, id: &str) -> Result<(), Error> {
    diesel::delete(systems::table.find(id)).execute(connection)?;
    Ok(())
}

/// The institution's system of that id.
pub fn find(
    connection: &mut DbConnection,
    institution_id: &str,
    id: &str,
) -> Result<Option<SystemRow>, Error> {
    let query = systems::table
        .find(id)
        .filter(systems::institution_id.eq(institution_id));
    let found = directly!(connection, |own| query
        .select(SystemRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// All of the institution's systems, in the order of their ids.
pub fn all(connection: &mut DbConnection, institution_id: &str) -> Result<Vec<SystemRow>, Error> {
    Ok(systems::table
        .filter(systems::institution_id.eq(institution_id))
        .order(systems::id)
        .select(SystemRow::as_select())
        .load(connection)?)
}

/// The institution's systems in the order of their ids, after the id `after`.
pub fn list(
    connection: &mut DbConnection,
    institution_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<SystemRow>, Error> {
    let query = systems::table
        .filter(systems::institution_id.eq(institution_id))
        .filter(systems::id.gt(after));
    Ok(query
        .order(systems::id)
        .limit(limit)
        .select(SystemRow::as_select())
        .load(connection)?)
}
