//! Products, and which institution was granted which of them.

use diesel::dsl::exists;
use diesel::prelude::*;

use super::backend::{directly, insert};
use super::tables::{deliveries, grants, organisations, products, statements, systems};
use super::{DbConnection, Error};

/// A row of `products`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = products, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct ProductRow {
    pub id: String,
    pub vendor_id: String,
    pub name: String,
    pub name_folded: String,
    pub version: Option<String>,
    pub description: Option<String>,
    pub release: String,
    pub in_directory: bool,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Adds a product.
pub fn insert(connection: &mut DbConnection, row: &ProductRow) -> Result<(), Error> {
    insert!(connection, products::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &ProductRow) -> Result<(), Error> {
    diesel::update(products::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// The product of that id, whoever owns it.
pub fn find(connection: &mut DbConnection, id: &str) -> Result<Option<ProductRow>, Error> {
    let found = directly!(connection, |own| products::table
        .find(id)
        .select(ProductRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Whose product it is now.
pub fn vendor_of(connection: &mut DbConnection, id: &str) -> Result<String, Error> {
    let found = directly!(connection, |own| products::table
        .find(id)
        .select(products::vendor_id)
        .first(own));
    Ok(found?)
}

/// Whether the institution may know of the product: the directory shows it, its statements are released to everybody, were
/// granted or delivered to the institution, or it is among its systems.
pub fn is_known_to(
    connection: &mut DbConnection,
    institution_id: &str,
    id: &str,
) -> Result<bool, Error> {
    let granted = grants::table
        .filter(grants::product_id.eq(products::id))
        .filter(grants::institution_id.eq(institution_id));
    let used = systems::table
        .filter(systems::product_id.eq(products::id.nullable()))
        .filter(systems::institution_id.eq(institution_id));
    let received = deliveries::table
        .inner_join(statements::table.on(statements::sha256.eq(deliveries::statement_sha256)))
        .filter(deliveries::institution_id.eq(institution_id))
        .filter(statements::product_id.eq(products::id));
    let is_open = products::in_directory
        .eq(true)
        .or(products::release.eq("listed"));
    let query = products::table.find(id).filter(
        is_open
            .or(exists(granted))
            .or(exists(used))
            .or(exists(received)),
    );
    let found = directly!(connection, |own| query
        .select(products::id)
        .first::<String>(own));
    Ok(found.optional()?.is_some())
}

/// A vendor's products in the order of their ids.
pub fn list(
    connection: &mut DbConnection,
    vendor_id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<ProductRow>, Error> {
    let query = products::table
        .filter(products::vendor_id.eq(vendor_id))
        .filter(products::id.gt(after));
    Ok(query
        .order(products::id)
        .limit(limit)
        .select(ProductRow::as_select())
        .load(connection)?)
}

/// Products of enabled vendors that opted into the directory, with their vendors' names and 法人番号.
///
/// `pattern` is a LIKE pattern with `\` as its escape, for folded names; a product is found by its own name or its
/// vendor's.
pub fn directory(
    connection: &mut DbConnection,
    pattern: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<(ProductRow, String, Option<String>)>, Error> {
    let mut query = products::table
        .inner_join(organisations::table.on(organisations::id.eq(products::vendor_id)))
        .filter(products::in_directory.eq(true))
        .filter(organisations::disabled_at.is_null())
        .filter(products::id.gt(after))
        .into_boxed();
    if let Some(pattern) = pattern {
        let by_product = products::name_folded.like(pattern).escape('\\');
        let by_vendor = organisations::name_folded.like(pattern).escape('\\');
        query = query.filter(by_product.or(by_vendor));
    }
    let columns = (
        ProductRow::as_select(),
        organisations::name,
        organisations::corporate_number,
    );
    Ok(query
        .order(products::id)
        .limit(limit)
        .select(columns)
        .load(connection)?)
}

/// Grants the product to the institution; where it was revoked, anew.
pub fn grant(
    connection: &mut DbConnection,
    institution_id: &str,
    product_id: &str,
    now: i64,
) -> Result<(), Error> {
    let row = grants::table.find((institution_id, product_id));
    let renewed = diesel::update(row)
        .set(grants::revoked_at.eq(None::<i64>))
        .execute(connection)?;
    if renewed == 0 {
        insert!(
            connection,
            grants::table,
            (
                grants::institution_id.eq(institution_id),
                grants::product_id.eq(product_id),
                grants::granted_at.eq(now),
            )
        )?;
    }
    Ok(())
}

/// Takes a grant back; `false` if there is none in force.
pub fn revoke_grant(
    connection: &mut DbConnection,
    institution_id: &str,
    product_id: &str,
    now: i64,
) -> Result<bool, Error> {
    let in_force = grants::table
        .find((institution_id, product_id))
        .filter(grants::revoked_at.is_null());
    Ok(diesel::update(in_force)
        .set(grants::revoked_at.eq(Some(now)))
        .execute(connection)?
        == 1)
}

/// Institutions that the product was granted to; where it is listed, those that have it among their systems; and those
/// that the statement `delivered` was delivered to. In the order of their ids.
pub fn holders(
    connection: &mut DbConnection,
    product_id: &str,
    listed: bool,
    delivered: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let granted = grants::table
        .filter(grants::product_id.eq(product_id))
        .filter(grants::revoked_at.is_null())
        .filter(grants::institution_id.gt(after))
        .select(grants::institution_id)
        .order(grants::institution_id)
        .limit(limit);
    let mut holders: Vec<String> = granted.load(connection)?;
    if listed {
        let users = systems::table
            .filter(systems::product_id.eq(product_id))
            .filter(systems::institution_id.gt(after))
            .select(systems::institution_id)
            .distinct()
            .order(systems::institution_id)
            .limit(limit);
        holders.extend(users.load::<String>(connection)?);
    }
    if let Some(statement) = delivered {
        let receivers = deliveries::table
            .filter(deliveries::statement_sha256.eq(statement))
            .filter(deliveries::institution_id.gt(after))
            .select(deliveries::institution_id)
            .order(deliveries::institution_id)
            .limit(limit);
        holders.extend(receivers.load::<String>(connection)?);
    }
    holders.sort();
    holders.dedup();
    holders.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(holders)
}
