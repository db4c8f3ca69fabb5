//! A request as its parties see it. The institution sees the whole chain; a vendor sees who asked before it, and what
//! became of what it forwarded itself.

use serde::Serialize;

use super::chain::Chain;
use super::{RequestState, news};
use crate::exchange::Moment;
use crate::storage::requests::{Party, RequestRow};
use crate::storage::{DbConnection, Error as StorageError, letters, organisations, products};

/// A request.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RequestView {
    /// Opaque id, `req_…`.
    pub id: String,
    /// Who asks.
    pub institution: String,
    /// Its name.
    pub institution_name: String,
    /// The vendor of the exchange that is asked; null where the request went to an address.
    pub vendor: Option<String>,
    /// Whoever is asked by letter; null where a vendor of the exchange was asked.
    pub addressee: Option<AddresseeView>,
    /// The product that is asked for, where it is known.
    pub product: Option<String>,
    /// Its name.
    pub product_name: Option<String>,
    /// What is asked about: the product's name, or what the institution calls it.
    pub subject: String,
    /// The system of the inventory that it is for; the institution's own business.
    pub system: Option<String>,
    /// Which forms are wanted: `MDS`, `SDS`.
    pub forms: Vec<String>,
    /// `open`, `overdue`, `forwarded`, `answered`, `released`, `declined` or `cancelled`. To the institution also what was
    /// forwarded is `overdue` when its day is over.
    pub state: String,
    /// The institution's word to whoever is asked.
    pub message: Option<String>,
    /// By when an answer is hoped for.
    pub due_on: Option<String>,
    /// Why it was declined.
    pub reason: Option<String>,
    /// Whom it went to, one after another. A vendor sees those before it and whom it forwarded it to.
    pub chain: Vec<ChainPart>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it was forwarded, answered or cancelled.
    #[schema(value_type = String)]
    pub updated_at: Moment,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

/// Somebody who is asked by letter.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AddresseeView {
    /// The name that the letter is addressed to.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

/// One who was asked in a chain.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ChainPart {
    /// The name of the vendor or of whoever was asked by letter.
    pub name: String,
    /// The vendor's id; null for an address.
    pub vendor: Option<String>,
    /// The address that the letter went to, for the institution and for whoever named it.
    pub email: Option<String>,
    /// The product that it was asked for, or released.
    pub product: Option<String>,
    /// As in a request.
    pub state: String,
    /// A word of whoever sent it there.
    pub message: Option<String>,
    /// Why the newest letter to the address could not be delivered, for the institution and for whoever named it.
    pub undelivered: Option<String>,
    /// Why they declined, for the institution and for whoever forwarded it to them.
    pub reason: Option<String>,
    /// When they were asked.
    #[schema(value_type = String)]
    pub asked_at: Moment,
    /// When they forwarded, answered or were asked again.
    #[schema(value_type = String)]
    pub updated_at: Moment,
}

/// Who looks at requests, and on which day.
pub(in crate::exchange) struct Viewer<'a> {
    party: Party<'a>,
    today: &'a str,
}

impl<'a> Viewer<'a> {
    /// A party of the requests; `today` as rows keep days.
    pub(in crate::exchange) fn new(party: Party<'a>, today: &'a str) -> Self {
        Self { party, today }
    }

    /// A request of the party's.
    pub(in crate::exchange) fn view(
        &self,
        connection: &mut DbConnection,
        row: RequestRow,
    ) -> Result<RequestView, StorageError> {
        let institution = organisations::find(connection, &row.institution_id)?;
        let product_name = product_name(connection, &row)?;
        let chain = Chain::read(connection, &row.origin_id)?;
        let message = chain.asked_with();
        let parts = self.seen(&chain, &row).into_iter();
        let parts = parts.map(|(part, how)| self.part(connection, part, how));
        let is_institution = matches!(self.party, Party::Institution(_));
        Ok(RequestView {
            chain: parts.collect::<Result<_, StorageError>>()?,
            state: self.state(&row).to_owned(),
            subject: row
                .subject
                .clone()
                .or_else(|| product_name.clone())
                .unwrap_or_default(),
            forms: row.forms.split(' ').map(ToOwned::to_owned).collect(),
            addressee: addressee(&row),
            id: row.id,
            institution: row.institution_id,
            institution_name: institution.map(|found| found.name).unwrap_or_default(),
            vendor: row.vendor_id,
            product: row.product_id,
            product_name,
            system: row.system_id.filter(|_| is_institution),
            message,
            due_on: row.due_on,
            reason: row.reason,
            created_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
            revision: row.revision,
        })
    }

