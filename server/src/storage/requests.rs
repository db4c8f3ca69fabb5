//! What institutions asked of vendors (提出依頼).

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

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

/// Which requests.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All.
    All,
    /// In that state.
    In(&'a str),
    /// Open, and not due before that day.
    InTime(&'a str),
    /// Open, and due before that day.
    Overdue(&'a str),
}

/// In what order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they were made.
    #[default]
    Made,
    /// As they are due; those without a day last.
    Due,
}

/// When a request is due that does not say it: beyond all days.
const NO_DAY: &str = "9999-12-31";

/// Where a list in the order of days goes on: behind this request.
pub fn position(row: &RequestRow, order: Order) -> String {
    match order {
        Order::Made => row.id.clone(),
        Order::Due => {
            let due = row.due_on.as_deref().unwrap_or(NO_DAY);
            format!("{due} {}", row.id)
        }
    }
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

/// The party's requests after the position `after`.
pub fn list(
    connection: &mut DbConnection,
    party: Party<'_>,
    which: Which<'_>,
    order: Order,
    after: &str,
    limit: i64,
) -> Result<Vec<RequestRow>, Error> {
    let due = || sql::<Text>(&format!("COALESCE(requests.due_on, '{NO_DAY}')"));
    let mut query = requests::table.into_boxed();
    query = match (order, after.split_once(' ')) {
        (Order::Due, Some((day, id))) => {
            let same_day = due().eq(day.to_owned()).and(requests::id.gt(id.to_owned()));
            query.filter(due().gt(day.to_owned()).or(same_day))
        }
        (Order::Due, None) => query,
        (Order::Made, _) => query.filter(requests::id.gt(after)),
    };
    query = match party {
        Party::Institution(id) => query.filter(requests::institution_id.eq(id)),
        Party::Vendor(id) => query.filter(requests::vendor_id.eq(id)),
    };
    let open = requests::state.eq("open");
    query = match which {
        Which::All => query,
        Which::In(state) => query.filter(requests::state.eq(state)),
        Which::InTime(today) => query.filter(open.and(due().ge(today.to_owned()))),
        Which::Overdue(today) => query.filter(open.and(due().lt(today.to_owned()))),
    };
    query = match order {
        Order::Made => query.order(requests::id),
        Order::Due => query.order((due(), requests::id)),
    };
    Ok(query
        .limit(limit)
        .select(RequestRow::as_select())
        .load(connection)?)
}
