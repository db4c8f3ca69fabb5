//! Whoever was invited looks at the invitation, chooses a password, and sets up an authenticator; a first one-time code
//! shows that it works, and only then the account is active.
//!
//! Until then nothing of what was there before is changed.

use kaiji_schema::password::Password;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::link::{LinkPurpose, LinkToken};
use super::tries::{self, Counted};
use super::user_link::{Shown, UserLinkError, UserLinkGone, standing_link, use_up};
use super::users::{UserView, tell};
use super::{Exchange, Moment, violation};
use crate::actor::Act;
use crate::storage::credentials::{self, EnrolmentRow};
use crate::storage::organisations::OrganisationRow;
use crate::storage::{Error as StorageError, Tx, organisations, sessions, users};

/// A password that somebody chooses.
#[derive(Debug, Clone)]
pub struct ChosenPassword(pub(super) Password);

impl ChosenPassword {
    /// Reads `password`, of which the rules are asked when it is known whose it is.
    pub(super) fn read(reader: &mut Reader<'_>, member: &str) -> Option<Self> {
        let any = |text: &str| Some(Self(Password::shown(text)));
        reader.required_choice(member, any, "a password")
    }
}

impl FromMembers for ChosenPassword {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Self::read(reader, "password")
    }
}

/// A one-time code of an authenticator.
#[derive(Debug, Clone)]
pub struct OneTimeCode(pub(super) String);

impl FromMembers for OneTimeCode {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        reader.required_text("code", 16).map(Self)
    }
}

/// An invitation, as whoever was invited sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InvitationView {
    /// The name of the organisation.
    pub organisation_name: String,
    /// `operator`, `vendor` or `institution`.
    pub organisation_kind: String,
    /// Who invites.
    pub invited_by: String,
    /// The address that is signed in with.
    pub email: String,
    /// The name that the inviter gave.
    pub name: String,
    /// What the person will be trusted with.
    pub roles: Vec<String>,
    /// Whether the person joined before, and sets up password and authenticator anew.
    pub has_joined: bool,
    /// Until when it can be accepted.
    #[schema(value_type = String)]
    pub expires_at: Moment,
}

/// A new authenticator, which is shown this once.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AuthenticatorView {
    /// The secret, as it is typed in: base 32.
    pub secret: String,
    /// The same, as it is scanned: an `otpauth://` address.
    pub url: String,
}

/// Somebody who has joined.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Joined {
    /// The person.
    pub user: UserView,
    /// Recovery codes, shown this once: each signs in once without the authenticator.
    pub recovery_codes: Vec<String>,
}