    /// The requests of the chain that the party sees from one of them, and whether in full.
    fn seen<'c>(&self, chain: &'c Chain, own: &RequestRow) -> Vec<(&'c RequestRow, Detail)> {
        if matches!(self.party, Party::Institution(_)) {
            return chain.0.iter().map(|row| (row, Detail::Full)).collect();
        }
        let before = chain.way_back(own);
        let seen = chain.0.iter().filter_map(|row| {
            if row.id == own.id || row.forwarded_from.as_ref() == Some(&own.id) {
                Some((row, Detail::Full))
            } else if before.iter().any(|earlier| earlier.id == row.id) {
                Some((row, Detail::Outline))
            } else {
                None
            }
        });
        seen.collect()
    }

    fn part(
        &self,
        connection: &mut DbConnection,
        row: &RequestRow,
        detail: Detail,
    ) -> Result<ChainPart, StorageError> {
        let full = |text: &Option<String>| text.clone().filter(|_| detail == Detail::Full);
        Ok(ChainPart {
            name: news::who(connection, row)?,
            vendor: row.vendor_id.clone(),
            email: full(&row.addressee_email),
            product: row.product_id.clone(),
            state: self.state_of_part(row).to_owned(),
            message: row.message.clone(),
            reason: full(&row.reason),
            undelivered: full(&undelivered(connection, row)?),
            asked_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
        })
    }

    /// The state as the party sees it: an institution waits for whoever has its request in the end.
    fn state<'r>(&self, row: &'r RequestRow) -> &'r str {
        let is_waited_for = match self.party {
            Party::Institution(_) => RequestState::waits(&row.state),
            Party::Vendor(_) => row.state == RequestState::Open.as_str(),
        };
        self.or_overdue(row, is_waited_for)
    }

    /// In the chain, who has the request in the end is the one who is late.
    fn state_of_part<'r>(&self, row: &'r RequestRow) -> &'r str {
        self.or_overdue(row, row.state == RequestState::Open.as_str())
    }

    fn or_overdue<'r>(&self, row: &'r RequestRow, is_waited_for: bool) -> &'r str {
        let is_late = row.due_on.as_deref().is_some_and(|due| due < self.today);
        if is_waited_for && is_late {
            RequestState::Overdue.as_str()
        } else {
            &row.state
        }
    }
}

/// How much of a request is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Full,
    /// Without what was said in confidence: the address, and why it was declined.
    Outline,
}

/// Why the newest letter to the addressee could not be delivered.
fn undelivered(
    connection: &mut DbConnection,
    row: &RequestRow,
) -> Result<Option<String>, StorageError> {
    let Some(email) = &row.addressee_email else {
        return Ok(None);
    };
    let newest = letters::newest(connection, &row.origin_id, email)?;
    let failed = newest.filter(|letter| letter.state == letters::FAILED);
    Ok(failed.and_then(|letter| letter.failure))
}

fn addressee(row: &RequestRow) -> Option<AddresseeView> {
    Some(AddresseeView {
        name: row.addressee_name.clone()?,
        email: row.addressee_email.clone()?,
    })
}

fn product_name(
    connection: &mut DbConnection,
    row: &RequestRow,
) -> Result<Option<String>, StorageError> {
    let product = match &row.product_id {
        Some(id) => products::find(connection, id)?,
        None => None,
    };
    Ok(product.map(|product| product.name))
}

/// What a request asks about.
pub(in crate::exchange) fn subject_of(
    connection: &mut DbConnection,
    row: &RequestRow,
) -> Result<String, StorageError> {
    match &row.subject {
        Some(subject) => Ok(subject.clone()),
        None => Ok(product_name(connection, row)?.unwrap_or_default()),
    }
}
