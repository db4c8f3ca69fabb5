//! The risk matrices that institutions chose or wrote themselves, in versions.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::risk_matrices;
use super::{DbConnection, Error};

/// A row of `risk_matrices`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = risk_matrices)]
#[allow(missing_docs, reason = "the columns are described in the migration")]
pub struct RiskMatrixRow {
    pub institution_id: String,
    pub version: i64,
    pub content: String,
    pub created_at: i64,
    pub created_by: String,
}

/// Adds a version.
pub fn insert(connection: &mut DbConnection, row: &RiskMatrixRow) -> Result<(), Error> {
    insert!(connection, risk_matrices::table, row)?;
    Ok(())
}

/// Every version of the institution's, the oldest first.
pub fn all(
    connection: &mut DbConnection,
    institution_id: &str,
) -> Result<Vec<RiskMatrixRow>, Error> {
    let query = risk_matrices::table
        .filter(risk_matrices::institution_id.eq(institution_id))
        .order(risk_matrices::version);
    Ok(directly!(connection, |own| query
        .select(RiskMatrixRow::as_select())
        .load(own))?)
}