/// Why an invitation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    /// The link does nothing.
    #[error(transparent)]
    Link(#[from] UserLinkError),
    /// The password or the code cannot be taken.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// No password was chosen yet.
    #[error("choose a password first (`POST /api/v1/invitation/acceptance`)")]
    NotBegun,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Shows an invitation to whoever holds its link.
    pub fn show_invitation(
        &self,
        link: &LinkToken,
        address: &str,
    ) -> Result<InvitationView, InvitationError> {
        let (shown, organisation) = self.invitation(link, address)?;
        let roles = shown.user.roles.split(' ').map(str::to_owned).collect();
        Ok(InvitationView {
            organisation_name: organisation.name,
            organisation_kind: organisation.kind,
            invited_by: shown.link.sent_by,
            email: shown.user.email,
            name: shown.user.name,
            roles,
            has_joined: shown.user.joined_at.is_some(),
            expires_at: Moment(shown.link.expires_at),
        })
    }

    /// Takes the password of whoever was invited, and makes an authenticator.
    pub fn accept_invitation(
        &self,
        link: &LinkToken,
        password: &ChosenPassword,
        act: Act,
    ) -> Result<AuthenticatorView, InvitationError> {
        let (shown, organisation) = self.invitation(link, &act.address)?;
        let user = &shown.user;
        let known = [user.email.as_str(), &user.name, &organisation.name];
        check_password(&password.0, &known)?;
        let password_hash = self.hash_password(&password.0)?;
        let authenticator = self.new_authenticator(&user.id, &user.email)?;
        let enrolment = EnrolmentRow {
            user_id: user.id.clone(),
            link_generation: shown.link.generation,
            password_hash,
            totp_secret: authenticator.sealed,
        };
        let actor = super::sign_in::person(user, &organisation.kind, act)?;
        let (link, links) = (link.clone(), self.links.clone());
        self.write(&actor, move |tx| {
            let now = tx.now().as_millisecond();
            standing_link(tx, &links, &link, LinkPurpose::AcceptInvitation, now)?;
            tx.concerns(&enrolment.user_id);
            Ok::<_, InvitationError>(credentials::begin_enrolment(tx, &enrolment)?)
        })?;
        Ok(AuthenticatorView {
            secret: authenticator.base32,
            url: authenticator.url,
        })
    }

    /// Takes the first code of the new authenticator: the account is active, with recovery codes. Whoever had joined
    /// before is signed out everywhere.
    pub fn confirm_invitation(
        &self,
        link: &LinkToken,
        code: &OneTimeCode,
        act: Act,
    ) -> Result<Joined, InvitationError> {
        let (shown, organisation) = self.invitation(link, &act.address)?;
        let user = &shown.user;
        let enrolment = self.db.read(|c| credentials::find_enrolment(c, &user.id))?;
        let enrolment = enrolment.filter(|begun| begun.link_generation == shown.link.generation);
        let enrolment = enrolment.ok_or(InvitationError::NotBegun)?;
        let step = self
            .step_of(&user.id, &user.email, &enrolment.totp_secret, &code.0)?
            .ok_or_else(wrong_code)?;
        let (recovery_codes, kept) = self.new_recovery_codes()?;
        let actor = super::sign_in::person(user, &organisation.kind, act)?;
        let (link, links) = (link.clone(), self.links.clone());
        let joined = self.write(&actor, move |tx| {
            let now = tx.now().as_millisecond();
            let shown = standing_link(tx, &links, &link, LinkPurpose::AcceptInvitation, now)?;
            let begun = credentials::find_enrolment(tx, &enrolment.user_id)?;
            // Chosen again meanwhile: the code was for the authenticator before.
            begun
                .filter(|begun| begun.totp_secret == enrolment.totp_secret)
                .ok_or(InvitationError::NotBegun)?;
            join(tx, shown, &enrolment, step, &kept)
        })?;
        Ok(Joined {
            user: joined.value,
            recovery_codes,
        })
    }

    fn invitation(
        &self,
        link: &LinkToken,
        address: &str,
    ) -> Result<(Shown, OrganisationRow), InvitationError> {
        let shown = self.user_link(link, LinkPurpose::AcceptInvitation, address)?;
        let organisation = self.organisation_of(&shown)?;
        Ok((shown, organisation))
    }

    /// The organisation of whoever holds a link, if it is not disabled.
    pub(super) fn organisation_of(&self, shown: &Shown) -> Result<OrganisationRow, UserLinkError> {
        let id = &shown.user.organisation_id;
        let organisation = self.db.read(|c| organisations::find(c, id))?;
        let organisation = organisation.filter(|row| row.disabled_at.is_none());
        organisation.ok_or(UserLinkError::Gone(UserLinkGone::OrganisationDisabled))
    }
}

fn join(
    tx: &mut Tx<'_>,
    shown: Shown,
    enrolment: &EnrolmentRow,
    step: i64,
    recovery_codes: &[String],
) -> Result<UserView, InvitationError> {
    let Shown {
        link,
        user: mut row,
    } = shown;
    let now = tx.now().as_millisecond();
    let kind = if row.joined_at.is_none() {
        "user_joined"
    } else {
        "user_changed"
    };
    row.password_hash = Some(enrolment.password_hash.clone());
    row.totp_secret = Some(enrolment.totp_secret.clone());
    row.totp_step = step;
    row.joined_at = row.joined_at.or(Some(now));
    row.revision += 1;
    row.updated_at = now;
    users::update(tx, &row)?;
    sessions::end_all(tx, &row.id, None)?;
    credentials::end_enrolment(tx, &row.id)?;
    credentials::replace_recovery_codes(tx, &row.id, recovery_codes)?;
    use_up(tx, link)?;
    tries::forget(tx, &Counted::folded_account(&row.email_folded))?;
    tell(tx, kind, &row)?;
    tx.concerns(&row.id);
    Ok(row.into())
}

/// Refuses a password that is easily guessed by whoever knows of its owner and of the service.
pub(super) fn check_password(password: &Password, known: &[&str]) -> Result<(), Violations> {
    password
        .check(known)
        .map_err(|weak| violation("/password", weak.code(), weak.to_string()))
}

/// The answer to a one-time code that is none, or was used.
pub(super) fn wrong_code() -> Violations {
    violation(
        "/code",
        "wrong_code",
        "this is not a code of now, or it was used: each is good once",
    )
}
