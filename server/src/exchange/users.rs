//! People of an organisation: what is told of them, and their administrators' say in it.
//!
//! An organisation that has an administrator keeps one: the last can neither be disabled nor lose the role.

use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::{Violation, Violations};
use serde::Serialize;
use serde_json::json;

use super::letters::LetterWish;
use super::revision::{Revision, Stale};
use super::{Exchange, Moment, Page, Window, violation};
use crate::actor::{Actor, OrganisationKind, Role, Roles, UnknownWord};
use crate::storage::users::{self, UserRow};
use crate::storage::{Error as StorageError, Tx, credentials, organisations, sessions};

use super::idempotency::IdempotencyError;

/// The longest name of a person.
pub(super) const NAME: usize = 100;

/// What is to change of a person; absent members stay as they are.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Another name.
    pub name: Option<String>,
    /// Other roles.
    pub roles: Option<Roles>,
    /// When letters are wanted.
    pub letters: Option<LetterWish>,
    /// Whether the person is shut out.
    pub disabled: Option<bool>,
}

impl FromMembers for UserChange {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let words = reader.texts("roles", ROLES.0, ROLES.1);
        Some(Self {
            roles: read_roles(reader, words),
            disabled: reader.optional_bool("disabled"),
            ..read_preferences(reader)
        })
    }
}

/// What people change of themselves.
#[derive(Debug, Clone)]
pub struct Preferences(pub(super) UserChange);

impl FromMembers for Preferences {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self(read_preferences(reader)))
    }
}

fn read_preferences(reader: &mut Reader<'_>) -> UserChange {
    UserChange {
        name: reader.optional_text("name", NAME),
        letters: reader.optional_choice("letters", LetterWish::from_word, LetterWish::EXPECTED),
        ..UserChange::default()
    }
}

/// How many words `roles` may hold, and how long they may be.
pub(super) const ROLES: (usize, usize) = (Role::ALL.len(), 32);

/// The roles of these words: at least one.
pub(super) fn read_roles(reader: &mut Reader<'_>, words: Option<Vec<String>>) -> Option<Roles> {
    let words = words?;
    if words.is_empty() {
        reader.report("roles", "empty", "a person has at least one role");
        return None;
    }
    let roles: Result<Roles, UnknownWord> = words.iter().map(|word| word.parse::<Role>()).collect();
    roles
        .map_err(|error| reader.report("roles", "choice", error.to_string()))
        .ok()
}

/// Whether somebody can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// The invitation was not accepted yet.
    Invited,
    /// Can sign in.
    Active,
    /// Is shut out.
    Disabled,
}

impl UserState {
    /// The state of a row.
    pub(super) fn of(row: &UserRow) -> Self {
        match (row.disabled_at, row.joined_at) {
            (Some(_), _) => Self::Disabled,
            (None, None) => Self::Invited,
            (None, Some(_)) => Self::Active,
        }
    }
}

/// A person, as the administrators and the person see it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct UserView {
    /// Opaque id, `usr_…`.
    pub id: String,
    /// The organisation.
    pub organisation: String,
    /// The address: to sign in with, and for letters.
    pub email: String,
    /// The name.
    pub name: String,
    /// `viewer`, `editor`, `approver`, `key_manager`, `administrator`.
    pub roles: Vec<String>,
    /// When letters are wanted: `at_once`, `daily`, or `never` those that one can do without.
    pub letters: String,
    /// `invited`, `active` or `disabled`.
    pub state: UserState,
    /// When the person was invited first.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When the invitation was accepted.
    #[schema(value_type = Option<String>)]
    pub joined_at: Option<Moment>,
    /// Counts its changes.
    #[serde(skip)]
    pub revision: i64,
}

impl From<UserRow> for UserView {
    fn from(row: UserRow) -> Self {
        Self {
            state: UserState::of(&row),
            id: row.id,
            organisation: row.organisation_id,
            email: row.email,
            name: row.name,
            roles: row.roles.split(' ').map(str::to_owned).collect(),
            letters: row.letters,
            created_at: Moment(row.created_at),
            joined_at: row.joined_at.map(Moment),
            revision: row.revision,
        }
    }
}

/// Why a person was not invited, changed or found.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The caller has none of that id.
    #[error("there is no such person")]
    NotFound,
    /// The document does not fit the organisation or the address is taken.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// Nobody would be left to administer the organisation.
    #[error("this is the organisation's last administrator: make somebody else one first")]
    LastAdministrator,
    /// Who is shut out is not invited.
    #[error("this person is disabled: enable the account first")]
    Disabled,
    /// The person has changed since the caller read it.
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
    /// The people of the caller's organisation; the operator names any.
    pub fn list_users(
        &self,
        actor: &Actor,
        organisation: Option<&str>,
        window: &Window,
    ) -> Result<Page<UserView>, UserError> {
        let organisation = organisation.unwrap_or(&actor.organisation);
        if !may_see(actor, organisation) {
            return Err(UserError::NotFound);
        }
        let rows = self.db.read(|c| {
            organisations::find(c, organisation)?.ok_or(UserError::NotFound)?;
            let after = window.after_id();
            Ok::<_, UserError>(users::list(c, organisation, after, window.fetch())?)
        })?;
        Ok(window.page(rows, |row| row.id.clone(), UserView::from))
    }

    /// One of them.
    pub fn find_user(&self, actor: &Actor, id: &str) -> Result<UserView, UserError> {
        let row = self.db.read(|c| users::find(c, id))?;
        row.filter(|row| may_see(actor, &row.organisation_id))
            .map(UserView::from)
            .ok_or(UserError::NotFound)
    }

    /// Changes a person. One who is disabled is signed out everywhere, at once.
    pub fn change_user(
        &self,
        actor: &Actor,
        id: &str,
        change: UserChange,
        expected: Option<Revision>,
    ) -> Result<UserView, UserError> {
        let (asking, id) = (actor.clone(), id.to_owned());
        let changed = self.write(actor, move |tx| {
            let row = visible(tx, &asking, &id)?;
            if row.organisation_id != asking.organisation {
                refuse_but_disabling(&change)?;
            }
            apply(tx, row, asking.kind, &change, expected)
        })?;
        Ok(changed.value.into())
    }

    /// Changes what people change of themselves.
    pub fn change_own_preferences(
        &self,
        actor: &Actor,
        preferences: Preferences,
    ) -> Result<UserView, UserError> {
        let asking = actor.clone();
        let changed = self.write(actor, move |tx| {
            let own = asking.person().ok_or(UserError::NotFound)?;
            let row = visible(tx, &asking, &own.id)?;
            apply(tx, row, asking.kind, &preferences.0, None)
        })?;
        Ok(changed.value.into())
    }
}

