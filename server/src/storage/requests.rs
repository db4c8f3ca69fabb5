//! What institutions asked of vendors (提出依頼).

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::backend::insert;
use super::tables::requests;
use super::{DbConnection, Error};

/// A row of `requests`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = requests, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct RequestRow {
    pub id: String,
    pub institution_id: String,
    pub vendor_id: String,
    pub product_id: String,
    pub state: String,
    pub message: Option<String>,
    pub due_on: Option<String>,
    pub reason: Option<String>,
    pub revision: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Whose requests.
#[derive(Debug, Clone, Copy)]
pub enum Party<'a> {
    /// Those that this institution made.
    Institution(&'a str),
    /// Those that this vendor is to answer.
    Vendor(&'a str),
}

/// Adds a request.
pub fn insert(connection: &mut DbConnection, row: &RequestRow) -> Result<(), Error> {
    insert!(connection, requests::table, row)?;
    Ok(())
}

/// Replaces the row of the same id.
pub fn update(connection: &mut DbConnection, row: &RequestRow) -> Result<(), Error> {
    diesel::update(requests::table.find(row.id.clone()))
        .set(row.clone())
        .execute(connection)?;
    Ok(())
}

/// The party's request of that id.
pub fn find(
    connection: &mut DbConnection,
    party: Party<'_>,
    id: &str,
) -> Result<Option<RequestRow>, Error> {
    let query = requests::table.filter(requests::id.eq(id)).into_boxed();
    let query = match party {
        Party::Institution(id) => query.filter(requests::institution_id.eq(id)),
        Party::Vendor(id) => query.filter(requests::vendor_id.eq(id)),
    };
    Ok(query
        .select(RequestRow::as_select())
        .first(connection)
        .optional()?)
}

/// The institution's open request for the product.
pub fn find_open(
    connection: &mut DbConnection,
    institution_id: &str,
    product_id: &str,
) -> Result<Option<RequestRow>, Error> {
    let query = requests::table
        .filter(requests::institution_id.eq(institution_id))
        .filter(requests::product_id.eq(product_id))
        // Written out: SQLite uses the partial index for a constant alone, never for a parameter.
        .filter(sql::<Bool>("requests.state = 'open'"));
    Ok(query
        .select(RequestRow::as_select())
        .first(connection)
        .optional()?)
}

/// The party's requests in the order of their ids.
pub fn list(
    connection: &mut DbConnection,
    party: Party<'_>,
    state: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<RequestRow>, Error> {
    let mut query = requests::table.filter(requests::id.gt(after)).into_boxed();
    query = match party {
        Party::Institution(id) => query.filter(requests::institution_id.eq(id)),
        Party::Vendor(id) => query.filter(requests::vendor_id.eq(id)),
    };
    if let Some(state) = state {
        query = query.filter(requests::state.eq(state));
    }
    Ok(query
        .order(requests::id)
        .limit(limit)
        .select(RequestRow::as_select())
        .load(connection)?)
}
