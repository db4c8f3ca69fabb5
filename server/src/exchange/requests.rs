//! An institution asks a vendor for a product's statements; the vendor releases or declines.
//!
//! Releasing makes a grant: both forms, future revisions, until revoked, even before any statement exists. A product
//! whose release is automatic or listed answers at once.

use jiff::civil::Date;
use kaiji_schema::calendar;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::products::Release;
use super::time::day_in_japan;
use super::{Exchange, Moment, Page, Window, violation};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::products::{self, ProductRow};
pub use crate::storage::requests::Order as RequestOrder;
use crate::storage::requests::{self, Order, Party, RequestRow, Which};
use crate::storage::{Error as StorageError, Tx, organisations};

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Waits for the vendor.
    Open,
    /// Waits for the vendor, beyond its day.
    Overdue,
    /// The institution may read the product's statements.
    Released,
    /// The vendor does not release them, and said why.
    Declined,
    /// The institution does not ask any more.
    Cancelled,
}

impl RequestState {
    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Released => "released",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Open,
            Self::Overdue,
            Self::Released,
            Self::Declined,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }
}

/// At most so many business days: about a year.
const MOST_BUSINESS_DAYS: i64 = 240;

/// A request to be made.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// The product whose statements are asked for.
    pub product: String,
    /// A word to the vendor.
    pub message: Option<String>,
    /// By when an answer is hoped for.
    pub due: Option<Due>,
}

/// By when an answer is hoped for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// On that day.
    On(Date),
    /// So many business days after the day of the request.
    InBusinessDays(u16),
}

impl FromMembers for NewRequest {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let product = reader.required_text("product", 64);
        let message = reader.optional_lines("message", 2000);
        let on = reader.optional_date("due_on").map(Due::On);
        let days = reader.optional_integer("due_in_business_days", 1..=MOST_BUSINESS_DAYS);
        let days = days
            .and_then(|days| u16::try_from(days).ok())
            .map(Due::InBusinessDays);
        if on.is_some() && days.is_some() {
            let detail = "say it once: either due_on or due_in_business_days";
            reader.report("due_in_business_days", "both", detail);
        }
        Some(Self {
            product: product?,
            message,
            due: on.or(days),
        })
    }
}

impl NewRequest {
    /// The day on which it is due, if it is made on `today`.
    fn due_on(&self, today: Date) -> Result<Option<Date>, Violations> {
        match self.due {
            None => Ok(None),
            Some(Due::On(day)) => Ok(Some(day)),
            Some(Due::InBusinessDays(days)) => {
                let due = calendar::business_days_after(today, days);
                due.map(Some).map_err(|unknown| {
                    let detail = unknown.to_string();
                    violation("/due_in_business_days", "unknown_year", detail)
                })
            }
        }
    }
}

/// A request.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RequestView {
    /// Opaque id, `req_…`.
    pub id: String,
    /// Who asks.
    pub institution: String,
    /// Its name.
    pub institution_name: String,
    /// Who is asked.
    pub vendor: String,
    /// For what.
    pub product: String,
    /// The product's name.
    pub product_name: String,
    /// `open`, `overdue`, `released`, `declined` or `cancelled`.
    pub state: String,
    /// A word to the vendor.
    pub message: Option<String>,
    /// By when an answer is hoped for.
    pub due_on: Option<String>,
    /// Why it was declined.
    pub reason: Option<String>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it was answered or cancelled.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

/// Why a request was not made, answered or found.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The caller has none of that id.
    #[error("there is no such request")]
    NotFound,
    /// It names a product that does not exist.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// There is an open one for the product already.
    #[error("the request {0} for this product is open already")]
    OpenAlready(String),
    /// It was answered or cancelled before.
    #[error("the request is {0}: only an open one can be answered or cancelled")]
    State(String),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

