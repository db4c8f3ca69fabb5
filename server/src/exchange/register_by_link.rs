//! Whoever was asked by a link wants to be a vendor of the exchange. The operator decides; until then the link is good.

use kaiji_schema::identifier::CorporateNumber;
use kaiji_schema::mail_address::MailAddress;
use kaiji_schema::reader::{FromMembers, Reader};
use serde_json::json;

use super::Exchange;
use super::links::{LinkError, Standing, Visitor, standing};
use super::organisations::read_corporate_number;
use super::registrations::{RegistrationState, RegistrationView};
use crate::actor::OrganisationKind;
use crate::storage::registrations::{self, RegistrationRow};
use crate::storage::{Error as StorageError, Tx, organisations};

/// The most characters of a name.
const NAME: usize = 200;

/// How many operators are told of an application.
const OPERATORS: i64 = 100;

/// An application for registration as a vendor.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    /// The vendor's name.
    pub organisation_name: String,
    /// 法人番号.
    pub corporate_number: Option<CorporateNumber>,
    /// Who applies.
    pub person_name: String,
    /// Where they read letters.
    pub email: MailAddress,
}

impl FromMembers for NewRegistration {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let organisation_name = reader.required_text("organisation_name", NAME);
        let corporate_number = read_corporate_number(reader).flatten();
        let person_name = reader.required_text("person_name", NAME);
        let email = reader.required_mail_address("email");
        Some(Self {
            organisation_name: organisation_name?,
            corporate_number,
            person_name: person_name?,
            email: email?,
        })
    }
}

impl Exchange {
    /// Applies for registration.
    pub fn register_by_link(
        &self,
        visitor: &Visitor,
        new: NewRegistration,
    ) -> Result<RegistrationView, LinkError> {
        let (id, holder) = (self.new_id("reg")?, visitor.clone());
        let applied = self.write(visitor.actor(), move |tx| {
            let now = tx.now();
            let Standing { request, .. } = standing(tx, &holder, now)?;
            if registrations::waiting(tx, &request.id)?.is_some() {
                return Err(LinkError::AppliedAlready);
            }
            let row = begun(&id, &request.id, &new, now.as_millisecond());
            registrations::insert(tx, &row)?;
            tx.concerns(&row.id);
            tell_operators(tx, &row.id)?;
            Ok(row)
        })?;
        Ok(applied.value.into())
    }
}

fn begun(id: &str, request_id: &str, new: &NewRegistration, now: i64) -> RegistrationRow {
    let number = new.corporate_number.as_ref();
    RegistrationRow {
        id: id.to_owned(),
        request_id: request_id.to_owned(),
        organisation_name: new.organisation_name.clone(),
        corporate_number: number.map(|number| number.as_str().to_owned()),
        person_name: new.person_name.clone(),
        email: new.email.as_str().to_owned(),
        state: RegistrationState::Waiting.as_str().to_owned(),
        note: None,
        vendor_id: None,
        created_at: now,
        decided_at: None,
    }
}

fn tell_operators(tx: &mut Tx<'_>, id: &str) -> Result<(), StorageError> {
    let kind = Some(OrganisationKind::Operator.as_str());
    let subject = json!({ "registration": id }).to_string();
    for operator in organisations::list(tx, kind, "", OPERATORS)? {
        tx.notify(&operator.id, "registration_requested", &subject)?;
    }
    Ok(())
}
