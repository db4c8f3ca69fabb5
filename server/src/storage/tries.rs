//! Tries that have not succeeded, counted by account and by network.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::tries;
use super::{DbConnection, Error};

/// A row of `tries`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tries)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct TriesRow {
    pub subject: String,
    pub failures: i64,
    pub last_at: i64,
    pub paused_until: i64,
}

/// What is counted under that subject.
pub fn find(connection: &mut DbConnection, subject: &str) -> Result<Option<TriesRow>, Error> {
    let found = directly!(connection, |own| tries::table
        .find(subject)
        .select(TriesRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Puts a count in the place of the one under the same subject.
pub fn put(connection: &mut DbConnection, row: &TriesRow) -> Result<(), Error> {
    forget(connection, &row.subject)?;
    insert!(connection, tries::table, row)?;
    Ok(())
}

/// Forgets what is counted under that subject.
pub fn forget(connection: &mut DbConnection, subject: &str) -> Result<(), Error> {
    diesel::delete(tries::table.find(subject)).execute(connection)?;
    Ok(())
}

/// Forgets all that was counted last before that time.
pub fn forget_before(connection: &mut DbConnection, time: i64) -> Result<(), Error> {
    diesel::delete(tries::table.filter(tries::last_at.lt(time))).execute(connection)?;
    Ok(())
}
