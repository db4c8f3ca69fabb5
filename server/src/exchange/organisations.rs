//! The operator creates, lists, changes and disables vendors and institutions.

use kaiji_schema::identifier::{CorporateNumber, MedicalInstitutionCode};
use kaiji_schema::mail_address::MailAddress;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::letters::LetterWish;
use super::revision::{Revision, Stale};
use super::{Exchange, Moment, Page, Window, fold, violation};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::organisations::{self, OrganisationRow};
use crate::storage::{Error as StorageError, Tx};

const NAME: usize = 200;
const CONTACT: usize = 500;

/// A vendor or institution to be created.
#[derive(Debug, Clone)]
pub struct NewOrganisation {
    /// What it is.
    pub kind: OrganisationKind,
    /// Its name.
    pub name: String,
    /// 法人番号.
    pub corporate_number: Option<CorporateNumber>,
    /// 医療機関コード; institutions only.
    pub medical_institution_code: Option<MedicalInstitutionCode>,
    /// Whom to reach, in free text.
    pub contact: Option<String>,
    /// Where it is told of things by letter as long as it has no users.
    pub email: Option<MailAddress>,
}

impl FromMembers for NewOrganisation {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let kinds = |word: &str| {
            word.parse()
                .ok()
                .filter(|kind| *kind != OrganisationKind::Operator)
        };
        let kind = reader.required_choice("kind", kinds, "vendor, institution");
        let name = reader.required_text("name", NAME);
        let corporate_number = read_corporate_number(reader).flatten();
        let medical_institution_code = read_medical_institution_code(reader).flatten();
        if medical_institution_code.is_some() && kind == Some(OrganisationKind::Vendor) {
            reader.report(
                "medical_institution_code",
                "not_an_institution",
                "a vendor has no 医療機関コード",
            );
        }
        let contact = reader.optional_text("contact", CONTACT);
        let email = reader.optional_mail_address("email");
        Some(Self {
            kind: kind?,
            name: name?,
            corporate_number,
            medical_institution_code,
            contact,
            email,
        })
    }
}

/// What is to change of an organisation; absent members stay as they are.
#[derive(Debug, Clone)]
#[allow(
    clippy::option_option,
    reason = "absent, null and a value are three different wishes"
)]
pub struct OrganisationChange {
    /// A new name.
    pub name: Option<String>,
    /// Another 法人番号, or none.
    pub corporate_number: Option<Option<CorporateNumber>>,
    /// Another 医療機関コード, or none.
    pub medical_institution_code: Option<Option<MedicalInstitutionCode>>,
    /// Another contact, or none.
    pub contact: Option<Option<String>>,
    /// Another address for letters, or none.
    pub email: Option<Option<MailAddress>>,
    /// When it wants letters at that address.
    pub letters: Option<LetterWish>,
    /// Whether it may use the exchange.
    pub disabled: Option<bool>,
}

impl FromMembers for OrganisationChange {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let name = reader.changed_text("name", NAME);
        if name == Some(None) {
            reader.report("name", "missing", "an organisation keeps a name");
        }
        Some(Self {
            name: name.flatten(),
            corporate_number: read_corporate_number(reader),
            medical_institution_code: read_medical_institution_code(reader),
            contact: reader.changed_text("contact", CONTACT),
            email: reader.changed_mail_address("email"),
            letters: reader.optional_choice("letters", LetterWish::from_word, LetterWish::EXPECTED),
            disabled: reader.optional_bool("disabled"),
        })
    }
}

#[allow(
    clippy::option_option,
    reason = "absent, null and a value are three different wishes"
)]
pub(super) fn read_corporate_number(reader: &mut Reader<'_>) -> Option<Option<CorporateNumber>> {
    let text = reader.changed_text("corporate_number", 32)?;
    let Some(text) = text else { return Some(None) };
    match CorporateNumber::parse(&text) {
        Ok(number) => Some(Some(number)),
        Err(error) => {
            reader.report("corporate_number", "corporate_number", error.to_string());
            None
        }
    }
}

