//! What people see and do of their sessions: which there are, ending one or all, a fresh one-time code, another password,
//! new recovery codes.

use kaiji_schema::password::Password;
use kaiji_schema::reader::{FromMembers, Reader};
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::accept_invitation::{ChosenPassword, OneTimeCode, check_password, wrong_code};
use super::second_factor::Used;
use super::sign_in::{SessionView, use_up, view};
use super::tries::{self, Counted, TooManyTries};
use super::users::{UserView, tell};
use super::{Exchange, Page, Window, violation};
use crate::actor::{Actor, Person};
use crate::storage::users::UserRow;
use crate::storage::{
    DbConnection, Error as StorageError, credentials, organisations, sessions, users,
};

/// A person who changes the password.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    old: Password,
    code: OneTimeCode,
    new: ChosenPassword,
}

impl FromMembers for PasswordChange {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let old = ChosenPassword::read(reader, "old_password");
        let code = OneTimeCode::from_members(reader);
        let new = ChosenPassword::from_members(reader);
        Some(Self {
            old: old?.0,
            code: code?,
            new: new?,
        })
    }
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct WhoAmI {
    /// The person.
    pub user: UserView,
    /// The organisation's name.
    pub organisation_name: String,
    /// `operator`, `vendor` or `institution`.
    pub organisation_kind: String,
    /// What the roles allow in the whole, as scopes.
    pub scopes: Vec<String>,
    /// How many recovery codes are left.
    pub recovery_codes_left: i64,
    /// The session.
    pub session: SessionView,
}

/// New recovery codes.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RecoveryCodes {
    /// Shown this once: each signs in once without the authenticator. Those before are good for nothing any more.
    pub recovery_codes: Vec<String>,
}

