//! A vendor registers a signing key, and proves that it holds the private half by signing a challenge.
//!
//! The key is `pending` until it is approved (`approve_key`). A kid belongs to one vendor for ever.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use kaiji_schema::jws::{self, Jws, Refusal, VerifyError};
use kaiji_schema::key::PublicKey;
use kaiji_schema::signed::KeyProof;
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::idempotency::{Idempotency, IdempotencyError, made_before, remember};
use super::{Exchange, Moment, Page, Window, violation};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::Error as StorageError;
use crate::storage::signing_keys::{self, Keys, SigningKeyRow};

const CHALLENGE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// Three years: the longest that a signing key may be used.
const LONGEST_LIFETIME: SignedDuration = SignedDuration::from_hours(3 * 365 * 24);

/// What a vendor signs to show that it holds a key.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Challenge {
    /// To be put into the key proof as it is.
    pub challenge: String,
    /// The `issuer` of the key proof: the vendor's id.
    pub issuer: String,
    /// Until when it can be used, once.
    #[schema(value_type = String)]
    pub expires_at: Moment,
}

/// Where a signing key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Waits for approval.
    Pending,
    /// Signs statements.
    Active,
    /// Has passed its `not_after`.
    Expired,
    /// Not used any more; what it signed stays valid.
    Retired,
    /// Lost or stolen.
    Revoked,
}

impl KeyState {
    pub(super) fn of(row: &SigningKeyRow, now: Timestamp) -> Self {
        if row.revoked_at.is_some() {
            Self::Revoked
        } else if row.retired_at.is_some() {
            Self::Retired
        } else if row.approved_at.is_none() {
            Self::Pending
        } else if row.not_after <= now.as_millisecond() {
            Self::Expired
        } else {
            Self::Active
        }
    }
}

/// A vendor's signing key.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct KeyView {
    /// RFC 7638 thumbprint: the `kid` of what it signs.
    pub kid: String,
    /// Whose it is.
    pub vendor: String,
    /// `ES256`, `EdDSA` or `PS256`.
    pub algorithm: String,
    /// The canonical public JWK.
    #[schema(value_type = Object)]
    pub jwk: Box<serde_json::value::RawValue>,
    /// Where it stands.
    pub state: KeyState,
    /// When it expires.
    #[schema(value_type = String)]
    pub not_after: Moment,
    /// When it was registered.
    #[schema(value_type = String)]
    pub registered_at: Moment,
    /// When it was approved.
    #[schema(value_type = Option<String>)]
    pub approved_at: Option<Moment>,
    /// The operator's client or the kid that approved it.
    pub approved_by: Option<String>,
    /// The leaf of the log that says so.
    pub approval_leaf: Option<i64>,
    /// When it was retired.
    #[schema(value_type = Option<String>)]
    pub retired_at: Option<Moment>,
    /// When it was revoked.
    #[schema(value_type = Option<String>)]
    pub revoked_at: Option<Moment>,
    /// Why it was revoked.
    pub revocation_reason: Option<String>,
    /// Since when its signatures are not to be trusted.
    #[schema(value_type = Option<String>)]
    pub compromised_since: Option<Moment>,
    #[serde(skip)]
    pub(super) position: String,
}

impl KeyView {
    pub(super) fn of(row: SigningKeyRow, now: Timestamp) -> Result<Self, StorageError> {
        let state = KeyState::of(&row, now);
        let position = position(&row);
        let jwk = serde_json::value::RawValue::from_string(row.jwk)
            .map_err(|_| StorageError::Corrupt(format!("jwk of key {}", row.kid)))?;
        Ok(Self {
            kid: row.kid,
            vendor: row.vendor_id,
            algorithm: row.algorithm,
            jwk,
            state,
            not_after: Moment(row.not_after),
            registered_at: Moment(row.registered_at),
            approved_at: row.approved_at.map(Moment),
            approved_by: row.approved_by,
            approval_leaf: row.approval_leaf,
            retired_at: row.retired_at.map(Moment),
            revoked_at: row.revoked_at.map(Moment),
            revocation_reason: row.revocation_reason,
            compromised_since: row.compromised_since.map(Moment),
            position,
        })
    }
}

/// Where a key stands in its vendor's list.
fn position(row: &SigningKeyRow) -> String {
    format!("{} {}", row.registered_at, row.kid)
}

/// Why a key was not registered, retired, revoked or found.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The vendor has no such key.
    #[error("there is no such key")]
    NotFound,
    /// The signed document cannot be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The document or the key is not acceptable.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The key is registered already, by this vendor or another.
    #[error(
        "this key is registered already, and a key belongs to one vendor for ever: make a new one"
    )]
    Taken,
    /// Its state does not allow this.
    #[error("the key is {0}, which does not allow this")]
    State(&'static str),
    /// See [`IdempotencyError`].
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<VerifyError> for KeyError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(refusal) => Self::Refused(refusal),
            VerifyError::Document(violations) => Self::Violations(violations),
        }
    }
}

impl Exchange {
    /// Gives a vendor something new to sign.
    pub fn challenge_key(&self, actor: &Actor) -> Result<Challenge, KeyError> {
        let mut bytes = [0; 32];
        self.fill(&mut bytes)?;
        let challenge = URL_SAFE_NO_PAD.encode(bytes);
        let (vendor, kept) = (actor.organisation.clone(), challenge.clone());
        let expires_at = self.write(actor, move |tx| {
            let now = tx.now();
            let expires_at = now
                .saturating_add(CHALLENGE_LIFETIME)
                .unwrap_or(now)
                .as_millisecond();
            signing_keys::insert_challenge(tx, &kept, &vendor, expires_at, now.as_millisecond())?;
            Ok::<_, KeyError>(expires_at)
        })?;
        Ok(Challenge {
            challenge,
            issuer: actor.organisation.clone(),
            expires_at: Moment(expires_at.value),
        })
    }

