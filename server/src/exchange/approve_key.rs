//! A pending key becomes active: approved by the operator, with a note of the evidence of identity, or, after the
//! vendor's first, by a document that an active key of the same vendor signed.
//!
//! The approval is the `key_registered` leaf of the log, which also says when the key expires.

use jiff::Timestamp;
use kaiji_schema::jws::{self, Jws, Refusal, VerifyError};
use kaiji_schema::key::{PublicKey, Thumbprint};
use kaiji_schema::receipt::Event;
use kaiji_schema::signed::KeyApproval;
use kaiji_schema::violation::Violations;

use super::register_key::{KeyState, KeyView};
use super::{Exchange, violation};
use crate::actor::{Actor, OrganisationKind};
use crate::storage::signing_keys::{self, SigningKeyRow};
use crate::storage::{DbConnection, Entry, Error as StorageError};

/// Who approves, and on what ground.
#[derive(Debug, Clone)]
pub enum Approval {
    /// The operator, who saw evidence of the vendor's identity.
    Operator {
        /// What evidence that was.
        note: String,
    },
    /// An active key of the vendor signed this document.
    Signed {
        /// A `kaiji-key-approval+jws`.
        document: String,
    },
}

/// Why a key was not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApproveKeyError {
    /// There is no such key, or it is not the caller's.
    #[error("there is no such key")]
    NotFound,
    /// The signed document cannot be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The document does not say what it must.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The approving key is unknown, not active or not this vendor's.
    #[error("the approval must be signed by an active key of the same vendor")]
    Signer,
    /// A vendor's first key waits for the operator.
    #[error("a vendor's first key is approved by the operator")]
    First,
    /// Its state does not allow this.
    #[error("only a pending key can be approved")]
    NotPending,
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<VerifyError> for ApproveKeyError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(refusal) => Self::Refused(refusal),
            VerifyError::Document(violations) => Self::Violations(violations),
        }
    }
}

impl Exchange {
    /// Approves the key; the receipt of the approval is the leaf from which on its signatures count.
    pub fn approve_key(
        &self,
        actor: &Actor,
        kid: &str,
        approval: Approval,
    ) -> Result<KeyView, ApproveKeyError> {
        let (note, approver) = match approval {
            Approval::Operator { .. } if actor.kind != OrganisationKind::Operator => {
                return Err(ApproveKeyError::Signer);
            }
            Approval::Operator { note } => (Some(note), None),
            Approval::Signed { document } => {
                (None, Some(self.approving_key(actor, kid, &document)?))
            }
        };
        let (asking, kid) = (actor.clone(), kid.to_owned());
        let approved = self.write(actor, move |tx| {
            let mut row = signing_keys::find(tx, &kid)?.ok_or(ApproveKeyError::NotFound)?;
            if asking.kind != OrganisationKind::Operator && row.vendor_id != asking.organisation {
                return Err(ApproveKeyError::NotFound);
            }
            let now = tx.now();
            if let Some(approver) = &approver {
                if !signing_keys::any_approved(tx, &row.vendor_id)? {
                    return Err(ApproveKeyError::First);
                }
                usable_key(tx, &row.vendor_id, approver.as_str(), now)?
                    .ok_or(ApproveKeyError::Signer)?;
            }
            if KeyState::of(&row, now) != KeyState::Pending {
                return Err(ApproveKeyError::NotPending);
            }
            row.approved_at = Some(now.as_millisecond());
            row.approved_by = Some(
                approver
                    .as_ref()
                    .map_or(asking.by.id(), Thumbprint::as_str)
                    .to_owned(),
            );
            row.approval_note.clone_from(&note);
            row.approval_leaf = Some(tx.append(registration(&row)?));
            signing_keys::update(tx, &row)?;
            tx.notify(
                &row.vendor_id,
                "key_approved",
                &serde_json::json!({ "kid": row.kid }).to_string(),
            )?;
            Ok::<_, ApproveKeyError>(row)
        })?;
        Ok(KeyView::of(approved.value, self.clock.now())?)
    }

    /// Checks the vendor's signed approval of `kid` and answers which key signed it.
    fn approving_key(
        &self,
        actor: &Actor,
        kid: &str,
        document: &str,
    ) -> Result<Thumbprint, ApproveKeyError> {
        let jws = Jws::parse(document)?;
        let approver = jws.kid().clone();
        let now = self.clock.now();
        let key = self
            .db
            .read(|c| usable_key(c, &actor.organisation, approver.as_str(), now))?;
        let (key, _) = key.ok_or(ApproveKeyError::Signer)?;
        let approval = jws::verify::<KeyApproval>(jws, &key)?.into_document();
        if approval.kid.as_str() != kid {
            return Err(violation(
                "/kid",
                "other_key",
                "it approves another key than the one in the address",
            )
            .into());
        }
        if approval.issuer != actor.organisation {
            let detail = format!(
                "it must be {}, the vendor that approves",
                actor.organisation
            );
            return Err(violation("/issuer", "wrong_issuer", detail).into());
        }
        Ok(approver)
    }
}

/// The vendor's key of that thumbprint and its approval's leaf, if its signatures count at `now`.
///
/// Unknown, another vendor's, pending, expired, retired and revoked keys all answer `None`: one answer for all.
pub(super) fn usable_key(
    connection: &mut DbConnection,
    vendor_id: &str,
    kid: &str,
    now: Timestamp,
) -> Result<Option<(PublicKey, i64)>, StorageError> {
    let Some((row, leaf)) = active_key(connection, vendor_id, kid, now)? else {
        return Ok(None);
    };
    let key = PublicKey::from_jwk_text(&row.jwk)
        .map_err(|_| StorageError::Corrupt(format!("key {kid}")))?;
    Ok(Some((key, leaf)))
}

/// The same as a row, for whoever has verified with the key already.
pub(super) fn active_key(
    connection: &mut DbConnection,
    vendor_id: &str,
    kid: &str,
    now: Timestamp,
) -> Result<Option<(SigningKeyRow, i64)>, StorageError> {
    let row = signing_keys::find(connection, kid)?.filter(|row| row.vendor_id == vendor_id);
    let active = row.filter(|row| KeyState::of(row, now) == KeyState::Active);
    Ok(active.and_then(|row| row.approval_leaf.map(|leaf| (row, leaf))))
}

/// A leaf about a key.
pub(super) fn key_entry(event: Event, row: &SigningKeyRow) -> Result<Entry, StorageError> {
    let kid = row
        .kid
        .parse()
        .map_err(|_| StorageError::Corrupt(format!("kid {}", row.kid)))?;
    Ok(Entry {
        vendor: Some(row.vendor_id.clone()),
        signer_kid: Some(kid),
        signer_key_leaf: row.approval_leaf,
        ..Entry::new(event)
    })
}

fn registration(row: &SigningKeyRow) -> Result<Entry, StorageError> {
    let not_after = Timestamp::from_millisecond(row.not_after).ok();
    Ok(Entry {
        not_after,
        ..key_entry(Event::KeyRegistered, row)?
    })
}
