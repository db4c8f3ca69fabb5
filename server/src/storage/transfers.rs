//! Transfers: products that move from one vendor to another (事業承継), and what both signed.

use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::transfers;
use super::{DbConnection, Error};

/// Waits for the successor's consent, or expired without it.
pub const OFFERED: &str = "offered";
/// The product moved.
pub const ACCEPTED: &str = "accepted";
/// The successor does not take it.
pub const DECLINED: &str = "declined";
/// The predecessor took its offer back.
pub const WITHDRAWN: &str = "withdrawn";

/// Whether there is such a transfer.
macro_rules! is_any {
    ($connection:ident, $query:ident) => {{
        let found = directly!($connection, |own| $query
            .select(transfers::id)
            .first::<String>(own));
        Ok(found.optional()?.is_some())
    }};
}

/// A row of `transfers`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = transfers)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct TransferRow {
    pub id: String,
    pub product_id: String,
    pub from_id: String,
    pub to_id: String,
    pub state: String,
    /// What the predecessor signed.
    pub offer_jws: String,
    /// With which key.
    pub offer_kid: String,
    pub offer_leaf: i64,
    pub offered_at: i64,
    pub expires_at: i64,
    /// What the successor signed.
    pub acceptance_jws: Option<String>,
    pub acceptance_leaf: Option<i64>,
    pub settled_at: Option<i64>,
}

/// Adds a transfer.
pub fn insert(connection: &mut DbConnection, row: &TransferRow) -> Result<(), Error> {
    insert!(connection, transfers::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &TransferRow) -> Result<(), Error> {
    diesel::update(transfers::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// The transfer of that id from or to the vendor.
pub fn find(
    connection: &mut DbConnection,
    vendor_id: &str,
    id: &str,
) -> Result<Option<TransferRow>, Error> {
    let from = transfers::from_id.eq(vendor_id);
    let query = transfers::table
        .find(id)
        .filter(from.or(transfers::to_id.eq(vendor_id)));
    let found = directly!(connection, |own| query
        .select(TransferRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// The transfers from and to the vendor, in the order of their ids, after the id `after`.
pub fn list(
    connection: &mut DbConnection,
    vendor_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<TransferRow>, Error> {
    let from = transfers::from_id.eq(vendor_id);
    let query = transfers::table
        .filter(from.or(transfers::to_id.eq(vendor_id)))
        .filter(transfers::id.gt(after))
        .order(transfers::id)
        .limit(limit);
    Ok(directly!(connection, |own| query
        .select(TransferRow::as_select())
        .load(own))?)
}

/// The offer of the product that waits for its successor's consent.
pub fn find_open(
    connection: &mut DbConnection,
    product_id: &str,
    now: i64,
) -> Result<Option<TransferRow>, Error> {
    let query = transfers::table
        .filter(transfers::product_id.eq(product_id))
        .filter(transfers::state.eq(OFFERED))
        .filter(transfers::expires_at.gt(now));
    let found = directly!(connection, |own| query
        .select(TransferRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Whether that document offered the product before.
pub fn is_known(
    connection: &mut DbConnection,
    product_id: &str,
    offer_jws: &str,
) -> Result<bool, Error> {
    let query = transfers::table
        .filter(transfers::product_id.eq(product_id))
        .filter(transfers::offer_jws.eq(offer_jws));
    is_any!(connection, query)
}

/// Whether the product was offered to the vendor since then.
pub fn was_offered_since(
    connection: &mut DbConnection,
    product_id: &str,
    to_id: &str,
    since: i64,
) -> Result<bool, Error> {
    let query = transfers::table
        .filter(transfers::product_id.eq(product_id))
        .filter(transfers::to_id.eq(to_id))
        .filter(transfers::offered_at.gt(since));
    is_any!(connection, query)
}

/// How the product came to where it is: the transfers that took place, in the order of their ids, after the id `after`.
pub fn of_product(
    connection: &mut DbConnection,
    product_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<TransferRow>, Error> {
    let query = transfers::table
        .filter(transfers::product_id.eq(product_id))
        .filter(transfers::state.eq(ACCEPTED))
        .filter(transfers::id.gt(after))
        .order(transfers::id)
        .limit(limit);
    Ok(directly!(connection, |own| query
        .select(TransferRow::as_select())
        .load(own))?)
}

/// Whether the vendor handed the product over before.
pub fn has_handed_over(
    connection: &mut DbConnection,
    vendor_id: &str,
    product_id: &str,
) -> Result<bool, Error> {
    let query = transfers::table
        .filter(transfers::product_id.eq(product_id))
        .filter(transfers::state.eq(ACCEPTED))
        .filter(transfers::from_id.eq(vendor_id));
    is_any!(connection, query)
}

/// By which transfer the vendor had come by the product when the leaf of that number was put down.
pub fn by_which(
    connection: &mut DbConnection,
    vendor_id: &str,
    product_id: &str,
    leaf: i64,
) -> Result<Option<TransferRow>, Error> {
    let query = transfers::table
        .filter(transfers::product_id.eq(product_id))
        .filter(transfers::to_id.eq(vendor_id))
        .filter(transfers::acceptance_leaf.lt(leaf))
        .order(transfers::acceptance_leaf.desc());
    let found = directly!(connection, |own| query
        .select(TransferRow::as_select())
        .first(own));
    Ok(found.optional()?)
}