/// Why something was not done in a session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no such session of this person.
    #[error("there is no such session")]
    NotFound,
    /// A password or a code is not right, or cannot be chosen.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// Too many tries.
    #[error(transparent)]
    TooManyTries(#[from] TooManyTries),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The person who asks; programs have no sessions.
fn asking(actor: &Actor) -> Result<&Person, SessionError> {
    actor.person().ok_or(SessionError::NotFound)
}

fn row_of(connection: &mut DbConnection, person: &Person) -> Result<UserRow, SessionError> {
    users::find(connection, &person.id)?.ok_or(SessionError::NotFound)
}

impl Exchange {
    /// Who is signed in.
    pub fn who_am_i(&self, actor: &Actor) -> Result<WhoAmI, SessionError> {
        let person = asking(actor)?;
        self.db.read(|c| {
            let session = sessions::find(c, &person.session)?.ok_or(SessionError::NotFound)?;
            let organisation = organisations::find(c, &actor.organisation)?;
            Ok(WhoAmI {
                user: row_of(c, person)?.into(),
                organisation_name: organisation.map(|row| row.name).unwrap_or_default(),
                organisation_kind: actor.kind.to_string(),
                scopes: actor
                    .scopes
                    .iter()
                    .map(|scope| scope.as_str().to_owned())
                    .collect(),
                recovery_codes_left: credentials::count_recovery_codes(c, &person.id)?,
                session: view(session, &person.session),
            })
        })
    }

    /// The person's sessions.
    pub fn list_sessions(
        &self,
        actor: &Actor,
        window: &Window,
    ) -> Result<Page<SessionView>, SessionError> {
        let person = asking(actor)?;
        let now = self.clock.now().as_millisecond();
        let rows = self
            .db
            .read(|c| sessions::list(c, &person.id, now, window.after_id(), window.fetch()))?;
        let shown = |row| view(row, &person.session);
        Ok(window.page(rows, |row| row.id.clone(), shown))
    }

    /// Ends one of the person's sessions.
    pub fn end_session(&self, actor: &Actor, id: &str) -> Result<(), SessionError> {
        let (user_id, id) = (asking(actor)?.id.clone(), id.to_owned());
        self.write(actor, move |tx| {
            if sessions::end(tx, &user_id, &id)? {
                Ok(())
            } else {
                Err(SessionError::NotFound)
            }
        })?;
        Ok(())
    }

    /// Ends the session that asks.
    pub fn sign_out(&self, actor: &Actor) -> Result<(), SessionError> {
        self.end_session(actor, &asking(actor)?.session)
    }

    /// Ends all of the person's sessions, the one that asks included.
    pub fn sign_out_everywhere(&self, actor: &Actor) -> Result<(), SessionError> {
        let user_id = asking(actor)?.id.clone();
        self.write(actor, move |tx| {
            Ok::<_, SessionError>(sessions::end_all(tx, &user_id, None)?)
        })?;
        Ok(())
    }

    /// Takes a fresh one-time code: for a while the session may do what takes one.
    pub fn step_up(&self, actor: &Actor, code: &OneTimeCode) -> Result<SessionView, SessionError> {
        let person = asking(actor)?.clone();
        let (user, account) = self.begin_own_try(&person)?;
        let used = self.own_code(&user, code)?;
        let stepped_up = self.write(actor, move |tx| {
            let mut user = row_of(tx, &person)?;
            if !use_up(tx, &mut user, &used)? {
                return Err(wrong_code().into());
            }
            tries::forget(tx, &account)?;
            let now = tx.now().as_millisecond();
            if !sessions::step_up(tx, &person.session, now)? {
                return Err(SessionError::NotFound);
            }
            sessions::find(tx, &person.session)?.ok_or(SessionError::NotFound)
        })?;
        let session = stepped_up.value;
        let current = session.id.clone();
        Ok(view(session, &current))
    }

    /// Changes the password of one who knows the old one and shows a code. All other sessions end.
    pub fn change_password(
        &self,
        actor: &Actor,
        change: &PasswordChange,
    ) -> Result<(), SessionError> {
        let person = asking(actor)?.clone();
        let organisation = self
            .db
            .read(|c| organisations::find(c, &actor.organisation))?;
        let organisation = organisation.map(|row| row.name).unwrap_or_default();
        let (user, account) = self.begin_own_try(&person)?;
        if !self.is_password(&change.old, user.password_hash.as_deref())? {
            let detail = "this is not the password until now";
            return Err(violation("/old_password", "wrong_password", detail).into());
        }
        let used = self.own_code(&user, &change.code)?;
        check_password(&change.new.0, &[&user.email, &user.name, &organisation])?;
        let hash = self.hash_password(&change.new.0)?;
        self.write(actor, move |tx| {
            let mut user = row_of(tx, &person)?;
            if !use_up(tx, &mut user, &used)? {
                return Err(wrong_code().into());
            }
            tries::forget(tx, &account)?;
            user.password_hash = Some(hash.clone());
            user.revision += 1;
            user.updated_at = tx.now().as_millisecond();
            users::update(tx, &user)?;
            tell(tx, "user_changed", &user)?;
            Ok::<_, SessionError>(sessions::end_all(tx, &person.id, Some(&person.session))?)
        })?;
        Ok(())
    }

    /// Makes new recovery codes; those before are good for nothing any more.
    pub fn renew_recovery_codes(&self, actor: &Actor) -> Result<RecoveryCodes, SessionError> {
        let user_id = asking(actor)?.id.clone();
        let (recovery_codes, kept) = self.new_recovery_codes()?;
        self.write(actor, move |tx| {
            Ok::<_, SessionError>(credentials::replace_recovery_codes(tx, &user_id, &kept)?)
        })?;
        Ok(RecoveryCodes { recovery_codes })
    }

    /// Counts a try of somebody who is signed in under the same account as signing in.
    fn begin_own_try(&self, person: &Person) -> Result<(UserRow, Counted), SessionError> {
        let user = self.db.read(|c| row_of(c, person))?;
        let account = Counted::folded_account(&user.email_folded);
        self.begin_try(std::slice::from_ref(&account))??;
        Ok((user, account))
    }

    fn own_code(&self, user: &UserRow, code: &OneTimeCode) -> Result<Used, SessionError> {
        let sealed = user.totp_secret.as_deref().ok_or_else(wrong_code)?;
        let step = self.step_of(&user.id, &user.email, sealed, &code.0)?;
        Ok(step.map(Used::Step).ok_or_else(wrong_code)?)
    }
}
