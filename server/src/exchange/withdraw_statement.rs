//! A vendor takes a statement back, with a signed reason. Nothing is deleted: institutions see that it is withdrawn.

use kaiji_schema::jws::{self, Jws, Refusal, VerifyError};
use kaiji_schema::receipt::Event;
use kaiji_schema::signed::Withdrawal;
use kaiji_schema::violation::Violations;
use serde::Serialize;

use super::announce::{Announcement, named};
use super::approve_key::usable_key;
use super::{Exchange, Moment, stored_digest, violation};
use crate::actor::Actor;
use crate::storage::statements::{self, Reader};
use crate::storage::{Entry, Error as StorageError};

/// The receipt of a withdrawal.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Withdrawn {
    /// The statement that was withdrawn.
    pub statement: String,
    /// When.
    #[schema(value_type = String)]
    pub withdrawn_at: Moment,
    /// The place in the log.
    pub leaf_index: i64,
    /// The receipt, a compact JWS of the service.
    pub receipt: String,
}

/// Why a statement was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// The vendor has no such statement.
    #[error("there is no such statement")]
    NotFound,
    /// The signed document cannot be read.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The document does not say what it must.
    #[error(transparent)]
    Violations(#[from] Violations),
    /// The key is not an active one of this vendor.
    #[error("the withdrawal must be signed by an active key of this vendor")]
    Signer,
    /// A later revision stands in its place, or it is withdrawn already.
    #[error("{0}")]
    State(&'static str),
    /// The rows could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<VerifyError> for WithdrawError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Refused(refusal) => Self::Refused(refusal),
            VerifyError::Document(violations) => Self::Violations(violations),
        }
    }
}

impl Exchange {
    /// Withdraws the newest revision of a chain.
    pub fn withdraw_statement(
        &self,
        actor: &Actor,
        sha256: &str,
        document: &str,
    ) -> Result<Withdrawn, WithdrawError> {
        let sha256 = named(sha256).ok_or(WithdrawError::NotFound)?;
        let withdrawal = self.read_withdrawal(actor, &sha256, document)?;
        let (vendor, kid) = (actor.organisation.clone(), withdrawal.1);
        let (statement, reason) = (sha256, withdrawal.0.reason);
        let named = statement.clone();
        let withdrawn = self.write(actor, move |tx| {
            let now = tx.now();
            let (_, key_leaf) = usable_key(tx, &vendor, &kid, now)?.ok_or(WithdrawError::Signer)?;
            let found = statements::find(tx, Reader::Vendor(&vendor), &statement)?;
            let row = found.ok_or(WithdrawError::NotFound)?;
            if row.withdrawn_at.is_some() {
                return Err(WithdrawError::State("it is withdrawn already"));
            }
            if row.superseded_by.is_some() {
                return Err(WithdrawError::State(
                    "a later revision took its place: withdraw that one",
                ));
            }
            let leaf = tx.append(Entry {
                vendor: Some(vendor.clone()),
                product: Some(row.product_id.clone()),
                statement_sha256: Some(stored_digest(&row.sha256)?),
                signer_kid: kid.parse().ok(),
                signer_key_leaf: Some(key_leaf),
                ..Entry::new(Event::StatementWithdrawn)
            });
            statements::withdraw(tx, &row.sha256, &reason, leaf, now.as_millisecond())?;
            Announcement::statement_withdrawn(&row, &reason).post(tx, &vendor)?;
            Ok((leaf, now))
        })?;
        let ((leaf_index, at), leaf) = withdrawn.into_value_and_leaf();
        let receipt = leaf.map(|leaf| leaf.receipt).unwrap_or_default();
        Ok(Withdrawn {
            statement: named,
            withdrawn_at: Moment::from(at),
            leaf_index,
            receipt,
        })
    }

    /// Verifies the signed document; answers it with the kid that signed.
    fn read_withdrawal(
        &self,
        actor: &Actor,
        sha256: &str,
        document: &str,
    ) -> Result<(Withdrawal, String), WithdrawError> {
        let jws = Jws::parse(document)?;
        let kid = jws.kid().as_str().to_owned();
        let now = self.clock.now();
        let key = self
            .db
            .read(|c| usable_key(c, &actor.organisation, &kid, now))?;
        let (key, _) = key.ok_or(WithdrawError::Signer)?;
        let withdrawal = jws::verify::<Withdrawal>(jws, &key)?.into_document();
        if withdrawal.statement_sha256.to_string() != sha256 {
            let detail = "it withdraws another statement than the one in the address";
            return Err(violation("/statement_sha256", "other_statement", detail).into());
        }
        if withdrawal.issuer != actor.organisation {
            let detail = format!(
                "it must be {}, the vendor that withdraws",
                actor.organisation
            );
            return Err(violation("/issuer", "wrong_issuer", detail).into());
        }
        Ok((withdrawal, kid))
    }
}