fn party(actor: &Actor) -> Option<Party<'_>> {
    match actor.kind {
        OrganisationKind::Institution => Some(Party::Institution(&actor.organisation)),
        OrganisationKind::Vendor => Some(Party::Vendor(&actor.organisation)),
        OrganisationKind::Operator => None,
    }
}

impl Exchange {
    /// Asks for a product's statements.
    pub fn create_request(
        &self,
        actor: &Actor,
        new: NewRequest,
        request: Option<Idempotency>,
    ) -> Result<RequestView, RequestError> {
        let (id, institution_id) = (self.new_id("req")?, actor.organisation.clone());
        let created = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                let row = requests::find(tx, Party::Institution(&institution_id), &id)?;
                return row.ok_or(RequestError::NotFound);
            }
            let product = requestable(tx, &new.product)?;
            if let Some(open) = requests::find_open(tx, &institution_id, &product.id)? {
                return Err(RequestError::OpenAlready(open.id));
            }
            let due_on = new.due_on(day_in_japan(tx.now()))?;
            let row = open_request(tx, &id, &institution_id, &product, &new, due_on)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok(row)
        })?;
        self.show_request(created.value)
    }

    /// The requests that the institution made or the vendor is to answer.
    pub fn list_requests(
        &self,
        actor: &Actor,
        state: Option<RequestState>,
        order: Order,
        window: &Window,
    ) -> Result<Page<RequestView>, RequestError> {
        let party = party(actor).ok_or(RequestError::NotFound)?;
        let today = self.today();
        let which = match state {
            None => Which::All,
            Some(RequestState::Open) => Which::InTime(&today),
            Some(RequestState::Overdue) => Which::Overdue(&today),
            Some(state) => Which::In(state.as_str()),
        };
        let page = self.db.read(|c| {
            let rows = requests::list(c, party, which, order, window.after_id(), window.fetch())?;
            let page = window.page(rows, |row| requests::position(row, order), |row| row);
            let items = page
                .items
                .into_iter()
                .map(|row| view(c, row, &today))
                .collect::<Result<_, StorageError>>()?;
            Ok::<_, StorageError>(Page {
                items,
                next: page.next,
            })
        })?;
        Ok(page)
    }

    /// One request of the caller's.
    pub fn find_request(&self, actor: &Actor, id: &str) -> Result<RequestView, RequestError> {
        let party = party(actor).ok_or(RequestError::NotFound)?;
        let row = self
            .db
            .read(|c| requests::find(c, party, id))?
            .ok_or(RequestError::NotFound)?;
        self.show_request(row)
    }

    /// The vendor releases the product's statements to the institution that asked.
    pub fn release_request(&self, actor: &Actor, id: &str) -> Result<RequestView, RequestError> {
        self.settle(actor, id, RequestState::Released, None)
    }

    /// The vendor declines, and says why.
    pub fn decline_request(
        &self,
        actor: &Actor,
        id: &str,
        reason: String,
    ) -> Result<RequestView, RequestError> {
        self.settle(actor, id, RequestState::Declined, Some(reason))
    }

    /// The institution does not ask any more.
    pub fn cancel_request(&self, actor: &Actor, id: &str) -> Result<RequestView, RequestError> {
        self.settle(actor, id, RequestState::Cancelled, None)
    }

    fn settle(
        &self,
        actor: &Actor,
        id: &str,
        state: RequestState,
        reason: Option<String>,
    ) -> Result<RequestView, RequestError> {
        let (asking, id) = (actor.clone(), id.to_owned());
        let settled = self.write(actor, move |tx| {
            let party = party(&asking).ok_or(RequestError::NotFound)?;
            let mut row = requests::find(tx, party, &id)?.ok_or(RequestError::NotFound)?;
            if row.state != RequestState::Open.as_str() {
                return Err(RequestError::State(row.state));
            }
            row.reason.clone_from(&reason);
            close(tx, &mut row, state)?;
            requests::update(tx, &row)?;
            Ok(row)
        })?;
        self.show_request(settled.value)
    }

    fn show_request(&self, row: RequestRow) -> Result<RequestView, RequestError> {
        let today = self.today();
        Ok(self.db.read(|c| view(c, row, &today))?)
    }

    /// The day that it is in Japan, as rows keep days.
    fn today(&self) -> String {
        day_in_japan(self.clock.now()).to_string()
    }
}

