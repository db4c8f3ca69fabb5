//! What an institution is told about a statement that it holds.

use serde::Serialize;

use crate::storage::statements::{SignerStanding, StatementRow};

/// Whether a statement still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// Signed by a key that counted when it was received.
    Valid,
    /// The same; the key was revoked later, and the declared compromise lies after the receipt.
    ValidKeyLaterRevoked,
    /// Received after the declared compromise of its key: the vendor is to sign it again.
    ToBeSignedAgain,
    /// Taken back by the vendor.
    Withdrawn,
    /// A later revision took its place.
    Superseded,
}

impl Validity {
    pub(super) fn of(statement: &StatementRow, signer: SignerStanding) -> Self {
        let compromised = signer
            .compromised_since
            .is_some_and(|since| since <= statement.received_at);
        if statement.withdrawn_at.is_some() {
            Self::Withdrawn
        } else if statement.superseded_by.is_some() {
            Self::Superseded
        } else if compromised {
            Self::ToBeSignedAgain
        } else if signer.revoked_at.is_some() {
            Self::ValidKeyLaterRevoked
        } else {
            Self::Valid
        }
    }
}