    /// Registers the key that a proof carries and is signed by. `not_after` is at most three years ahead, and just
    /// that where it is not given.
    pub fn register_key(
        &self,
        actor: &Actor,
        proof: &str,
        not_after: Option<Timestamp>,
        request: Option<Idempotency>,
    ) -> Result<KeyView, KeyError> {
        let jws = Jws::parse(proof)?;
        let key = proven_key(&jws)?;
        let proof = jws::verify::<KeyProof>(jws, &key)?.into_document();
        if proof.issuer != actor.organisation {
            let detail = format!(
                "it must be {}, the vendor that registers the key",
                actor.organisation
            );
            return Err(violation("/issuer", "wrong_issuer", detail).into());
        }
        let not_after = self.expiry(not_after)?;
        let vendor = actor.organisation.clone();
        let registered = self.write(actor, move |tx| {
            let kid = key.thumbprint();
            if let Some(kid) = made_before(tx, request.as_ref())? {
                return signing_keys::find(tx, &kid)?.ok_or(KeyError::NotFound);
            }
            let now = tx.now().as_millisecond();
            if !signing_keys::take_challenge(tx, &proof.challenge, &vendor, now)? {
                let detail =
                    "it is not a challenge of yours, was used or has expired: ask for a new one";
                return Err(violation("/challenge", "challenge", detail).into());
            }
            if signing_keys::find(tx, kid.as_str())?.is_some() {
                return Err(KeyError::Taken);
            }
            let row = pending(&key, &vendor, not_after.as_millisecond(), now);
            signing_keys::insert(tx, &row)?;
            remember(tx, request.as_ref(), &row.kid)?;
            Ok(row)
        })?;
        Ok(KeyView::of(registered.value, self.clock.now())?)
    }

    /// The keys of a vendor, the oldest first: of the one that the operator names, or the caller's own. An operator who
    /// names none sees the keys of all vendors that wait for approval.
    pub fn list_keys(
        &self,
        actor: &Actor,
        vendor: Option<&str>,
        window: &Window,
    ) -> Result<Page<KeyView>, KeyError> {
        let after = window
            .after
            .as_deref()
            .and_then(|after| after.split_once(' '));
        let after = after
            .and_then(|(at, kid)| Some((at.parse().ok()?, kid)))
            .unwrap_or((i64::MIN, ""));
        let keys = match vendor {
            None if actor.kind == OrganisationKind::Operator => Keys::Waiting,
            named => Keys::Of(named.unwrap_or(&actor.organisation)),
        };
        if matches!(keys, Keys::Of(vendor_id) if !may_see_keys(actor, vendor_id)) {
            return Err(KeyError::NotFound);
        }
        let rows = self
            .db
            .read(|c| signing_keys::list(c, keys, after, window.fetch()))?;
        let now = self.clock.now();
        let keys = rows
            .into_iter()
            .map(|row| KeyView::of(row, now))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(window.page(keys, |key| key.position.clone(), |key| key))
    }

    /// One key, for its vendor and for the operator.
    pub fn find_key(&self, actor: &Actor, kid: &str) -> Result<KeyView, KeyError> {
        let row = self.db.read(|c| signing_keys::find(c, kid))?;
        let row = row.filter(|row| may_see_keys(actor, &row.vendor_id));
        Ok(KeyView::of(
            row.ok_or(KeyError::NotFound)?,
            self.clock.now(),
        )?)
    }

    fn expiry(&self, asked: Option<Timestamp>) -> Result<Timestamp, KeyError> {
        let now = self.clock.now();
        let latest = now
            .saturating_add(LONGEST_LIFETIME)
            .unwrap_or(Timestamp::MAX);
        match asked {
            None => Ok(latest),
            Some(at) if now < at && at <= latest => Ok(at),
            Some(_) => Err(violation(
                "/not_after",
                "range",
                "it must lie ahead, by three years at the most",
            )
            .into()),
        }
    }
}

fn may_see_keys(actor: &Actor, vendor_id: &str) -> bool {
    actor.kind == OrganisationKind::Operator || actor.organisation == vendor_id
}

/// The key inside an unverified proof: it is what the proof must be signed by.
fn proven_key(jws: &Jws) -> Result<PublicKey, KeyError> {
    let claimed = <KeyProof as jws::Document>::parse(jws.payload())?;
    Ok(claimed.jwk)
}

fn pending(key: &PublicKey, vendor: &str, not_after: i64, now: i64) -> SigningKeyRow {
    SigningKeyRow {
        kid: key.thumbprint().as_str().to_owned(),
        vendor_id: vendor.to_owned(),
        algorithm: key.algorithm().as_str().to_owned(),
        jwk: key.to_jwk(),
        not_after,
        registered_at: now,
        approved_at: None,
        approved_by: None,
        approval_note: None,
        approval_leaf: None,
        retired_at: None,
        retirement_leaf: None,
        revoked_at: None,
        revocation_reason: None,
        compromised_since: None,
        revocation_leaf: None,
    }
}
