//! A person signs in with address, password and second factor, and gets a session: a token, of which the digest alone is
//! kept, and behind which everything is read anew at each request.
//!
//! An account that there is not, one that is disabled, a wrong password and a wrong code get one answer, after the same
//! work; so do tries that have to wait.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::Digest;
use kaiji_schema::mail_address::MailAddress;
use kaiji_schema::password::Password;
use kaiji_schema::reader::{FromMembers, Reader};
use serde::Serialize;

use super::accept_invitation::ChosenPassword;
use super::authenticate::{AuthenticateError, name_of};
use super::second_factor::{SecondFactor, Used, recovery_digest};
use super::tries::{self, Counted, TooManyTries};
use super::users::{UserState, UserView, stored_roles};
use super::{Exchange, Moment};
use crate::actor::{Act, Actor, OrganisationKind, Person, Subject};
use crate::storage::sessions::{self, SessionRow};
use crate::storage::users::UserRow;
use crate::storage::{DbConnection, Error as StorageError, Tx, credentials, organisations, users};

/// What the token of a session begins with: an access token never does, being a JWT.
pub(super) const TOKEN_PREFIX: &str = "kss_";

/// How long a session lasts at the most.
const LASTS: SignedDuration = SignedDuration::from_hours(12);

/// How long a session lasts in which nothing is asked.
const IDLE: SignedDuration = SignedDuration::from_mins(30);

/// How exactly it is kept when a session was used last: reading writes no more often than that.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// How long a one-time code lets its owner do what takes a fresh one.
pub(super) const STEP_UP_LASTS: SignedDuration = SignedDuration::from_mins(10);

/// What somebody signs in with.
pub struct SignIn {
    email: MailAddress,
    password: Password,
    factor: SecondFactor,
}

impl FromMembers for SignIn {
    fn from_members(reader: &mut Reader<'_>) -> Option<Self> {
        let email = reader.required_mail_address("email");
        let password = ChosenPassword::read(reader, "password");
        let factor = SecondFactor::read(reader);
        Some(Self {
            email: email?,
            password: password?.0,
            factor: factor?,
        })
    }
}

/// A session that has begun.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignedIn {
    /// The token, shown this once: `Authorization: Bearer`.
    pub token: String,
    /// The session.
    pub session: SessionView,
    /// Who signed in.
    pub user: UserView,
}

/// A session.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SessionView {
    /// Opaque id, `ses_…`.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The address that it began from.
    pub address: String,
    /// When it began.
    #[schema(value_type = String)]
    pub created_at: Moment,
    /// When it was used last, to the minute.
    #[schema(value_type = String)]
    pub last_seen_at: Moment,
    /// When it ends by itself if nothing is asked from now on, to the minute.
    #[schema(value_type = String)]
    pub idle_at: Moment,
    /// When it ends whatever is asked.
    #[schema(value_type = String)]
    pub expires_at: Moment,
    /// Until when it may do what takes a fresh one-time code; null where none was shown.
    #[schema(value_type = Option<String>)]
    pub stepped_up_until: Option<Moment>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// One of them is wrong, or there is no such account, or it is disabled: which, is not told.
    #[error("the address, the password or the code is not right")]
    Refused,
    /// Too many tries.
    #[error(transparent)]
    TooManyTries(#[from] TooManyTries),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Exchange {
    /// Signs somebody in.
    pub fn sign_in(&self, shown: &SignIn, act: Act) -> Result<SignedIn, SignInError> {
        self.db.check_room_for_records()?;
        let counted = [
            Counted::network(&act.address),
            Counted::account(&shown.email),
        ];
        self.begin_try(&counted)??;
        let found = self.db.read(|c| account(c, &shown.email))?;
        let active = found.as_ref().filter(|account| account.is_active);
        let hash = active.and_then(|account| account.user.password_hash.as_deref());
        let is_right = self.is_password(&shown.password, hash)?;
        let Some(Account { user, kind, .. }) = &found else {
            return Err(SignInError::Refused);
        };
        let actor = person(user, kind, act)?;
        let used = if is_right {
            self.used_factor(user, &shown.factor)?
        } else {
            None
        };
        let signed_in = match used {
            Some(used) => self.begin_session(&actor, user, used, counted),
            None => Err(SignInError::Refused),
        };
        if matches!(signed_in, Err(SignInError::Refused)) {
            self.record(&actor, "sign_in_refused");
        }
        signed_in
    }

    /// What a second factor uses up, if it is this person's. Whether it was used before is asked in the writer.
    pub(super) fn used_factor(
        &self,
        user: &UserRow,
        factor: &SecondFactor,
    ) -> Result<Option<Used>, StorageError> {
        match (factor, &user.totp_secret) {
            (SecondFactor::Code(code), Some(sealed)) => {
                let step = self.step_of(&user.id, &user.email, sealed, code)?;
                Ok(step.map(Used::Step))
            }
            (SecondFactor::RecoveryCode(code), _) => {
                Ok(Some(Used::RecoveryCode(recovery_digest(code))))
            }
            (SecondFactor::Code(_), None) => Ok(None),
        }
    }

    fn begin_session(
        &self,
        actor: &Actor,
        user: &UserRow,
        used: Used,
        [network, account]: [Counted; 2],
    ) -> Result<SignedIn, SignInError> {
        let mut random = [0; 32];
        self.fill(&mut random)?;
        let token = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let digest = Digest::of(token.as_bytes());
        let (id, address) = (self.new_id("ses")?, actor.act.address.clone());
        let actor = Actor {
            token: name_of(&digest),
            ..actor.clone()
        };
        let (user_id, hash) = (user.id.clone(), user.password_hash.clone());
        let begun = self.write(&actor, move |tx| {
            let user = users::find(tx, &user_id)?;
            let unchanged = |user: &UserRow| {
                UserState::of(user) == UserState::Active && user.password_hash == hash
            };
            let mut user = user.filter(unchanged).ok_or(SignInError::Refused)?;
            if !use_up(tx, &mut user, &used)? {
                return Err(SignInError::Refused);
            }
            let now = tx.now();
            let until = now.saturating_add(LASTS).unwrap_or(now);
            let session = SessionRow {
                id: id.clone(),
                user_id: user_id.clone(),
                token_sha256: digest.to_string(),
                address: address.clone(),
                created_at: now.as_millisecond(),
                last_seen_at: now.as_millisecond(),
                stepped_up_at: matches!(used, Used::Step(_)).then(|| now.as_millisecond()),
                expires_at: until.as_millisecond(),
            };
            sessions::begin(tx, &session)?;
            tries::forget(tx, &account)?;
            tries::take_back(tx, &network)?;
            tx.concerns(&session.id);
            Ok((user, session))
        })?;
        let (user, session) = begun.value;
        let current = session.id.clone();
        Ok(SignedIn {
            token,
            session: view(session, &current),
            user: user.into(),
        })
    }

    /// Who is behind the token of a session now, and does `act`.
    pub(super) fn authenticate_session(
        &self,
        token: &str,
        act: Act,
    ) -> Result<Actor, AuthenticateError> {
        let refused = |what: &str| AuthenticateError::Refused(what.to_owned());
        let digest = Digest::of(token.as_bytes());
        let found = self
            .db
            .read(|c| sessions::standing(c, &digest.to_string()))?;
        let (session, user, kind) = found.ok_or_else(|| refused("the session is over: sign in"))?;
        let now = self.clock.now();
        if idle_at(&session) <= now || Moment(session.expires_at).timestamp() <= now {
            return Err(refused("the session is over: sign in"));
        }
        if Moment(session.last_seen_at)
            .timestamp()
            .saturating_add(NOTED_EVERY)
            .is_ok_and(|noted| noted <= now)
        {
            let (id, now) = (session.id.clone(), now.as_millisecond());
            self.db.write(move |tx| sessions::touch(tx, &id, now))?;
        }
        self.db.check_room_for_records()?;
        let mut actor = person(&user, &kind, act)?;
        actor.token = name_of(&digest);
        if let Subject::User(person) = &mut actor.by {
            person.stepped_up = stepped_up_until(&session).is_some_and(|until| now < until);
            person.session = session.id;
        }
        Ok(actor)
    }
}

