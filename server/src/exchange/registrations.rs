//! The operator decides who of those that were asked by a link becomes a vendor of the exchange.
//!
//! One who is approved finds the request in its queue, and its link ends. One who is refused can still answer by it.

use kaiji_schema::letter::{Letter, RegistrationDecided};
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;
use serde::Serialize;
use serde_json::json;

use super::letters::{Envelope, LetterWish, post, stored_address};
use super::link::LinkTokens;
use super::organisations::{OrganisationError, refuse_taken_numbers};
use super::requests::chain::{Chain, Reach};
use super::requests::{ChainError, RequestState, news};
use super::{Exchange, Moment, Page, Window, fold, violation};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::organisations::{self, OrganisationRow};
use crate::storage::registrations::{self, RegistrationRow};
use crate::storage::requests;
use crate::storage::{Error as StorageError, Tx};

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationState {
    /// The operator has not decided.
    Waiting,
    /// Whoever applied is a vendor of the exchange.
    Approved,
    /// Whoever applied is none.
    Refused,
}

impl RegistrationState {
    /// The word in documents and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Approved, Self::Refused]
            .into_iter()
            .find(|state| state.as_str() == word)
    }
}

/// An application for registration as a vendor.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RegistrationView {
    /// Opaque id, `reg_…`.
    pub id: String,
    /// The vendor's name, as whoever applied wrote it.
    pub organisation_name: String,
    /// 法人番号.
    pub corporate_number: Option<String>,
    /// Who applied.
    pub person_name: String,
    /// Where they read letters.
    pub email: String,
    /// `waiting`, `approved` or `refused`.
    pub state: String,
    /// Why it was approved or refused.
    pub note: Option<String>,
    /// The vendor that it became.
    pub vendor: Option<String>,
    /// When it came.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it was decided.
    #[schema(value_type = Option<String>)]
    pub decided_at: Option<Moment>,
}

impl From<RegistrationRow> for RegistrationView {
    fn from(row: RegistrationRow) -> Self {
        Self {
            id: row.id,
            organisation_name: row.organisation_name,
            corporate_number: row.corporate_number,
            person_name: row.person_name,
            email: row.email,
            state: row.state,
            note: row.note,
            vendor: row.vendor_id,
            created_at: Moment(row.created_at),
            decided_at: row.decided_at.map(Moment),
        }
    }
}

/// Why the operator approves an application.
#[derive(Debug, Clone)]
pub struct RegistrationApproval {
    /// What evidence of identity was seen.
    pub note: String,
    /// The vendor of the exchange that whoever applied belongs to; without it, a new one is made.
    pub vendor: Option<String>,
}

impl FromMembers for RegistrationApproval {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let note = reader.required_text("note", 1000);
        let vendor = reader.optional_text("vendor", 64);
        Some(Self {
            note: note?,
            vendor,
        })
    }
}

/// Why an application was not found or decided.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// There is none of that id.
    #[error("there is no such application")]
    NotFound,
    /// It was decided before.
    #[error("the application is {0} already")]
    State(String),
    /// What it or the decision says clashes with what is there.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The vendor was asked in the same chain already.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The vendor cannot be made.
    #[error(transparent)]
    Organisation(#[from] OrganisationError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// The applications, or those in one state.
    pub fn list_registrations(
        &self,
        state: Option<RegistrationState>,
        window: &Window,
    ) -> Result<Page<RegistrationView>, StorageError> {
        let state = state.map(RegistrationState::as_str);
        let rows = self
            .db
            .read(|c| registrations::list(c, state, window.after_id(), window.fetch()))?;
        Ok(window.page(rows, |row| row.id.clone(), RegistrationView::from))
    }

    /// Makes whoever applied a vendor, or takes them for one that is there, and puts the request into its queue.
    pub fn approve_registration(
        &self,
        actor: &Actor,
        id: &str,
        approval: RegistrationApproval,
    ) -> Result<RegistrationView, RegistrationError> {
        let new_id = self.new_id(OrganisationKind::Vendor.id_prefix())?;
        let (id, links) = (id.to_owned(), self.links.clone());
        let approved = self.write(actor, move |tx| {
            let mut row = waiting(tx, &id)?;
            let vendor = match &approval.vendor {
                Some(vendor) => known_vendor(tx, vendor)?,
                None => make_vendor(tx, &new_id, &row)?,
            };
            hand_over(tx, &links, &row, &vendor)?;
            row.vendor_id = Some(vendor);
            decide(tx, &mut row, RegistrationState::Approved, &approval.note)?;
            Ok::<_, RegistrationError>(row)
        })?;
        Ok(approved.value.into())
    }

    /// Refuses the application. The link is still good.
    pub fn refuse_registration(
        &self,
        actor: &Actor,
        id: &str,
        reason: String,
    ) -> Result<RegistrationView, RegistrationError> {
        let id = id.to_owned();
        let refused = self.write(actor, move |tx| {
            let mut row = waiting(tx, &id)?;
            decide(tx, &mut row, RegistrationState::Refused, &reason)?;
            Ok::<_, RegistrationError>(row)
        })?;
        Ok(refused.value.into())
    }
}

