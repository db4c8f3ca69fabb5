//! Attested statements: what a person answered through a link, byte for byte. Each belongs to the institution that asked.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{attested_statements, leaves};
use super::{DbConnection, Error};

/// A row of `attested_statements` without its document.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = attested_statements)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct AttestedRow {
    pub sha256: String,
    pub institution_id: String,
    pub request_id: String,
    pub system_id: Option<String>,
    pub product_id: Option<String>,
    pub form: String,
    pub form_edition: String,
    pub product_name: String,
    pub product_version: String,
    /// 会社名, as the person wrote it.
    pub organisation_name: String,
    pub attested_on: String,
    pub receipt_leaf: i64,
    pub received_at: i64,
    pub acknowledged_at: Option<i64>,
    pub acknowledgement_leaf: Option<i64>,
}

/// An attested statement with what is shown of it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = attested_statements)]
pub struct WholeAttestedRow {
    /// The columns that one searches by.
    #[diesel(embed)]
    pub statement: AttestedRow,
    /// The document, byte for byte.
    pub document: String,
    /// Its receipt.
    #[diesel(select_expression = leaves::receipt)]
    pub receipt: String,
}

/// An attested statement to be stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = attested_statements)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct NewAttested {
    pub sha256: String,
    pub institution_id: String,
    pub request_id: String,
    pub system_id: Option<String>,
    pub product_id: Option<String>,
    pub form: &'static str,
    pub form_edition: String,
    pub product_name: String,
    pub product_version: String,
    pub organisation_name: String,
    pub attested_on: String,
    pub receipt_leaf: i64,
    pub received_at: i64,
    pub document: String,
}

/// Adds one.
pub fn insert(connection: &mut DbConnection, row: NewAttested) -> Result<(), Error> {
    insert!(connection, attested_statements::table, row)?;
    Ok(())
}

/// The one of that digest, whoever may read it: for those who hold its receipt.
pub fn by_digest(
    connection: &mut DbConnection,
    sha256: &str,
) -> Result<Option<AttestedRow>, Error> {
    let found = directly!(connection, |own| attested_statements::table
        .find(sha256)
        .select(AttestedRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The institution's one of that digest.
pub fn find(
    connection: &mut DbConnection,
    institution_id: &str,
    sha256: &str,
) -> Result<Option<WholeAttestedRow>, Error> {
    let receipt = leaves::leaf_index.eq(attested_statements::receipt_leaf);
    let query = attested_statements::table
        .inner_join(leaves::table.on(receipt))
        .filter(attested_statements::institution_id.eq(institution_id))
        .filter(attested_statements::sha256.eq(sha256));
    let found = directly!(connection, |own| query
        .select(WholeAttestedRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The institution's, in the order in which they were received, after the leaf `after`.
pub fn list(
    connection: &mut DbConnection,
    institution_id: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<AttestedRow>, Error> {
    let query = attested_statements::table
        .filter(attested_statements::institution_id.eq(institution_id))
        .filter(attested_statements::receipt_leaf.gt(after))
        .order(attested_statements::receipt_leaf)
        .limit(limit);
    Ok(directly!(connection, |own| query
        .select(AttestedRow::as_select())
        .load(own))?)
}

/// The newest for each form that the institution received about a system or its product, MDS before SDS.
pub fn newest(
    connection: &mut DbConnection,
    institution_id: &str,
    system_id: &str,
    product_id: Option<&str>,
) -> Result<Vec<WholeAttestedRow>, Error> {
    let receipt = leaves::leaf_index.eq(attested_statements::receipt_leaf);
    let of_system = attested_statements::system_id.eq(system_id);
    // A product that is not there has no statement: no id is empty.
    let of_product = attested_statements::product_id.eq(product_id.unwrap_or_default());
    let query = attested_statements::table
        .inner_join(leaves::table.on(receipt))
        .filter(attested_statements::institution_id.eq(institution_id))
        .filter(of_system.or(of_product))
        .order((
            attested_statements::form,
            attested_statements::receipt_leaf.desc(),
        ));
    let mut found: Vec<WholeAttestedRow> = directly!(connection, |own| query
        .select(WholeAttestedRow::as_select())
        .load(own))?;
    found.dedup_by(|later, first| later.statement.form == first.statement.form);
    Ok(found)
}

/// All that the institution received about a system or its product, in the order in which they were received.
pub fn about(
    connection: &mut DbConnection,
    institution_id: &str,
    system_id: &str,
    product_id: Option<&str>,
) -> Result<Vec<AttestedRow>, Error> {
    let of_system = attested_statements::system_id.eq(system_id);
    // A product that is not there has no statement: no id is empty.
    let of_product = attested_statements::product_id.eq(product_id.unwrap_or_default());
    let query = attested_statements::table
        .filter(attested_statements::institution_id.eq(institution_id))
        .filter(of_system.or(of_product))
        .order(attested_statements::receipt_leaf);
    Ok(directly!(connection, |own| query
        .select(AttestedRow::as_select())
        .load(own))?)
}

/// Notes the acknowledgement.
pub fn acknowledge(
    connection: &mut DbConnection,
    sha256: &str,
    leaf: i64,
    now: i64,
) -> Result<(), Error> {
    diesel::update(attested_statements::table.find(sha256))
        .set((
            attested_statements::acknowledged_at.eq(Some(now)),
            attested_statements::acknowledgement_leaf.eq(Some(leaf)),
        ))
        .execute(connection)?;
    Ok(())
}
