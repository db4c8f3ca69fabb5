//! An institution asks for a product's statements; whoever is asked releases, declines or forwards.
//!
//! Releasing makes a grant: both forms, future revisions, until revoked, even before any statement exists. A product
//! whose release is automatic or listed answers at once. What is forwarded is a request of its own (`chain`).

pub(super) mod chain;
mod create;
mod new;
pub(super) mod news;
mod state;
mod view;

use kaiji_schema::violation::Violations;

use super::idempotency::IdempotencyError;
use super::time::day_in_japan;
use super::{Exchange, Page, Window, violation};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::products;
pub use crate::storage::requests::Order as RequestOrder;
use crate::storage::requests::{self, Order, Party, RequestRow, Which};
use crate::storage::{Error as StorageError, Tx};

pub use chain::ChainError;
pub use new::{Addressee, Asked, Due, Forward, NewRequest, Next};
pub use state::RequestState;
pub use view::{AddresseeView, ChainPart, RequestView};

pub(super) use create::{automatic, create, unknown_product};
pub(super) use view::{Viewer, subject_of};

/// Why a request was not made, answered or found.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The caller has none of that id.
    #[error("there is no such request")]
    NotFound,
    /// It names something that does not exist.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The institution asks for it already.
    #[error("the request {0} for this waits for an answer already")]
    OpenAlready(String),
    /// It does not wait for the caller.
    #[error("the request is {0}: only an open one can be answered, forwarded or cancelled")]
    State(String),
    /// It can go no further.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The institution reminded of it today.
    #[error("they were reminded today already: wait until tomorrow")]
    RemindedToday,
    /// Nobody answers it by a link.
    #[error("the request waits for nobody who answers by a link")]
    NoLink,
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
        let which = which(party, state, &today);
        let page = self.db.read(|c| {
            let rows = requests::list(c, party, which, order, window.after_id(), window.fetch())?;
            let page = window.page(rows, |row| requests::position(row, order), |row| row);
            let viewer = Viewer::new(party, &today);
            let items = page.items.into_iter().map(|row| viewer.view(c, row));
            Ok::<_, StorageError>(Page {
                items: items.collect::<Result<_, StorageError>>()?,
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
        self.show_request(actor, row)
    }

    /// The vendor releases a product's statements to the institution that asked: `product`, or the one that was asked
    /// for.
    pub fn release_request(
        &self,
        actor: &Actor,
        id: &str,
        product: Option<String>,
    ) -> Result<RequestView, RequestError> {
        let (asking, id) = (actor.clone(), id.to_owned());
        let settled = self.write(actor, move |tx| {
            let row = open_one(tx, &asking, &id)?;
            let product = released(tx, &asking.organisation, &row, product.as_deref())?;
            Ok::<_, RequestError>(chain::release(tx, row, &product)?)
        })?;
        self.show_request(actor, settled.value)
    }

    /// The vendor declines, and says why. Whoever forwarded the request to it is asked again.
    pub fn decline_request(
        &self,
        actor: &Actor,
        id: &str,
        reason: String,
    ) -> Result<RequestView, RequestError> {
        let (asking, id, links) = (actor.clone(), id.to_owned(), self.links.clone());
        let settled = self.write(actor, move |tx| {
            let row = open_one(tx, &asking, &id)?;
            Ok::<_, RequestError>(chain::decline(tx, &links, row, &reason)?)
        })?;
        self.show_request(actor, settled.value)
    }

    /// The institution does not ask any more, whoever it was forwarded to.
    pub fn cancel_request(&self, actor: &Actor, id: &str) -> Result<RequestView, RequestError> {
        let (asking, id) = (actor.clone(), id.to_owned());
        let cancelled = self.write(actor, move |tx| {
            let row = own_request(tx, &asking, &id)?;
            if !RequestState::waits(&row.state) {
                return Err(RequestError::State(row.state));
            }
            Ok(chain::cancel(tx, &row)?)
        })?;
        self.show_request(actor, cancelled.value)
    }

    pub(super) fn show_request(
        &self,
        actor: &Actor,
        row: RequestRow,
    ) -> Result<RequestView, RequestError> {
        let party = party(actor).ok_or(RequestError::NotFound)?;
        let today = self.today();
        let viewer = Viewer::new(party, &today);
        Ok(self.db.read(|c| viewer.view(c, row))?)
    }

    /// The day that it is in Japan, as rows keep days.
    pub(super) fn today(&self) -> String {
        day_in_japan(self.clock.now()).to_string()
    }
}

/// An institution waits for whoever has its request in the end; a vendor is waited for only while it has it itself.
fn which<'a>(party: Party<'_>, state: Option<RequestState>, today: &'a str) -> Which<'a> {
    match (state, party) {
        (None, _) => Which::All,
        (Some(RequestState::Open), _) => Which::InTime(RequestState::Open.as_str(), today),
        (Some(RequestState::Forwarded), Party::Institution(_)) => {
            Which::InTime(RequestState::Forwarded.as_str(), today)
        }
        (Some(RequestState::Overdue), Party::Institution(_)) => Which::Late(today),
        (Some(RequestState::Overdue), Party::Vendor(_)) => Which::Overdue(today),
        (Some(state), _) => Which::In(state.as_str()),
    }
}

/// The caller's request of that id.
pub(super) fn own_request(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &str,
) -> Result<RequestRow, RequestError> {
    let party = party(actor).ok_or(RequestError::NotFound)?;
    requests::find(tx, party, id)?.ok_or(RequestError::NotFound)
}

/// The caller's request of that id, which waits for an answer.
pub(super) fn open_one(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: &str,
) -> Result<RequestRow, RequestError> {
    let row = own_request(tx, actor, id)?;
    if row.state == RequestState::Open.as_str() {
        Ok(row)
    } else {
        Err(RequestError::State(row.state))
    }
}

/// The product whose statements the vendor releases: one of its own.
fn released(
    tx: &mut Tx<'_>,
    vendor_id: &str,
    row: &RequestRow,
    named: Option<&str>,
) -> Result<String, RequestError> {
    let Some(id) = named.or(row.product_id.as_deref()) else {
        let detail = "the request names no product: say which product's statements are released";
        return Err(violation("/product", "missing", detail).into());
    };
    let product = products::find(tx, id)?.filter(|product| product.vendor_id == vendor_id);
    let foreign = || {
        let detail = "this is none of your products: forward the request to its vendor";
        RequestError::from(violation("/product", "unknown_product", detail))
    };
    product.map(|product| product.id).ok_or_else(foreign)
}