/// The product, if its vendor still takes part.
fn requestable(tx: &mut Tx<'_>, id: &str) -> Result<ProductRow, RequestError> {
    let product = products::find(tx, id)?;
    let vendor = match &product {
        Some(product) => organisations::find(tx, &product.vendor_id)?,
        None => None,
    };
    match (product, vendor) {
        (Some(product), Some(vendor)) if vendor.disabled_at.is_none() => Ok(product),
        _ => Err(violation(
            "/product",
            "unknown_product",
            "there is no such product in the exchange",
        )
        .into()),
    }
}

fn open_request(
    tx: &mut Tx<'_>,
    id: &str,
    institution_id: &str,
    product: &ProductRow,
    new: &NewRequest,
    due_on: Option<Date>,
) -> Result<RequestRow, StorageError> {
    let now = tx.now().as_millisecond();
    let mut row = RequestRow {
        id: id.to_owned(),
        institution_id: institution_id.to_owned(),
        vendor_id: product.vendor_id.clone(),
        product_id: product.id.clone(),
        state: RequestState::Open.as_str().to_owned(),
        message: new.message.clone(),
        due_on: due_on.map(|date| date.to_string()),
        reason: None,
        revision: 1,
        created_at: now,
        updated_at: now,
    };
    tell(tx, &row.vendor_id, "request_opened", &row)?;
    if Release::stored(&product.release)? != Release::OnRequest {
        close(tx, &mut row, RequestState::Released)?;
    }
    requests::insert(tx, &row)?;
    Ok(row)
}

/// Takes the request to its last state, with what follows from that.
fn close(tx: &mut Tx<'_>, row: &mut RequestRow, state: RequestState) -> Result<(), StorageError> {
    let now = tx.now().as_millisecond();
    state.as_str().clone_into(&mut row.state);
    row.revision += 1;
    row.updated_at = now;
    let (whom, kind) = match state {
        RequestState::Released => {
            products::grant(tx, &row.institution_id, &row.product_id, now)?;
            (&row.institution_id, "request_released")
        }
        RequestState::Declined => (&row.institution_id, "request_declined"),
        RequestState::Open | RequestState::Overdue | RequestState::Cancelled => {
            (&row.vendor_id, "request_cancelled")
        }
    };
    tell(tx, whom, kind, row)
}

fn tell(tx: &mut Tx<'_>, whom: &str, kind: &str, row: &RequestRow) -> Result<(), StorageError> {
    let subject =
        serde_json::json!({ "request": row.id, "product": row.product_id, "reason": row.reason });
    tx.notify(whom, kind, &subject.to_string())
}

fn view(
    connection: &mut crate::storage::DbConnection,
    row: RequestRow,
    today: &str,
) -> Result<RequestView, StorageError> {
    let is_open = row.state == RequestState::Open.as_str();
    let is_overdue = is_open && row.due_on.as_deref().is_some_and(|due| due < today);
    let institution = organisations::find(connection, &row.institution_id)?;
    let product = products::find(connection, &row.product_id)?;
    Ok(RequestView {
        id: row.id,
        institution: row.institution_id,
        institution_name: institution
            .map(|institution| institution.name)
            .unwrap_or_default(),
        vendor: row.vendor_id,
        product: row.product_id,
        product_name: product.map(|product| product.name).unwrap_or_default(),
        state: if is_overdue {
            RequestState::Overdue.as_str().to_owned()
        } else {
            row.state
        },
        message: row.message,
        due_on: row.due_on,
        reason: row.reason,
        created_at: Moment(row.created_at),
        updated_at: Moment(row.updated_at),
        revision: row.revision,
    })
}