fn waiting(tx: &mut Tx<'_>, id: &str) -> Result<RegistrationRow, RegistrationError> {
    let row = registrations::find(tx, id)?.ok_or(RegistrationError::NotFound)?;
    if row.state == RegistrationState::Waiting.as_str() {
        Ok(row)
    } else {
        Err(RegistrationError::State(row.state))
    }
}

/// Puts the decision down and tells whoever applied. The operator's words are its own.
fn decide(
    tx: &mut Tx<'_>,
    row: &mut RegistrationRow,
    state: RegistrationState,
    note: &str,
) -> Result<(), StorageError> {
    state.as_str().clone_into(&mut row.state);
    row.note = Some(note.to_owned());
    row.decided_at = Some(tx.now().as_millisecond());
    registrations::update(tx, row)?;
    let envelope = Envelope {
        to: &stored_address(&row.email)?,
        name: Some(&row.person_name),
        organisation: None,
        request: None,
        link: None,
    };
    let letter = Letter::RegistrationDecided(RegistrationDecided {
        organisation: row.organisation_name.clone(),
        approved: state == RegistrationState::Approved,
    });
    post(tx, &envelope, &letter)
}

fn known_vendor(tx: &mut Tx<'_>, id: &str) -> Result<String, RegistrationError> {
    let found = organisations::find(tx, id)?;
    let vendor = found.filter(|found| found.kind == OrganisationKind::Vendor.as_str());
    let unknown = || violation("/vendor", "unknown_vendor", "there is no such vendor").into();
    vendor.map(|vendor| vendor.id).ok_or_else(unknown)
}

fn make_vendor(
    tx: &mut Tx<'_>,
    id: &str,
    row: &RegistrationRow,
) -> Result<String, RegistrationError> {
    let vendor = OrganisationRow {
        id: id.to_owned(),
        kind: OrganisationKind::Vendor.as_str().to_owned(),
        name: row.organisation_name.clone(),
        name_folded: fold(&row.organisation_name),
        corporate_number: row.corporate_number.clone(),
        medical_institution_code: None,
        contact: Some(row.person_name.clone()),
        revision: 1,
        created_at: tx.now().as_millisecond(),
        disabled_at: None,
        email: Some(row.email.clone()),
        letters: LetterWish::AtOnce.as_str().to_owned(),
    };
    refuse_taken_numbers(tx, &vendor)?;
    organisations::insert(tx, &vendor)?;
    Ok(vendor.id)
}

/// The request waits for the vendor now, if it waits at all: in its queue, or for whoever the vendor named before.
fn hand_over(
    tx: &mut Tx<'_>,
    links: &LinkTokens,
    row: &RegistrationRow,
    vendor: &str,
) -> Result<(), RegistrationError> {
    let request = requests::get(tx, &row.request_id)?;
    let waiting = request.filter(|request| RequestState::waits(&request.state));
    let Some(mut request) = waiting else {
        return Ok(());
    };
    Chain::read(tx, &request.origin_id)?.admit_as(Reach::Vendor(vendor))?;
    request.vendor_id = Some(vendor.to_owned());
    request.revision += 1;
    request.updated_at = tx.now().as_millisecond();
    requests::update(tx, &request)?;
    let told = json!({ "request": request.origin_id, "vendor": vendor }).to_string();
    tx.notify(&request.institution_id, "addressee_registered", &told)?;
    if request.state == RequestState::Open.as_str() {
        news::ask(tx, links, &request)?;
    }
    Ok(())
}