/// Reads `medical_institution_code`: ten digits, or seven with `prefecture` and `fee_table` (点数表) beside them.
#[allow(
    clippy::option_option,
    reason = "absent, null and a value are three different wishes"
)]
fn read_medical_institution_code(
    reader: &mut Reader<'_>,
) -> Option<Option<MedicalInstitutionCode>> {
    let prefecture = reader.optional_text("prefecture", 2);
    let fee_table = reader.optional_text("fee_table", 1);
    let text = reader.changed_text("medical_institution_code", 32);
    let code = match (text, prefecture, fee_table) {
        (None, None, None) => return None,
        (Some(None), None, None) => return Some(None),
        (Some(Some(text)), Some(prefecture), Some(fee_table)) => {
            MedicalInstitutionCode::from_parts(&text, &prefecture, &fee_table)
        }
        (Some(Some(text)), None, None) => MedicalInstitutionCode::parse(&text),
        _ => {
            reader.report(
                "medical_institution_code",
                "incomplete",
                "seven digits, prefecture and fee_table belong together; ten digits stand alone",
            );
            return None;
        }
    };
    match code {
        Ok(code) => Some(Some(code)),
        Err(error) => {
            reader.report(
                "medical_institution_code",
                "medical_institution_code",
                error.to_string(),
            );
            None
        }
    }
}

/// An organisation as the operator sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct OrganisationView {
    /// Opaque id, `ven_…` or `ins_…`.
    pub id: String,
    /// `vendor` or `institution`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// 法人番号.
    pub corporate_number: Option<String>,
    /// 医療機関コード, ten digits.
    pub medical_institution_code: Option<String>,
    /// Whom to reach.
    pub contact: Option<String>,
    /// Where it is told of things by letter as long as it has no users.
    pub email: Option<String>,
    /// When it wants letters there: `at_once`, `daily`, or `never` those that it can do without.
    pub letters: String,
    /// Whether it may not use the exchange.
    pub disabled: bool,
    /// When it was created.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

impl From<OrganisationRow> for OrganisationView {
    fn from(row: OrganisationRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name,
            corporate_number: row.corporate_number,
            medical_institution_code: row.medical_institution_code,
            contact: row.contact,
            email: row.email,
            letters: row.letters,
            disabled: row.disabled_at.is_some(),
            created_at: Moment(row.created_at),
            revision: row.revision,
        }
    }
}

