//! When whoever is to answer a request was reminded of it.

use diesel::dsl::{exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::backend::insert;
use super::requests::RequestRow;
use super::tables::{reminders, requests};
use super::{DbConnection, Error};

/// A row of `reminders`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = reminders)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct ReminderRow {
    pub request_id: String,
    /// The distance in days from the day that the request is due on, or the day of one by hand.
    pub name: String,
    pub sent_at: i64,
}

/// Adds a reminder.
pub fn insert(connection: &mut DbConnection, row: &ReminderRow) -> Result<(), Error> {
    insert!(connection, reminders::table, row)?;
    Ok(())
}

/// Whether the request had the reminder of that name.
pub fn is_sent(connection: &mut DbConnection, request_id: &str, name: &str) -> Result<bool, Error> {
    let query = diesel::select(exists(reminders::table.find((request_id, name))));
    Ok(query.get_result(connection)?)
}

/// Open requests that are due on that day, were made before that time, and had no reminder of that name.
pub fn without(
    connection: &mut DbConnection,
    name: &str,
    due_on: &str,
    made_before: i64,
    limit: i64,
) -> Result<Vec<RequestRow>, Error> {
    let sent = reminders::table
        .filter(reminders::request_id.eq(requests::id))
        .filter(reminders::name.eq(name));
    let query = requests::table
        // Written out: SQLite uses the partial index for a constant alone, never for a parameter.
        .filter(sql::<Bool>("requests.state = 'open'"))
        .filter(requests::due_on.eq(due_on))
        .filter(requests::created_at.lt(made_before))
        .filter(not(exists(sent)));
    Ok(query
        .order(requests::id)
        .limit(limit)
        .select(RequestRow::as_select())
        .load(connection)?)
}
