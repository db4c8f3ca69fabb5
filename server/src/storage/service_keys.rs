//! Every public key that the service ever had, with the times from and until which it was in use.

use diesel::prelude::*;

use super::backend::insert;
use super::tables::service_keys;
use super::{DbConnection, Error};
pub use crate::keys::ServicePurpose;

/// A row of `service_keys`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = service_keys)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct ServiceKeyRow {
    pub kid: String,
    pub purpose: String,
    pub jwk: String,
    pub since: i64,
    pub until: Option<i64>,
}

/// Adds a key.
pub fn insert(connection: &mut DbConnection, row: &ServiceKeyRow) -> Result<(), Error> {
    insert!(connection, service_keys::table, row)?;
    Ok(())
}

/// Notes that what is in use for a purpose is not used any more. A key may come back later, as a row of its own.
pub fn end(connection: &mut DbConnection, purpose: &str, now: i64) -> Result<(), Error> {
    let in_use = service_keys::table
        .filter(service_keys::purpose.eq(purpose))
        .filter(service_keys::until.is_null());
    diesel::update(in_use)
        .set(service_keys::until.eq(Some(now)))
        .execute(connection)?;
    Ok(())
}

/// All of them, the oldest first.
pub fn list(connection: &mut DbConnection) -> Result<Vec<ServiceKeyRow>, Error> {
    let query = service_keys::table.order((service_keys::since, service_keys::kid));
    Ok(query.select(ServiceKeyRow::as_select()).load(connection)?)
}
