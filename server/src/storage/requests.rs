//! What institutions asked of vendors (提出依頼), and where it was forwarded to.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use super::backend::{directly, insert};
use super::tables::requests;
use super::{DbConnection, Error};

/// A row of `requests`.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = requests, treat_none_as_null = true)]
#[allow(missing_docs, reason = "the columns are named in the glossary")]
pub struct RequestRow {
    pub id: String,
    pub institution_id: String,
    /// Who is asked: a vendor of the exchange, or whoever reads what is sent to an address.
    pub vendor_id: Option<String>,
    pub addressee_name: Option<String>,
    pub addressee_email: Option<String>,
    pub product_id: Option<String>,
    /// What is asked about, where no product was named.
    pub subject: Option<String>,
    pub system_id: Option<String>,
    /// Names of forms with spaces between them.
    pub forms: String,
    /// The request that this one continues; none for the institution's own.
    pub forwarded_from: Option<String>,
    /// The institution's own request with which the chain began.
    pub origin_id: String,
    /// The place in the chain, as it grew; 0 for the institution's own.
    pub step: i64,
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
    /// Those that this vendor is or was to answer.
    Vendor(&'a str),
}

/// Which requests.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// All.
    All,
    /// In that state.
    In(&'a str),
    /// In that state, and not due before that day.
    InTime(&'a str, &'a str),
    /// Open, and due before that day.
    Overdue(&'a str),
    /// Open or forwarded, and due before that day.
    Late(&'a str),
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

/// What makes a request the institution's own and unanswered. Written out: SQLite uses the partial index for constants
/// alone, never for a parameter.
const OWN_AND_WAITING: &str =
    "requests.forwarded_from IS NULL AND requests.state IN ('open', 'forwarded')";

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

/// The open requests about the product that wait for the vendor.
pub fn open_about(
    connection: &mut DbConnection,
    product_id: &str,
    vendor_id: &str,
) -> Result<Vec<RequestRow>, Error> {
    let query = requests::table
        .filter(requests::vendor_id.eq(vendor_id))
        .filter(requests::state.eq("open"))
        .filter(requests::product_id.eq(product_id))
        .order(requests::id);
    Ok(query.select(RequestRow::as_select()).load(connection)?)
}

/// The party's request of that id.
pub fn find(
    connection: &mut DbConnection,
    party: Party<'_>,
    id: &str,
) -> Result<Option<RequestRow>, Error> {
    let query = requests::table.filter(requests::id.eq(id)).into_boxed();
    let query = match party {
        Party::Institution(id) => query
            .filter(requests::institution_id.eq(id))
            .filter(requests::forwarded_from.is_null()),
        Party::Vendor(id) => query.filter(requests::vendor_id.eq(id)),
    };
    Ok(query
        .select(RequestRow::as_select())
        .first(connection)
        .optional()?)
}

/// The request of that id, whoever asks or is asked.
pub fn get(connection: &mut DbConnection, id: &str) -> Result<Option<RequestRow>, Error> {
    let found = directly!(connection, |own| requests::table
        .find(id)
        .select(RequestRow::as_select())
        .first(own));
    Ok(found.optional()?)
}

/// Every request of the chain that began with `origin_id`, in the order in which they were made.
pub fn chain(connection: &mut DbConnection, origin_id: &str) -> Result<Vec<RequestRow>, Error> {
    let query = requests::table
        .filter(requests::origin_id.eq(origin_id))
        .order(requests::step);
    Ok(directly!(connection, |own| query
        .select(RequestRow::as_select())
        .load(own))?)
}

/// The institution's own request for the product that waits for an answer.
pub fn find_open(
    connection: &mut DbConnection,
    institution_id: &str,
    product_id: &str,
) -> Result<Option<RequestRow>, Error> {
    let query = requests::table
        .filter(requests::institution_id.eq(institution_id))
        .filter(requests::product_id.eq(product_id))
        .filter(sql::<Bool>(OWN_AND_WAITING));
    Ok(query
        .select(RequestRow::as_select())
        .first(connection)
        .optional()?)
}

/// The institution's own request about that system of its inventory that waits for an answer; the oldest.
pub fn find_open_for_system(
    connection: &mut DbConnection,
    institution_id: &str,
    system_id: &str,
) -> Result<Option<RequestRow>, Error> {
    let query = requests::table
        .filter(requests::institution_id.eq(institution_id))
        .filter(requests::system_id.eq(system_id))
        .filter(sql::<Bool>(OWN_AND_WAITING));
    Ok(query
        .order(requests::id)
        .select(RequestRow::as_select())
        .first(connection)
        .optional()?)
}

/// The institution's own requests to an address (`MailAddress::folded`) that wait for an answer.
pub fn open_to_address(
    connection: &mut DbConnection,
    institution_id: &str,
    folded: &str,
) -> Result<Vec<RequestRow>, Error> {
    let address = sql::<Text>("lower(requests.addressee_email)");
    let query = requests::table
        .filter(requests::institution_id.eq(institution_id))
        .filter(address.eq(folded))
        .filter(sql::<Bool>(OWN_AND_WAITING));
    Ok(query
        .order(requests::id)
        .select(RequestRow::as_select())
        .load(connection)?)
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
        Party::Institution(id) => query
            .filter(requests::institution_id.eq(id))
            .filter(requests::forwarded_from.is_null()),
        Party::Vendor(id) => query.filter(requests::vendor_id.eq(id)),
    };
    let open = requests::state.eq("open");
    let waiting = requests::state
        .eq("open")
        .or(requests::state.eq("forwarded"));
    query = match which {
        Which::All => query,
        Which::In(state) => query.filter(requests::state.eq(state)),
        Which::InTime(state, today) => {
            query.filter(requests::state.eq(state).and(due().ge(today.to_owned())))
        }
        Which::Overdue(today) => query.filter(open.and(due().lt(today.to_owned()))),
        Which::Late(today) => query.filter(waiting.and(due().lt(today.to_owned()))),
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
