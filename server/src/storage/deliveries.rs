//! Which institution was given which statement, and acknowledged it.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::deliveries;
use super::{DbConnection, Error};

/// A row of `deliveries`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct DeliveryRow {
    pub institution_id: String,
    pub statement_sha256: String,
    pub delivered_at: i64,
    pub delivery_leaf: i64,
    pub acknowledged_at: Option<i64>,
    pub acknowledgement_leaf: Option<i64>,
}

/// Adds a delivery.
pub fn insert(connection: &mut DbConnection, row: &DeliveryRow) -> Result<(), Error> {
    insert!(connection, deliveries::table, row)?;
    Ok(())
}

/// The delivery of that statement to that institution.
pub fn find(
    connection: &mut DbConnection,
    institution_id: &str,
    statement_sha256: &str,
) -> Result<Option<DeliveryRow>, Error> {
    let query = deliveries::table.find((institution_id, statement_sha256));
    let found = directly!(connection, |own| query
        .select(DeliveryRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Notes the acknowledgement.
pub fn acknowledge(
    connection: &mut DbConnection,
    institution_id: &str,
    statement_sha256: &str,
    leaf: i64,
    now: i64,
) -> Result<(), Error> {
    diesel::update(deliveries::table.find((institution_id, statement_sha256)))
        .set((
            deliveries::acknowledged_at.eq(Some(now)),
            deliveries::acknowledgement_leaf.eq(Some(leaf)),
        ))
        .execute(connection)?;
    Ok(())
}
