//! Applications of those who were asked by a link and want to be vendors of the exchange.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::backend::insert;
use super::tables::registrations;
use super::{DbConnection, Error};

/// A row of `registrations`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = registrations, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct RegistrationRow {
    pub id: String,
    pub request_id: String,
    pub organisation_name: String,
    pub corporate_number: Option<String>,
    pub person_name: String,
    pub email: String,
    pub state: String,
    /// Why it was approved or refused.
    pub note: Option<String>,
    pub vendor_id: Option<String>,
    pub created_at: i64,
    pub decided_at: Option<i64>,
}

/// Adds an application.
pub fn insert(connection: &mut DbConnection, row: &RegistrationRow) -> Result<(), Error> {
    insert!(connection, registrations::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &RegistrationRow) -> Result<(), Error> {
    diesel::update(registrations::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// The application of that id.
pub fn find(connection: &mut DbConnection, id: &str) -> Result<Option<RegistrationRow>, Error> {
    Ok(registrations::table
        .find(id)
        .select(RegistrationRow::as_select())
        .first(connection)
        .optional()?)
}

/// The application that waits for a decision, of whoever that request asks.
pub fn waiting(
    connection: &mut DbConnection,
    request_id: &str,
) -> Result<Option<RegistrationRow>, Error> {
    let query = registrations::table
        .filter(registrations::request_id.eq(request_id))
        // Written out: SQLite uses the partial index for a constant alone, never for a parameter.
        .filter(sql::<Bool>("registrations.state = 'waiting'"));
    Ok(query
        .select(RegistrationRow::as_select())
        .first(connection)
        .optional()?)
}

/// Applications, or those in one state, after the id `after`.
pub fn list(
    connection: &mut DbConnection,
    state: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<RegistrationRow>, Error> {
    let mut query = registrations::table
        .filter(registrations::id.gt(after))
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(registrations::state.eq(state));
    }
    Ok(query
        .order(registrations::id)
        .limit(limit)
        .select(RegistrationRow::as_select())
        .load(connection)?)
}
