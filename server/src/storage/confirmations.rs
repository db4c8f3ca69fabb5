//! What vendors signed to say that a statement still holds. Only added to.

use diesel::prelude::*;

use super::backend::insert;
use super::tables::{confirmations, statements};
use super::{DbConnection, Error};

/// A row of `confirmations`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = confirmations)]
pub struct ConfirmationRow {
    /// The statement.
    pub statement_sha256: String,
    /// The day on which the vendor looked.
    pub confirmed_on: String,
    /// The document as the vendor signed it.
    pub jws: String,
    /// Its receipt's place in the log.
    pub leaf: i64,
    /// When it was received.
    pub received_at: i64,
}

/// Adds a confirmation, which is the statement's newest.
pub fn insert(connection: &mut DbConnection, row: &ConfirmationRow) -> Result<(), Error> {
    insert!(connection, confirmations::table, row)?;
    diesel::update(statements::table.find(&row.statement_sha256))
        .set(statements::confirmed_on.eq(Some(&row.confirmed_on)))
        .execute(connection)?;
    Ok(())
}

/// The confirmation of a statement of that day.
pub fn find(
    connection: &mut DbConnection,
    statement_sha256: &str,
    confirmed_on: &str,
) -> Result<Option<ConfirmationRow>, Error> {
    let found = confirmations::table
        .find((statement_sha256, confirmed_on))
        .select(ConfirmationRow::as_select())
        .first(connection);
    Ok(found.optional()?)
}
