//! How far a requirement set that came after statements has come: what is compared with it, and who knows that it is current.

use diesel::prelude::*;

use super::backend::insert;
use super::tables::{comparisons, requirement_sets, statements, systems};
use super::{DbConnection, Error};

/// A row of `requirement_sets`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = requirement_sets, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct RequirementSetRow {
    pub sha256: String,
    pub id: String,
    /// The last statement that was compared with it, in the order of their digests.
    pub compared_up_to: String,
    /// When all statements were that had come before.
    pub compared_at: Option<i64>,
    pub current_since: Option<i64>,
    /// The last institution that was told that it is current; `None` where nobody has to be told any more.
    pub told_up_to: Option<String>,
}

/// A statement that was not compared with a set.
#[derive(Debug, Queryable)]
pub struct UncomparedRow {
    /// Its digest.
    pub sha256: String,
    /// Its bytes.
    pub jws: String,
}

/// Adds a set.
pub fn insert(connection: &mut DbConnection, row: &RequirementSetRow) -> Result<(), Error> {
    insert!(connection, requirement_sets::table, row)?;
    Ok(())
}

/// Replaces the row of the same digest.
pub fn update(connection: &mut DbConnection, row: &RequirementSetRow) -> Result<(), Error> {
    diesel::update(requirement_sets::table.find(row.sha256.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// All sets that were compared with.
pub fn all(connection: &mut DbConnection) -> Result<Vec<RequirementSetRow>, Error> {
    Ok(requirement_sets::table
        .order(requirement_sets::sha256)
        .select(RequirementSetRow::as_select())
        .load(connection)?)
}

/// Statements that are not compared with the set, in the order of their digests, after the digest `after`.
pub fn uncompared(
    connection: &mut DbConnection,
    set_sha256: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<UncomparedRow>, Error> {
    let compared = comparisons::statement_sha256
        .eq(statements::sha256)
        .and(comparisons::requirement_set_sha256.eq(set_sha256));
    let query = statements::table
        .left_join(comparisons::table.on(compared))
        .filter(comparisons::statement_sha256.is_null())
        .filter(statements::sha256.gt(after));
    Ok(query
        .order(statements::sha256)
        .limit(limit)
        .select((statements::sha256, statements::jws))
        .load(connection)?)
}

/// Institutions that have a system, in the order of their ids, after the id `after`.
pub fn concerned(
    connection: &mut DbConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, Error> {
    Ok(systems::table
        .filter(systems::institution_id.gt(after))
        .order(systems::institution_id)
        .limit(limit)
        .select(systems::institution_id)
        .distinct()
        .load(connection)?)
}