/// Whether the people of that organisation are any of the caller's business.
pub(super) fn may_see(actor: &Actor, organisation: &str) -> bool {
    actor.organisation == organisation || actor.kind == OrganisationKind::Operator
}

/// The person of that id, if the caller may know of it.
pub(super) fn visible(tx: &mut Tx<'_>, actor: &Actor, id: &str) -> Result<UserRow, UserError> {
    users::find(tx, id)?
        .filter(|row| may_see(actor, &row.organisation_id))
        .ok_or(UserError::NotFound)
}

/// The operator shuts people out; who they are and what they may do is their organisation's business.
fn refuse_but_disabling(change: &UserChange) -> Result<(), Violations> {
    let members = [
        ("/name", change.name.is_some()),
        ("/roles", change.roles.is_some()),
        ("/letters", change.letters.is_some()),
    ];
    let refused = members.into_iter().filter(|(_, is_given)| *is_given);
    let detail = "the administrators of the person's own organisation change this";
    let refused =
        refused.map(|(member, _)| Violation::new(member, "of_another_organisation", detail));
    Violations::from_vec(refused.collect())
}

fn apply(
    tx: &mut Tx<'_>,
    mut row: UserRow,
    kind: OrganisationKind,
    change: &UserChange,
    expected: Option<Revision>,
) -> Result<UserRow, UserError> {
    row.revision = Revision(row.revision).expect(expected)?.0;
    let (was_active, now) = (row.disabled_at.is_none(), tx.now().as_millisecond());
    row.updated_at = now;
    if let Some(name) = &change.name {
        row.name.clone_from(name);
    }
    if let Some(roles) = change.roles {
        refuse_unfit_roles(roles, kind)?;
        row.roles = roles.to_string();
    }
    if let Some(letters) = change.letters {
        letters.as_str().clone_into(&mut row.letters);
    }
    match change.disabled {
        Some(true) => row.disabled_at = row.disabled_at.or(Some(now)),
        Some(false) => row.disabled_at = None,
        None => {}
    }
    keep_an_administrator(tx, &row)?;
    users::update(tx, &row)?;
    if was_active && row.disabled_at.is_some() {
        sessions::end_all(tx, &row.id, None)?;
        credentials::end_enrolment(tx, &row.id)?;
        tell(tx, "user_disabled", &row)?;
    } else {
        tell(tx, "user_changed", &row)?;
    }
    Ok(row)
}

/// Refuses roles that nobody of such an organisation has.
pub(super) fn refuse_unfit_roles(roles: Roles, kind: OrganisationKind) -> Result<(), Violations> {
    match roles.iter().find(|role| !role.fits(kind)) {
        None => Ok(()),
        Some(role) => {
            let detail = format!("the role {} is not for people of a {kind}", role.as_str());
            Err(violation("/roles", "role_does_not_fit", detail))
        }
    }
}

/// Refuses a change that takes the organisation's last administrator away. One who has not joined administers nothing.
fn keep_an_administrator(tx: &mut Tx<'_>, changed: &UserRow) -> Result<(), UserError> {
    let administers =
        |roles: &str| stored_roles(roles).map(|roles| roles.contains(Role::Administrator));
    let before = users::roles_of_active(tx, &changed.organisation_id)?;
    let (mut was_one, mut others) = (false, false);
    for (id, roles) in &before {
        let administers = administers(roles)?;
        was_one |= administers && *id == changed.id;
        others |= administers && *id != changed.id;
    }
    let stays_one = changed.disabled_at.is_none() && administers(&changed.roles)?;
    if was_one && !stays_one && !others {
        return Err(UserError::LastAdministrator);
    }
    Ok(())
}

/// Whether somebody administers the organisation.
pub(super) fn has_administrator(
    tx: &mut Tx<'_>,
    organisation_id: &str,
) -> Result<bool, StorageError> {
    for (_, roles) in users::roles_of_active(tx, organisation_id)? {
        if stored_roles(&roles)?.contains(Role::Administrator) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Roles read back from a row.
pub(super) fn stored_roles(words: &str) -> Result<Roles, StorageError> {
    words
        .parse()
        .map_err(|error: UnknownWord| StorageError::Corrupt(error.to_string()))
}

/// Tells the organisation of one of its people.
pub(super) fn tell(tx: &mut Tx<'_>, kind: &str, row: &UserRow) -> Result<(), StorageError> {
    let roles: Vec<&str> = row.roles.split(' ').collect();
    let subject = json!({ "user": row.id, "roles": roles });
    tx.notify(&row.organisation_id, kind, &subject.to_string())
}