/// Why an organisation was not created, changed or found.
#[derive(Debug, thiserror::Error)]
pub enum OrganisationError {
    /// There is none of that id.
    #[error("there is no such organisation")]
    NotFound,
    /// It clashes with another organisation.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// It has changed since the caller read it.
    #[error(transparent)]
    Stale(#[from] Stale),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Creates a vendor or an institution.
    pub fn create_organisation(
        &self,
        actor: &Actor,
        new: NewOrganisation,
        request: Option<Idempotency>,
    ) -> Result<OrganisationView, OrganisationError> {
        let id = self.new_id(new.kind.id_prefix())?;
        let created = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return organisations::find(tx, &id)?.ok_or(OrganisationError::NotFound);
            }
            let row = OrganisationRow {
                id: id.clone(),
                kind: new.kind.as_str().to_owned(),
                name: new.name.clone(),
                name_folded: fold(&new.name),
                corporate_number: new
                    .corporate_number
                    .as_ref()
                    .map(|number| number.as_str().to_owned()),
                medical_institution_code: new
                    .medical_institution_code
                    .as_ref()
                    .map(|code| code.as_str().to_owned()),
                contact: new.contact.clone(),
                revision: 1,
                created_at: tx.now().as_millisecond(),
                disabled_at: None,
                email: new.email.as_ref().map(|email| email.as_str().to_owned()),
                letters: LetterWish::AtOnce.as_str().to_owned(),
            };
            refuse_taken_numbers(tx, &row)?;
            organisations::insert(tx, &row)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok::<_, OrganisationError>(row)
        })?;
        Ok(created.value.into())
    }

    /// The organisations, or those of one kind.
    pub fn list_organisations(
        &self,
        kind: Option<OrganisationKind>,
        window: &Window,
    ) -> Result<Page<OrganisationView>, OrganisationError> {
        let kind = kind.map(OrganisationKind::as_str);
        let rows = self
            .db
            .read(|c| organisations::list(c, kind, window.after_id(), window.fetch()))?;
        Ok(window.page(rows, |row| row.id.clone(), OrganisationView::from))
    }

    /// One organisation.
    pub fn find_organisation(&self, id: &str) -> Result<OrganisationView, OrganisationError> {
        let row = self.db.read(|c| organisations::find(c, id))?;
        row.map(OrganisationView::from)
            .ok_or(OrganisationError::NotFound)
    }

    /// Changes an organisation. Disabling it shuts its clients out from the next request on.
    pub fn change_organisation(
        &self,
        actor: &Actor,
        id: &str,
        change: OrganisationChange,
        expected: Option<Revision>,
    ) -> Result<OrganisationView, OrganisationError> {
        let id = id.to_owned();
        let changed = self.write(actor, move |tx| {
            let mut row = organisations::find(tx, &id)?.ok_or(OrganisationError::NotFound)?;
            row.revision = Revision(row.revision).expect(expected)?.0;
            apply(&mut row, &change, tx.now().as_millisecond());
            refuse_taken_numbers(tx, &row)?;
            organisations::update(tx, &row)?;
            Ok::<_, OrganisationError>(row)
        })?;
        Ok(changed.value.into())
    }
}

fn apply(row: &mut OrganisationRow, change: &OrganisationChange, now: i64) {
    if let Some(name) = &change.name {
        row.name.clone_from(name);
        row.name_folded = fold(name);
    }
    if let Some(number) = &change.corporate_number {
        row.corporate_number = number.as_ref().map(|number| number.as_str().to_owned());
    }
    if let Some(code) = &change.medical_institution_code {
        row.medical_institution_code = code.as_ref().map(|code| code.as_str().to_owned());
    }
    if let Some(contact) = &change.contact {
        row.contact.clone_from(contact);
    }
    if let Some(email) = &change.email {
        row.email = email.as_ref().map(|email| email.as_str().to_owned());
    }
    if let Some(letters) = change.letters {
        letters.as_str().clone_into(&mut row.letters);
    }
    match change.disabled {
        Some(true) => row.disabled_at = row.disabled_at.or(Some(now)),
        Some(false) => row.disabled_at = None,
        None => {}
    }
}

pub(super) fn refuse_taken_numbers(
    tx: &mut Tx<'_>,
    row: &OrganisationRow,
) -> Result<(), OrganisationError> {
    let institution = OrganisationKind::Institution.as_str();
    if let Some(code) = &row.medical_institution_code {
        if row.kind != institution {
            let detail = "a vendor has no 医療機関コード";
            return Err(
                violation("/medical_institution_code", "not_an_institution", detail).into(),
            );
        }
        let holder = organisations::holder_of_medical_institution_code(tx, code)?;
        if holder.is_some_and(|holder| holder != row.id) {
            return Err(violation(
                "/medical_institution_code",
                "taken",
                "another institution has this code",
            )
            .into());
        }
    }
    if let Some(number) = row
        .corporate_number
        .as_deref()
        .filter(|_| row.kind != institution)
    {
        let holder = organisations::vendor_with_corporate_number(tx, number)?;
        if holder.is_some_and(|holder| holder != row.id) {
            return Err(violation(
                "/corporate_number",
                "taken",
                "another vendor has this number",
            )
            .into());
        }
    }
    Ok(())
}
