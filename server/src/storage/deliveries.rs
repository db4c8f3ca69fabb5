//! Which institution was given which statement, and acknowledged it.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::statements::{SignerStanding, StatementRow};
use super::tables::{deliveries, organisations, signing_keys, statements};
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

/// A delivery with what was delivered.
#[derive(Debug, Clone, Queryable, Selectable)]
pub struct DeliveredRow {
    /// The delivery.
    #[diesel(embed)]
    pub delivery: DeliveryRow,
    /// The statement.
    #[diesel(embed)]
    pub statement: StatementRow,
    /// What became of its signer's key.
    #[diesel(embed)]
    pub signer: SignerStanding,
    /// Its vendor's name.
    #[diesel(select_expression = organisations::name)]
    pub vendor_name: String,
}

/// Everything that was delivered to the institution.
pub fn with_statements(
    connection: &mut DbConnection,
    institution_id: &str,
) -> Result<Vec<DeliveredRow>, Error> {
    let query = deliveries::table
        .inner_join(statements::table.on(statements::sha256.eq(deliveries::statement_sha256)))
        .inner_join(signing_keys::table.on(signing_keys::kid.eq(statements::signer_kid)))
        .inner_join(organisations::table.on(organisations::id.eq(statements::vendor_id)))
        .filter(deliveries::institution_id.eq(institution_id))
        .order(deliveries::delivery_leaf);
    Ok(directly!(connection, |own| query
        .select(DeliveredRow::as_select())
        .load(own))?)
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