/// Somebody with an account.
struct Account {
    user: UserRow,
    kind: String,
    /// Whether the person may sign in.
    is_active: bool,
}

fn account(c: &mut DbConnection, email: &MailAddress) -> Result<Option<Account>, StorageError> {
    let Some(user) = users::find_by_email(c, &email.folded())? else {
        return Ok(None);
    };
    let organisation = organisations::find(c, &user.organisation_id)?;
    Ok(organisation.map(|organisation| Account {
        is_active: UserState::of(&user) == UserState::Active && organisation.disabled_at.is_none(),
        kind: organisation.kind,
        user,
    }))
}

/// A person who acts without a session yet.
pub(super) fn person(user: &UserRow, kind: &str, act: Act) -> Result<Actor, StorageError> {
    let kind: OrganisationKind = kind
        .parse()
        .map_err(|_| StorageError::Corrupt(format!("kind {kind}")))?;
    let roles = stored_roles(&user.roles)?;
    Ok(Actor {
        organisation: user.organisation_id.clone(),
        kind,
        scopes: roles.scopes(kind),
        by: Subject::User(Person {
            id: user.id.clone(),
            session: String::new(),
            roles,
            stepped_up: false,
        }),
        agent: None,
        token: String::new(),
        act: Arc::new(act),
    })
}

/// Uses a second factor up. `false`: it was used before, or is none.
pub(super) fn use_up(
    tx: &mut Tx<'_>,
    user: &mut UserRow,
    used: &Used,
) -> Result<bool, StorageError> {
    match used {
        Used::Step(step) if *step <= user.totp_step => Ok(false),
        Used::Step(step) => {
            user.totp_step = *step;
            users::update(tx, user)?;
            Ok(true)
        }
        Used::RecoveryCode(digest) => credentials::use_recovery_code(tx, &user.id, digest),
    }
}

fn idle_at(session: &SessionRow) -> Timestamp {
    let seen = Moment(session.last_seen_at).timestamp();
    seen.saturating_add(IDLE).unwrap_or(seen)
}

fn stepped_up_until(session: &SessionRow) -> Option<Timestamp> {
    let shown = Moment(session.stepped_up_at?).timestamp();
    shown.saturating_add(STEP_UP_LASTS).ok()
}

/// A session as its owner sees it from the session `current`.
pub(super) fn view(session: SessionRow, current: &str) -> SessionView {
    SessionView {
        idle_at: idle_at(&session).into(),
        stepped_up_until: stepped_up_until(&session).map(Moment::from),
        current: session.id == current,
        id: session.id,
        address: session.address,
        created_at: Moment(session.created_at),
        last_seen_at: Moment(session.last_seen_at),
        expires_at: Moment(session.expires_at),
    }
}
