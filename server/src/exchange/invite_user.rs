//! Somebody is invited by letter: by an administrator of the organisation, by one of its programs, or, for the first
//! administrator, by the operator.
//!
//! The invitation can be sent again, which supersedes the one before; to one who has joined it is the way back in after
//! password and authenticator are lost, and changes nothing until it is accepted.

use jiff::SignedDuration;
use kaiji_schema::letter::{Invitation, Letter};
use kaiji_schema::mail_address::MailAddress;
use kaiji_schema::reader::{FromMembers, Reader};

use super::idempotency::{Idempotency, made_before, remember};
use super::letters::LetterWish;
use super::link::LinkPurpose;
use super::user_link::{NewLink, post_link};
use super::users::{
    NAME, ROLES, UserError, UserView, has_administrator, read_roles, refuse_unfit_roles, tell,
    visible,
};
use super::{Exchange, violation};
use crate::actor::{Actor, OrganisationKind, Role, Roles};
use crate::storage::organisations::OrganisationRow;
use crate::storage::users::UserRow;
use crate::storage::{Error as StorageError, Tx, organisations, users};

/// How long an invitation is good.
const LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Somebody to be invited.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The organisation, where it is not the caller's.
    pub organisation: Option<String>,
    /// The address.
    pub email: MailAddress,
    /// The name.
    pub name: String,
    /// What the person is trusted with.
    pub roles: Roles,
}

impl FromMembers for NewUser {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let organisation = reader.optional_text("organisation", 64);
        let email = reader.required_mail_address("email");
        let name = reader.required_text("name", NAME);
        let words = reader.required_texts("roles", ROLES.0, ROLES.1);
        let roles = read_roles(reader, words);
        Some(Self {
            organisation,
            email: email?,
            name: name?,
            roles: roles?,
        })
    }
}

impl Exchange {
    /// Invites somebody.
    pub fn invite_user(
        &self,
        actor: &Actor,
        new: NewUser,
        request: Option<Idempotency>,
    ) -> Result<UserView, UserError> {
        let (id, link) = (self.new_id("usr")?, self.new_id("lnk")?);
        let (asking, links) = (actor.clone(), self.links.clone());
        let invited = self.write(actor, move |tx| {
            if let Some(id) = made_before(tx, request.as_ref())? {
                return users::find(tx, &id)?.ok_or(UserError::NotFound);
            }
            let organisation = inviting(tx, &asking, &new)?;
            let row = user_of(tx, &id, &organisation, &new)?;
            users::insert(tx, &row)?;
            tell(tx, "user_invited", &row)?;
            let letter = invitation(&organisation, &row);
            let sender = sender_of(tx, &asking)?;
            post_link(tx, &links, &row, &accepting(&link, &sender), &letter)?;
            remember(tx, request.as_ref(), &row.id)?;
            Ok(row)
        })?;
        Ok(invited.value.into())
    }

    /// Sends the invitation again: the letters before it are good for nothing any more.
    pub fn invite_again(&self, actor: &Actor, id: &str) -> Result<UserView, UserError> {
        let (link, id) = (self.new_id("lnk")?, id.to_owned());
        let (asking, links) = (actor.clone(), self.links.clone());
        let invited = self.write(actor, move |tx| {
            let row = visible(tx, &asking, &id)?;
            if row.disabled_at.is_some() {
                return Err(UserError::Disabled);
            }
            let organisation = organisations::find(tx, &row.organisation_id)?;
            let organisation = organisation.ok_or(UserError::NotFound)?;
            tell(tx, "user_invited", &row)?;
            let letter = invitation(&organisation, &row);
            let sender = sender_of(tx, &asking)?;
            post_link(tx, &links, &row, &accepting(&link, &sender), &letter)?;
            Ok(row)
        })?;
        Ok(invited.value.into())
    }
}

fn accepting<'a>(id: &'a str, sent_by: &'a str) -> NewLink<'a> {
    NewLink {
        purpose: LinkPurpose::AcceptInvitation,
        id,
        sent_by,
        lasts: LASTS,
    }
}

fn invitation(organisation: &OrganisationRow, user: &UserRow) -> Letter {
    Letter::Invitation(Invitation {
        organisation: organisation.name.clone(),
        has_joined: user.joined_at.is_some(),
    })
}

/// The organisation that the invitation is to, if the caller may invite to it.
fn inviting(tx: &mut Tx<'_>, actor: &Actor, new: &NewUser) -> Result<OrganisationRow, UserError> {
    let id = new.organisation.as_deref().unwrap_or(&actor.organisation);
    let is_own = id == actor.organisation;
    let found = organisations::find(tx, id)?;
    let found = found.filter(|_| is_own || actor.kind == OrganisationKind::Operator);
    let organisation = found
        .filter(|row| row.disabled_at.is_none())
        .ok_or_else(|| {
            violation(
                "/organisation",
                "unknown_organisation",
                "there is no such organisation",
            )
        })?;
    if !is_own && !new.roles.contains(Role::Administrator) {
        let detail =
            "the operator invites an organisation's first administrator, who invites the others";
        return Err(violation("/roles", "not_an_administrator", detail).into());
    }
    if !is_own && has_administrator(tx, id)? {
        let detail = "this organisation has administrators, who invite its people";
        return Err(violation("/organisation", "has_administrator", detail).into());
    }
    let kind = organisation.kind.parse();
    let kind = kind.map_err(|_| StorageError::Corrupt(format!("kind of {id}")))?;
    refuse_unfit_roles(new.roles, kind)?;
    Ok(organisation)
}

fn user_of(
    tx: &mut Tx<'_>,
    id: &str,
    organisation: &OrganisationRow,
    new: &NewUser,
) -> Result<UserRow, UserError> {
    let email_folded = new.email.folded();
    if users::find_by_email(tx, &email_folded)?.is_some() {
        let detail = "somebody has an account with this address";
        return Err(violation("/email", "taken", detail).into());
    }
    let now = tx.now().as_millisecond();
    Ok(UserRow {
        id: id.to_owned(),
        organisation_id: organisation.id.clone(),
        email: new.email.as_str().to_owned(),
        email_folded,
        name: new.name.clone(),
        roles: new.roles.to_string(),
        letters: LetterWish::AtOnce.as_str().to_owned(),
        password_hash: None,
        totp_secret: None,
        totp_step: 0,
        revision: 1,
        created_at: now,
        updated_at: now,
        joined_at: None,
        disabled_at: None,
    })
}

/// Who invites, for the person who is invited: a name.
fn sender_of(tx: &mut Tx<'_>, actor: &Actor) -> Result<String, StorageError> {
    if let Some(person) = actor.person() {
        let row = users::find(tx, &person.id)?;
        return Ok(row.map(|row| row.name).unwrap_or_default());
    }
    let organisation = organisations::find(tx, &actor.organisation)?;
    Ok(organisation.map(|row| row.name).unwrap_or_default())
}
