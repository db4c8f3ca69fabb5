//! Who forgot the password asks for a letter, and chooses another through the link in it. The answer is the same whether
//! there is such an account or not, and the second factor is asked for as before.

use jiff::SignedDuration;
use kaiji_schema::letter::Letter;
use kaiji_schema::mail_address::MailAddress;
use kaiji_schema::reader::{FromMembers, Reader};

use super::Exchange;
use super::accept_invitation::{ChosenPassword, InvitationError, check_password};
use super::link::{LinkPurpose, LinkToken};
use super::tries::{self, Counted};
use super::user_link::{NewLink, Shown, post_link, standing_link, use_up};
use super::users::{UserState, tell};
use super::{SignInError, sign_in};
use crate::actor::Act;
use crate::storage::organisations::OrganisationRow;
use crate::storage::users::UserRow;
use crate::storage::{Error as StorageError, organisations, sessions, users};

/// How long the link in the letter is good.
const LASTS: SignedDuration = SignedDuration::from_hours(1);

/// Whose password is forgotten.
#[derive(Debug, Clone)]
pub struct ForgottenPassword {
    email: MailAddress,
}

impl FromMembers for ForgottenPassword {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            email: reader.required_mail_address("email")?,
        })
    }
}

/// What the link in that letter is for.
#[derive(Debug, Clone)]
pub struct PasswordResetView {
    /// The address that is signed in with.
    pub email: String,
}

impl Exchange {
    /// Sends a letter with a link, if there is such an account and not too many were sent.
    pub fn forget_password(
        &self,
        forgotten: &ForgottenPassword,
        act: Act,
    ) -> Result<(), SignInError> {
        self.begin_try(&[Counted::network(&act.address)])??;
        let (id, links) = (self.new_id("lnk")?, self.links.clone());
        let email = forgotten.email.clone();
        let sent = self.db.write(move |tx| {
            // Counted for every address alike, so that either case waits for a commit.
            let may_send = tries::begin(tx, &Counted::letters_to(&email))?.is_ok();
            let user = users::find_by_email(tx, &email.folded())?;
            let user = user.filter(|user| UserState::of(user) == UserState::Active);
            let Some(user) = user.filter(|_| may_send) else {
                return Ok(None);
            };
            let Some(organisation) = organisations::find(tx, &user.organisation_id)? else {
                return Ok(None);
            };
            if organisation.disabled_at.is_some() {
                return Ok(None);
            }
            let link = NewLink {
                purpose: LinkPurpose::ResetPassword,
                id: &id,
                sent_by: &user.id,
                lasts: LASTS,
            };
            post_link(tx, &links, &user, &link, &Letter::PasswordReset)?;
            Ok::<_, StorageError>(Some((user, organisation.kind)))
        })?;
        if let Some((user, kind)) = sent.value {
            self.record(&sign_in::person(&user, &kind, act)?, "letter_sent");
        }
        Ok(())
    }

    /// Shows whoever holds the link whose password it replaces.
    pub fn show_password_reset(
        &self,
        link: &LinkToken,
        address: &str,
    ) -> Result<PasswordResetView, InvitationError> {
        let (user, _) = self.forgetful(link, address)?;
        Ok(PasswordResetView { email: user.email })
    }

    fn forgetful(
        &self,
        link: &LinkToken,
        address: &str,
    ) -> Result<(UserRow, OrganisationRow), InvitationError> {
        let shown = self.user_link(link, LinkPurpose::ResetPassword, address)?;
        let organisation = self.organisation_of(&shown)?;
        Ok((shown.user, organisation))
    }

    /// Takes another password from whoever holds the link. All sessions end, and tries that failed are forgotten.
    pub fn reset_password(
        &self,
        link: &LinkToken,
        password: &ChosenPassword,
        act: Act,
    ) -> Result<(), InvitationError> {
        let (user, organisation) = self.forgetful(link, &act.address)?;
        check_password(&password.0, &[&user.email, &user.name, &organisation.name])?;
        let hash = self.hash_password(&password.0)?;
        let actor = sign_in::person(&user, &organisation.kind, act)?;
        let (link, links) = (link.clone(), self.links.clone());
        self.write(&actor, move |tx| {
            let now = tx.now().as_millisecond();
            let Shown { link, mut user } =
                standing_link(tx, &links, &link, LinkPurpose::ResetPassword, now)?;
            user.password_hash = Some(hash.clone());
            user.revision += 1;
            user.updated_at = now;
            users::update(tx, &user)?;
            sessions::end_all(tx, &user.id, None)?;
            tries::forget(tx, &Counted::folded_account(&user.email_folded))?;
            tell(tx, "user_changed", &user)?;
            tx.concerns(&user.id);
            Ok::<_, InvitationError>(use_up(tx, link)?)
        })?;
        Ok(())
    }
}
